"""Repeats become one alert, and an alert ends once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from counterfoil.errors import InputError
from counterfoil.ports.watchers import Noticed, Sight, Step
from counterfoil.watch.grouping import EACH_MAX, Grouping, name_text, number_of
from tests.log_rig import raises_code

MINUTE = 60_000


def noticed(group: str = "a", score: float = 1.0) -> Noticed:
    return Noticed("odd", group, f"odd {group}", "why", score=score, p=1 / score, evidence=[SIGHT])


SIGHT = Sight(7, "ab" * 32)


def step(place: int, at_ms: int) -> Step:
    return Step(None, None, place, at_ms)


def test_one_alert_while_it_goes_on_and_one_end() -> None:
    """Ten findings within the window make an alert at once and, when it is quiet, its end."""
    grouping = Grouping(10 * MINUTE, "log")
    said = []
    for at in range(10):
        said += grouping.take([noticed(score=1.0 + at)], step(at, at * 5 * MINUTE))
    assert [one.fields.get("state", "open") for one in said] == ["open"]
    grouping.recorded(said[0], "cd" * 32)
    (end,) = grouping.take([], step(10, 120 * MINUTE))
    assert (end.fields["state"], end.fields["count"]) == ("closed", 10)
    assert (end.fields["first_ms"], end.fields["last_ms"]) == (0, 45 * MINUTE)
    assert (end.fields["score"], end.fields["chance"]) == ("10", "0.1")
    assert end.fields["opened"] == {"leaf": "cd" * 32}
    assert grouping.take([], step(11, 999 * MINUTE)) == []


def test_a_single_finding_needs_no_end() -> None:
    """What happened once is one statement; the next time is a new alert."""
    grouping = Grouping(10 * MINUTE, "log")
    first = grouping.take([noticed()], step(0, 0))
    again = grouping.take([noticed()], step(1, 60 * MINUTE))
    assert [len(first), len(again)] == [1, 1]
    assert again[0].fields.get("state", "open") == "open"


def test_groups_do_not_know_each_other() -> None:
    """Two keys that are odd at once are two alerts, of different numbers."""
    grouping = Grouping(10 * MINUTE, "log")
    said = grouping.take([noticed("a"), noticed("b")], step(3, 0))
    assert [one.number for one in said] == [3 * EACH_MAX, 3 * EACH_MAX + 1]


def test_what_is_worse_is_told() -> None:
    """A group that goes on at low severity does not swallow what is severe."""
    grouping = Grouping(10 * MINUTE, "log")
    low, high = replace(noticed(), severity="low"), replace(noticed(), severity="high")
    said = [grouping.take([one], step(at, at)) for at, one in enumerate((low, low, high, high))]
    assert [len(one) for one in said] == [1, 0, 1, 0]


def test_what_goes_on_for_a_day_is_told_anew() -> None:
    """An attack that never rests does not hide behind its first alert."""
    grouping = Grouping(60 * MINUTE, "log")
    said = [
        one for at in range(100) for one in grouping.take([noticed()], step(at, at * 30 * MINUTE))
    ]
    states = [one.fields.get("state", "open") for one in said]
    assert states == ["open", "closed", "open", "closed", "open"]


def test_an_end_that_has_no_room_waits() -> None:
    """More ends than an event has numbers for are told with the next events; none is lost."""
    grouping = Grouping(MINUTE, "log")
    for place in range(150):
        for _ in range(2):
            grouping.take([noticed(str(place))], step(place, place))
    ends = [len(grouping.take([], step(200 + at, 999 * MINUTE))) for at in range(4)]
    assert ends == [EACH_MAX, EACH_MAX, 150 - 2 * EACH_MAX, 0]


def test_numbers_have_bounds() -> None:
    """A watcher that says too much at one event is told so, and not numbered twice."""
    for place, nth in ((0, EACH_MAX), (1 << 46, 0), (-1, 0)):
        with raises_code("watch.too-many", InputError):
            number_of(place, nth)


@pytest.mark.parametrize(
    ("text", "name"), [("", "-"), ("a\nb", "a\ufffdb"), ("x" * 300, "x" * 255)]
)
def test_names_fit_into_a_statement(text: str, name: str) -> None:
    """Whatever a log says can stand in an alert: no control characters, never too long."""
    assert name_text(text) == name
