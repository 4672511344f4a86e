"""The pages of records as data: filters, columns, paging, one record, its receipt, finding."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import urllib3

import counterfoil
from counterfoil.formats import note as notes
from counterfoil.http.pages.addresses import condition
from counterfoil.http.pages.checkpoints import signature_lines
from counterfoil.ledger import Ledger
from counterfoil.ops.verification import verify_bytes
from tests.busy_ledger import small_ledger
from tests.nodes import served

HARM = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"


class Asker:
    """Asks a node as a reader does, and does not follow where it leads."""

    def __init__(self, url: str, ledger: Ledger) -> None:
        self.url, self.ledger = url, ledger

    def get(
        self, address: str, role: str | None = "reader", *, follow: bool = False
    ) -> urllib3.BaseHTTPResponse:
        headers = {"accept": "text/html"} | ({"authorization": f"Bearer {role}"} if role else {})
        return urllib3.request("GET", self.url + address, headers=headers, redirect=follow)

    def facts(self, address: str) -> dict[str, Any]:
        path, mark, query = address.partition("?")
        answer = self.get(f"{path}.json{mark}{query}")
        assert answer.status == 200, answer.data
        found: dict[str, Any] = json.loads(answer.data)
        return found

    def words(self, address: str) -> str:
        answer = self.get(address, follow=True)
        assert answer.status == 200, answer.data
        return answer.data.decode()


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder: Path = small_ledger(tmp_path_factory.mktemp("pages") / "ledger")
    with counterfoil.open(folder) as ledger:
        ledger.record({HARM: HARM, "list": [HARM]}, source=HARM, nonce="0" * 32)
        ledger.publish()
        with served(ledger) as url:
            yield Asker(url, ledger)


def test_filters_are_those_of_the_search(asker: Asker) -> None:
    """Kind, source, conditions and words narrow the list as a search with the same terms does."""
    found = asker.facts("/records?kind=record&source=source%202")["records"]
    want = asker.ledger.search('kind="record" source="source 2"').hits
    assert [one["index"] for one in found] == [one.index for one in want]
    term = condition("many", 7)
    (one,) = asker.facts(f"/records?f={quote(term)}")["records"]
    assert one["says"] == "many 7"
    (one,) = asker.facts(f"/records?q={quote('many=7')}&columns=many,nothing")["records"]
    assert (one["many"], one["nothing"]) == (7, None)


def test_pages_of_a_list_hold_each_record_once(asker: Asker) -> None:
    """Following `next` to its end gives every record that fits, none twice, newest first."""
    seen: list[int] = []
    after = ""
    while True:
        page = asker.facts(f"/records?kind=record&limit=7{after}")
        seen += [one["index"] for one in page["records"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    want = asker.ledger.search("kind=record", limit=1000).hits
    assert seen == [one.index for one in want]


def test_batch_signatures_are_left_out_until_they_are_asked_for(asker: Asker) -> None:
    """A list for people holds what was recorded; all of the log is one click away."""
    kinds = {one["kind"] for one in asker.facts("/records?limit=500")["records"]}
    assert "batch" not in kinds
    every = {one["kind"] for one in asker.facts("/records?limit=500&all=1")["records"]}
    assert "batch" in every


def test_a_member_of_a_batch_has_the_time_of_its_signature(asker: Asker) -> None:
    """What tells no time itself was signed at a time, which the list shows; none is made up."""
    rows = asker.facts("/records?source=file:rows&limit=500")["records"]
    batches = {one.at_ms for one in asker.ledger.views() if one.kind == "batch"}
    assert {one["at_ms"] for one in rows} <= batches
    assert rows


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("q=%3D5", "search.query"),
        ("after=x", "page.parameter"),
        (f"after={'0' * 20}{'9' * 4000}", "page.parameter"),
        ("limit=0", "page.parameter"),
        ("limit=501", "page.parameter"),
        ("since=someday", "decision.time"),
        ("&".join(["f=a%3D1"] * 20), "page.parameter"),
    ],
)
def test_a_bad_question_is_told_what_was_expected(asker: Asker, query: str, code: str) -> None:
    """What cannot be asked ends in a page that says why, and for programs in a problem."""
    page = asker.get(f"/records?{query}")
    assert page.status == 400
    assert code in page.data.decode()
    problem = json.loads(asker.get(f"/records.json?{query}").data)
    assert problem["code"] == code


def test_a_record_tells_its_proof_as_the_ledger_verifies_it(asker: Asker) -> None:
    """Index and leaf lead to the same record; path, root and signer are its receipt's."""
    index = asker.ledger.search("many=7").hits[0].index
    found = asker.facts(f"/records/{index}")
    assert found == asker.facts(f"/records/{found['record']['leaf']}")
    receipt = asker.ledger.receipt(index)
    verified = asker.ledger.verify(receipt)
    assert found["proof"]["path"] == [one.hex() for one in receipt.record.path]
    assert found["proof"]["root"] == verified.trusted.checkpoint.root.hex()
    assert found["proof"]["signer"]["keyid"] == verified.signer.keyid
    assert found["proof"]["state"] == "ok"


