"""Operations over HTTP: all of them, in every form of answer, and nothing of the machine."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from urllib3 import encode_multipart_formdata

import counterfoil
from counterfoil.access import AccessBook, AccessKeys
from counterfoil.http.api import answers
from counterfoil.http.api.operations import PREFIX
from counterfoil.http.endpoint import Endpoint
from counterfoil.ledger import Ledger
from counterfoil.ops.offered import (
    ACTORS,
    offered_operations,
)
from counterfoil.ports import SystemClock
from counterfoil.proofs.verify import verify_receipt
from tests.asking import Asker, Said
from tests.ledgers import copy_ledger
from tests.nodes import offered_by, served

NDJSON = "application/x-ndjson"
TABLE = b"a,b\n1,2\n3,4\n"


@dataclass(frozen=True)
class Node:
    """A node with a few records, and askers with a key of each role."""

    ledger: Ledger
    url: str

    def asker(self, key: str | None) -> Asker:
        return Asker(self.url, key)

    def get(self, path: str, key: str = "reader", **headers: str) -> Said:
        with self.asker(key) as asker:
            return asker.get(f"{PREFIX}/{path}", **headers)

    def post(self, path: str, body: object, key: str = "writer", **headers: str) -> Said:
        with self.asker(key) as asker:
            return asker.post(f"{PREFIX}/{path}", body, **headers)

    def send(
        self, path: str, fields: dict[str, str | tuple[str, bytes]], key: str = "writer"
    ) -> Said:
        body, kind = encode_multipart_formdata(fields)
        with self.asker(key) as asker:
            return asker.post(f"{PREFIX}/{path}", body, kind)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = copy_ledger(tmp_path_factory.mktemp("api") / "shop")
    with counterfoil.open(folder) as ledger:
        for number in range(5):
            ledger.record({"amount": number, "currency": "EUR"})
        ledger.publish()
        with served(ledger) as url:
            yield Node(ledger, url)


def test_a_result_is_json(node: Node) -> None:
    """What the operation gives is what the command line prints as JSON."""
    found = node.get("record/get?entry=4").json
    assert found == json.loads(msgspec.json.encode(node.ledger.get(4).to_json()))
    hits = node.get("record/search?terms=currency%3DEUR&limit=2").json["hits"]
    assert [one["content"]["amount"] for one in hits] == [4, 3]


def test_get_and_post_say_the_same(node: Node) -> None:
    """An operation that reads can be asked by an address, an object, and a form."""
    by_address = node.get("record/search?terms=currency%3DEUR&terms=amount%3E2&limit=1").body
    said = {"terms": ["currency=EUR", "amount>2"], "limit": 1}
    assert node.post("record/search", said, "reader").body == by_address
    form = {"terms": "currency=EUR amount>2", "limit": "1"}
    assert node.send("record/search", dict(form), "reader").body == by_address


def test_writing_needs_a_post(node: Node) -> None:
    """An address alone changes nothing: a link or a picture could ask for it."""
    with pytest.raises(AssertionError):
        assert node.get("record/add?content=%7B%7D", "operator").status < 400
    for one in offered_operations():
        assert not (one.can_get and one.operation.writes)


def test_lists_come_in_pages(node: Node) -> None:
    """A page tells where the next one begins; together they are the whole list, each item once."""
    whole = node.get("schema").json
    assert whole["next"] is None
    items: list[object] = []
    after: int | None = 0
    while after is not None:
        page = node.get(f"schema?limit=7&after={after}").json
        assert len(page["items"]) <= 7
        items += page["items"]
        after = page["next"]
    assert items == whole["items"]
    for query in ("limit=0", "limit=1001", "after=-1", "after=x", "limit="):
        assert node.get(f"schema?{query}").code == "http.parameter"


def test_lists_come_as_lines(node: Node) -> None:
    """Asked for NDJSON, a list is a line for each item, the same ones."""
    lines = node.get("schema", accept=NDJSON).body.splitlines()
    assert [json.loads(line) for line in lines] == node.get("schema").json["items"]
    tagged = node.post("audit?progress=1", {"full": True}, "auditor", accept=NDJSON).body
    kinds = [next(iter(json.loads(line))) for line in tagged.splitlines()]
    assert kinds[-1] == "result"
    assert set(kinds[:-1]) <= {"progress"}


def test_what_goes_wrong_before_the_first_line(node: Node) -> None:
    """A list that cannot begin is a problem by itself, not an answer that looks fine."""
    assert node.get("record/tail?limit=-1", accept=NDJSON).code == "tail.count"
    assert node.get("record/get?entry=999999", accept=NDJSON).code == "entry.index"


def test_files_come_back(node: Node) -> None:
    """What a command writes to a file is the body, to be saved; JSON only where that is asked."""
    receipt = node.get("receipt/get?entry=4")
    assert verify_receipt(receipt.body, node.ledger.policy).index == 4
    page = node.get("receipt/get?entry=4&out=.html")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-disposition"] == 'attachment; filename="receipt-get.html"'
    assert "sandbox" in page.headers["content-security-policy"]
    assert node.get("export?out=.parquet").body.startswith(b"PAR1")
    facts = node.get("export?out=.csv", accept="application/json").json
    assert (facts["file"], facts["format"]) == ("out.csv", "csv")
    assert node.get("export?kind=record").body.count(b"\n") == 5


def test_folders_come_back_as_an_archive(node: Node) -> None:
    """A folder is a zip archive, with the result beside it."""
    found = node.post("trace", {"entry": "4", "receipts": True}, "reader")
    with zipfile.ZipFile(io.BytesIO(found.body)) as archive:
        names = archive.namelist()
        assert "result.json" in names
        receipts = [one for one in names if one.startswith("receipts/")]
        assert receipts
        assert all(verify_receipt(archive.read(one), node.ledger.policy) for one in receipts)


def test_files_come_along(node: Node) -> None:
    """A file is a part of a form, or bytes in JSON, and both are the same to the operation."""
    by_form = node.send("dataset/fingerprint", {"path": ("x.csv", TABLE)}, "reader").json
    coded = base64.b64encode(TABLE).decode()
    for given in ({"name": "x.csv", "base64": coded}, {"name": "y.csv", "text": TABLE.decode()}):
        assert node.post("dataset/fingerprint", {"path": given}, "reader").json == by_form
    assert by_form["rows"] == 2
    assert by_form["path"] == "path.csv"


@pytest.mark.parametrize(
    "name", ["../../../etc/x.csv", "/etc/passwd", "..", "a\\b.csv", "x.csv\n", "x" * 9000 + ".csv"]
)
def test_names_of_uploads_are_no_paths(node: Node, name: str, tmp_path: Path) -> None:
    """Whatever an upload is called, it is read under a name of our own."""
    said = {"path": {"name": name, "text": TABLE.decode()}}
    found = node.post("dataset/fingerprint", said, "reader")
    assert found.status in (200, 400)
    assert b"etc" not in found.body
    assert found.json.get("path", "path").startswith("path")


def test_a_path_is_refused_where_a_file_is_meant(node: Node) -> None:
    """No text becomes the name of a file of the machine, for an object or a file."""
    secret = node.ledger.layout.folder / "counterfoil.toml"
    assert secret.is_file()
    for body in ({"content": str(secret)}, {"content": "-"}, {"content": ""}, {"content": [1]}):
        assert node.post("record/add", body).code == "http.parameter"
    for path in (str(secret), "-", {"path": str(secret)}, 7):
        assert node.post("dataset/fingerprint", {"path": path}, "reader").code == "http.parameter"
    assert node.get(f"receipt/get?entry=4&out={secret}").code == "http.parameter"
    assert node.get("receipt/get?entry=4&out=../x.json").code == "http.parameter"
    found = node.post("record/add", {"content": {}, "ledger": str(secret.parent)})
    assert found.code == "http.parameter"


def test_archives_are_unpacked_with_care(node: Node) -> None:
    """A zip archive stands for a folder; one that climbs, links, or swells is refused."""

    def archive(*entries: tuple[str, bytes], link: bool = False) -> bytes:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
            for name, data in entries:
                entry = zipfile.ZipInfo(name)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (0o120777 if link else 0o100644) << 16
                out.writestr(entry, data)
        return made.getvalue()

    def fingerprint(data: bytes) -> Said:
        return node.send("dataset/fingerprint", {"path": ("x.zip", data)}, "reader")

    good = fingerprint(archive(("a/one.txt", b"1"), ("b.txt", b"2")))
    assert good.status == 200
    for bad in (
        archive(("../x", b"1")),
        archive(("/etc/x", b"1")),
        archive((".hidden", b"1")),
        archive(("a\\b", b"1")),
        archive(("x", b"/etc/passwd"), link=True),
        archive(("x", bytes(129 << 20))),
        archive(),
        b"PK\x03\x04nonsense",
    ):
        assert fingerprint(bad).code == "http.archive"


def test_answers_do_not_tell_where_the_ledger_is(node: Node) -> None:
    """Neither results nor errors name a folder of the machine."""
    folder = str(node.ledger.layout.folder).encode()
    for said in (
        node.get("status"),
        node.get("doctor", "operator"),
        node.send("verify", {"file": ("a", b"x"), "policy": ("p", b"y")}, "reader"),
        node.send("check/quality", {"file": ("a.parquet", b"PAR1")}),
        node.send("model/add", {"path": ("m.onnx", b"x"), "name": "m"}),
    ):
        assert folder not in said.body
        assert b"/tmp/" not in said.body


def test_parameters_are_held_to_the_signature(node: Node) -> None:
    """What the operation does not have, or cannot be, is refused with the parameter's name."""
    bad = [
        ("record/search", {"nope": 1}, "nope"),
        ("record/search", {"limit": "ten"}, "limit"),
        ("record/search", {"limit": 1.5}, "limit"),
        ("record/search", {"limit": [1, 2]}, "limit"),
        ("record/search", {"oldest_first": "perhaps"}, "oldest_first"),
        ("record/search", {"terms": [{"a": 1}]}, "terms"),
        ("record/search", {"terms": ["a\0b"]}, "terms"),
        ("record/get", {}, "entry"),
        ("record/get", {"entry": True}, "entry"),
        ("export", {"format": "docx"}, "format"),
    ]
    for path, body, name in bad:
        said = node.post(path, body, "reader")
        assert said.code == "http.parameter"
        assert name in said.json["detail"]
    assert node.post("record/search", b"[1]", "reader").code == "http.body"
    assert node.post("record/search", b'{"limit":', "reader").code == "http.body"
    assert node.post("record/search", b'{"terms":["\xff"]}', "reader").code in (
        "http.body",
        "http.parameter",
    )
    size = node.ledger.size
    for odd in (
        b'{"content":{"a":"\xff"}}',
        b'{"content":{"a":NaN}}',
        b'{"content":{"a":1,"a":2}}',
    ):
        assert node.post("record/add", odd).status == 400
    assert node.send("record/add", {"content": ("x.json", b'{"a":"\xff"}')}).status == 400
    assert node.ledger.size == size
    deep = b'{"terms":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert node.post("record/search", deep, "reader").code == "http.body"
    with node.asker("reader") as asker:
        said = asker.post(f"{PREFIX}/record/search", b"a,b", "text/csv")
        assert (said.status, said.code) == (415, "http.media")
        assert asker.post(f"{PREFIX}/verify", b"--x", "multipart/form-data").code == "http.body"


