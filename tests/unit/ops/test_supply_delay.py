"""The commands of delay do what they say, from a file of deliveries to figures."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import msgspec
import pytest

from counterfoil.apps.supply.predict.delay.kept import load_kept
from counterfoil.apps.supply.predict.delay.orders import order_of
from counterfoil.apps.supply.predict.delay.recording import PURPOSE, Forecaster
from counterfoil.apps.supply.predict.delay.simulated import LAYOUT, deliveries, write_deliveries
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import delay as text
from counterfoil.ledger import open_ledger
from counterfoil.ops.supply import delay
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code

PLAIN = Paint(io.StringIO())
LEARNED = 400  # lines
ROWS = deliveries(260)
LATER = ROWS[LEARNED : LEARNED + 12]
GOOD = ("identical", "within-tolerance")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out a file of deliveries, which column is what, and later orders."""
    folder = tmp_path_factory.mktemp("delay")
    (folder / "layout.json").write_bytes(msgspec.json.encode(LAYOUT))
    write_deliveries(folder / "past.csv", ROWS[:LEARNED])
    write_deliveries(folder / "later.csv", LATER)
    return folder


@pytest.fixture(scope="module")
def model(place: Path) -> Path:
    """Learn a model, its data and evaluation on record."""
    folder = copy_ledger(place / "ledger")
    made = delay.train_delay(
        place / "past.csv",
        out=place / "model",
        columns=place / "layout.json",
        ledger=folder,
        accountable="Ada",
    )
    with open_ledger(folder) as opened:
        said = opened.models.get(made.index)
        assert said.model.trained_on
        assert said.digest == made.digest
        assert len(opened.search("kind=evaluation").hits) == 1
    words = "\n".join(text.train_delay(made, PLAIN))
    assert f"from {LEARNED} deliveries, {made.late} of them late" in words
    assert "average precision" in words
    return place / "model"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return copy_ledger(tmp_path / "shop")


def test_orders_are_forecast_on_record_and_closed(place: Path, model: Path, ledger: Path) -> None:
    """Each line once, computed and explained again from the log; then what came of it."""
    later = place / "later.csv"
    made = list(delay.score_delay(later, model=model, ledger=ledger, accountable="Ada"))
    assert sorted(one.id for one in made) == sorted(row["Line"] for row in LATER)
    assert all(one.index is not None and not one.again for one in made)
    with open_ledger(ledger) as opened:
        for one in made:
            found = opened.decisions.get(one.index or 0)
            assert found.decision.purpose == PURPOSE
            assert found.decision.outcome == one.outcome
            assert f"Order line {one.id}, scheduled for {one.scheduled}" in found.decision.note
        for one in (made[0], made[-1]):
            again = opened.decisions.replay(one.index or 0, actor="test")
            assert (again.verdict in GOOD, again.outcome_follows) == (True, True)
            assert opened.decisions.explain(one.index or 0, actor="test").verdict in GOOD
    words = "\n".join(text.score_delay(made, PLAIN))
    assert made[0].id in words
    told = list(delay.score_delay(later, model=model, ledger=ledger))
    assert {one.id: one.index for one in told} == {one.id: one.index for one in made}
    assert all(one.again for one in told)
    assert "forecast before" in "\n".join(text.score_delay(told, PLAIN))
    closed = list(delay.close_delays(later, model=model, ledger=ledger))
    twice = list(delay.close_delays(later, model=model, ledger=ledger))
    assert closed == twice
    assert "on time" in "\n".join(text.close_delays(closed, PLAIN))
    with open_ledger(ledger) as opened:
        hits = opened.search(f'kind=supply-outcome purpose="{PURPOSE}"').hits
        assert len(hits) == len(LATER)


def test_outcomes_that_were_told_move_later_forecasts(
    place: Path, model: Path, ledger: Path
) -> None:
    """A forecaster that was told that all was late expects more of it afterwards."""
    kept = load_kept(model)
    first = [order_of(row, LAYOUT) for row in LATER]
    row = {**ROWS[-1], "Ordered": "2026-12-01", "Due": "2026-12-20"}
    found = []
    with open_ledger(ledger) as opened:
        for name, days in (("good", -1), ("bad", 20)):
            forecaster = Forecaster(opened, kept, place / name)
            entries = list(forecaster.forecast(first))
            assert len(entries) == len(first)
            for one in first:
                on = one.scheduled + max(days, 0)
                assert forecaster.close(one.id, days, date.fromordinal(on)) is not None
            assert forecaster.close("unknown", 1, date.fromordinal(first[0].scheduled)) is None
            last = order_of({**row, "Line": name}, LAYOUT)
            ((_, delay_of, _),) = forecaster.forecast([last])
            assert delay_of is not None
            found.append(delay_of.probability)
    assert found[0] < found[1]


def test_what_a_crash_cut_off_is_found_in_the_ledger(
    place: Path, model: Path, ledger: Path, tmp_path: Path
) -> None:
    """Without the state that was to be saved, no line is decided a second time."""
    kept = load_kept(model)
    orders = [order_of(row, LAYOUT) for row in LATER[:5]]
    with open_ledger(ledger) as opened:
        first = {
            line: index for line, _, index in Forecaster(opened, kept, tmp_path).forecast(orders)
        }
        (tmp_path / "memory.bin").unlink()
        size = opened.size
        again = list(Forecaster(opened, kept, tmp_path).forecast(orders))
        assert {line: index for line, _, index in again} == first
        assert [found for _, found, _ in again] == [None] * len(orders)
        assert opened.size == size
        (tmp_path / "memory.bin").write_bytes(b"\xff")
        with raises_code("delay.state"):
            Forecaster(opened, kept, tmp_path)


def test_forecasts_are_judged_beside_rivals(place: Path) -> None:
    """The figures of each model on each split, and the gain with its interval, in words."""
    found = delay.judge_delay(place / "past.csv", columns=place / "layout.json", splits=1)
    words = "\n".join(text.judge_delay(found, PLAIN))
    assert "plain gradient boosting" in words
    assert "mean of the splits" in words
    assert "gain on plain gradient boosting" in words


def test_what_is_no_use_is_refused(place: Path, model: Path, ledger: Path, tmp_path: Path) -> None:
    """Bad numbers, a file without outcomes and a row that is no order are told."""
    past, layout = place / "past.csv", place / "layout.json"
    for threshold in ("high", "1.5"):
        with raises_code("delay.threshold"):
            delay.train_delay(past, out=tmp_path / "m", columns=layout, threshold=threshold)
    for seed in (-1, 1 << 31):
        with raises_code("supply.seed"):
            delay.train_delay(past, out=tmp_path / "m", columns=layout, seed=seed)
    with raises_code("delay.number"):
        delay.judge_delay(past, columns=layout, splits=0)
    with raises_code("delay.number"):
        delay.judge_delay(past, columns=layout, moment=366)
    with raises_code("delay.column"):
        delay.train_delay(past, out=tmp_path / "m")
    rows = [{**LATER[0], "Arrived": ""}, {**LATER[1], "Due": "soon", "Arrived": ""}]
    write_deliveries(tmp_path / "open.csv", rows)
    with raises_code("delay.outcomes"):
        list(delay.close_delays(tmp_path / "open.csv", model=model, ledger=ledger))
    made = list(delay.score_delay(tmp_path / "open.csv", model=model, ledger=ledger))
    assert [bool(one.error) for one in made] == [False, True]
    assert "no order" in "\n".join(text.score_delay(made, PLAIN))
    assert not (tmp_path / "m").exists()
