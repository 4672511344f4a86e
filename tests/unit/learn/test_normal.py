"""The model scores before it learns, says why, and is the same whenever it is run."""

from __future__ import annotations

from itertools import islice
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.learn import FEATURES, Event, NormalBehaviour, average_precision
from counterfoil.testing.payments import Payment, Scenario, payments

START_MS = 1_767_225_600_000
HOUR_MS = 3_600_000

EVENTS = st.builds(
    Event,
    account=st.sampled_from(["a", "b", "c"]),
    at_ms=st.integers(0, 2**40),
    amount_minor=st.integers(1, 2**40),
    payee=st.sampled_from(["x", "y", "z"]),
)


def event(payment: Payment) -> Event:
    """Show a payment to the model."""
    return Event(payment.customer, payment.at_ms, payment.amount_minor, payment.terminal)


def some(count: int) -> list[Event]:
    """Simulate payments."""
    return [event(p) for p in islice(payments(5, start_ms=START_MS, days=99), count)]


def used_to_lunch() -> NormalBehaviour:
    """Make a model of an account that pays about 10 a day at noon, at one place."""
    model = NormalBehaviour()
    for day in range(60):
        at_ms = START_MS + day * 24 * HOUR_MS + 12 * HOUR_MS
        model.learn(Event("a", at_ms, 1_000 + day % 7, "canteen"))
    return model


def test_the_contributions_make_the_score() -> None:
    """Base and contributions sum to the score's logit, for every payment."""
    model = NormalBehaviour()
    for one in some(300):
        scored = model.learn(one)
        assert set(scored.contributions) == set(FEATURES)
        logit = scored.base + sum(scored.contributions.values())
        assert log(scored.score / (1 - scored.score)) == pytest.approx(logit)


def test_it_scores_before_it_learns() -> None:
    """What `learn` gives is what `score` gave before, and scoring alone changes nothing."""
    model = NormalBehaviour()
    for one in some(200):
        before, digest = model.score(one), model.digest()
        assert model.digest() == digest
        assert model.learn(one) == before
        assert model.digest() != digest
    assert model.seen == 200


def test_what_is_strange_is_said() -> None:
    """A large amount, a haste, a new payee and an odd hour each raise the score by their name."""
    model = used_to_lunch()
    noon = START_MS + 60 * 24 * HOUR_MS + 12 * HOUR_MS
    usual = model.score(Event("a", noon, 1_003, "canteen"))
    assert usual.score < 0.01
    strange = {
        "amount": Event("a", noon, 9_000, "canteen"),
        "gap": Event("a", noon - 24 * HOUR_MS + 60_000, 1_003, "canteen"),
        "payee": Event("a", noon, 1_003, "casino"),
        "hour": Event("a", noon - 9 * HOUR_MS, 1_003, "canteen"),
    }
    for name, one in strange.items():
        scored = model.score(one)
        assert scored.score > usual.score, name
        assert scored.contributions[name] > usual.contributions[name] + 1, name
        assert max(scored.contributions, key=scored.contributions.__getitem__) == name
    together = model.score(Event("a", noon - 9 * HOUR_MS, 9_000, "casino"))
    assert together.score > 0.9


def test_an_unknown_account_is_judged_by_all_others() -> None:
    """A newcomer's usual payment is fine, and one far beyond everybody's is not."""
    model = NormalBehaviour()
    for one in some(3_000):
        model.learn(one)
    at_ms = START_MS + 20 * 24 * HOUR_MS + 12 * HOUR_MS
    assert model.score(Event("new", at_ms, 3_000, "t-00001")).score < 0.5
    assert model.score(Event("new", at_ms, 900_000, "t-00001")).score > 0.5


def test_a_burst_of_fraud_does_not_become_normal() -> None:
    """What is strange teaches less: a thief's tenth payment is as strange as the first."""
    model = used_to_lunch()
    night = START_MS + 60 * 24 * HOUR_MS + 3 * HOUR_MS
    scores = [
        model.learn(Event("a", night + number * 300_000, 9_000, f"far-{number}")).score
        for number in range(10)
    ]
    assert min(scores) > 0.9


def test_saved_and_loaded_it_goes_on_bit_for_bit() -> None:
    """The model is its bytes: loaded it has the same digest, scores and future."""
    events = some(600)
    model = NormalBehaviour()
    for one in events[:300]:
        model.learn(one)
    again = NormalBehaviour.from_bytes(model.to_bytes())
    assert again.digest() == model.digest()
    for one in events[300:]:
        assert again.learn(one) == model.learn(one)
    assert again.to_bytes() == model.to_bytes()


@given(st.lists(EVENTS, max_size=30))
def test_any_events_give_a_score(events: list[Event]) -> None:
    """Whatever comes, in whatever order, each score lies in 0 to 1 and the model can be saved."""
    model = NormalBehaviour()
    for one in events:
        assert 0 <= model.learn(one).score <= 1
        assert 0 <= model.score(one).score_ppm <= 1_000_000
    assert NormalBehaviour.from_bytes(model.to_bytes()).digest() == model.digest()


@given(st.binary(max_size=200))
def test_other_bytes_are_no_model(data: bytes) -> None:
    """Random bytes raise InputError and nothing else."""
    with pytest.raises(InputError) as caught:
        NormalBehaviour.from_bytes(data)
    assert caught.value.code == "learn.model"


def test_another_kind_of_model_is_refused() -> None:
    """A model of a later kind is not read as one of this."""
    data = NormalBehaviour().to_bytes().replace(b"normal/1", b"normal/2")
    with pytest.raises(InputError, match="normal/2"):
        NormalBehaviour.from_bytes(data)


def test_it_beats_a_fixed_amount() -> None:
    """On later days of the simulation it ranks planted frauds far better than the amount does."""
    model, split_ms = NormalBehaviour(), START_MS + 20 * 24 * HOUR_MS
    scores, amounts, labels = [], [], []
    for payment in payments(2, start_ms=START_MS, days=45):
        scored = model.learn(event(payment))
        if payment.at_ms >= split_ms:
            scores.append(scored.score)
            amounts.append(float(payment.amount_minor))
            labels.append(payment.scenario is not Scenario.GENUINE)
    assert average_precision(scores, labels) > 2 * average_precision(amounts, labels)