def test_a_body_has_a_bound(node: Node) -> None:
    """A body over the node's limit is told so, and nothing of it is stored."""
    size = node.ledger.size
    big = {"content": {"text": "x" * (17 << 20)}}
    assert node.post("record/add", big).status == 413
    assert node.ledger.size == size


def test_who_does_it_is_who_asks(node: Node) -> None:
    """A key acts under its own name; only an operator names somebody else."""
    assert {"actor", "by"} == ACTORS
    alert = node.post("watch/ack", {"alert": "4", "verdict": "real", "by": "Ada"})
    assert alert.code == "access.actor"
    named = node.post("person/export", {"person": "C-1", "actor": "Ada"}, "auditor")
    assert named.code == "access.actor"
    assert node.post("person/export", {"person": "C-1", "actor": "Ada"}, "operator").code == (
        "person.unknown"
    )
    assert node.post("person/export", {"person": "C-1"}, "auditor").code == "person.unknown"


def test_a_key_of_some_series_writes_no_other(node: Node) -> None:
    """A writer that is bound to a series cannot record in another, nor by an operation without."""
    with closing(AccessBook(node.ledger.layout.access_book, node.ledger.origin)) as book:
        made = AccessKeys(book, SystemClock()).add("till", ["writer"], sources=["till-1"])[1]
    with node.asker(made.text) as till:
        path = f"{PREFIX}/record/add"
        good = till.post(path, {"content": {"n": 1}, "source": "till-1", "number": 0})
        assert good.status == 200
        for source in ({"source": "till-2", "number": 0}, {}):
            assert till.post(path, {"content": {"n": 1}, **source}).code == "access.source"
        assert till.post(f"{PREFIX}/incident/add", {"fields": {}}).code == "access.source"


