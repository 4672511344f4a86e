"""Forecasts of a ledger's load, from the times in its own log."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.cli import main
from counterfoil.errors import InputError
from counterfoil.ledger import open_ledger
from counterfoil.ops.loads import load, recent
from counterfoil.testing.clock import ManualClock

START_MS = 1_900_000_000_000
MINUTES = 90


def counts() -> list[int]:
    """Records of each minute: they come and go every ten minutes."""
    return [6 if minute % 10 < 3 else 1 for minute in range(MINUTES)]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that was written to for an hour and a half, by a clock of its own."""
    folder = tmp_path_factory.mktemp("busy") / "ledger"
    clock = ManualClock(START_MS)
    with open_ledger(
        folder, create=True, name="busy", organisation="https://busy.example", clock=clock
    ) as ledger:
        for minute, count in enumerate(counts()):
            clock.at_ms = START_MS + 60_000 * minute + 1_000
            ledger.record_many([{"minute": minute, "n": n} for n in range(count)])
        ledger.record({"late": True}, at_ms=START_MS + 10**12)
    return folder


def test_load_is_counted_from_the_log(busy: Path) -> None:
    """Records of every step are counted once, and signatures over batches not at all."""
    found = load(ledger=busy, every=60, horizon=10, season=10, forecaster="seasonal-naive")
    assert found.every_s == 60
    assert found.counted == MINUTES - 1  # the last is not over
    assert found.records >= sum(counts()) + 1
    assert found.newest_s == pytest.approx(counts()[-2] / 60)
    told = [round(60 * step.forecast) for step in found.steps]
    assert told == counts()[MINUTES - 11 : MINUTES - 1]
    assert found.steps[0].time == "2030-03-17T19:15:00Z"


def test_bands_of_load_are_never_below_nothing(busy: Path) -> None:
    """No rate is negative, and forecasts from earlier places are judged beside the naive."""
    found = load(ledger=busy, every=60, horizon=3, season=10, forecaster="seasonal-naive")
    assert all(step.low is not None and step.low >= 0 for step in found.steps)
    assert found.windows > 0
    assert found.past is not None
    assert found.usual is not None
    assert found.past.mae == found.usual.mae


def test_a_claim_of_another_time_moves_between_what_is_certain(busy: Path) -> None:
    """A record that claims to be from years ahead does not stretch the load over years."""
    found = load(ledger=busy, horizon=1, forecaster="seasonal-naive")
    assert found.counted * found.every_s <= 60 * MINUTES


def test_load_as_text(busy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """People see each step and how good such forecasts were."""
    words = ["forecast", "load", "--ledger", str(busy), "--every", "60", "--horizon", "2"]
    assert main([*words, "--season", "10", "--forecaster", "seasonal-naive", "--text"]) == 0
    said = capsys.readouterr().out
    assert "records a second, in steps of 60 s" in said
    assert "as a season ago" in said


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"every": 0}, "load.every"),
        ({"every": 10**7}, "load.every"),
        ({"every": 86_400}, "forecast.short"),
        ({"every": 600}, "forecast.short"),
        ({"horizon": 0}, "forecast.horizon"),
        ({"every": 60, "season": 80}, "forecast.season"),
    ],
)
def test_what_cannot_be_forecast_is_refused(busy: Path, options: dict[str, int], code: str) -> None:
    """The error says what was expected."""
    with pytest.raises(InputError) as caught:
        load(ledger=busy, **options)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_ledger_without_records_is_refused(shop: Path) -> None:
    """A new ledger holds a few statements within one step: too few."""
    with pytest.raises(InputError) as caught:
        load(ledger=shop)
    assert caught.value.code == "forecast.short"


def test_the_load_lately_is_that_of_the_newest_records(busy: Path) -> None:
    """Every step of the history is there, in even steps; of a long log only the newest count."""
    with open_ledger(busy, read_only=True) as ledger:
        whole, part = recent(ledger), recent(ledger, newest=40)
    assert whole.records >= sum(counts())
    assert {b[0] - a[0] for a, b in zip(whole.steps, whole.steps[1:], strict=False)} == {
        whole.every_s
    }
    told = sum(rate for _, rate in whole.steps) * whole.every_s
    assert whole.records - 12 <= told <= whole.records
    assert part.records < 40
    assert part.steps[-1][0] + part.every_s > whole.steps[-1][0]


def test_a_short_history_is_an_answer(tmp_path: Path) -> None:
    """A new ledger has no forecast, and says why; nothing is made up."""
    with open_ledger(
        tmp_path / "new", create=True, name="new", organisation="https://new.example"
    ) as ledger:
        ledger.record({"first": True})
        found = recent(ledger)
    assert (found.forecast, bool(found.why)) == (None, True)
