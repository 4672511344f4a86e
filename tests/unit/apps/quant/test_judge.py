"""A report tells every strategy, counts misses against it, and stands beside naive forecasts."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from counterfoil.apps.quant.bound import Bound
from counterfoil.apps.quant.forecasts import Forecast, Made, moment
from counterfoil.apps.quant.judge import Judged, Report, judge
from counterfoil.apps.quant.prices import Prices
from counterfoil.apps.quant.track import Track, follow
from tests.tracks import LATER_MS, Told, bounds_of, content, followed, told

DAYS = tuple(f"2030-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29))


def prices(seed: int = 1, names: str = "ABCD") -> Prices:
    """Make prices of a year."""
    random = np.random.default_rng(seed)
    values = 100 * np.exp(np.cumsum(random.normal(0, 0.02, (len(DAYS), len(names))), axis=0))
    return Prices(DAYS, tuple(names), values)


def month(
    serial: int, told_of: dict[str, str], strategy: str = "s", number: int | None = None
) -> Forecast:
    """Make a forecast from the first of a month to the first of the next."""
    at = serial % 11 + 1
    plain = content(serial, strategy, number, entry=f"2030-{at:02}-01", exit=f"2030-{at + 1:02}-01")
    made = tuple(Made(name, expected) for name, expected in told_of.items())
    return msgspec.structs.replace(plain, forecasts=made)


def judged(track: Track, table: Prices) -> Report:
    """Judge by prices."""
    return judge(track, table, issuer="urn:x:y", origin="o", digest="0" * 64, cost_bps=0)


def perfect(serial: int, table: Prices, *, right: bool = True) -> Forecast:
    """Make a forecast that knows the outcome, or its opposite."""
    plain = month(serial, dict.fromkeys(table.names, "0"))
    told_of = {}
    for name in table.names:
        first, last = table.at(name, plain.entry), table.at(name, plain.exit)
        assert first is not None
        assert last is not None
        came = last[1] / first[1] - 1
        told_of[name] = repr(round(came if right else -came, 9))
    return month(serial, told_of)


def strategy(report: Report, name: str = "s") -> Judged:
    """Find a strategy in a report."""
    return next(one for one in report.strategies if one.strategy == name)


def test_a_seer_and_a_fool() -> None:
    """Who knows the outcome has all hits and ranks right; who says the opposite has none."""
    table = prices()
    for right, value in ((True, 1.0), (False, 0.0)):
        those = [told(perfect(at, table, right=right)) for at in range(10)]
        found = strategy(judged(followed(*those), table))
        assert found.counted == 10
        assert found.figures["hit_rate"].value == value
        assert found.figures["information_coefficient"].value == pytest.approx(2 * value - 1)
        assert (found.figures["sharpe"].value > 0) == right
        assert ((found.deflated or 0) > 0.99) == right


def test_misses_count_against_a_strategy() -> None:
    """Forecasts that are not revealed are wrong ones in every figure that can tell."""
    table = prices()
    those = [told(perfect(at, table)) for at in range(10)]
    silent = {1, 4, 6}
    said = [one.commitment for one in those]
    said += [one.reveal for at, one in enumerate(those) if at not in silent]
    found = strategy(judged(follow(said, bounds_of(*those), LATER_MS), table))
    assert (found.counted, found.missed, found.pending) == (7, 3, 0)
    assert found.figures["hit_rate"].value == pytest.approx(0.7)
    assert found.figures["hit_rate of counted"].value == 1.0
    assert found.figures["information_coefficient"].value == pytest.approx((7 - 3) / 10)
    assert (
        found.figures["sharpe"].value
        < strategy(judged(followed(*those), table)).figures["sharpe"].value
    )
    assert [left.why for left in found.left] == ["it was not revealed in time"] * 3


def test_back_dated_forecasts_do_not_help() -> None:
    """A seer who commits afterwards counts as silent."""
    table = prices()
    those = [told(perfect(at, table)) for at in range(9)]
    late = {one.commitment.leaf: Bound(moment(one.forecast.exit), ("w1",)) for one in those}
    said = [statement for one in those for statement in (one.commitment, one.reveal)]
    found = strategy(judged(follow(said, late, LATER_MS), table))
    assert (found.counted, found.missed) == (0, 9)
    assert found.figures["hit_rate"].value == 0.0
    assert found.deflated is None


def test_what_never_traded_is_a_miss() -> None:
    """To forecast things without prices costs hits; it is no way out."""
    table = prices()
    those = [told(month(at, {"A": "0.1", "Z": "0.1"})) for at in range(9)]
    found = strategy(judged(followed(*those), table))
    assert found.figures["hit_rate"].value <= 0.5
    alone = [told(month(at, {"Z": "0.1"})) for at in range(9)]
    found = strategy(judged(followed(*alone), table))
    assert (found.counted, found.missed) == (0, 9)
    assert found.left[0].why == "there is no price of what it forecasts"


def test_prices_that_do_not_reach_so_far() -> None:
    """Where the prices end before a forecast does, it is pending and no miss."""
    table = prices()
    short = Prices(DAYS[:40], table.names, table.values[:40])
    those = [told(perfect(at, table)) for at in range(3)]
    found = strategy(judged(followed(*those), short))
    assert (found.counted, found.missed, found.pending) == (1, 0, 2)


def test_all_strategies_are_told_and_the_winner_is_deflated() -> None:
    """The best of many lucky strategies is told beside all others, and proves little."""
    table = prices(names="AB")
    random = np.random.default_rng(4)
    those, serial = list[Told](), 0
    for name in (f"s{at}" for at in range(12)):
        for number in range(9):
            signs = random.choice(["0.01", "-0.01"], 2)
            one = month(number, {"A": str(signs[0]), "B": str(signs[1])}, name, number)
            those.append(told(msgspec.structs.replace(one, serial=serial)))
            serial += 1
    report = judged(followed(*those), table)
    assert report.tried == len(report.strategies) == 12
    best = max(report.strategies, key=lambda one: one.figures["sharpe"].value)
    assert (best.deflated or 0) < (best.skill or 0)
    assert not any("more than luck" in line for line in report.says)
    assert "12 strategies" in report.says[0]


def test_probabilities_and_quantiles() -> None:
    """Brier scores and pinball losses stand beside what the past alone would have said."""
    table = prices()
    those = []
    for at in range(9):
        plain = perfect(at, table)
        made = tuple(
            msgspec.structs.replace(
                one,
                up="1" if float(one.expected) > 0 else "0",
                low=repr(float(one.expected) - 0.001),
                high=repr(float(one.expected) + 0.001),
            )
            for one in plain.forecasts
        )
        those.append(told(msgspec.structs.replace(plain, forecasts=made)))
    found = strategy(judged(followed(*those), table))
    assert found.figures["brier"].value == 0.0
    assert found.naive["brier of the share of rises before"].value > 0.1
    assert found.figures["pinball of counted"].value < 0.001
    said = [one.commitment for one in those] + [one.reveal for one in those[1:]]
    missed = strategy(judged(follow(said, bounds_of(*those), LATER_MS), table))
    assert missed.figures["brier"].value == pytest.approx(1 / 9)


def test_costs_and_weights() -> None:
    """The book's own weights count, and trading it costs."""
    table = prices()
    plain = [month(at, {"A": "0.01", "B": "-0.01"}) for at in range(9)]
    weighted = [
        msgspec.structs.replace(
            one,
            forecasts=tuple(
                msgspec.structs.replace(made, weight="1" if made.target == "A" else "0")
                for made in one.forecasts
            ),
        )
        for one in plain
    ]
    found = strategy(judged(followed(*map(told, weighted)), table))
    came = []
    for one in plain:
        first, last = table.at("A", one.entry), table.at("A", one.exit)
        assert first is not None
        assert last is not None
        came.append(last[1] / first[1] - 1)
    assert found.figures["return_a_period of counted"].value == pytest.approx(np.mean(came))
    track = followed(*map(told, plain))
    dear = judge(track, table, issuer="u", origin="o", digest="0" * 64, cost_bps=100)
    free = judged(track, table)
    name = "return_a_period of counted"
    gap = strategy(free).figures[name].value - strategy(dear).figures[name].value
    assert gap == pytest.approx(0.01 * 1.0 / 9)  # the book is bought once and then held


def test_one_thing_at_a_time() -> None:
    """A strategy of single forecasts is ranked over its periods."""
    table = prices()
    seen = [perfect(at, table) for at in range(9)]
    those = [told(msgspec.structs.replace(one, forecasts=one.forecasts[:1])) for one in seen]
    found = strategy(judged(followed(*those), table))
    assert found.figures["information_coefficient of counted"].value == pytest.approx(1)
    assert "information_coefficient" not in found.figures
