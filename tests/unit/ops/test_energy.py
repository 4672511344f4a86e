"""Totals of what a ledger costs are written so that Prometheus can collect them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from counterfoil.errors import InputError
from counterfoil.ledger import Layout, create_ledger, open_ledger
from counterfoil.ledger.energy import read_spent
from counterfoil.ops.energy import energy
from counterfoil.ops.openmetrics import Counter, format_metrics
from counterfoil.ports import SystemClock
from tests.statements import refused

_NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{((?:{_LABEL})(?:,{_LABEL})*)\}})? ([0-9.e+-]+)")


def _parse(text: str) -> dict[str, dict[str, float]]:
    """Read OpenMetrics text of counters, strictly; gives samples' name -> labels -> value."""
    assert text.endswith("\n# EOF\n")
    assert "\r" not in text
    found: dict[str, dict[str, float]] = {}
    family, unit = "", ""
    for line in text.splitlines()[:-1]:
        if line.startswith("#"):
            hash_, what, name, rest = line.split(" ", 3)
            assert hash_ == "#"
            if what == "TYPE":
                assert rest == "counter"
                assert re.fullmatch(_NAME, name)
                assert f"{name}_total" not in found
                family, unit = name, ""
                continue
            assert name == family
            assert what in ("UNIT", "HELP")
            if what == "UNIT":
                unit = rest
                assert name.endswith(f"_{unit}")
            continue
        sample = _SAMPLE.fullmatch(line)
        assert sample is not None, line
        assert sample[1] == f"{family}_total"
        values = found.setdefault(sample[1], {})
        assert sample[2] not in values
        values[sample[2]] = float(sample[3])
        assert values[sample[2]] >= 0
    return found


def test_the_totals_are_those_of_the_ledger(tmp_path: Path) -> None:
    """Every total is there under its name, with the log's origin; the file is replaced whole."""
    folder, out = tmp_path / "shop", tmp_path / "counterfoil.prom"
    create_ledger(folder, SystemClock(), name="shop")
    with open_ledger(folder) as ledger:
        ledger.record({"number": 1})
        mark = f'ledger="{ledger.origin}"'
    out.write_text("old")
    told = energy(ledger=folder, watts=10, openmetrics=out)
    spent = read_spent(Layout(folder))
    assert spent is not None
    found = _parse(out.read_text())
    assert found["counterfoil_cpu_seconds_total"] == {mark: spent.process_cpu_s}
    assert found["counterfoil_entries_total"] == {mark: 1}
    assert found["counterfoil_anchors_total"] == {mark: 0}
    assert found["counterfoil_decisions_total"] == {mark: 0}
    joules = found["counterfoil_energy_joules_total"]
    assert set(joules) == {f'{mark},kind="measured"', f'{mark},kind="estimated"'}
    assert sum(joules.values()) == pytest.approx(told.joules, abs=2e-3)
    threads = found.get("counterfoil_thread_cpu_seconds_total", {})
    assert threads == {f'{mark},thread="{name}"': value for name, value in spent.threads.items()}


def test_labels_and_help_cannot_break_out() -> None:
    """Quotes, backslashes and line ends are escaped; a family without values is left out."""
    odd = 'a"b\\c\nd'
    counters = [
        Counter("x_seconds", odd, {(("thread", odd),): 1e-9}, unit="seconds"),
        Counter("y", "Nothing.", {}),
        Counter("z", "All.", {(): 3}),
    ]
    found = _parse(format_metrics(counters, {"ledger": odd}).decode())
    escaped = r'"a\"b\\c\nd"'
    assert found == {
        "x_seconds_total": {f"ledger={escaped},thread={escaped}": 1e-9},
        "z_total": {f"ledger={escaped}": 3.0},
    }


def test_it_is_not_written_to_standard_output(tmp_path: Path) -> None:
    """What the command prints is for people or programs; the totals go to a file."""
    create_ledger(tmp_path / "shop", SystemClock(), name="shop")
    with open_ledger(tmp_path / "shop") as ledger:
        ledger.record({"number": 1})
    with refused("file.not-writable", InputError):
        energy(ledger=tmp_path / "shop", openmetrics=Path("-"))
