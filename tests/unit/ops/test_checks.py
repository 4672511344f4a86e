"""Checks and incidents as commands: a first look without a ledger, a record with one."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from counterfoil.cli import main
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import checks as text
from counterfoil.errors import InputError
from counterfoil.ledger import open_ledger
from counterfoil.ops import checks, incidents
from counterfoil.ops.incidents import IncidentFile
from counterfoil.ports import Channel, Document

PLAIN = Paint(io.StringIO())
NOTHING = Channel(io.BytesIO(), io.BytesIO())


@pytest.fixture
def loans(tmp_path: Path) -> Path:
    """Write loans in which an age is broken and women are decided otherwise."""
    rows = [
        f"{20 + n % 40},{'fm'[n % 2]},{n % 3 % 2},{int(n % 2 or n % 10 == 0)}" for n in range(200)
    ]
    path = tmp_path / "loans.csv"
    path.write_text("age,sex,paid,decided\n" + "\n".join(rows) + "\n")
    return path


def test_a_first_look_needs_no_ledger(loans: Path) -> None:
    """The answer is plain data; a failed check ends with status 4."""
    looked = checks.quality(loans, channel=NOTHING)
    assert looked.index is None
    assert looked.to_json()["check"] == "quality"
    unfair = checks.fairness(
        loans, channel=NOTHING, label="paid", predicted="decided", sensitive=("sex",)
    )
    assert unfair.exit_status == 4
    assert "demographic_parity_difference/sex" in unfair.to_json()["failed"]
    said = "\n".join(text.fairness(unfair, PLAIN))
    assert "FAILED  demographic_parity_difference/sex  0.8" in said
    with pytest.raises(InputError):
        checks.fairness(loans, channel=NOTHING, label="paid", score="age", threshold="high")


def test_a_check_is_recorded_where_a_ledger_is_named(shop: Path, loans: Path) -> None:
    """And listed afterwards, by what it is about."""
    suite = loans.parent / "suite.json"
    made = checks.suggest(loans, out=suite, label="paid", sensitive=("sex",))
    assert isinstance(made, checks.Suggested)
    assert "4 columns" in "\n".join(text.suggest(made, PLAIN))
    assert isinstance(checks.suggest(loans), Document)
    done = checks.quality(loans, channel=NOTHING, suite=suite, ledger=shop)
    assert done.index is not None
    fair = checks.fairness(
        loans, channel=NOTHING, suite=suite, predicted="decided", about=str(done.index), ledger=shop
    )
    assert fair.report.suite == made.digest
    found = list(checks.listing(ledger=shop))
    assert [view.index for view in found] == [fair.index, done.index]
    lines = list(text.listing(found, PLAIN))
    assert "fairness  failed" in lines[0]
    assert "quality" in lines[1]
    assert checks.drift(loans, channel=NOTHING, reference=loans, ledger=shop).report.passed
    assert checks.leakage(loans, channel=NOTHING, label="paid").report.rows == 200
    assert checks.poisoning(loans, channel=NOTHING, label="paid").report.check == "poisoning"
    assert list(text.listing([], PLAIN)) == ["no check"]


def test_an_incident_by_commands(
    shop: Path, tmp_path: Path, channel: Channel, capsys: pytest.CaptureFixture[str]
) -> None:
    """Opened from a file, contained, listed with its date, shown, and reported three ways."""
    said = {
        "title": "Town refused", "severity": "serious", "system": "credit", "harms": ["death"],
        "happened_from_ms": 1, "became_aware_ms": 2, "description": "x",
    }  # fmt: skip
    path = tmp_path / "incident.json"
    path.write_text(json.dumps(said))
    opened = incidents.add(str(path), ledger=shop, channel=channel)
    incidents.update(
        str(opened.index), '{"measures": "rolled back"}', why="contained", state="contained",
        ledger=shop, link=(str(opened.index),), channel=channel,
    )  # fmt: skip
    (listed,) = incidents.listing(ledger=shop, state="contained")
    assert listed.to_json()["late"] == [10, 15]
    shown = incidents.get(opened.leaf, ledger=shop)
    assert shown.found.said["measures"] == "rolled back"
    for name in ("a.html", "a.json", "a.zip"):
        made = incidents.report(str(opened.index), out=tmp_path / name, ledger=shop)
        assert isinstance(made, IncidentFile)
        assert (tmp_path / name).stat().st_size == made.bytes
        assert made.proofs == 3
    for words in (["ls"], ["get", str(opened.index)], ["report", "3", "--out", "x.zip"]):
        words[-1] = words[-1].replace("x.zip", str(tmp_path / "b.zip"))
        assert main(["incident", *words, "--ledger", str(shop), "--text"]) == 0
    out = capsys.readouterr().out
    assert "MISSED" in out
    assert "missed: the deadline of 10 days, 15 days" in out
    for bad in ("[1]", "{}"):
        path.write_text(bad)
        with pytest.raises(InputError) as caught:
            incidents.add(str(path), ledger=shop, channel=channel)
        assert caught.value.code == "incident.field"
    with pytest.raises(InputError) as caught:
        incidents.report("3", out=tmp_path / "a.pdf", ledger=shop)
    assert caught.value.code == "incident.form"
    with open_ledger(shop, read_only=True) as ledger:
        assert ledger.get(opened.index).kind == "incident"


def test_a_long_report_is_told_in_a_screenful(tmp_path: Path, channel: Channel) -> None:
    """What failed and what decides come first; the same finding is not told twice."""
    rows = [
        f"{sex},{race},{label},{i % 10 / 10}"
        for i in range(60)
        for sex in "fm"
        for race in "abc"
        for label in ("yes", "no")
    ]
    (tmp_path / "s.csv").write_text("\n".join(["sex,race,paid,p", *rows]))
    done = checks.fairness(
        tmp_path / "s.csv",
        label="paid",
        positive="yes",
        score="p",
        sensitive=("sex", "race"),
        channel=channel,
    )
    lines = list(text.fairness(done, PLAIN))
    assert len(lines) <= 24
    assert len(done.report.items) > 50
    found = [item.found for item in done.report.items if item.found]
    told = "\n".join(lines)
    assert all(told.count(one) <= 1 for one in set(found))
    decide = [line for line in lines if line.startswith(("  ok", "  FAILED"))]
    assert len(decide) == sum(item.gating for item in done.report.items)
    assert lines[1] == decide[0]
