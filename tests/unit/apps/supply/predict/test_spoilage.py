"""Spoilage decisions stand on record with what they are made from; outcomes close them."""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.foreseen import outcomes_of, record_foreseen
from counterfoil.apps.supply.predict.spoilage.deciding import (
    METHOD,
    PURPOSE,
    Judged,
    Limits,
    foresee,
    format_readings,
    inputs_of,
    judge,
    readings_in,
    told_of,
)
from counterfoil.apps.supply.predict.spoilage.experience import Experience, learned_from, lessons_of
from counterfoil.apps.supply.predict.spoilage.gathered import history_of
from counterfoil.apps.supply.predict.spoilage.history import History, Reading
from counterfoil.apps.supply.predict.spoilage.judging import evaluate
from counterfoil.apps.supply.predict.spoilage.outcomes import (
    close,
    replay,
)
from counterfoil.apps.supply.predict.spoilage.products import Life, Product, make_product
from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.formats import json_text
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ledger.written import record_written
from tests.ledgers import copy_ledger, prove
from tests.log_rig import raises_code
from tests.supply_made import at, event, item, ms, place, transform

H = 3_600_000
YOGURT = make_product(
    "1", "Yogurt", [Life("refrigerator", 4.0, 168.0, 336.0), Life("pantry", 21.0, 24.0, 48.0)]
)
COD = make_product("2", "Cod", [Life("", 1.0, 120.0, 168.0), Life("freezer", -18.0, 4e3, 6e3)])
ICE = make_product("3", "Ice", [Life("freezer", -18.0, 4e3, 8e3)])
LOT = item(2)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


def kept(hours: float, warm_h: float = 0.0) -> tuple[Reading, ...]:
    """Keep it at 4 degrees, the first hours at 18."""
    return tuple(
        (round(one * H / 2), 18.0 if one / 2 < warm_h else 4.0) for one in range(int(hours * 2) + 1)
    )


def told(hours: float, celsius: float) -> Any:
    """Report the lot's temperature."""
    report = {"type": "Temperature", "value": celsius, "uom": "CEL"}
    element = {"sensorMetadata": {"time": at(hours)}, "sensorReport": [report]}
    return event(
        "ObjectEvent", hours, epcList=[LOT], action="OBSERVE", bizStep="sensor_reporting",
        readPoint={"id": place(1)}, sensorElementList=[element],
    )  # fmt: skip


def altered(ledger: Ledger, index: int, change: Mapping[str, Any], **fields: Any) -> int:
    """Record the same decision with other inputs or another outcome, as a liar would."""
    said = ledger.get(index).content
    found = ledger.decisions.get(index).decision
    assert found.explanation is not None
    shares = {name: float(one) for name, one in (found.explanation.contributions or {}).items()}
    given = {"outcome": found.outcome, "score": float(found.score or 0), "note": found.note}
    return record_foreseen(
        ledger,
        found.model,
        {**copy.deepcopy(said["inputs"]), **change},
        purpose=PURPOSE,
        contributions=shares,
        **{**given, **fields},
    )


def test_the_warmer_it_was_the_sooner_it_has_to_go() -> None:
    """Cold is sold, a warm night hurried, a warm week discarded; the words name the warm hours."""
    made = [judge(inputs_of(YOGURT, kept(96, warm), 96 * H, ahead_c=4.0)) for warm in (0, 16, 60)]
    assert [one.outcome for one in made] == ["sell", "hurry", "discard"]
    assert made[0].score < made[1].score < made[2].score
    assert "No hour cost more" in made[0].note
    assert "15.5 h at 18.0 degrees C from 1970-01-01 00:00" in made[1].note
    assert sum(made[1].contributions.values()) == pytest.approx(made[1].left.used)
    assert max(made[2].contributions, key=lambda one: made[2].contributions[one]).endswith("18.0 C")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.1, 30), st.sampled_from([-25.0, -18.0, -3.0, 0.0, 4.0, 9.0, 35.0])),
        min_size=1,
        max_size=30,
    ),
    st.floats(0, 40),
    st.sampled_from([-18.0, 2.0, 25.0]),
    st.sampled_from([YOGURT, COD, ICE]),
)
def test_whatever_happened_it_is_judged_alike_from_its_json(
    steps: list[tuple[float, float]], late: float, ahead: float, product: Product
) -> None:
    """Frozen, thawed, warm, with gaps: bands are in order, and its inputs alone give it again."""
    hours, history = 0.0, []
    for apart, celsius in steps:
        hours += apart
        history.append((round(hours * H), celsius))
    said = inputs_of(product, history, round((hours + late) * H), ahead_c=ahead, since_ms=0)
    made = judge(said)
    left = made.left
    assert 0 <= left.low_h <= left.expected_h <= left.high_h < math.inf
    assert 0 <= made.spoiled <= made.score <= 1
    assert sum(made.contributions.values()) == pytest.approx(left.chilled.used + left.frozen.used)
    assert judge(json.loads(json_text.canonicalise(said))) == made


