"""Each pattern is found where it is, and is told payment by payment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.finance.graphs import Network, Settings, make_network, search_network
from counterfoil.apps.finance.graphs.candidates import Candidates
from counterfoil.apps.finance.graphs.fans import find_fans, poisson_tail
from counterfoil.apps.finance.graphs.flows import find_pass_through
from counterfoil.apps.finance.graphs.gathers import find_scatter_gather
from counterfoil.apps.finance.graphs.links import link_payments
from counterfoil.apps.finance.graphs.network import segments
from counterfoil.apps.finance.graphs.paths import find_chains, find_cycles
from counterfoil.errors import InputError

HOUR, DAY = 3_600, 86_400
Edge = tuple[str, str, float, float]


def network(edges: Sequence[Edge], noise: int = 400, seed: int = 1) -> Network:
    """Make a network of (from, to, hours, amount) among payments of other accounts."""
    random = np.random.default_rng(seed)
    hours = random.uniform(0, 60 * 24, noise)
    others = [
        (f"n{random.integers(60)}", f"n{random.integers(60)}", float(hour), float(amount))
        for hour, amount in zip(hours, random.lognormal(4, 1.5, noise), strict=True)
    ]
    listed = [*edges, *others]
    return make_network(
        [one[0] for one in listed],
        [one[1] for one in listed],
        np.array([one[2] * HOUR for one in listed]),
        np.array([one[3] for one in listed]),
    )


def ways(made: Network, found: Candidates) -> list[list[str]]:
    """Tell who paid whom in each candidate, the strongest first."""
    names = made.accounts
    return [
        [f"{names[made.source[one]]}{names[made.target[one]]}" for one in found.payments(place)]
        for place in found.strongest(100).tolist()
    ]


CYCLE: list[Edge] = [("A", "B", 700, 5000), ("B", "C", 705, 4900), ("C", "A", 730, 4700)]
CHAIN: list[Edge] = [
    ("A", "B", 700, 5000), ("B", "C", 705, 4900), ("C", "D", 730, 4700), ("D", "E", 731, 4650)
]  # fmt: skip
SCATTER: list[Edge] = [
    *(("S", f"M{n}", 700 + n, 900.0 + 70 * n) for n in range(4)),
    *((f"M{n}", "T", 720 + n, 870.0 + 66 * n) for n in range(4)),
]


def test_a_cycle_is_found_in_order() -> None:
    """Money that comes back, less a little, is a cycle; against the order of time it is none."""
    made = network(CYCLE)
    links = link_payments(made, 3 * DAY, 0.15)
    assert ways(made, find_cycles(made, links, 30 * DAY, 0))[0] == ["AB", "BC", "CA"]
    turned = network([(a, b, 1400 - hour, amount) for a, b, hour, amount in CYCLE])
    links = link_payments(turned, 3 * DAY, 0.15)
    found = find_cycles(turned, links, 30 * DAY, 0)
    assert not [way for way in ways(turned, found) if "AB" in way]


@pytest.mark.parametrize(
    "change",
    [
        {2: ("C", "A", 730, 3000)},  # too much is kept
        {2: ("C", "A", 900, 4700)},  # too late
        {2: ("C", "A", 730, 5500)},  # more than came
        {1: ("B", "X", 705, 4900)},  # it never came to C
    ],
)
def test_what_is_no_cycle_is_not_found(change: dict[int, Edge]) -> None:
    """Too little, too late, too much, or a gap: no cycle."""
    edges = [change.get(at, one) for at, one in enumerate(CYCLE)]
    made = network(edges)
    found = find_cycles(made, link_payments(made, 3 * DAY, 0.15), 30 * DAY, 0)
    assert not [way for way in ways(made, found) if "AB" in way]


def test_refunds_are_no_cycles() -> None:
    """Money that goes to and fro between two is left out."""
    made = network([("A", "B", 700, 5000), ("B", "A", 705, 5000)])
    found = find_cycles(made, link_payments(made, 3 * DAY, 0.15), 30 * DAY, 0)
    assert not [way for way in ways(made, found) if "AB" in way]


def test_a_chain_is_found_whole() -> None:
    """The longest way that money was passed on is told from its beginning to its end."""
    made = network(CHAIN)
    found = find_chains(made, link_payments(made, 3 * DAY, 0.15), 0)
    assert ways(made, found)[0] == ["AB", "BC", "CD", "DE"]


def test_scatter_and_gather_is_found() -> None:
    """One, four between, and one again; two between are too few."""
    made = network(SCATTER)
    (way,) = ways(made, find_scatter_gather(made, link_payments(made, 3 * DAY, 0.15), 0))
    assert sorted(way) == sorted([f"SM{n}" for n in range(4)] + [f"M{n}T" for n in range(4)])
    few = network([*SCATTER[:2], *SCATTER[4:6]])
    links = link_payments(few, 3 * DAY, 0.15)
    assert not len(find_scatter_gather(few, links, 0).strength)


def test_fans_are_bursts_of_new_meetings() -> None:
    """Many new payers in a day are a fan; as many who always pay, or as slowly, are none."""
    burst: list[Edge] = [(f"F{n}", "H", 700 + n, 50) for n in range(9)]
    made = network(burst)
    found = find_fans(made, "fan-in", 3 * DAY, 0)
    assert sorted(ways(made, found)[0]) == [f"F{n}H" for n in range(9)]
    turned = network([(b, a, hour, amount) for a, b, hour, amount in burst])
    assert len(ways(turned, find_fans(turned, "fan-out", 3 * DAY, 0))[0]) == 9
    habit: list[Edge] = [(f"F{n % 9}", "H", 24 * n, 50) for n in range(1, 58)]
    for edges in (habit, [(a, b, (at - 700) * 150, x) for a, b, at, x in burst]):
        calm = network(edges)
        found = find_fans(calm, "fan-in", 3 * DAY, 0)
        hub = calm.accounts.index("H")
        assert found.strength[found.keys == hub].sum() == 0


def test_salaries_are_habit() -> None:
    """Who pays the same many each month does nothing new in the first one."""
    pay: list[Edge] = [
        ("E", f"W{n}", 30 + 30 * 24 * month, 2000) for n in range(40) for month in (0, 1)
    ]
    made = network(pay)
    found = find_fans(made, "fan-out", 3 * DAY, 0)
    assert found.strength[found.keys == made.accounts.index("E")].sum() == 0


def test_sums_that_leave_as_they_came_are_found() -> None:
    """Split and joined money is seen by its sums, though no two payments are alike."""
    edges: list[Edge] = [
        ("P", "H", 700, 1000), ("Q", "H", 701, 2500), ("R", "H", 702, 600),
        ("H", "X", 710, 1900), ("H", "Y", 711, 2150),
    ]  # fmt: skip
    made = network(edges)
    found = find_pass_through(made, 3 * DAY, 0.15, 0)
    assert ways(made, found)[0] == ["PH", "QH", "RH", "HX", "HY"]


edges_made = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 50), st.integers(80, 120)),
    min_size=2, max_size=40,
)  # fmt: skip


@settings(max_examples=150)
@given(edges=edges_made, window=st.integers(1, 30), percent=st.integers(1, 30))
def test_links_are_those_of_a_plain_search(
    edges: list[tuple[int, int, int, int]], window: int, percent: int
) -> None:
    """Sorting finds exactly the pairs that comparing all with all finds, up to a dozen each."""
    made = make_network(
        [str(one[0]) for one in edges],
        [str(one[1]) for one in edges],
        [one[2] for one in edges],
        [float(one[3]) for one in edges],
    )
    links = link_payments(made, window, percent / 100)
    found = set(zip(links.first.tolist(), links.second.tolist(), strict=True))
    wanted: dict[int, list[int]] = {}
    for second in range(made.size):
        for first in range(made.size):
            gap = made.at[second] - made.at[first]
            large, small = made.amount[first], made.amount[second]
            if (
                made.target[first] == made.source[second]
                and made.source[first] != made.target[first]
                and made.source[second] != made.target[second]
                and 0 < gap <= window
                and large * (1 - percent / 100) * (1 - 1e-9) <= small <= large * (1 + 1e-9)
            ):
                wanted.setdefault(second, []).append(first)
    for second, firsts in wanted.items():
        mine = {first for first, other in found if other == second}
        assert mine == set(sorted(firsts)[-12:])
    assert {second for _, second in found} == set(wanted)
    assert (links.weight >= 0).all()


def test_segments_are_ranges_written_out() -> None:
    """Empty and reversed ranges give nothing."""
    owner, place = segments(np.array([3, 5, 9]), np.array([5, 5, 8]))
    assert (owner.tolist(), place.tolist()) == ([0, 0], [3, 4])


def test_the_tail_of_poisson_is_close() -> None:
    """Where it is small, it is the exact tail to a few per cent; where it is not, nothing."""
    from scipy.stats import poisson

    for count, rate in ((3, 0.2), (10, 2.0), (40, 12.0), (200, 90.0)):
        exact = -np.log10(poisson.sf(count - 1, rate))
        assert poisson_tail(np.array([count]), np.array([rate]))[0] == pytest.approx(
            exact, rel=0.05
        )
    assert poisson_tail(np.array([5]), np.array([390.0]))[0] == 0


@pytest.mark.parametrize(
    "wrong", [{"window_s": 0}, {"loss": 1.0}, {"networks": 0}, {"limit": 0}, {"networks": 101}]
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    """A setting that means nothing is refused before anything is searched."""
    with pytest.raises(InputError) as caught:
        search_network(network(CYCLE), Settings(**wrong))  # type: ignore[arg-type]
    assert caught.value.code == "graph.setting"


def test_hubs_stay_bounded() -> None:
    """Where everybody pays a hub the same and it pays all of them the same, links stay few."""
    edges: list[Edge] = [(f"P{n}", "H", 700 + n / 100, 50) for n in range(600)]
    edges += [("H", f"Q{n}", 710 + n / 100, 50) for n in range(600)]
    made = network(edges)
    links = link_payments(made, 3 * DAY, 0.15)
    assert 0 < len(links.first) <= 12 * made.size
    assert np.bincount(links.first).max() <= 48
    assert np.bincount(links.second).max() <= 12
    find_cycles(made, links, 30 * DAY, 0)
    assert find_chains(made, links, 0).strength.max(initial=0) < 10
