"""Each model of a stream sees what it is there for."""

from __future__ import annotations

from math import log10, sin
from random import Random

import pytest

from counterfoil.learn.anomaly.levels import Level
from counterfoil.learn.anomaly.news import News
from counterfoil.learn.anomaly.seasonal import SeasonalResidual
from counterfoil.learn.anomaly.tail import DECADES_MAX, Tail

HOUR_S = 3600.0


@pytest.mark.parametrize("timed", [True, False])
def test_a_value_that_is_odd_for_its_hour_stands_out(timed: bool) -> None:
    """The season of a day shows a night value at noon, with times or without."""
    random = Random(1)
    member = SeasonalResidual()
    odd: list[float] = []
    for row in range(24 * 40):
        value = 50 + 20 * sin(row * 6.283185 / 24) + random.gauss(0, 1)
        value -= 20 * (row == 24 * 38 + 6)  # as at another hour, and no extreme
        found = member.odd(value, row * HOUR_S if timed else None)
        odd.append(-1.0 if found is None else found)
    assert odd.index(max(odd)) == 24 * 38 + 6


def test_steps_of_a_day_have_a_week() -> None:
    """With daily rows the season is a week, and one of noise is none."""
    member = SeasonalResidual()
    found = [member.odd(float(row % 7), row * 86_400.0) for row in range(200)]
    assert found[-1] is not None
    noise = Random(2)
    other = SeasonalResidual()
    assert all(other.odd(noise.gauss(0, 1), None) is None for _ in range(1600))


def test_a_moved_level_is_seen_and_a_spike_is_not() -> None:
    """A single spike leaves the level as it was; a stretch of it does not."""
    random = Random(3)
    member = Level()
    values = [random.gauss(0, 1) for _ in range(1000)]
    values[500] = 100.0
    values[800:] = [value + 6 for value in values[800:]]
    odd = [member.odd(value, None) or 0.0 for value in values]
    assert max(odd[820:860]) > 1.5 * max(odd[450:700])


def test_what_goes_on_is_no_news() -> None:
    """An echo swallows what is no louder than it, and fades by half every 150 values."""
    news = News()
    assert news.of(4.0) == 4.0
    assert [news.of(3.0) for _ in range(10)] == [0.0] * 10
    assert news.of(5.0) == 5.0
    for _ in range(150):
        news.of(0.0)
    assert news.echo == pytest.approx(2.5)


def test_ranks_and_tail() -> None:
    """Ranks are exact, the tail goes on beyond them, and old numbers go."""
    tail = Tail()
    assert tail.conformal(1.0) == tail.p(1.0) == 1.0
    for number in range(999):
        tail.add(float(number))
    assert tail.conformal(899.0) == 0.101
    assert tail.decades(899.0) == pytest.approx(-log10(0.101))
    assert tail.p(989.5) == 0.01
    assert 4 < tail.decades(1200.0) < tail.decades(1300.0) <= DECADES_MAX
    assert tail.p(1200.0) < 0.0001
    for _ in range(5000):
        tail.add(1.0)
    assert len(tail) == 5000
    assert tail.conformal(2.0) == 1 / 5001
