"""Stock: the textbooks' rules where they hold, and cheaper than a rule of thumb elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.supply.plan.stock.inventory import Policy, first_order, play
from counterfoil.apps.supply.plan.stock.newsvendor import newsvendor, newsvendor_at
from counterfoil.apps.supply.plan.stock.policies import best_policy, judge_policy, naive_policy
from counterfoil.apps.supply.plan.stock.problem import (
    Costs,
    OnHand,
    OnOrder,
    Stock,
    read_stock,
    stock_of,
    text_of_stock,
)
from counterfoil.errors import InputError


def demand(seed: int, paths: int, days: int, mean: float = 20.0) -> Any:
    """Draw courses of a shop's demand: a week's shape, and more spread than Poisson's."""
    chance = np.random.default_rng(seed)
    shape = mean * np.resize([0.8, 0.8, 0.9, 1.0, 1.2, 1.5, 0.8], days)
    return chance.poisson(chance.gamma(4.0, shape / 4.0, (paths, days)))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(0, 9), st.integers(0, 9),
       st.integers(1, 5), st.integers(0, 30))  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_the_newsvendor_is_the_best_of_all_quantities(
    samples: list[int], short: int, waste: int, pack: int, there: int
) -> None:
    """No other number of packs has less expected cost on the samples."""
    costs = Costs(short=short, waste=waste, hold=1)
    stock = stock_of(samples, costs, pack=pack, on_hand=(OnHand(there),))
    found = newsvendor(stock)

    def cost(quantity: int) -> float:
        missing = np.maximum(np.array(samples) - quantity, 0).mean()
        return float(
            short * missing + (waste + 1) * np.maximum(quantity - np.array(samples), 0).mean()
        )

    best = min(cost(there + packs * pack) for packs in range(60))
    assert found.cost == pytest.approx(best)
    assert found.quantity == there + found.order


def test_the_newsvendor_takes_the_quantile_at_the_critical_ratio() -> None:
    """With three to one the 75 % quantile, of samples or of a quantile function."""
    costs = Costs(short=300, waste=100)
    stock = stock_of(range(1, 101), costs)
    assert newsvendor(stock).quantity == 75
    assert newsvendor(stock).ratio == 0.75
    assert newsvendor_at(lambda share: 100 * share, costs) == 75