def test_goods_that_spoiled_before_they_were_frozen_are_not_saved_by_it() -> None:
    """The freezer stops the clock above freezing, and turns nothing back."""
    history = [*((one * H, 15.0) for one in range(200)), *((one * H, -18.0) for one in (203, 206))]
    made = judge(inputs_of(COD, history, 206 * H, ahead_c=-18.0))
    assert made.outcome == "discard"
    assert (made.left.low_h, made.left.expected_h, made.left.high_h) == (0.0, 0.0, 0.0)


def test_limits_decide_and_wrong_ones_are_refused() -> None:
    """The same lot is hurried where it has to keep for longer; a probability is one."""
    same = {"ahead_c": 4.0}
    short, long = (
        judge(inputs_of(YOGURT, kept(96), 96 * H, limits=Limits(within), **same)).outcome  # type: ignore[arg-type]
        for within in (24.0, 240.0)
    )
    assert (short, long) == ("sell", "hurry")
    for wrong in ({"hurry_at": 0.0}, {"discard_at": 1.1}, {"within_h": -1.0}, {"worst_c": 99.0}):
        with raises_code("supply.limit", InputError):
            Limits(**wrong)
    with raises_code("spoilage.inputs", InputError):
        judge({"product": YOGURT.to_json()})


def test_a_decision_is_recorded_proven_and_computed_again(ledger: Ledger) -> None:
    """Its readings, its method, its reasons and its receipt are there, and lead to it again."""
    made = foresee(ledger, YOGURT, kept(96, 16), 96 * H, ahead_c=4.0, thing="lot 1")
    found = ledger.decisions.get(made.index).decision
    assert (found.outcome, found.purpose) == (made.outcome, PURPOSE)
    assert found.model.digest == record_written(ledger, METHOD, name="x", outcome="x").digest
    assert found.explanation is not None
    assert found.note == made.note
    ledger.publish()
    prove(ledger, made.index)
    replay(ledger, made.index)
    assert ledger.decisions.replay(made.index, actor="tests").verdict == "impossible"


def test_a_decision_that_does_not_follow_is_found(ledger: Ledger) -> None:
    """Another outcome, score, reason, warmth or product than it was computed from does not pass."""
    made = foresee(ledger, YOGURT, kept(96, 16), 96 * H, ahead_c=4.0, thing="lot 1")
    replay(ledger, altered(ledger, made.index, {}))
    colder = inputs_of(YOGURT, kept(96), 96 * H, ahead_c=4.0)["readings"]
    for change, fields in (
        ({}, {"outcome": "sell"}),
        ({}, {"score": 0.001}),
        ({}, {"note": "Sell: it is fine."}),
        ({"readings": colder}, {}),
        ({"within_h": "0.0"}, {}),
        ({"high_h": "9999.0"}, {}),
        ({"product": {**YOGURT.to_json(), "lives": [["", "4.0", "900.0", "990.0", False]]}}, {}),
    ):
        with raises_code("spoilage.replay", VerificationError):
            replay(ledger, altered(ledger, made.index, change, **fields))
    other = record_foreseen(
        ledger, ledger.decisions.get(made.index).decision.model, {"a": 1},
        outcome="late", purpose="supply.delay", note="no",
    )  # fmt: skip
    with raises_code("spoilage.decision", InputError):
        replay(ledger, other)


