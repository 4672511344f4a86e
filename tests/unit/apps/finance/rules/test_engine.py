"""Rules are applied as they stand, at the payment's own time and place, with a trail."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.finance.rules import Engine, read_rules
from counterfoil.apps.finance.rules.windows import Series
from tests.payments_made import NOON, payment, rule_file

HOUR = 3_600_000


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def engine(when: str, more: str = "", **options: Any) -> Engine:
    return Engine(read_rules(rule_file(when, more)), **options)


def test_a_trail_says_all() -> None:
    """A trail has rule, version, digest, every condition, windows, result and outcome."""
    more = 'window.sent = { of = "debtor.account", over = "1h" }'
    made = engine("window.sent.sum > params.limit", more)
    said = made.apply(payment(amount_minor=501)).to_json()
    (one,) = said["applied"]
    assert one["conditions"] == {"it is large": True}
    assert one["windows"] == {"sent": {"count": 1, "sum": 501, "parties": 1, "age_ms": 0}}
    assert (one["rule"], one["version"], one["result"]) == ("large", "1", "met")
    assert len(one["digest"]) == 64
    assert (said["outcome"], said["reasons"]) == ("hold", ["It is large."])


def test_no_value_holds_a_payment() -> None:
    """A condition without a value lets nothing pass; where another one fails, that settles it."""
    trail = engine("1 / (payment.amount_minor - 10000) == 1").apply(payment())
    assert (trail.outcome, trail.applied[0].result) == ("hold", "undecided")
    assert "division" in trail.applied[0].trouble
    more = '[rule.when]\n"never" = "payment.amount_minor < 0"\n'
    text = rule_file("1 / 0 == 1").replace(b"[rule.when]\n", more.encode(), 1)
    assert Engine(read_rules(text)).apply(payment()).outcome == "pass"


@pytest.mark.parametrize(
    ("at", "zone", "in_force"),
    [
        ("2026-06-30T21:59:59.999", "Europe/Berlin", False),
        ("2026-06-30T22:00:00", "Europe/Berlin", True),
        ("2026-07-01T03:59:59.999", "America/New_York", False),
        ("2026-07-01T04:00:00", "America/New_York", True),
        ("2026-06-30T14:59:59.999", "Asia/Tokyo", False),
        ("2026-06-30T15:00:00", "Asia/Tokyo", True),
        ("2026-07-31T23:59:59.999", "UTC", True),
        ("2026-08-01T00:00:00", "UTC", False),
    ],
)
def test_rules_begin_and_end_at_midnight_of_their_place(at: str, zone: str, in_force: bool) -> None:
    """A rule is in force from midnight where it applies, and until midnight, to the millisecond."""
    more = f'time_zone = "{zone}"\neffective_from = 2026-07-01\neffective_until = 2026-08-01'
    trail = engine("true || params.limit > 0", more).apply(payment(at_ms=ms(at)))
    assert (len(trail.applied) == 1) is in_force


def test_the_version_of_the_moment_applies() -> None:
    """Of two versions each payment meets the one of its own time, in any order of arrival."""
    text = rule_file().decode()
    head, body = text.split("[[rule]]", 1)
    first = f"[[rule]]{body}".replace(
        "params =", "effective_until = 2026-03-02T12:30:00Z\nparams ="
    )
    second = f"[[rule]]{body}".replace('version = "1"', 'version = "2"', 1)
    second = second.replace("params =", "effective_from = 2026-03-02T12:30:00Z\nparams =")
    made = Engine(read_rules(f"{head}{first}{second}".encode()))
    found = [made.apply(payment(minute)).applied[0].rule.version for minute in (29, 30, 0, 31)]
    assert found == ["1", "2", "1", "2"]


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("2026-03-29T00:30:00", "2026-03-29T21:59:59", True),  # 23 hours: the clock goes forward
        ("2026-03-28T22:59:59", "2026-03-29T00:30:00", False),
        ("2026-10-24T22:00:00", "2026-10-25T22:59:59", True),  # 25 hours: it goes back
        ("2026-10-25T22:59:59", "2026-10-25T23:00:00", False),
    ],
)
def test_a_day_is_a_day_of_its_place(first: str, second: str, together: bool) -> None:
    """A window of a day is the local day, of 23, 24 or 25 hours."""
    more = 'time_zone = "Europe/Berlin"\nwindow.w = { of = "debtor.account", over = "day" }'
    made = engine("window.w.count > 1", more)
    made.apply(payment(1, at_ms=ms(first)))
    assert (made.apply(payment(2, at_ms=ms(second))).outcome == "hold") is together


def test_hour_and_weekday_are_local() -> None:
    """`payment.hour` and `payment.weekday` are those of the rule's place."""
    made = engine("payment.hour == 7 && payment.weekday == 1", 'time_zone = "America/New_York"')
    assert made.apply(payment(at_ms=NOON)).outcome == "hold"  # a Monday