def test_rows_count_against_a_quota(node: Node) -> None:
    """A file is as many records as it has rows: a key with fewer left records none of them."""
    with closing(AccessBook(node.ledger.layout.access_book, node.ledger.origin)) as book:
        made = AccessKeys(book, SystemClock()).add("few", ["writer"], quota=5)[1]
    size = node.ledger.size
    rows = b"".join(b'{"n": %d}\n' % number for number in range(8))
    said = node.send("record/batch", {"file": ("x.ndjson", rows)}, made.text)
    assert (said.status, said.code) == (429, "access.quota")
    assert node.ledger.size == size
    good = node.send("record/batch", {"file": ("x.ndjson", rows[:27])}, made.text)
    assert (good.status, good.json["new"]) == (200, 3)
    again = node.send("record/batch", {"file": ("x.ndjson", rows[:18])}, made.text)
    assert (again.status, again.json["new"]) == (200, 2)  # another file, so another series
    assert node.send("record/batch", {"file": ("x.ndjson", rows[:9])}, made.text).status == 429


def test_answers_from_the_log_can_be_kept_until_it_grows(node: Node) -> None:
    """A tag holds while the log stands still, for this question in this form only."""
    first = node.get("record/search?terms=EUR")
    tag = first.headers["etag"]
    again = node.get("record/search?terms=EUR", if_none_match=f'"x", {tag}')
    assert (again.status, again.body) == (304, b"")
    assert node.get("record/search?terms=USD", if_none_match=tag).status == 200
    assert node.get("record/search?terms=EUR", if_none_match=tag, accept=NDJSON).status == 200
    node.ledger.record({"amount": 9, "currency": "EUR"})
    fresh = node.get("record/search?terms=EUR", if_none_match=tag)
    assert fresh.status == 200
    assert fresh.json["total"] == first.json["total"] + 1
    assert node.get("status").headers["cache-control"] == "no-store"


def test_a_list_without_pages_has_a_bound(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that would be cut in silence is refused, with the way to have all of it."""
    monkeypatch.setattr(answers, "ITEMS_MAX", 2)
    said = node.get("record/tail?limit=3")
    assert said.code == "http.items"
    assert NDJSON in said.json["hint"]


def test_endpoints_are_of_the_registry(node: Node) -> None:
    """Each operation is served at its words and asks for its own role."""
    served_at = {
        (one.method, one.path): one.need
        for one in offered_by(node.ledger)
        if isinstance(one, Endpoint)
    }
    for one in offered_operations():
        need = served_at["POST", f"{PREFIX}/{one.path}"]
        assert (need.role, need.words) == (one.operation.role, one.operation.words)
        assert (("GET", f"{PREFIX}/{one.path}") in served_at) == one.can_get
