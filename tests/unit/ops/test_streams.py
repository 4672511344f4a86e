"""Rows of a file are scored one by one, whatever they hold."""

from __future__ import annotations

import gzip
import io
import json
from math import sin
from pathlib import Path
from random import Random

import pytest

from counterfoil.cli import main
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.ops.streams import ScoredRow, score
from counterfoil.ports import STANDARD_STREAM, Channel

NONE = Channel(io.BytesIO(), io.BytesIO())


def table(rows: int, *, bad: dict[int, str] | None = None) -> str:
    """A CSV of waves at steps of 300 s, a spike in row 700."""
    random = Random(4)
    lines = ["at,load"]
    for row in range(rows):
        value = f"{10 * sin(row / 12) + random.gauss(0, 1) + 50 * (row == 700):.4f}"
        lines.append(f"{1_700_000_000 + 300 * row},{(bad or {}).get(row, value)}")
    return "\n".join(lines) + "\n"


def scored(text: str, **options: object) -> list[ScoredRow]:
    channel = Channel(io.BytesIO(text.encode()), io.BytesIO())
    given = {"value": "load", "time": "at", "channel": channel, **options}
    return list(score(STANDARD_STREAM, **given))  # type: ignore[arg-type]


def test_one_row_each_made_from_the_past() -> None:
    """Each row gets its score in order, and a shorter file gets the same scores."""
    rows = scored(table(800))
    assert [row.row for row in rows] == list(range(800))
    assert scored(table(400)) == rows[:400]
    assert all(0 <= row.score <= 1 and 0 < row.p <= 1 for row in rows)
    assert max(rows[300:], key=lambda row: row.score).row == 700
    assert rows[700].alarm


def test_what_is_no_number_keeps_its_row_and_scores_nothing() -> None:
    """Empty, not a number, infinite, and short rows score 0 and say why; others are unmoved."""
    bad = {500: "", 501: "nan", 502: "inf", 503: "a,b"}
    rows = scored(table(600, bad=bad))
    assert [row.row for row in rows if row.value is None] == [500, 501, 502, 503]
    assert {row.note for row in rows[500:504]} == {
        "no value",
        "no finite number: 'nan'",
        "no finite number: 'inf'",
        "no finite number: 'a'",
    }
    assert all(row.score == 0 and not row.alarm for row in rows[500:504])
    assert rows[:500] == scored(table(500))
    cut = scored("load,at\n1\n2,x\n")
    assert [row.note for row in cut] == ["no time: ''", "no time: 'x'"]


def test_gaps_and_times_that_go_back_are_said() -> None:
    """A long step is a gap, a step back is told; scores go on."""
    lines = table(120).splitlines()
    del lines[60:70]
    lines.append(lines[50])
    rows = scored("\n".join(lines))
    assert rows[59].note == "gap of 3300 s"
    assert rows[-1].note == "time does not advance"
    assert [row.note for row in rows[:59]] == [""] * 59


def test_an_alarm_rate_is_kept_on_quiet_data() -> None:
    """On noise, alarms are about as frequent as was asked for, and never without a usual step."""
    random = Random(12)
    lines = ["at,load"]
    lines += [f"{600 * row},{random.gauss(0, 1):.6f}" for row in range(6 * 1008)]
    text = "\n".join(lines)
    weekly = scored(text, detector="gaussian", alarms_per_week=5)
    assert 5 <= sum(row.alarm for row in weekly[1008:]) <= 50  # 25 in five weeks
    one_in = scored(text, detector="gaussian", one_in=200)
    assert 10 <= sum(row.alarm for row in one_in[1008:]) <= 50  # 25 in 5040


def test_times_are_read_in_three_ways(tmp_path: Path) -> None:
    """ISO 8601 with and without a zone, seconds and milliseconds are the same moment; gz opens."""
    lines = ["t;x".replace(";", ","), "2024-01-01T00:00:00Z,1", "2024-01-01 00:05:00,1"]
    lines += ["1704067800,1", "1704068100000,1", "2024-01-01T02:20:00+02:00,1"]
    file = tmp_path / "x.csv.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    rows = list(score(file, value="x", time="t", channel=NONE))
    assert [row.note for row in rows] == [""] * 5


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("a,b\n1,2\n", {}, "series.column"),
        ("", {}, "series.column"),
        ("load,load\n", {"time": None}, "series.column"),
        ("load\n\xff", {"time": None, "encoding": "latin-1"}, "series.csv"),
        ("at,load\n", {"one_in": 1}, "series.rate"),
        ("at,load\n", {"time": None, "alarms_per_week": 1}, "series.rate"),
        ("at,load\n", {"alarms_per_week": 0}, "series.rate"),
        ("at,load\n", {"detector": "none"}, "learn.detector"),
    ],
)
def test_what_cannot_be_scored_is_refused(text: str, options: dict[str, object], code: str) -> None:
    """The error says what was expected."""
    encoding = str(options.pop("encoding", "utf-8"))
    channel = Channel(io.BytesIO(text.encode(encoding)), io.BytesIO())
    with pytest.raises(InputError) as caught:
        scored("", **{"channel": channel, **options})
    assert caught.value.code == code


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The error says which file, and no gzip file is an error, too."""
    with pytest.raises(CounterfoilError) as caught:
        list(score(tmp_path / "none.csv", value="x", channel=NONE))
    assert caught.value.code == "file.missing"
    packed = tmp_path / "x.csv.gz"
    packed.write_bytes(b"no gzip")
    with pytest.raises(InputError) as other:
        list(score(packed, value="x", channel=NONE))
    assert other.value.code == "series.csv"


def test_the_command_prints_one_object_a_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """JSON is one object a row; text shows alarms and bad rows, and how many there were."""
    file = tmp_path / "load.csv"
    file.write_text(table(720, bad={100: ""}))
    words = ["watch", "score", str(file), "--value", "load", "--time", "at"]
    assert main([*words, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 720
    assert all(0 <= row["score"] <= 1 for row in rows)
    assert main([*words, "--text"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith("720 rows, ")
    assert said[-1].endswith(" alarms, 1 without a number")
    assert any(line.startswith("alarm") and " 700 " in line for line in said)