def test_corrections_lead_both_ways(asker: Asker) -> None:
    """A record that corrects another says so, and the other is told of it."""
    correction = asker.ledger.search("book=3").hits[0]
    header = asker.facts(f"/records/{correction.index}")["header"]
    corrected = asker.ledger.find_leaf(header["corrects"])
    found = asker.facts(f"/records/{corrected}")
    assert found["replaced_by"] == {"index": correction.index, "how": "corrects"}
    around = found["around"]
    assert correction.index in [one["index"] for one in around["down"]]


def test_every_kind_of_entry_has_a_page(asker: Asker) -> None:
    """Keys, blocks, batches and strangers' statements are shown like the others."""
    shown = set()
    for view in asker.ledger.views():
        if view.kind not in shown:
            shown.add(view.kind)
            assert view.leaf in asker.words(f"/records/{view.index}"), view.kind
    assert {"record", "key", "block", "batch"} <= shown


@pytest.mark.parametrize("form", ["json", "html", "tlog-proof", "cose"])
def test_a_receipt_is_taken_away_in_each_form(asker: Asker, form: str) -> None:
    """What is downloaded verifies offline, against the policy alone."""
    index = asker.ledger.search("many=7").hits[0].index
    answer = asker.get(f"/records/{index}/receipt.{form}")
    assert answer.status == 200
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert verify_bytes(answer.data, asker.ledger.policy).index == index


def test_a_row_of_a_block_has_a_receipt_of_its_own(asker: Asker) -> None:
    """`?row=` gives that row's receipt, which discloses the row alone."""
    index = asker.ledger.search("kind=block", limit=1).hits[0].index
    answer = asker.get(f"/records/{index}/receipt.json?row=3")
    found = verify_bytes(answer.data, asker.ledger.policy)
    assert (found.row, found.content) == (3, '{"reading":3}')
    assert asker.get(f"/records/{index}/receipt.pdf").status == 404
    assert asker.get(f"/records/{index}/receipt.json?row=900").status == 404


def test_what_is_not_there_says_so(asker: Asker) -> None:
    """An index beyond the log, an unknown leaf and what is neither are told apart."""
    assert asker.get("/records/999999").status == 404
    assert asker.get("/records/" + "0" * 64).status == 404
    assert asker.get("/records/none").status == 400
    assert asker.get("/checkpoints/999999").status == 404
    assert asker.get("/models/none").status == 404


def test_find_leads_to_the_one_thing_that_is_meant(asker: Asker) -> None:
    """Index, leaf hash, digest of content, checkpoint's root and words: each leads to its page."""
    view = asker.ledger.search("many=7").hits[0]
    subject = asker.facts(f"/records/{view.index}")["header"]["subjects"][0]["digest"]
    newest = asker.facts("/checkpoints")["checkpoints"][0]
    for words, place in (
        (str(view.index), f"/records/{view.index}"),
        (view.leaf, f"/records/{view.index}"),
        (f"sha256:{subject}", f"/records/{view.index}"),
        (newest["root"], f"/checkpoints/{newest['size']}"),
        (HARM, f"/records/{asker.ledger.search('list~onerror').hits[0].index}"),
    ):
        answer = asker.get(f"/find?q={quote(words)}")
        assert (answer.status, answer.headers["location"]) == (303, place), words


def test_find_lists_what_could_be_meant(asker: Asker) -> None:
    """A size is an index, too: both are offered. What is nowhere is said to be nowhere."""
    size = asker.facts("/checkpoints")["checkpoints"][-1]["size"]
    found = asker.facts(f"/find?q={size}")
    assert {one["href"] for one in found["places"]} == {f"/records/{size}", f"/checkpoints/{size}"}
    assert "Nothing here is called that" in asker.words("/find?q=zzzzqqqq")
    assert asker.get("/find?q=%3F%3F").status == 200


