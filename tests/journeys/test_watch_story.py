"""A stolen key is used at night: seen, proven, reported, and remembered as a label."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from counterfoil.cli import main
from counterfoil.ledger import create_ledger, open_ledger
from counterfoil.testing.clock import ManualClock
from tests.ledgers import OWNER, set_setting

MONDAY_MS = 1_699_833_600_000  # 2023-11-13, midnight UTC
HOUR_MS = 3_600_000


def office_weeks(folder: Path) -> list[int]:
    """Record three weeks of office hours, and at three in the morning what a thief signs."""
    clock = ManualClock(MONDAY_MS)
    create_ledger(folder, clock, name="shop", organisation=OWNER, witness=False)
    set_setting(folder, "publish_interval_s", "0.01")
    days = [day for week in range(3) for day in range(7 * week, 7 * week + 5)]
    with open_ledger(folder, clock=clock) as ledger:
        for day in days:
            for hour in range(8, 18):
                clock.at_ms = MONDAY_MS + (24 * day + hour) * HOUR_MS
                ledger.record({"payment": f"{day}/{hour}"})
            ledger.publish()
        clock.at_ms = MONDAY_MS + (24 * 22 + 3) * HOUR_MS
        noon = clock.at_ms + 9 * HOUR_MS  # a thief's clock says what the thief likes
        return [ledger.record({"payment": n}, at_ms=noon + n).index for n in range(3)]


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """Run a command; gives the objects that it prints."""
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_theft_is_seen_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the alert one gets to the entries, to a proof, to an incident and to a label."""
    monkeypatch.chdir(tmp_path)
    stolen = office_weeks(tmp_path / "shop")
    monkeypatch.setenv("COUNTERFOIL_LEDGER", "shop")
    tested = told(capsys, "watch", "backtest", "odd-hours")
    assert [one["place"] for one in tested if "place" in one] == [stolen[0]]
    alert, closed = told(capsys, "watch", "run", "odd-hours", "--once")
    assert (closed["count"], closed["opened"]["leaf"]) == (len(stolen), alert["leaf"])
    assert alert["evidence"][0]["index"] == stolen[0]
    assert "signs at 03 UTC" in alert["title"]

    assert main(["receipt", "get", str(alert["index"]), "--out", "alert.json"]) == 0
    assert main(["verify", "alert.json", "--policy", "shop/policy.txt"]) == 0

    fields = {
        "title": "Key used at night",
        "severity": "incident",
        "system": "payments",
        "description": "Three payments at three in the morning.",
        "happened_from_ms": alert["first_ms"],
        "became_aware_ms": alert["first_ms"],
    }
    link = ["--link", str(alert["index"])]
    (incident,) = told(capsys, "incident", "add", json.dumps(fields), *link)
    assert main(["incident", "report", str(incident["index"]), "--out", "report.json"]) == 0
    proofs = json.loads((tmp_path / "report.json").read_text())["proofs"]
    assert [(one["kind"], one["index"]) for one in proofs][-1] == ("alert", alert["index"])
    assert all(one["receipt"] for one in proofs)

    verdict = ["--verdict", "real", "--by", "Ada Example", "--note", "key revoked"]
    told(capsys, "watch", "ack", str(alert["index"]), *verdict)
    rows = told(capsys, "watch", "labels", "--format", "ndjson")
    assert [(row["leaf"], row["verdict"]) for row in rows] == [(alert["leaf"], "real")]


def test_poisoned_data_is_seen_in_what_is_recorded_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels flipped between two versions: the data sets tell, and the check of the second."""
    import numpy as np

    import counterfoil
    from counterfoil.provenance.checks import Suite

    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(3)
    income, age = rng.integers(1000, 9000, 1200), rng.integers(18, 80, 1200)
    true = (income + 20 * age > 6000).astype(int)
    flipped = np.where(rng.random(1200) < 0.15, 1 - true, true)
    with counterfoil.open("shop", create=True) as ledger:
        for version, label in (("1", true), ("2", flipped)):
            rows = zip(age, income, label, strict=True)
            lines = "\n".join(f"{a},{i},{k}" for a, i, k in rows)
            (tmp_path / f"{version}.csv").write_text(f"age,income,label\n{lines}\n")
            data = ledger.datasets.record(f"{version}.csv", "loans", version=version, public=True)
            suite = Suite(label="label")
            ledger.checks.run("poisoning", f"{version}.csv", about=data.index, suite=suite)
    alerts = told(capsys, "watch", "run", "poisoning", "--ledger", "shop", "--once")
    assert [one["title"] for one in alerts] == [
        "only the column label of loans changed",
        "the check for poisoning failed on loans: label-noise/0, label-noise/1",
    ]
    assert [one.get("severity", "medium") for one in alerts] == ["medium", "high"]