def test_windows_are_of_one_currency_and_one_key() -> None:
    """Another currency, another account and what is filtered out do not count."""
    more = 'window.w = { of = "debtor.account", over = "1h", where = "payment.amount_minor > 50" }'
    made = engine("window.w.count >= 2", more)
    others: list[dict[str, Any]] = [
        {"currency": "EUR"}, {"debtor": "C"}, {"amount_minor": 50}, {}, {"debtor": {}}
    ]  # fmt: skip
    for number, fields in enumerate(others):
        assert made.apply(payment(number, **fields)).outcome == "pass"
    assert made.apply(payment(9)).outcome == "hold"


def test_money_that_came_in_is_seen_by_who_sends() -> None:
    """`as` looks for the sender's account among receivers."""
    more = 'window.got = { of = "debtor.account", as = "creditor.account", over = "1h" }'
    made = engine("window.got.sum >= 20000 && window.got.parties == 2", more)
    made.apply(payment(1, debtor="X", creditor="A"))
    assert made.apply(payment(2, debtor="A", creditor="Z")).outcome == "pass"
    made.apply(payment(3, debtor="Y", creditor="A"))
    assert made.apply(payment(4, debtor="A", creditor="Z")).outcome == "hold"


def test_jurisdictions_are_chosen() -> None:
    """With a jurisdiction only its rules apply, and those of any."""
    more = 'jurisdiction = "EU"'
    assert (
        engine("true || params.limit > 0", more, jurisdictions=["US"]).apply(payment()).applied
        == ()
    )
    assert engine("true || params.limit > 0", more, jurisdictions=["EU"]).apply(payment()).applied
    assert engine("true || params.limit > 0", jurisdictions=["US"]).apply(payment()).applied


events = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(0, 100), st.sampled_from("abc")), min_size=1,
    max_size=60,
)  # fmt: skip


@settings(max_examples=100)
@given(events=events, span=st.integers(1, 2_000))
def test_windows_count_what_is_inside(events: list[tuple[int, int, str]], span: int) -> None:
    """However late payments come, a window holds exactly those seen, inside of it."""
    series, seen = Series(10_000), []
    for at, amount, other in events:
        series.add(at, amount, other)
        seen.append((at, amount, other))
        inside = [one for one in seen if at - span < one[0] <= at]
        found = series.look(at - span, at, span)
        assert found.count == len(inside)
        assert found.sum == sum(one[1] for one in inside)
        assert found.parties == len({one[2] for one in inside})
        assert found.age_ms == at - min(one[0] for one in inside)


def test_what_no_window_reaches_is_forgotten() -> None:
    """Memory stays bounded, sums stay right, and one payment from the future forgets nothing."""
    series = Series(1_000)
    for at in accumulate([10] * 5_000):
        series.add(at, 1, str(at % 7))
        assert series.look(at - 1_000, at, 1).count == min(at // 10, 100)
    assert len(series.times) < 1_000
    series.add(10**9, 1, "x")
    assert series.look(50_000 - 1_000, 50_000, 1).count == 100


def test_the_same_stream_gives_the_same_trails() -> None:
    """Nothing but rules and payments decides: two engines agree to the byte."""
    payments = [payment(n, amount_minor=n * 37 % 900, debtor="AB"[n % 2]) for n in range(60)]
    more = 'window.w = { of = "debtor.account", over = "15m" }'
    one, other = (engine("window.w.sum > params.limit", more) for _ in range(2))
    assert [one.apply(each).to_json() for each in payments] == [
        other.apply(each).to_json() for each in payments
    ]


def test_accounts_that_no_window_sees_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory follows the accounts of late, not all that ever paid; what counts is unchanged."""
    monkeypatch.setattr("counterfoil.apps.finance.rules.engine._FORGET_EACH", 50)
    more = 'window.w = { of = "debtor.account", over = "15m" }'
    made = engine("window.w.count > 1", more)
    for n in range(400):
        assert made.apply(payment(n, debtor=f"D{n}")).outcome == "pass"
    assert len(made._series) < 120
    assert made.apply(payment(400, debtor="D399")).outcome == "hold"
