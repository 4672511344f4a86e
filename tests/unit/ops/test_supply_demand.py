"""The commands on demand: from a table to a model, a forecast, a decision, and its outcome."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import demand as demand_text
from counterfoil.cli.text.supply import shortage as shortage_text
from counterfoil.errors import InputError
from counterfoil.ledger import open_ledger
from counterfoil.ops.supply import demand, shortage
from tests.demand_sales import simulated
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code

PLAIN = Paint(io.StringIO())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table of sales and a model."""
    folder = tmp_path_factory.mktemp("demand")
    sold = simulated(2, 160)
    with (folder / "sales.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["day", "soup", "bread"])
        writer.writerows([sold.date(at), *map(int, sold.values[:, at])] for at in range(160))
    done = demand.train_demand(
        folder / "sales.csv",
        out=folder / "demand.json",
        horizon=10,
        date="day",
        sales=("soup", "bread"),
    )
    assert (done.series, done.horizon_days, done.index) == (2, 10, None)
    assert sum(done.shares.values()) == pytest.approx(1, abs=0.01)
    lines = list(demand_text.train_demand(done, PLAIN))
    assert "trained on 2 series" in lines[0]
    return folder


def test_a_forecast_is_told_by_day_and_in_sum(place: Path) -> None:
    """Bands enclose the median, and the sum's band is narrower than the sum of bands."""
    (found,) = demand.forecast_demand(
        place / "sales.csv", model=place / "demand.json", only=("bread",), band="0.8"
    )
    assert (found.series, len(found.days)) == ("bread", 10)
    assert all(day.low <= day.median <= day.high for day in found.days)
    assert sum(day.low for day in found.days) < found.total_low < found.total_median
    assert found.total_high < sum(day.high for day in found.days)
    for band in ("0", "1", "2"):
        with raises_code("demand.level"):
            list(demand.forecast_demand(place / "sales.csv", model=place / "no", band=band))
    lines = list(demand_text.forecast_demand([found], PLAIN))
    assert lines[0].startswith("bread  ")
    assert len(lines) == 11


def test_stock_is_judged_on_record_and_closed(place: Path, tmp_path: Path) -> None:
    """The model is recorded with the decision, and what was sold closes it."""
    folder = copy_ledger(tmp_path / "shop")
    asked = {"model": place / "demand.json", "only": "soup", "stock": "60", "review": 5, "lead": 2}
    table = place / "sales.csv"
    dry = shortage.foresee(table, **asked)  # type: ignore[arg-type]
    done = shortage.foresee(table, **asked, arriving=("3=15",), ledger=folder)  # type: ignore[arg-type]
    assert dry.index is None
    assert done.found.shortage.probability <= dry.found.shortage.probability
    assert done.to_json()["outcome"] == done.found.outcome
    assert done.to_json()["series"] == "soup"
    index = done.index
    assert index is not None
    assert f"entry {index}" in next(iter(shortage_text.foresee(done, PLAIN)))
    closed = shortage.close_demand(
        index, "9,10,11,12,14,16,9", at="2030-01-01T00:00:00Z", ledger=folder
    )
    assert (closed.decision, closed.drift.closed) == (index, 1)
    lines = list(shortage_text.close_demand(closed, PLAIN))
    assert "1 closed" in lines[1]
    with open_ledger(folder) as ledger:
        kinds = [ledger.get(at).kind for at in range(ledger.size)]
    assert kinds[-3:] == ["model", "decision", "supply-outcome"]


def test_training_on_record_names_the_table(place: Path, tmp_path: Path) -> None:
    """The model's statement says which data set it was trained on."""
    folder = copy_ledger(tmp_path / "shop")
    done = demand.train_demand(
        place / "sales.csv",
        out=tmp_path / "again.json",
        horizon=10,
        date="day",
        sales=("soup", "bread"),
        ledger=folder,
    )
    assert (tmp_path / "again.json").read_bytes() == (place / "demand.json").read_bytes()
    with open_ledger(folder) as ledger:
        said = ledger.models.get(done.digest)
        assert said.index == done.index
        assert len(said.model.trained_on) == 1


def test_forecasts_are_judged_beside_last_week(place: Path) -> None:
    """Of sales with a steady week the forecast costs less than last week's, at each ratio."""
    found = demand.judge_forecasts(
        place / "sales.csv", horizon=10, origins=2, date="day", sales=("soup", "bread")
    )
    assert list(found.figures) == ["counterfoil", "as a week ago"]
    assert found.days == 40
    ours, naive = found.figures.values()
    assert ours.mase < naive.mase
    assert all(np.isfinite([one.gain, one.low, one.high]).all() for one in found.gains)
    assert ours.pinball < naive.pinball
    lines = list(demand_text.judge_forecasts(found, PLAIN))
    assert any(line.startswith("costs ") for line in lines)


def test_words_in_the_place_of_numbers_are_refused(place: Path) -> None:
    """Each says what was expected."""
    asked = {"model": place / "demand.json", "only": "soup"}
    for more, code in (
        ({"stock": "many"}, "demand.number"),
        ({"stock": "1", "arriving": ("soon",)}, "shortage.stock"),
        ({"stock": "1", "review": 11}, "shortage.days"),
    ):
        with pytest.raises(InputError) as caught:
            shortage.foresee(place / "sales.csv", **asked, **more)  # type: ignore[arg-type]
        assert caught.value.code == code
    with pytest.raises(InputError) as caught:
        demand.judge_forecasts(
            place / "sales.csv", horizon=80, origins=2, date="day", sales=("soup",)
        )
    assert caught.value.code == "demand.short"