class _Elements(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style" or (value or "").startswith("javascript:"):
                self.bad.append(f"{tag} {name}={value}")
        if tag == "script" and not dict(attrs).get("src", ""):
            self.bad.append("a script in the page")
        if tag == "img" and not (dict(attrs).get("src") or "").startswith("/static/"):
            self.bad.append(f"a picture from {dict(attrs).get('src')}")


def test_text_of_records_is_text_on_every_page(asker: Asker) -> None:
    """Names, values and sources that are markup show as they stand, and make no element."""
    index = asker.ledger.search("list~onerror").hits[0].index
    mark = quote(HARM)
    for address in (
        "/", "/records", f"/records?q={quote('list~onerror')}&columns={mark}",
        f"/records?source={mark}", f"/records?f={quote(condition('list', HARM))}",
        f"/records/{index}", f"/lineage/{index}", "/lineage", "/find?q=onerror",
        f"/models?name={mark}",
    ):  # fmt: skip
        elements = _Elements()
        elements.feed(asker.words(address))
        assert elements.bad == [], address
        assert {"main", "h1"} <= elements.names, address
    assert "&lt;script&gt;" in asker.words(f"/records/{index}")


def test_checkpoints_prove_growth_between_any_two(asker: Asker) -> None:
    """Each kept checkpoint shows that the smaller log is the beginning of the larger one."""
    kept = asker.facts("/checkpoints")["checkpoints"]
    for one in kept[:5]:
        found = asker.facts(f"/checkpoints/{one['size']}?to={kept[-1]['size']}")
        assert found["root"] == one["root"]
        assert found["consistency"]["state"] == "ok"
    newest = kept[0]["size"]
    beyond = asker.facts(f"/checkpoints/{newest}?to={newest + 100}")["consistency"]
    assert beyond["state"] == "bad"


def test_a_signature_counts_only_where_it_holds(asker: Asker) -> None:
    """A line in the log's name that its key did not make is shown as what it is."""
    newest = asker.facts("/checkpoints")["checkpoints"][0]["size"]
    told = asker.facts(f"/checkpoints/{newest}")
    assert "log" in {one["who"] for one in told["signatures"]}
    assert all(one["counts"] for one in told["signatures"])
    note = notes.parse(told["note"].encode())
    own = next(one for one in note.signatures if one.name == told["origin"])
    changed = replace(own, signature=bytes([own.signature[0] ^ 1]) + own.signature[1:])
    stranger = replace(own, key_id=bytes([own.key_id[0] ^ 1]) + own.key_id[1:])
    forged = notes.format(notes.Note(note.text, (changed, stranger)))
    lines = signature_lines(asker.ledger.policy, forged)
    assert [(one["who"], one["known"], one["counts"]) for one in lines] == [
        ("log", True, False),
        ("stranger", False, False),
    ]


def test_lineage_is_followed_step_by_step(asker: Asker) -> None:
    """It opens one step deep, more on demand, one way or both, as of an earlier size."""
    corrected = asker.ledger.search("book=2").hits[0].index
    correction = asker.ledger.search("book=3").hits[0].index
    down = asker.facts(f"/lineage/{corrected}?way=down")
    assert {one["index"] for one in down["nodes"]} >= {corrected, correction}
    up = asker.facts(f"/lineage/{correction}?way=up")
    assert corrected in {one["index"] for one in up["nodes"]}
    before = asker.facts(f"/lineage/{corrected}?as_of={corrected + 1}")
    assert [one["index"] for one in before["nodes"]] == [corrected]
    (tie,) = [one for one in down["edges"] if one["field"] == "corrects"]
    places = {one["id"]: one["index"] for one in down["nodes"]}
    assert (places[tie["before"]], places[tie["after"]]) == (corrected, correction)
    moved = asker.get(f"/lineage?entry={corrected}")
    assert moved.headers["location"] == f"/lineage/{corrected}"
    assert asker.get(f"/lineage/{corrected}?way=out").status == 400


def test_nobody_reads_without_a_key_but_anybody_may_verify(asker: Asker) -> None:
    """Pages lead to the sign-in; the page that verifies is open, as are style and scripts."""
    for address in ("/", "/records", "/records/1", "/records/1/receipt.json", "/find?q=1"):
        assert asker.get(address, role=None).status in (303, 401), address
    page = asker.get("/verify", role=None)
    assert page.status == 200
    assert asker.ledger.origin in page.data.decode()


def test_an_empty_ledger_says_what_to_do(ledger: Ledger) -> None:
    """A newcomer's first look at each page tells what it is for, and how to begin."""
    with served(ledger) as url:
        asker = Asker(url, ledger)
        for address in ("/", "/records", "/checkpoints", "/lineage", "/models", "/find"):
            assert asker.get(address).status == 200, address
        assert "counterfoil model add" in asker.words("/models")
        assert asker.facts("/index")["load"]["forecast"] is None
