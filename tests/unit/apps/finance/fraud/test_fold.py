"""Features: the same online and offline, and blind to the future and to labels not known yet."""

from __future__ import annotations

import math
import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.finance.fraud.features import Named
from counterfoil.apps.finance.fraud.fold import Fold
from counterfoil.apps.finance.fraud.memory import Memory
from counterfoil.apps.finance.fraud.payment import Payment
from counterfoil.apps.finance.fraud.windows import DAY_MS, HOUR_MS, new_windows
from tests.fraud_made import rows, table

NAMED = Named(words=("channel",), numbers=("risk",))
DELAY = 7 * DAY_MS

PAYMENTS = st.lists(
    st.builds(
        Payment,
        id=st.uuids().map(str),
        at_ms=st.integers(0, 90 * DAY_MS),
        amount=st.floats(-1e6, 1e9, allow_nan=False),
        card=st.sampled_from(["a", "b", None]),
        terminal=st.sampled_from(["x", "y", None]),
        label=st.sampled_from([0, 1, None]),
        known_ms=st.none() | st.integers(0, 120 * DAY_MS),
        numbers=st.tuples(st.none() | st.floats(-1e300, 1e300)),
        words=st.tuples(st.sampled_from(["web", "shop", None])),
    ),
    max_size=40,
)


def same(one: list[float], other: list[float]) -> bool:
    return all(a == b or (a != a and b != b) for a, b in zip(one, other, strict=True))


@settings(deadline=None, max_examples=60)
@given(PAYMENTS, st.integers(0, 40))
def test_a_saved_memory_goes_on_as_if_it_had_not_been_saved(
    given_payments: list[Payment], cut: int
) -> None:
    """Stopped anywhere, written down, read back: every later feature is the same to the bit."""
    whole, part = Fold(NAMED, DELAY), Fold(NAMED, DELAY)
    for at, payment in enumerate(given_payments):
        if at == cut:
            data = msgspec.msgpack.encode(part.memory)
            part = Fold(NAMED, DELAY, msgspec.msgpack.decode(data, type=Memory))
        values = whole.see(payment)
        assert same(values, part.see(payment))
        assert len(values) == len(NAMED.features)
        assert not any(math.isinf(value) for value in values)


def counted(payments: list[Payment], at: int, party: str, span: int) -> tuple[int, float]:
    """Count a window the slow way: buckets of 1/24 of it, up to the bucket of now."""
    now, width = payments[at].at_ms, span // 24
    inside = [
        one.amount
        for one in payments[:at]
        if getattr(one, party) == getattr(payments[at], party)
        and one.at_ms // width > now // width - 24
    ]
    return len(inside), sum(inside)


def test_windows_are_those_of_a_whole_table() -> None:
    """What the stream counts is what a look at all earlier payments counts, payment by payment."""
    payments = table(rows(days=12, customers=12))
    named = Named()
    fold = Fold(named, DELAY)
    names = named.features
    for at, payment in enumerate(payments):
        found = dict(zip(names, fold.see(payment), strict=True))
        for party in ("card", "terminal"):
            hour, _ = counted(payments, at, party, HOUR_MS)
            day, spent = counted(payments, at, party, DAY_MS)
            assert (found[f"{party}_count_1h"], found[f"{party}_count_1d"]) == (hour, day)
            if day:
                assert found[f"{party}_mean_1d"] == pytest.approx(spent / day, rel=1e-6)


def test_labels_count_when_they_are_known() -> None:
    """Known frauds of a terminal are those whose label has come, counted over all payments."""
    payments = table(rows(days=30, customers=20))
    named = Named()
    fold = Fold(named, DELAY)
    at_name = named.features.index("terminal_since_fraud_d")
    for at, payment in enumerate(payments):
        found = fold.see(payment)[at_name]
        known = [
            one.at_ms
            for one in payments[:at]
            if one.terminal == payment.terminal and one.label and one.at_ms + DELAY <= payment.at_ms
        ]
        if not known:
            assert found != found
        else:
            assert found == pytest.approx((payment.at_ms - max(known)) / DAY_MS, rel=1e-5)


