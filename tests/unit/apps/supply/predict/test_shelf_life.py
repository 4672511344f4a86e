"""What is left of a life follows from table and temperatures; its band from what is unknown."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.supply.predict.spoilage.correction import Correction
from counterfoil.apps.supply.predict.spoilage.history import History, Reading
from counterfoil.apps.supply.predict.spoilage.products import Life, Product, make_product
from counterfoil.apps.supply.predict.spoilage.rates import coordinate, law_of
from counterfoil.apps.supply.predict.spoilage.shelf_life import remaining
from counterfoil.errors import InputError
from tests.log_rig import raises_code

H = 3_600_000
DAY = 24.0


def product(*lives: tuple[float, float, float]) -> Product:
    """Make one of (degrees C, days at least, days at most)."""
    made = [Life("", celsius, low * DAY, high * DAY) for celsius, low, high in lives]
    return make_product("p", "product", made)


MILK = product((4.0, 8.0, 12.5), (21.0, 0.8, 1.25))
FISH = product((2.0, 6.0, 9.0), (-18.0, 90.0, 120.0))
ICE = product((-18.0, 180.0, 360.0))


def at(celsius: float, hours: float, since: float = 0.0, step: float = 0.5) -> list[Reading]:
    """Keep it so warm for so long."""
    steps = round(hours / step)
    return [(round((since + one * step) * H), celsius) for one in range(steps + 1)]


def test_the_table_s_own_conditions_give_the_table_s_own_life() -> None:
    """Kept at a given temperature, all is used at the middle of its range, and the band is it."""
    for celsius, low, high in ((4.0, 8.0, 12.5), (21.0, 0.8, 1.25)):
        middle = math.sqrt(low * high) * DAY
        left = remaining(MILK, at(celsius, middle / 2), round(middle / 2 * H), ahead_c=celsius)
        assert left.used == pytest.approx(0.5, rel=1e-6)
        assert left.expected_h == pytest.approx(middle / 2, rel=1e-6)
        fresh = remaining(MILK, at(celsius, 0), 0, ahead_c=celsius)
        assert fresh.low_h < low * DAY < middle < high * DAY < fresh.high_h
        assert fresh.low_h > 0.8 * low * DAY


def test_between_two_temperatures_it_is_arrhenius() -> None:
    """The logarithm of the life goes straight over 1/T: the activation energy of both is one."""
    lives = {
        celsius: remaining(MILK, [(0, celsius)], 0, ahead_c=celsius).expected_h
        for celsius in (4.0, 12.0, 21.0, 30.0)
    }

    def energy(colder: float, warmer: float) -> float:
        ends = 1 / (colder + 273.15) - 1 / (warmer + 273.15)
        return 8.314 * math.log(lives[colder] / lives[warmer]) / ends

    assert energy(4, 12) == pytest.approx(energy(12, 21)) == pytest.approx(energy(21, 30))


def test_three_temperatures_make_two_slopes() -> None:
    """Each given temperature keeps its given life."""
    three = product((0.0, 14, 14), (8.0, 7, 7), (20.0, 1, 1))
    for celsius, days in ((0.0, 14), (8.0, 7), (20.0, 1)):
        found = remaining(three, [(0, celsius)], 0, ahead_c=celsius).expected_h
        assert found == pytest.approx(days * DAY)


def test_one_temperature_takes_the_stated_q10_and_a_wider_band_away_from_it() -> None:
    """2.5 for ten degrees; the farther from what is known, the wider."""
    one = product((4.0, 10, 10))
    near, far = (remaining(one, [(0, c)], 0, ahead_c=c) for c in (4.0, 14.0))
    assert near.expected_h / far.expected_h == pytest.approx(2.5)
    assert far.high_h / far.low_h > near.high_h / near.low_h > 1


def test_damage_adds_up_whatever_its_order() -> None:
    """Six warm hours cost the same at the beginning and at the end, and are named as costliest."""
    early = at(14, 6) + at(4, 42, since=6.001)
    late = at(4, 42) + at(14, 6, since=42.001)
    both = [remaining(MILK, one, 48 * H, ahead_c=4.0) for one in (early, late)]
    assert both[0].used == pytest.approx(both[1].used, rel=1e-3)
    for left, begin in zip(both, (0, 42), strict=True):
        worst = left.costliest[0]
        assert worst.from_ms == pytest.approx(begin * H, abs=H)
        assert worst.mean_c == pytest.approx(14, abs=0.3)
        assert sum(one.share for one in left.stretches) == pytest.approx(left.used)
        assert worst.excess > 0.5 * worst.share


def test_warming_up_between_two_readings_costs_what_it_does() -> None:
    """A straight way from 4 to 21 degrees in ten hours costs the same by 2 readings and by 600."""
    fine = [(minute * 60_000, 4 + 17 * minute / 600) for minute in range(601)]
    coarse = remaining(MILK, [fine[0], fine[-1]], 10 * H, ahead_c=4.0, gaps=[])
    assert coarse.used == pytest.approx(remaining(MILK, fine, 10 * H, ahead_c=4.0).used, rel=0.005)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 30), min_size=2, max_size=40), st.floats(0.1, 8))
def test_warmer_is_never_better(values: list[float], warmer: float) -> None:
    """A history that is warmer everywhere uses more and leaves less; stretches are the whole."""
    cool = [(round(at * H / 2), c) for at, c in enumerate(values)]
    end = cool[-1][0]
    warm = [(when, c + warmer) for when, c in cool]
    first, second = (remaining(MILK, one, end, ahead_c=4.0) for one in (cool, warm))
    assert second.used > first.used
    assert second.expected_h <= first.expected_h
    assert second.spoiled_within(24) >= first.spoiled_within(24)
    assert first.low_h <= first.expected_h <= first.high_h
    assert sum(one.share for one in first.stretches) == pytest.approx(first.used)


def test_gaps_are_told_and_bounded() -> None:
    """A night without readings costs as the rest, at best as the coldest, at worst 21 degrees."""
    known = at(4, 10) + at(5, 10, since=22)
    whole = remaining(MILK, known + at(4.5, 12, since=10), 32 * H, ahead_c=4.0)
    left = remaining(MILK, known, 32 * H, ahead_c=4.0)
    assert left.gaps == ((10 * H, 22 * H),)
    assert left.used == pytest.approx(whole.used, rel=0.01)
    at_21 = remaining(MILK, [(0, 21.0)], 12 * H, ahead_c=4.0, gaps=[]).used
    cold = remaining(MILK, at(4, 12), 12 * H, ahead_c=4.0).used
    measured = remaining(MILK, known, 32 * H, ahead_c=4.0, gaps=[(10 * H, 22 * H)])
    assert measured.used == left.used
    assert left.used_high - left.used_low == pytest.approx(at_21 - cold, rel=0.01)
    assert left.low_h < whole.low_h
    assert remaining(MILK, known, 32 * H, ahead_c=4.0, worst_c=30.0).used_high > left.used_high
    assert left.spoiled_within(0) > whole.spoiled_within(0)


def test_the_time_before_the_first_and_after_the_last_reading_is_a_gap() -> None:
    """A life that began before it was measured, and one that goes on, are not taken for cold."""
    left = remaining(MILK, at(4, 10, since=10), 40 * H, ahead_c=4.0, since_ms=0)
    assert left.gaps == ((0, 10 * H), (20 * H, 40 * H))
    same = remaining(MILK, History(tuple(at(4, 10, since=10)), since_ms=0), 40 * H, ahead_c=4.0)
    assert same == left
    nothing = remaining(MILK, [], 5 * H, ahead_c=4.0, since_ms=0)
    assert nothing.gaps == ((0, 5 * H),)
    assert nothing.used == pytest.approx(remaining(MILK, at(4, 5), 5 * H, ahead_c=4.0).used)
    for history, since in (([], None), ([(9 * H, 4.0)], None), ([(0, 4.0)], 9 * H)):
        with raises_code("supply.history", InputError):
            remaining(MILK, history, 5 * H, ahead_c=4.0, since_ms=since)


def test_later_readings_are_not_looked_at() -> None:
    """What is known by a time does not change with what comes after it."""
    cool = at(4, 10)
    asked = remaining(MILK, cool, 10 * H, ahead_c=4.0)
    assert remaining(MILK, cool + at(40, 9, since=10.5), 10 * H, ahead_c=4.0) == asked


def test_the_freezer_is_another_clock() -> None:
    """A month frozen uses none of the days above freezing; the freezer's own life runs instead."""
    frozen = remaining(FISH, at(-18, 30 * DAY), round(30 * DAY) * H, ahead_c=-18.0)
    assert frozen.chilled.used == 0
    assert frozen.frozen.used == pytest.approx(30 / math.sqrt(90 * 120))
    assert frozen.expected_h == pytest.approx((math.sqrt(90 * 120) - 30) * DAY)
    assert frozen.notes == ()
    thawed = remaining(
        FISH, at(-18, 30 * DAY) + at(2, 48, since=30 * DAY + 1), round(32 * DAY + 1) * H,
        ahead_c=2.0,
    )  # fmt: skip
    assert thawed.chilled.used == pytest.approx(48 / (math.sqrt(54) * DAY), rel=0.05)
    assert "frozen and thawed" in thawed.notes[0]
    assert (thawed.low_h, thawed.expected_h > 0) == (0.0, True)


