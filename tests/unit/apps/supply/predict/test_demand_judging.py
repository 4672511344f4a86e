"""Tests of how demand forecasts are judged, and of how they do on real sales."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from counterfoil.apps.supply.predict.demand.history import History, history_of
from counterfoil.apps.supply.predict.demand.judging import OURS, RATIOS, judge_demand
from counterfoil.apps.supply.predict.demand.table import Mapped, read_history
from counterfoil.errors import InputError
from counterfoil.learn.forecast.features import Floats
from tests.demand_sales import FIRST_DAY, means, simulated
from tests.shared_data import data_path

DISHES = Mapped(
    sales=("calamari", "fish", "shrimp", "chicken", "koefte", "lamb", "steak"),
    known=("is_holiday", "wind", "clouds", "rain", "sunshine", "temperature"),
    closed="is_closed",
)


def test_figures_are_those_of_the_field() -> None:
    """A rival that knows the truth's quantiles costs least, holds its bands, and is told apart."""
    days, horizon = 260, 7

    def oracle(history: History, horizon_days: int, levels: Sequence[float]) -> Floats:
        first = history.days
        truth = means(2, days)[:, first : first + horizon_days]
        draws = np.random.default_rng(5).poisson(truth, (4000, 2, horizon_days))
        return np.asarray(np.quantile(draws, np.array(levels), axis=0))

    found = judge_demand(simulated(2, days), horizon, origins=6, rivals={"truth": oracle})
    best, ours, naive = (found.figures[name] for name in ("truth", OURS, "as a week ago"))
    assert best.pinball < ours.pinball < naive.pinball
    assert best.mase < naive.mase
    assert abs(best.cover_80 - 0.8) < 0.12
    assert set(best.costs) == {f"{ratio:g}" for ratio in RATIOS}
    gain = next(one for one in found.gains if (one.than, one.ratio) == ("as a week ago", 0.9))
    assert gain.gain == pytest.approx(1 - ours.costs["0.9"] / naive.costs["0.9"])
    assert gain.low <= gain.gain <= gain.high
    assert (found.days, len(found.origins)) == (84, 6)


def test_closed_days_are_not_judged_and_an_origin_needs_a_past() -> None:
    """Days without sale have no outcome, and a history that is too short is told."""
    sold = simulated(1, 160)
    closed = (np.arange(160) % 7 == 6).tolist()
    history = history_of({"tea": sold.values[0].tolist()}, FIRST_DAY, closed=closed)
    found = judge_demand(history, 7, origins=2)
    assert found.days == 12
    for origins in (0, 23):
        with pytest.raises(InputError) as caught:
            judge_demand(history, 7, origins=origins)
        assert caught.value.code == "demand.short"


@pytest.mark.campaign
def test_a_restaurant_saves_a_tenth_at_every_ratio() -> None:
    """Over half a year of real sales each newsvendor costs a tenth less than by last week."""
    history = read_history(data_path("restaurant_demand_yaz") / "yaz.csv", DISHES)
    found = judge_demand(history, 28, origins=7)
    gains = [one.gain for one in found.gains if one.than == "as a week ago"]
    assert len(gains) == len(RATIOS)
    assert min(gains) >= 0.1
    assert found.figures[OURS].mase < 0.85 * found.figures["as a week ago"].mase
