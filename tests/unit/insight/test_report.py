"""A report's figures are recorded, each with a receipt; what detectors say is shown and escaped."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import InputError, NotFound
from counterfoil.formats import json_text
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.insight.detecting import findings_of, suspicious
from counterfoil.insight.figures import Figure, Shape
from counterfoil.insight.figures.figure import made
from counterfoil.insight.opening import open_tables
from counterfoil.insight.page import Shown, page
from counterfoil.insight.report import make_report, record_report, rows_of
from counterfoil.insight.simulate import simulate
from counterfoil.insight.tables import Tables
from counterfoil.ports import ChainTables, Finding
from counterfoil.proofs.verify import verify_receipt
from tests.ledgers import copy_ledger

HERE = "tests.unit.insight.test_report"


def large_senders(tables: ChainTables) -> Iterator[Finding]:
    """Find who sent most: a detector as a package would bring it in."""
    found = tables.sql(
        "SELECT from_address AS a, max(hash) AS h FROM transactions GROUP BY a "
        "ORDER BY count(*) DESC, a LIMIT 2"
    ).to_pylist()
    for place, one in enumerate(found):
        yield Finding(one["a"], "many", 0.9 - place / 2, "sends <b>a lot</b>", (one["h"],))


def no_findings(tables: ChainTables) -> list[str]:
    """Yield what is no finding."""
    return ["nothing"]


def point(name: str) -> EntryPoint:
    """Make an entry point to a function of this file."""
    return EntryPoint(name, f"{HERE}:{name}", "counterfoil.chain_detectors")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Open 1,500 simulated transactions."""
    place = tmp_path_factory.mktemp("report")
    simulate(place, 1500, 2)
    return open_tables(place)


def test_each_figure_has_a_receipt(tables: Tables, tmp_path: Path) -> None:
    """The receipt of a figure verifies offline and holds its query, digests and result."""
    folder = copy_ledger(tmp_path / "ledger")
    report = make_report(tables)
    with counterfoil.open(folder) as ledger:
        proofs = record_report(ledger, report, "simulated")
    policy = policies.parse((folder / "policy.txt").read_bytes())
    assert set(proofs) == {one.figure.name for one in report.results}
    expected = list(rows_of(report, "simulated"))
    for result, row in zip(report.results, expected, strict=True):
        receipt = receipts.parse(proofs[result.figure.name].receipt)
        verify_receipt(receipt, policy, now_s=2_000_000_000)
        assert receipt.row is not None
        said = json_text.parse(receipt.row.content.encode())
        assert said == json_text.parse(json_text.format(row))
        assert said["result_sha256"] == result.sha256
        assert said["data_sha256"] == tables.digest


def test_the_result_digest_can_be_remade(tables: Tables) -> None:
    """Columns and rows, as recorded, in canonical JSON, hash to the digest that stands beside."""
    from hashlib import sha256

    report = make_report(tables)
    for row in rows_of(report, "x"):
        data = json_text.canonicalise([row["columns"], *row["rows"]])
        assert sha256(data).hexdigest() == row["result_sha256"]
    again = make_report(tables)
    assert [one.sha256 for one in again.results] == [one.sha256 for one in report.results]


class Links(HTMLParser):
    """Gathers what a page refers to, and its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []
        self.ids: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.ids += [v or "" for n, v in attrs if n == "id"]
        self.places += [v or "" for n, v in attrs if n in ("href", "src", "srcset", "action")]


def test_the_page_needs_nothing(tables: Tables, tmp_path: Path) -> None:
    """The page has no script and no address outside of itself; its receipts are in it."""
    folder = copy_ledger(tmp_path / "ledger")
    report = make_report(tables)
    with counterfoil.open(folder) as ledger:
        proofs = record_report(ledger, report, "simulated")
    html = page(
        Shown(("x",), report.digest, "now", report.shape, report.results, report.notes, proofs)
    ).decode()
    links = Links()
    links.feed(html)
    assert not links.names & {"script", "iframe", "img", "link", "object"}
    assert all(one.startswith(("#", "data:application/json;base64,")) for one in links.places)
    assert len(set(links.ids)) == len(links.ids), "an id is one element's"
    assert {one[1:] for one in links.places if one[0] == "#"} <= set(links.ids)
    held = re.findall(r'href="data:application/json;base64,([^"]*)"', html)
    assert [b64decode(one) for one in held] == [
        proofs[one.figure.name].receipt for one in report.results
    ]
    for result in report.results:
        assert result.sha256 in html
    assert "the data is simulated" in html


def test_what_a_chain_says_is_text(tables: Tables) -> None:
    """Text from a chain, a file's name or a detector cannot become markup."""
    evil = "<script>alert(1)</script>"
    found = made(make_report(tables).results[0].figure, [evil, "why"], [(evil, [evil, evil])], 0.0)
    shown = Shown((evil,), evil, evil, Shape(True, 60), [found], [evil])
    assert "<script" not in page(shown).decode()


def test_a_detector(tables: Tables) -> None:
    """Findings are those that the detector yields, and their order is by score."""
    found = findings_of(tables, point("large_senders"))
    assert [one.score for one in found] == [0.9, 0.4]
    with pytest.raises(InputError) as caught:
        findings_of(tables, point("no_findings"))
    assert caught.value.code == "insight.finding"


def test_detectors_of_all_packages(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is registered runs; one that fails is named, and the others go on."""
    points = [point("large_senders"), point("failing")]
    monkeypatch.setattr("counterfoil.insight.detecting.detectors", lambda: points)
    result, notes = suspicious(tables)
    assert [row[1:3] for row in result.rows] == [("many", 0.9), ("many", 0.4)]
    assert notes == ["the detector failing could not run: expected luck, found none (test.luck)"]
    assert f"large_senders = {HERE}:large_senders" in result.figure.method
    html = page(Shown((), "", "", Shape(True, 60), [result])).decode()
    assert "sends &lt;b&gt;a lot&lt;/b&gt;" in html


def failing(tables: ChainTables) -> list[Finding]:
    """Fail as a detector may."""
    raise NotFound("test.luck", "expected luck, found none")


def test_nothing_at_all(tmp_path: Path) -> None:
    """An empty block is reported on, too: pages have no number that is not there."""
    (tmp_path / "blocks.csv").write_text("number,timestamp,gas_used,gas_limit\n7,12,0,0\n")
    with open_tables(tmp_path) as tables:
        report = make_report(tables)
    html = page(Shown((), report.digest, "", report.shape, report.results)).decode()
    assert "The data does not hold" in html
    assert "NaN" not in html


def test_results_are_json() -> None:
    """Large integers become text, floats that are none become null."""
    row = (2**70, 1.5, float("nan"), 2.0, True, None, [1, 2**60])
    figure = Figure("a", "b", "c", "d", "", "table")
    found = made(figure, [str(at) for at in range(7)], [row], 0.0)
    assert found.rows == ((str(2**70), 1.5, None, 2, True, None, [1, str(2**60)]),)
