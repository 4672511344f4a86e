"""Forecasts of a file's column, and figures about them."""

from __future__ import annotations

import csv
import io
import json
from math import sin
from pathlib import Path
from random import Random

import pytest

from counterfoil.cli import main
from counterfoil.errors import InputError
from counterfoil.ops.forecasts import Evaluated, Forecast, evaluate, run
from counterfoil.ports import STANDARD_STREAM, Channel

ROWS = 460


def table(rows: int = ROWS, *, bad: dict[int, str] | None = None) -> str:
    random = Random(4)
    lines = ["at,load"]
    for row in range(rows):
        value = f"{20 + 10 * sin(row * 6.2832 / 12) + random.gauss(0, 1):.4f}"
        lines.append(f"{1_700_000_000 + 3600 * row},{(bad or {}).get(row, value)}")
    return "\n".join(lines) + "\n"


def judged(text: str, **options: object) -> Evaluated:
    channel = Channel(io.BytesIO(text.encode()), io.BytesIO())
    given = {"value": "load", "horizon": 4, "channel": channel, **options}
    return evaluate(STANDARD_STREAM, **given)  # type: ignore[arg-type]


def coming(text: str, **options: object) -> Forecast:
    channel = Channel(io.BytesIO(text.encode()), io.BytesIO())
    given = {"value": "load", "horizon": 4, "channel": channel, **options}
    return run(STANDARD_STREAM, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "forecaster", ["seasonal-naive", pytest.param("auto", marks=pytest.mark.campaign)]
)
def test_three_models_are_judged_on_the_same_windows(
    forecaster: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command prints figures of three models, and writes every forecast of ours."""
    file, out = tmp_path / "load.csv", tmp_path / "out.csv"
    file.write_text(table())
    words = ["forecast", "eval", str(file), "--value", "load", "--horizon", "4", "--season", "12"]
    words += ["--forecaster", forecaster, "--out", str(out)]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["windows"] >= 200
    assert list(said["models"]) == ["counterfoil", "seasonal_naive", "strong"]
    assert said["models"]["counterfoil"]["mase"] <= said["models"]["seasonal_naive"]["mase"]
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert len(rows) == said["windows"] * 4
    assert list(rows[0]) == ["origin", "step", "actual", "forecast", "low", "high"]
    values = [float(line.split(",")[1]) for line in table().splitlines()[1:]]
    assert all(float(r["actual"]) == values[int(r["origin"]) + int(r["step"])] for r in rows)
    inside = [float(r["low"]) <= float(r["actual"]) <= float(r["high"]) for r in rows]
    assert sum(inside) / len(rows) == pytest.approx(said["models"]["counterfoil"]["coverage"])
    error = sum(abs(float(r["actual"]) - float(r["forecast"])) for r in rows) / len(rows)
    assert error == pytest.approx(said["models"]["counterfoil"]["mae"])


def test_figures_as_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A table for people, with what else is to be known."""
    file = tmp_path / "load.csv"
    file.write_text(table(bad={7: ""}))
    words = ["forecast", "eval", str(file), "--value", "load", "--horizon", "4"]
    assert main([*words, "--forecaster", "seasonal-naive", "--text"]) == 0
    said = capsys.readouterr().out
    assert "season 12" in said
    assert "MASE" in said
    assert "1 rows without a number repeat the last one before" in said
    words[1] = "run"
    assert main([*words, "--forecaster", "seasonal-naive", "--text"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 6


def test_what_comes_next_has_times_and_bands() -> None:
    """The next rows continue the usual step, and each forecast lies in its band."""
    found = coming(table(), time="at", forecaster="seasonal-naive", season=12)
    assert [step.step for step in found.steps] == [1, 2, 3, 4]
    assert found.steps[0].time == "2023-12-04T02:13:20Z"
    for step in found.steps:
        assert step.low is not None
        assert step.high is not None
        assert step.low < step.forecast < step.high


def test_a_short_series_is_forecast_without_bands() -> None:
    """Forty rows are enough for a forecast, and too few for a band."""
    found = coming(table(40), forecaster="seasonal-naive", season=4)
    assert len(found.steps) == 4
    assert all((step.low is None) == (step.high is None) for step in found.steps)


def test_only_the_last_rows_of_a_long_file_count() -> None:
    """A file of more than 20,000 rows is cut, which is said, and rows keep their numbers."""
    text = "load\n" + "".join(f"{row % 7}\n" for row in range(20_500))
    found = coming(text, forecaster="seasonal-naive", season=7)
    assert (found.rows, found.kept) == (20_500, 20_000)
    assert found.notes == ["the last 20000 of 20500 rows are used"]
    assert [step.forecast for step in found.steps] == [4.0, 5.0, 6.0, 0.0]


def test_uneven_times_are_told() -> None:
    """A gap is said; times that cannot be read are left out, which is said, too."""
    lines = table().splitlines()
    del lines[100]
    gap = coming("\n".join(lines), time="at", forecaster="seasonal-naive")
    assert gap.notes == ["0.22% of the steps are not the usual 3600 s; rows count as even"]
    lines[50] = "soon,1"
    unread = coming("\n".join(lines), time="at", forecaster="seasonal-naive")
    assert unread.notes == ["times are not used: some cannot be read"]
    assert unread.steps[0].time is None


def test_rows_without_a_number_are_not_judged(tmp_path: Path) -> None:
    """What was filled in is no outcome: it is written as nan, and counts in no figure."""
    out = tmp_path / "out.csv"
    found = judged(table(bad={440: "", 441: "nan"}), forecaster="seasonal-naive", out=out)
    assert found.filled == 2
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert len(rows) == found.windows * 4
    known = [row for row in rows if row["actual"] != "nan"]
    assert {int(r["origin"]) + int(r["step"]) for r in rows if r["actual"] == "nan"} == {440, 441}
    error = sum(abs(float(r["actual"]) - float(r["forecast"])) for r in known) / len(known)
    assert error == pytest.approx(found.models["counterfoil"].mae)


@pytest.mark.parametrize("value", ["5", "0", "-3e90", "1e-200"])
def test_a_constant_is_forecast_exactly(value: str) -> None:
    """A series that never moves has no error, no width, and no figure that is no number."""
    text = "load\n" + f"{value}\n" * ROWS
    for one in judged(text, forecaster="seasonal-naive").models.values():
        assert one.mase == pytest.approx(0)
        assert one.coverage > 0.9
        assert one.interval_score == pytest.approx(0, abs=max(1e-9 * abs(float(value)), 1e-290))


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (table(bad={9: "1e101"}), {}, "forecast.range"),
        (table(bad=dict.fromkeys(range(200, ROWS), "")), {}, "forecast.short"),
        ("", {}, "series.column"),
        ("at\n1\n", {}, "series.column"),
        (table(60), {}, "forecast.short"),
        ("load\nx\n", {}, "forecast.short"),
        (table(), {"horizon": 0}, "forecast.horizon"),
        (table(), {"season": 300}, "forecast.season"),
        (table(), {"forecaster": "none"}, "learn.forecaster"),
        ("at,load\n5,1\n4,1\n6,2\n", {"time": "at"}, "series.order"),
    ],
)
def test_what_cannot_be_judged_is_refused(text: str, options: dict[str, object], code: str) -> None:
    """The error says what was expected."""
    with pytest.raises(InputError) as caught:
        judged(text, **options)
    assert caught.value.code == code