def _slowly(stock: Stock, policy: Policy, course: Any, leads: Any, usual: float) -> list[float]:
    """Play one course unit by unit, with lots in a list: code that shares nothing with `play`."""
    life = stock.shelf_life_days or 10**6
    keeps = stock.shelf_life_days is None
    lots = [[float(one.quantity), life if keeps else min(one.days_left, life)]
            for one in stock.on_hand]  # fmt: skip
    coming = [[one.quantity, one.in_days] for one in stock.on_order]
    owed, costs = 0.0, [0.0] * 4

    def take(amount: float) -> float:
        taken = 0.0
        for lot in sorted(lots, key=lambda one: one[1], reverse=stock.issue == "lifo"):
            part = min(lot[0], amount - taken)
            lot[0] -= part
            taken += part
        return taken

    def spoil() -> float:
        gone = sum(lot[0] for lot in lots if lot[1] <= 1)
        lots[:] = [[lot[0], lot[1] - 1] for lot in lots if lot[1] > 1]
        return float(gone)

    for day, (asked, lead) in enumerate(zip(course, leads, strict=True)):
        position = sum(lot[0] for lot in lots) + sum(one[0] for one in coming) - owed
        if day % policy.every == 0 and position <= policy.reorder:
            packs = -int(-(policy.up_to - position) // stock.pack)
            coming.append([packs * stock.pack, int(lead)])
            costs[0] += stock.costs.order if packs else 0
        lots += [[one[0], life] for one in coming if one[1] == 0]
        coming = [[one[0], one[1] - 1] for one in coming if one[1] > 0]
        missing = asked + owed - take(asked + owed)
        costs[2] += stock.costs.short * (missing if stock.backorder else min(missing, asked))
        owed = missing if stock.backorder else 0.0
        gone = spoil()
        costs[3] += stock.costs.waste * gone if stock.shelf_life_days else 0
        costs[1] += stock.costs.hold * sum(lot[0] for lot in lots)
    if stock.shelf_life_days:
        for _ in range(stock.shelf_life_days):
            take(usual)
            costs[3] += stock.costs.waste * spoil()
    return costs


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_policies_are_played_as_one_would_by_hand(data: st.DataObject) -> None:
    """Each cost is what a slow count of lots gives: fifo or lifo, lost or owed, packs, leads."""
    chance = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    life = data.draw(st.sampled_from([None, 1, 2, 4]))
    given = {
        "lead_days": (0, 1, 3),
        "shelf_life_days": life,
        "issue": data.draw(st.sampled_from(["fifo", "lifo"])),
        "pack": data.draw(st.integers(1, 4)),
        "backorder": data.draw(st.booleans()),
        "on_hand": (OnHand(7, 1), OnHand(5, 3)),
        "on_order": (OnOrder(6, 0), OnOrder(3, 4)),
    }
    courses = chance.integers(0, 12, (3, 9))
    stock = stock_of(courses, Costs(short=7, waste=3, hold=2, order=5), **given)
    reorder = data.draw(st.integers(0, 25))
    policies = [Policy(every, reorder, reorder + more) for every, more in ((1, 4), (3, 9))]
    leads = chance.integers(0, 4, courses.shape)
    played = play(stock, policies, demand=courses, leads=leads)
    for number, policy in enumerate(policies):
        for path in range(len(courses)):
            slow = _slowly(stock, policy, courses[path], leads[path], float(courses.mean()))
            assert played.costs[number, path].tolist() == pytest.approx(slow)


def test_goods_that_keep_get_the_textbook_level() -> None:
    """Without order cost and with demand owed, the level is the quantile until the next arrival.

    Lead 2 and review 1: the critical quantile of three days' demand (Zipkin, 6.2), which for
    Poisson days of 10 with 9 to 1 is 37.
    """
    days = np.random.default_rng(3).poisson(10.0, (400, 60))
    stock = stock_of(days, Costs(short=9, hold=1), lead_days=(2,), backorder=True)
    found = best_policy(stock)
    assert found.policy.up_to - found.policy.reorder <= 2
    assert abs(found.policy.up_to - 37) <= 1


def test_a_policy_beats_the_rule_of_thumb_and_is_near_hindsight() -> None:
    """On demand that came later, berries that keep four days cost less than by mean + z sd.

    And at most a sixth more than the best constant policy that knew what would come.
    """
    costs = Costs(short=300, waste=150, hold=2, order=400)
    more: dict[str, Any] = {"lead_days": (1, 2), "shelf_life_days": 4, "pack": 6,
                            "on_hand": (OnHand(40, 2),)}  # fmt: skip
    stock = stock_of(demand(1, 150, 28), costs, **more)
    came = demand(2, 40, 28)
    chosen = best_policy(stock)
    rivals = [naive_policy(stock, z=z) for z in (0.84, 1.28, 1.645, 2.33)]
    total = play(stock, [chosen.policy, *rivals], demand=came, seed=5).total()
    assert total[0] < 0.97 * min(total[1:])
    hindsight = best_policy(stock_of(came, costs, **more), seed=5)
    assert total[0] < 7 / 6 * hindsight.cost


def test_what_is_there_and_under_way_counts() -> None:
    """The first order is what lacks up to the level, in packs, and none above the reorder point."""
    base = {"lead_days": (1,), "pack": 10, "on_order": (OnOrder(15, 1),)}
    short = stock_of([[5.0] * 7], Costs(short=2, hold=1), on_hand=(OnHand(4),), **base)
    assert first_order(short, Policy(1, 20, 40)) == 30
    assert first_order(short, Policy(1, 18, 40)) == 0
    capped = stock_of([[5.0] * 7], Costs(short=2, hold=1), order_max=25, **base)
    assert first_order(capped, Policy(1, 20, 90)) == 20


def test_what_is_expected_adds_up() -> None:
    """The parts of a cost are its sum, and shares are shares."""
    stock = stock_of(demand(4, 50, 14), Costs(short=300, waste=100, hold=1), shelf_life_days=3)
    found = judge_policy(stock, Policy(1, 30, 60))
    assert sum(found.costs.values()) == pytest.approx(found.cost)
    assert 0 <= found.filled <= 1
    assert 0 <= found.risk <= 1


def test_a_question_is_read_as_it_was_written() -> None:
    """The text of a question reads the same again; what is no question is refused."""
    stock = stock_of([[1.5, 2], [3, 4]], Costs(short=1, waste=2), name="milk", review_days=(1, 7))
    assert read_stock(text_of_stock(stock).encode()) == stock
    wrong = [
        b'{"demand":[[1,2],[3]],"costs":{"short":1}}',
        b'{"demand":[],"costs":{"short":1}}',
        b'{"demand":[[-1]],"costs":{"short":1}}',
        b'{"demand":[[1]],"costs":{"short":1,"luck":2}}',
        b'{"demand":[[1]],"costs":{"short":1},"pack":5,"order_max":4}',
    ]
    for data in wrong:
        with pytest.raises(InputError, match="question of stock") as caught:
            read_stock(data)
        assert caught.value.code == "plan.stock"
    with pytest.raises(InputError, match="finite"):
        stock_of([float("nan")], Costs(short=1))
    with pytest.raises(InputError, match="costs anything"):
        newsvendor(stock_of([1], Costs(short=0)))