@pytest.mark.parametrize("delay_days", [1, 7])
def test_labels_of_the_future_change_nothing(delay_days: int) -> None:
    """All labels not known at a moment are turned over: no feature up to then is another."""
    payments = table(rows(days=25, customers=20))
    cut = payments[len(payments) * 3 // 4].at_ms
    delay = delay_days * DAY_MS
    rng = random.Random(1)
    turned = [
        one
        if one.at_ms + delay <= cut
        else msgspec.structs.replace(one, label=rng.choice([0, 1, None]))
        for one in payments
    ]
    folds = Fold(Named(), delay), Fold(Named(), delay)
    for one, other in zip(payments, turned, strict=True):
        if one.at_ms > cut:
            break
        assert same(folds[0].see(one), folds[1].see(other))


def test_a_label_that_leaks_is_seen() -> None:
    """The check above has teeth: with labels known at once, turning them over changes features."""
    payments = table(rows(days=25, customers=20))
    turned = [msgspec.structs.replace(one, label=1) for one in payments]
    folds = Fold(Named(), 0), Fold(Named(), 0)
    pairs = zip(payments, turned, strict=True)
    assert not all(same(folds[0].see(one), folds[1].see(other)) for one, other in pairs)


def test_a_label_told_later_counts_from_then_on() -> None:
    """Of a payment without a label one may be told, once; the terminal's risk then knows it."""
    named = Named()
    fold = Fold(named, DELAY)
    payment = Payment("one", DAY_MS, 5.0, "a", "x")
    at_name = named.features.index("terminal_frauds_30d")
    fold.see(payment)
    assert fold.see(msgspec.structs.replace(payment, id="two"))[at_name] == 0
    assert fold.tell("one", 1)
    assert not fold.tell("one", 1)
    assert not fold.tell("nobody's", 1)
    assert fold.see(msgspec.structs.replace(payment, id="three"))[at_name] == 1


def test_another_currency_changes_no_comparison() -> None:
    """Amounts times a number: every feature but the amounts themselves stays what it was."""
    payments = table(rows(days=10, customers=15))
    folds = Fold(Named(), DELAY), Fold(Named(), DELAY)
    moneyed = {"amount", *(n for n in Named().features if "_mean_" in n and "of_mean" not in n)}
    for one in payments:
        other = msgspec.structs.replace(one, amount=one.amount * 7.25)
        for name, a, b in zip(
            Named().features, folds[0].see(one), folds[1].see(other), strict=True
        ):
            if name not in moneyed:
                assert (a != a and b != b) or a == pytest.approx(b, rel=1e-4, abs=1e-4), name


def test_time_that_falls_back_counts_as_the_latest() -> None:
    """A late payment is decided all the same, and the clock does not go back."""
    fold = Fold(Named(), DELAY)
    fold.see(Payment("one", 10 * DAY_MS, 5.0, "a", "x"))
    late = fold.see(Payment("two", 2 * DAY_MS, 5.0, "a", "x"))
    assert late[Named().features.index("card_count_1h")] == 1
    assert fold.memory.clock.last_ms == 10 * DAY_MS


def test_a_gap_in_the_data_is_no_quiet() -> None:
    """After a month without any payment, rates are of the days that there is data of."""
    fold = Fold(Named(), DELAY)
    for hour in range(72):
        fold.see(Payment(f"a{hour}", hour * HOUR_MS, 5.0, "a", "x"))
    before = fold.memory.clock.covered_days(30 * DAY_MS)
    fold.see(Payment("later", 13 * DAY_MS, 5.0, "a", "x"))
    assert fold.memory.clock.covered_days(30 * DAY_MS) == pytest.approx(before, abs=0.1)


def test_parties_that_are_silent_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by those that pay: who was silent for long is let go."""
    from counterfoil.apps.finance.fraud import fold as module

    monkeypatch.setattr(module, "_SWEEP_EVERY", 10)
    fold = Fold(Named(), DELAY)
    for number in range(10):
        fold.see(Payment(str(number), number * 20 * DAY_MS, 5.0, f"c{number}", f"t{number}"))
    assert "c9" in fold.memory.cards
    assert "c0" not in fold.memory.cards
    assert "t0" not in fold.memory.terminals


def test_a_window_holds_a_bounded_number_of_buckets() -> None:
    """A busy shop costs no more than a quiet one, and what is old leaves the count."""
    (window,) = new_windows([DAY_MS])
    for minute in range(60 * 24 * 5):
        window.slide(minute * 60_000)
        window.add(minute * 60_000, 1.0)
    assert len(window.starts) <= 24
    assert 23 * 60 < window.count <= 24 * 60
    window.slide(60 * DAY_MS)
    held: Any = (window.count, window.total, window.starts)
    assert held == (0, 0, [])
