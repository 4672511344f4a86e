"""What is told is planted, ranked above what chance gives, and the same again for the same seed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from counterfoil.apps.finance.graphs import Settings, make_network, search_network
from counterfoil.apps.finance.graphs.calibration import deal_anew, fit_background, shift_times
from counterfoil.errors import InputError
from counterfoil.testing.laundering import LAUNDERING, simulate_laundering

WORLD = simulate_laundering(accounts=1_200, payments=16_000, days=90, patterns=16, seed=3)
NETWORK = make_network(WORLD.source.astype(str), WORLD.target.astype(str), WORLD.at, WORLD.amount)


def test_planted_patterns_lead() -> None:
    """Of the twelve most surprising findings most are planted, of several kinds, and told so."""
    told: list[tuple[int, int | None, str]] = []
    found = search_network(
        NETWORK, Settings(networks=1), lambda done, total, unit: told.append((done, total, unit))
    )
    assert told == [(done, 2, "networks searched") for done in (1, 2)]
    first = found.findings[:12]
    planted = [Counter(WORLD.pattern[list(one.rows)].tolist()).most_common(1)[0] for one in first]
    true = [
        number >= 0 and count * 2 >= len(one.rows)
        for one, (number, count) in zip(first, planted, strict=True)
    ]
    assert sum(true) >= 10
    assert len({one.pattern for one in first}) >= 3
    for one in first:
        assert one.expected < 1
        assert one.score == pytest.approx(-np.log10(one.expected), abs=0.01)
        assert "By chance" in one.why
        assert str(WORLD.source[one.rows[0]]) in one.accounts
    dirty = WORLD.dirty_accounts(1_200)
    order = np.argsort(-found.scores)
    names = np.array([int(name) for name in NETWORK.accounts])
    assert dirty[names[order[:40]]].mean() > 4 * dirty.mean()


def test_an_honest_network_has_few_surprises() -> None:
    """Where nothing is planted, fewer findings are surprising than where something is."""
    honest = simulate_laundering(accounts=1_200, payments=16_000, days=90, patterns=0, seed=4)
    made = make_network(
        honest.source.astype(str), honest.target.astype(str), honest.at, honest.amount
    )
    quiet = search_network(made, Settings(networks=1)).findings
    loud = search_network(NETWORK, Settings(networks=1)).findings
    surprising = [sum(one.expected < 0.01 for one in found) for found in (quiet, loud)]
    assert surprising[0] * 2 < surprising[1]


def test_the_same_seed_gives_the_same() -> None:
    """A search has no chance of its own: one seed, one answer."""
    one, two = (search_network(NETWORK, Settings(networks=1, seed=5)) for _ in range(2))
    assert one.findings == two.findings
    assert (one.scores == two.scores).all()


def test_history_tells_habits_only() -> None:
    """With a beginning, nothing is told that ended before it."""
    since = int(WORLD.at[0]) + 60 * 86_400
    found = search_network(NETWORK, Settings(networks=1, since_s=since)).findings
    assert found
    assert min(one.until_s for one in found) >= since


def test_null_networks_keep_what_they_promise() -> None:
    """Dealing keeps payers, times, amounts and nearly all degrees; shifting keeps pairs."""
    random = np.random.default_rng(0)
    dealt = deal_anew(NETWORK, random)
    assert (dealt.source == NETWORK.source).all()
    assert (dealt.amount == NETWORK.amount).all()
    assert (dealt.target != NETWORK.target).mean() > 0.5
    relations = [
        {tuple(pair) for pair in zip(one.source.tolist(), one.target.tolist(), strict=True)}
        for one in (NETWORK, dealt)
    ]
    degrees = [Counter(target for _, target in pairs) for pairs in relations]
    assert sum((degrees[0] - degrees[1]).values()) < 0.08 * len(relations[0])
    moved = shift_times(NETWORK, random)
    assert (np.diff(moved.at) >= 0).all()
    pairs = [np.sort(one.source * 10_000 + one.target) for one in (NETWORK, moved)]
    assert (pairs[0] == pairs[1]).all()
    assert np.sort(moved.amount).tolist() == np.sort(NETWORK.amount).tolist()


def test_no_score_saturates() -> None:
    """Beyond all that was seen by chance a stronger finding is still worth more."""
    for seen in ([np.array([1.0, 2.0, 3.0])], [np.empty(0)]):
        background = fit_background(seen, 2)
        values = background.log_expected(np.array([1.0, 3.0, 10.0, 100.0, 1000.0, 1001.0]))
        assert (np.diff(values) < 0).all()


def test_generators_plant_what_they_say() -> None:
    """Each kind is planted in turn, in order of time, at its own accounts."""
    assert WORLD.kinds == LAUNDERING * 2
    assert (np.diff(WORLD.at) >= 0).all()
    assert (WORLD.amount > 0).all()
    for number, kind in enumerate(WORLD.kinds):
        mine = WORLD.pattern == number
        assert mine.sum() >= 3
        if kind == "cycle":
            assert sorted(WORLD.source[mine]) == sorted(WORLD.target[mine])
    again = simulate_laundering(accounts=1_200, payments=16_000, days=90, patterns=16, seed=3)
    assert (again.amount == WORLD.amount).all()


def test_empty_and_senseless_networks_are_refused() -> None:
    """No payments, and amounts that are none, are told."""
    for columns, code in (
        (([], [], [], []), "graph.empty"),
        ((["a"], ["b"], [1], [0.0]), "graph.amount"),
        ((["a"], ["b"], [1], [float("nan")]), "graph.amount"),
    ):
        with pytest.raises(InputError) as caught:
            make_network(*columns)
        assert caught.value.code == code


@pytest.mark.parametrize("edges", [[("a", "a")], [("a", "b")], [("a", "b"), ("b", "a")] * 3])
def test_small_networks_are_searched(edges: list[tuple[str, str]]) -> None:
    """One payment, one to oneself, or a few give no finding and no error."""
    made = make_network(
        [one for one, _ in edges], [two for _, two in edges], range(len(edges)), [5.0] * len(edges)
    )
    assert search_network(made).scores.shape == (len(made.accounts),)
