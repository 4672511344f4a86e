"""Each payment is decided once, by a model that can be loaded and asked again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil.formats import json_text
from counterfoil.formats.predicates import ContentRef
from counterfoil.learn import FEATURES, Event, NormalBehaviour
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.watch import DECISIONS, MODELS, PAYMENTS, THRESHOLD_PPM, Watch
from counterfoil.testing.payments import Payment, Scenario, payments


def score_ppm(decision: dict[str, Any]) -> int:
    """Read a decision's score, in millionths as the model has it."""
    return round(float(decision["score"]) * 1_000_000)


def series(ledger: Ledger, source: str) -> list[dict[str, Any]]:
    """Read what was recorded in a series, in its order."""
    found = {v.number: v.content for v in ledger.views() if v.source == source}
    assert sorted(found, key=str) == sorted(range(len(found)), key=str)
    return [found[number] for number in range(len(found))]


def test_each_payment_has_its_decision(ledger: Ledger) -> None:
    """One decision a payment, with its number and leaf, its model, score and reasons."""
    paid = {v.number: v for v in ledger.views() if v.source == PAYMENTS}
    decided = series(ledger, DECISIONS)
    assert len(paid) == len(decided) == 300
    for number, decision in enumerate(decided):
        assert decision["based_on"][0]["leaf"] == paid[number].leaf
        assert decision["inputs"]["payment_entry"] == paid[number].index
        held = float(decision["score"]) >= THRESHOLD_PPM / 1_000_000
        assert decision["outcome"] == ("hold" if held else "allow")
        assert set(decision["explanation"]["contributions"]) == set(FEATURES)


def test_the_label_is_nowhere(ledger: Ledger) -> None:
    """Nothing recorded says which payments the simulation planted."""
    assert not any(b"scenario" in entry or b"stolen" in entry for entry in ledger.entries())


def test_a_decision_can_be_computed_again(ledger: Ledger, place: DemoPlace) -> None:
    """The named model, fed the payments that it had learned since, gives the recorded score."""
    watch = Watch(ledger, place)
    watch.save()
    watch.take(50)
    number = 349
    decision = series(ledger, DECISIONS)[number]
    digest = decision["model"]["digest"]
    model = NormalBehaviour.from_bytes((place.models / f"{digest}.json").read_bytes())
    assert model.digest() == digest
    assert model.seen == 300
    paid = [_event(content) for content in series(ledger, PAYMENTS)]
    since = decision["inputs"]["learned_since"]
    assert since == 49
    for event in paid[model.seen : number]:
        model.learn(event)
    assert model.score(paid[number]).score_ppm == score_ppm(decision)
    said = series(ledger, MODELS)[-1]
    assert (said["digest"], said["parameters"]["learned_from"]) == (digest, "300")
    kept = ContentRef(said["kept"]["sha256"], said["kept"]["size"])
    assert hashlib.sha256(ledger.kept(kept)).hexdigest() == digest


def test_what_a_crash_left_undecided_is_decided(place: DemoPlace) -> None:
    """Payments that stand without decisions get them, and those that have one keep it."""
    rows = [p.content() for _, p in zip(range(40), _paid(), strict=False)]
    with open_ledger(place.ledger) as ledger:
        Watch(ledger, place).take(20)
        before = series(ledger, DECISIONS)
        texts = [json_text.format(row) for row in rows[20:]]
        ledger.record_rows(texts, PAYMENTS, 20).result()
    with open_ledger(place.ledger) as ledger:
        watch = Watch(ledger, place)
        assert (watch.payments, watch.decisions) == (40, 40)
        watch.take(5)
        assert series(ledger, DECISIONS)[:20] == before
        assert len(series(ledger, DECISIONS)) == 45


@pytest.mark.parametrize("harm", ["no pointer", "no model", "other model", "no object"])
def test_a_lost_model_is_learned_again(ledger: Ledger, place: DemoPlace, harm: str) -> None:
    """Without its saved model it goes on as if nothing had been: the log teaches it again."""
    whole = Watch(ledger, place)
    if harm == "no pointer":
        place.model.unlink()
    elif harm == "no object":
        place.model.write_bytes(b"[]")
    else:
        for file in place.models.iterdir():
            file.unlink() if harm == "no model" else file.write_bytes(b"{}")
    again = Watch(ledger, place)
    assert again.decisions == whole.decisions == 300
    again.take(1)
    expected = NormalBehaviour()
    for content in series(ledger, PAYMENTS)[:300]:
        expected.learn(_event(content))
    last = series(ledger, PAYMENTS)[300]
    assert score_ppm(series(ledger, DECISIONS)[300]) == expected.score(_event(last)).score_ppm


def _event(content: dict[str, object]) -> Event:
    names = ("customer", "at_ms", "amount_minor", "terminal")
    account, at_ms, amount, payee = (content[name] for name in names)
    assert isinstance(at_ms, int)
    assert isinstance(amount, int)
    return Event(str(account), at_ms, amount, str(payee))


def _paid() -> Iterator[Payment]:
    return payments(2026, start_ms=1_767_225_600_000, days=10)


def test_it_counts_what_was_planted_and_found(place: DemoPlace) -> None:
    """The simulation's own labels say how many frauds there were, and how many of them it held."""
    with open_ledger(place.ledger) as ledger:
        watch = Watch(ledger, place)
        watch.take(3_000)
        decided = series(ledger, DECISIONS)
    planted = [
        number
        for number, payment in zip(range(3_000), _paid(), strict=False)
        if payment.scenario is not Scenario.GENUINE
    ]
    found = [number for number in planted if decided[number]["outcome"] == "hold"]
    assert (watch.planted, watch.found) == (len(planted), len(found))
    assert watch.held >= watch.found > 0


def test_it_tells_how_far_it_is(place: DemoPlace) -> None:
    """Whoever shows progress hears of every part."""
    heard: list[int] = []
    with open_ledger(place.ledger) as ledger:
        Watch(ledger, place).take(1_100, heard.append)
    assert heard == [500, 1000, 1100]
    assert Path(place.model).exists()
