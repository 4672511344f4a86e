"""Look for laundering in a network of payments, and tell what is worth looking at, and why.

Every pattern is searched in the network and in some null networks; findings are ranked by how many
as strong chance would give. This module refuses to name a crime: it names payments that belong
together in a way that this network seldom shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from counterfoil.apps.finance.graphs.calibration import (
    Background,
    deal_anew,
    fit_background,
    shift_times,
)
from counterfoil.apps.finance.graphs.candidates import Candidates, Floats
from counterfoil.apps.finance.graphs.fans import find_fans
from counterfoil.apps.finance.graphs.flows import find_pass_through
from counterfoil.apps.finance.graphs.gathers import find_scatter_gather
from counterfoil.apps.finance.graphs.links import link_payments
from counterfoil.apps.finance.graphs.network import Network
from counterfoil.apps.finance.graphs.paths import find_chains, find_cycles
from counterfoil.apps.finance.graphs.wording import say
from counterfoil.errors import InputError
from counterfoil.ports import Progress, no_progress

__all__ = ["PATTERNS", "Finding", "Searched", "Settings", "search_network"]

_MEMBERS: Final = 20
"""Accounts of a finding that are looked at as a whole; of more, each has less of the score."""

_LN10: Final = float(np.log(10))

PATTERNS: Final = ("fan-in", "fan-out", "cycle", "chain", "scatter-gather", "pass-through")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to look.

    window_s: how soon money is passed on at the latest, and how long a burst lasts, seconds. loss:
    largest share that is kept on the way, 0 to 1. networks: how many null networks. seed: of their
    dealing. limit: findings of each pattern, at most. since_s: Unix seconds; a finding ends then
    or later, and what was before tells habits only.
    """

    window_s: int = 3 * 86_400
    loss: float = 0.15
    networks: int = 3
    seed: int = 0
    limit: int = 10_000
    since_s: int | None = None

    def check(self) -> None:
        """Raise InputError with code graph.setting for what is out of range."""
        ok = self.window_s >= 1 and 0 < self.loss < 1 and 1 <= self.networks <= 100
        if not (ok and self.limit >= 1):
            raise InputError(
                "graph.setting",
                "expected a window of a second or more, a loss between 0 and 1, and 1 to 100 null "
                "networks, found others",
                hint="For example --window 3d --loss-ppm 150000 --networks 3.",
            )


@dataclass(frozen=True, slots=True)
class Finding:
    """Payments that belong together.

    expected: findings as strong that chance gives in a network like this; zero where it is below
    any number. score: minus its decimal logarithm. accounts: names, in the order of their parts.
    rows: of the table that was read, in order of time. from_s, until_s: Unix seconds. amount: of
    all payments. why: in words.
    """

    pattern: str
    score: float
    expected: float
    accounts: tuple[str, ...]
    rows: tuple[int, ...]
    from_s: int
    until_s: int
    amount: float
    why: str


@dataclass(frozen=True, slots=True)
class Searched:
    """What was found.

    findings: the most surprising first. scores: (accounts,) float64, the sum over all patterns
    of the most surprising one that an account takes part in; of many members each has a share.
    """

    findings: tuple[Finding, ...]
    scores: Floats


def search_network(
    network: Network, settings: Settings | None = None, progress: Progress = no_progress
) -> Searched:
    """Search a network for all patterns.

    Raises InputError with code graph.setting.
    """
    chosen = settings or Settings()
    chosen.check()
    random = np.random.default_rng(chosen.seed)
    since = int(network.at[0]) if chosen.since_s is None else chosen.since_s
    steps = chosen.networks + 1
    null: dict[str, list[Floats]] = {name: [] for name in PATTERNS}
    for done in range(chosen.networks):
        for found in _null_patterns(network, random, chosen, since):
            null[found.pattern].append(found.strength[found.strongest(chosen.limit)])
        progress(done + 1, steps, "networks searched")
    backgrounds = {name: fit_background(null[name], chosen.networks) for name in PATTERNS}
    listed: list[Finding] = []
    scores = np.zeros(len(network.accounts))
    for found in _patterns(network, chosen, since):
        own = np.zeros(len(network.accounts))
        listed += _tell(network, found, backgrounds[found.pattern], own, chosen)
        scores += own
    progress(steps, steps, "networks searched")
    listed.sort(key=lambda one: (-one.score, one.pattern, one.rows))
    return Searched(tuple(listed), scores)


def _patterns(network: Network, settings: Settings, since: int) -> Iterator[Candidates]:
    yield from _bursts(network, settings, since)
    yield from _passed_on(network, settings, since)


def _null_patterns(
    network: Network, random: Any, settings: Settings, since: int
) -> Iterator[Candidates]:
    """Search where chance has dealt."""
    yield from _bursts(shift_times(network, random), settings, since)
    yield from _passed_on(deal_anew(network, random), settings, since)


def _bursts(network: Network, settings: Settings, since: int) -> Iterator[Candidates]:
    yield find_fans(network, "fan-in", settings.window_s, since)
    yield find_fans(network, "fan-out", settings.window_s, since)


def _passed_on(network: Network, settings: Settings, since: int) -> Iterator[Candidates]:
    if not network.measured:
        return  # without amounts nothing tells what was passed on
    window = settings.window_s
    yield find_pass_through(network, window, settings.loss, since)
    links = link_payments(network, window, settings.loss)
    yield find_cycles(network, links, 10 * window, since)
    yield find_chains(network, links, since)
    yield find_scatter_gather(network, links, since)


def _tell(
    network: Network,
    found: Candidates,
    background: Background,
    scores: Floats,
    settings: Settings,
) -> Iterator[Finding]:
    """Give a pattern's findings, and note the best score of each account in `scores`."""
    places = found.strongest(settings.limit)
    expected = background.log_expected(found.strength[places])
    for place, chance in zip(places.tolist(), expected.tolist(), strict=True):
        payments = found.payments(place)
        ends = np.concatenate([network.source[payments], network.target[payments]])
        members = len(np.unique(ends))
        worth = float(np.logaddexp(0.0, -chance * _LN10)) / _LN10 * min(1.0, _MEMBERS / members)
        np.maximum.at(scores, ends, worth)
        yield _finding(network, found.pattern, payments, chance)


def _finding(network: Network, pattern: str, payments: Any, chance: float) -> Finding:
    source, target = network.source[payments].tolist(), network.target[payments].tolist()
    inner = [one for pair in zip(source, target, strict=True) for one in pair]
    names = tuple(network.accounts[one] for one in dict.fromkeys(inner))
    return Finding(
        pattern=pattern,
        score=round(-chance, 3),
        expected=float(f"{10.0**chance:.3g}"),
        accounts=names,
        rows=tuple(network.row[payments].tolist()),
        from_s=int(network.at[payments[0]]),
        until_s=int(network.at[payments[-1]]),
        amount=round(float(network.amount[payments].sum()), 2),
        why=say(network, pattern, payments, 10.0**chance),
    )
