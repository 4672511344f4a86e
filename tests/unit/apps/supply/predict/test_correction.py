"""Outcomes teach how long products really keep: of each, of all, and never ahead of time."""

from __future__ import annotations

import math
import random

import pytest

from counterfoil.apps.supply.predict.spoilage.correction import Correction, Learned
from counterfoil.apps.supply.predict.spoilage.products import Life, Product, make_product
from counterfoil.apps.supply.predict.spoilage.simulated import Truth, lots
from counterfoil.apps.supply.predict.spoilage.trial import asked_of, try_out


def product(number: int = 0, celsius: float = 4.0) -> Product:
    return make_product(f"p{number}", f"product {number}", [Life("", celsius, 200.0, 280.0)])


def lesson(learned: Learned, made: Product, *logs: float) -> Correction:
    for one in logs:
        learned.observe(made, math.exp(one), math.exp(one), 0.0)
    return learned.correction(made)


def test_nothing_learned_leaves_the_table_with_a_doubt() -> None:
    """Without outcomes the level is 0, and its variance is what tables may be off by."""
    found = Learned().correction(product())
    assert (found.level, found.tilt, found.outcomes, found.spread) == (0.0, 0.0, 0, 1.0)
    assert found.variance(0.0) > 0.05
    assert Correction.of(found.to_json()) == found


def test_outcomes_of_a_product_move_it_and_narrow_its_band() -> None:
    """The more lots keep half as long again, the nearer it comes to that, and the surer it is."""
    learned, chance = Learned(), random.Random(1)
    before = learned.correction(product())
    levels = []
    for _ in range(30):
        levels.append(lesson(learned, product(), math.log(1.5) + chance.gauss(0, 0.1)))
    assert levels[-1].level == pytest.approx(math.log(1.5), abs=0.06)
    assert levels[0].level > 0.1
    assert levels[-1].variance(0) < levels[4].variance(0) < before.variance(0)


def test_a_product_without_outcomes_goes_by_the_others() -> None:
    """Others that all keep longer say so of one that nobody has seen, but less surely."""
    learned = Learned()
    for number in range(1, 9):
        lesson(learned, product(number), *[0.3] * 6)
    new, known = learned.correction(product()), learned.correction(product(1))
    assert 0.15 < new.level < known.level == pytest.approx(0.3, abs=0.03)
    assert new.variance(0) > known.variance(0)
    own = lesson(learned, product(), *[-0.4] * 40)
    assert own.level == pytest.approx(-0.4, abs=0.05)


def test_lots_that_differ_more_than_the_table_says_widen_the_band() -> None:
    """And lots that are all alike narrow it."""
    chance = random.Random(2)
    wide, narrow = Learned(), Learned()
    for _ in range(60):
        lesson(wide, product(), chance.gauss(0, 0.35))
        lesson(narrow, product(), chance.gauss(0, 0.02))
    assert wide.correction(product()).spread > 2
    assert narrow.correction(product()).spread < 0.3


def test_bounds_teach_what_they_say() -> None:
    """Good at twice its life raises it; spoiled at half lowers it; good early says nothing."""
    for low, high, sign in ((2.0, None, 1), (None, 0.5, -1), (0.01, None, 0)):
        learned = Learned()
        for _ in range(5):
            learned.observe(product(), low, high, 0.0)
        level = learned.correction(product()).level
        assert math.copysign(1, level) == sign if sign else abs(level) < 1e-3
    narrow, exact = Learned(), Learned()
    for _ in range(10):
        narrow.observe(product(), 1.19, 1.21, 0.0)
        exact.observe(product(), 1.2, 1.2, 0.0)
    both = [one.correction(product()).level for one in (narrow, exact)]
    assert both[0] == pytest.approx(both[1], abs=0.01)
    silent = Learned()
    silent.observe(product(), None, None, 0.0)
    silent.observe(product(celsius=-18.0), 1.0, 1.0, 0.0)
    assert len(silent) == 0


def test_one_absurd_outcome_does_not_turn_what_many_taught() -> None:
    """A lot that kept a hundred times as long, after thirty that did not, moves it by little."""
    learned = Learned()
    before = lesson(learned, product(), *[0.1, 0.0, -0.1] * 10)
    after = lesson(learned, product(), math.log(100))
    assert abs(after.level - before.level) < 0.06
    unlikely = Learned()
    for _ in range(3):
        unlikely.observe(product(), 1e6, None, 0.0)
    assert math.isfinite(unlikely.correction(product()).level)


def test_warm_lots_teach_the_tilt() -> None:
    """Where warm lots keep longer than thought and cold ones do not, warmth counts for less."""
    learned = Learned()
    for _ in range(20):
        learned.observe(product(), 1.0, 1.0, 0.0)
        learned.observe(product(), math.exp(0.5), math.exp(0.5), 1.5)
    found = learned.correction(product())
    assert found.tilt == pytest.approx(0.33, abs=0.08)
    assert found.level == pytest.approx(0.0, abs=0.08)


@pytest.mark.parametrize("truth", ["arrhenius", "square-root"])
def test_learning_beats_the_table_and_the_printed_date(truth: Truth) -> None:
    """On later lots, whose true lives are hidden and of either kind, both errors and bands gain."""
    found = try_out(lots(100, 5, truth, products=4))
    assert found.corrected.mae_h < 0.9 * min(found.table.mae_h, found.printed.mae_h)
    kept, alone = found.corrected.coverage, found.table.coverage
    assert kept is not None
    assert alone is not None
    assert kept > 0.8
    assert abs(kept - 0.9) < abs(alone - 0.9)


def test_forecasts_do_not_know_what_comes_after_them() -> None:
    """Change what came of the later half: every forecast of the earlier half stays, bit for bit."""
    made = lots(40, 3, products=3)
    cut = sorted(one.at_ms for one in made)[20]
    other = [
        one
        if one.spoiled_ms <= cut
        else type(one)(
            one.name, one.product, one.since_ms, one.at_ms, one.spoiled_ms + 10**9, one.ahead_c,
            one.history,
        )
        for one in made
    ]  # fmt: skip
    first, second = (list(asked_of(several, Learned())) for several in (made, other))
    early = [at for at, one in enumerate(first) if one.lot.at_ms <= cut]
    assert len(early) > 15
    assert [first[at].corrected for at in early] == [second[at].corrected for at in early]
    assert [one.corrected for one in first] != [one.corrected for one in second]