def test_what_events_tell_is_what_it_was_decided_on(ledger: Ledger) -> None:
    """Readings come with their entries, and one that no entry has is found."""
    capture(ledger, [transform(0, [item(1)], [LOT]), *(told(one, 4.5) for one in range(1, 9))])
    with index_of(ledger) as index:
        history = history_of(index, LOT, ms(8))
    assert len(history) == len(history.entries) == 8
    made = foresee(ledger, YOGURT, history, ms(8), ahead_c=4.0, thing=LOT)
    assert ledger.get(made.index).content["inputs"]["since_ms"] == ms(0)
    replay(ledger, made.index)
    lied = History(tuple((when, 3.0) for when, _ in history), history.told_by, history.since_ms)
    with raises_code("spoilage.readings", VerificationError):
        replay(ledger, foresee(ledger, YOGURT, lied, ms(8), ahead_c=4.0, thing=LOT).index)
    with raises_code("spoilage.readings", VerificationError):
        replay(ledger, foresee(ledger, YOGURT, history, ms(8), ahead_c=4.0, thing=item(1)).index)


def test_a_decision_on_very_many_readings_still_fits(ledger: Ledger) -> None:
    """Thousands of noisy readings of as many entries become a thousand, within a told tolerance."""
    chance = random.Random(1)
    readings = tuple((at * 300_000, round(4 + chance.gauss(0, 0.4), 2)) for at in range(4000))
    history = History(readings, tuple(range(7, 8007, 2)))
    made = foresee(ledger, YOGURT, history, readings[-1][0], ahead_c=4.0)
    said = ledger.get(made.index).content["inputs"]
    assert said["measured"] == 4000
    assert len(readings_in(said)) <= 1000
    assert 0 < float(said["tolerance_c"]) <= 1
    whole = judge({**said, "readings": format_readings(readings)})
    assert made.left.used == pytest.approx(whole.left.used, rel=0.03)


def closed(ledger: Ledger, lot: int, hours: float) -> Judged:
    """Decide on a lot that then spoils."""
    made = foresee(ledger, YOGURT, kept(48), 48 * H, ahead_c=4.0, thing=f"lot {lot}")
    close(ledger, made.index, "spoiled", round(hours * H))
    return made


def test_what_cannot_be_is_refused(ledger: Ledger) -> None:
    """A lot is not judged by a future at no temperature, nor closed in a thousand years."""
    for ahead_c in (math.nan, math.inf, -300.0, 1e9):
        with raises_code("supply.reading", InputError):
            foresee(ledger, YOGURT, kept(24), 24 * H, ahead_c=ahead_c)
    made = foresee(ledger, YOGURT, kept(24), 24 * H, ahead_c=4.0)
    with raises_code("spoilage.outcome", InputError):
        close(ledger, made.index, "good", 10_000_000 * H)


def test_outcomes_teach_later_decisions_and_no_earlier_ones(ledger: Ledger) -> None:
    """Lots that spoil at half of their life shorten the next; as of before nothing was learned."""
    first = foresee(ledger, YOGURT, kept(48), 48 * H, ahead_c=4.0)
    for lot in range(4):
        closed(ledger, lot, 120.0)
    later = foresee(
        ledger, YOGURT, [(when + 200 * H, c) for when, c in kept(48)], 248 * H, ahead_c=4.0
    )
    before = foresee(ledger, YOGURT, kept(48), 48 * H, ahead_c=4.0)
    assert later.left.expected_h < 0.75 * first.left.expected_h
    assert "By 4 outcomes of this product" in later.note
    assert "shorter than its table" in later.note
    assert before.left.expected_h == first.left.expected_h
    alone = foresee(ledger, YOGURT, kept(48), 248 * H, ahead_c=4.0, learn=False)
    assert "correction" not in ledger.get(alone.index).content["inputs"]
    for one in (first, later, before, alone):
        replay(ledger, one.index)


def test_experience_is_gone_on_with(ledger: Ledger) -> None:
    """Read once, it knows what reading all again tells: new outcomes, and none ahead of time."""
    experience = Experience(ledger, PURPOSE)
    for lot, hours in enumerate((120.0, 180.0, 90.0)):
        closed(ledger, lot, hours)
        for until in (100 * H, 130 * H, 999 * H):
            learned, size = experience.learned(until)
            again = learned_from(ledger, PURPOSE, until_ms=until, before=ledger.size)
            assert size == ledger.size
            assert learned.correction(YOGURT) == again.correction(YOGURT)
    assert experience.learned(999 * H)[0] is experience.learned(999 * H)[0]
    made = foresee(ledger, YOGURT, kept(48), 150 * H, ahead_c=4.0, experience=experience)
    assert "By 2 outcomes" in made.note
    replay(ledger, made.index)