def test_what_a_table_does_not_tell_is_said_and_bounds_nothing_from_below() -> None:
    """Milk that froze, and ice cream that melted, may be spoiled: the lower end is 0."""
    for made, celsius, word in ((MILK, -10.0, "below"), (ICE, 6.0, "above")):
        left = remaining(made, at(celsius, 6), 6 * H, ahead_c=celsius)
        assert any(word in one for one in left.notes)
        assert left.low_h == 0
    moment = remaining(MILK, [*at(4, 5), (round(5.5 * H), -3.0), *at(4, 5, since=6)], 11 * H,
                       ahead_c=4.0)  # fmt: skip
    assert moment.notes == ()


def test_a_correction_moves_the_life_and_its_band() -> None:
    """Twice as long by level; more where it is warm by tilt; narrower with less spread."""
    fresh = remaining(MILK, [(0, 4.0)], 0, ahead_c=4.0)
    twice = remaining(MILK, [(0, 4.0)], 0, ahead_c=4.0, correction=Correction(math.log(2)))
    assert twice.expected_h == pytest.approx(2 * fresh.expected_h)
    narrow = remaining(MILK, [(0, 4.0)], 0, ahead_c=4.0, correction=Correction(spread=0.25))
    assert narrow.high_h - narrow.low_h < fresh.high_h - fresh.low_h
    tilted = Correction(tilt=0.5)
    line = law_of(MILK).chilled
    assert line is not None
    for celsius in (4.0, 21.0):
        plain, moved = (
            remaining(MILK, [(0, celsius)], 0, ahead_c=celsius, correction=one).expected_h
            for one in (Correction(), tilted)
        )
        lever = 0.5 * (coordinate(celsius) - line.pivot)
        assert moved / plain == pytest.approx(math.exp(lever))