def test_a_decision_that_claims_to_have_learned_something_else_is_found(ledger: Ledger) -> None:
    """What it was corrected by has to follow from the outcomes before it, known by its time."""
    closed(ledger, 1, 120.0)
    made = foresee(ledger, YOGURT, kept(48), 300 * H, ahead_c=4.0)
    said = ledger.get(made.index).content["inputs"]
    for change in (
        {"correction": {**said["correction"], "level": "0.4"}},
        {"log_size": made.index + 9},
        {"log_size": 1},
    ):
        again = judge({**said, **change})
        given = {**said, **change, **told_of(again)}
        index = altered(ledger, made.index, change, outcome=again.outcome, score=again.score,
                        note=again.note)  # fmt: skip
        shares = ledger.decisions.get(index).decision.explanation
        assert shares is not None
        code = "spoilage.learned"
        if "correction" in change:
            index = record_foreseen(
                ledger, ledger.decisions.get(index).decision.model, given,
                outcome=again.outcome, purpose=PURPOSE, note=again.note, score=again.score,
                contributions=again.contributions,
            )  # fmt: skip
        with raises_code(code, VerificationError):
            replay(ledger, index)


def test_several_outcomes_of_a_lot_are_one_lesson(ledger: Ledger) -> None:
    """Good on Monday and found spoiled on Tuesday is spoiled between; twice the same is once."""
    made = [foresee(ledger, YOGURT, kept(48), 48 * H, ahead_c=4.0, thing="lot 1") for _ in range(2)]
    close(ledger, made[0].index, "good", 72 * H)
    close(ledger, made[0].index, "good", 96 * H)
    close(ledger, made[1].index, "found", 120 * H)
    ((_, low, high, _),) = lessons_of(outcomes_of(ledger, PURPOSE))
    life = math.sqrt(168 * 336)
    assert low == pytest.approx(96 / life, rel=0.01)
    assert high == pytest.approx(120 / life, rel=0.01)
    for until, size in ((200, 1), (80, 1), (50, 0)):
        learned = learned_from(ledger, PURPOSE, until_ms=until * H, before=ledger.size)
        assert len(learned) == size
    apart = close(ledger, made[1].index, "found", 120 * H, good_at_ms=110 * H)
    assert apart.used_from == pytest.approx(110 / life, rel=0.01)


def test_an_outcome_goes_by_what_was_measured_since(ledger: Ledger) -> None:
    """Later events of the lot count; where there are none, it is kept as was supposed, and told."""
    capture(ledger, [transform(0, [item(1)], [LOT]), *(told(one, 4.0) for one in range(1, 9))])
    with index_of(ledger) as index:
        made = foresee(ledger, YOGURT, history_of(index, LOT, ms(8)), ms(8), ahead_c=4.0, thing=LOT)
        cold = close(ledger, made.index, "good", ms(20), index=index)
    assert cold.assumed_h == pytest.approx(12, abs=0.01)
    capture(ledger, [told(one, 21.0) for one in range(9, 21)])
    with index_of(ledger) as index:
        warm = close(ledger, made.index, "good", ms(20), index=index)
    assert warm.assumed_h == 0
    assert warm.used_from is not None
    assert cold.used_from is not None
    assert warm.used_from > 3 * cold.used_from
    given = close(ledger, made.index, "good", ms(20), history=[(ms(0), 4.0), (ms(8), 4.0)])
    assert given.used_from == pytest.approx(cold.used_from, rel=0.5)
    for state, when in (("rotten", ms(20)), ("good", ms(7))):
        with raises_code("spoilage.outcome", InputError):
            close(ledger, made.index, state, when)  # type: ignore[arg-type]


def test_decisions_are_judged_by_what_came_of_them(ledger: Ledger) -> None:
    """With lots that spoil early, what was learned is nearer than the table and the date."""
    with raises_code("spoilage.none", NotFound):
        evaluate(ledger)
    for lot in range(8):
        begin = lot * 200 * H
        history = [(begin + when, c) for when, c in kept(48)]
        made = foresee(ledger, YOGURT, history, begin + 48 * H, ahead_c=4.0, thing=f"lot {lot}")
        close(ledger, made.index, "spoiled", begin + (120 + 4 * (lot % 3)) * H)
    found = evaluate(ledger)
    assert (found.decisions, found.outcomes, found.corrected.lots) == (8, 8, 8)
    assert found.corrected.mae_h < 0.6 * found.table.mae_h
    assert found.printed.mae_h == pytest.approx(found.table.mae_h, rel=0.05)
    assert found.corrected.coverage is not None
    assert found.table.bias_h > 80
