"""Known bad neighbours: how near an account is to labelled ones, and how much of it is theirs.

What a labelled account sends taints the receiver by its share of all that the receiver got of
that token, and goes on with what they send, up to three steps. Accounts that serve the public
(exchanges, pools) end a trail: behind them nobody's coins are told apart. This module refuses to
taint those who were robbed: paying a labelled account makes nobody one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from counterfoil.insight.threats.events import NOBODY, SeenBlock, Transfer
from counterfoil.insight.threats.memory import remember
from counterfoil.insight.threats.reading import ALERT, Wanted, run
from counterfoil.ports import ChainTables, Finding

__all__ = ["KIND", "KnownBad", "State", "known_bad"]

KIND: Final = "bad-neighbour"

_STEPS: Final = 3
_BUSY: Final = 100  # payers: an account with more serves the public
_PURSES_MAX: Final = 500_000
_BY_STEPS: Final = (1.0, 0.9, 0.7, 0.5)


class Purse(msgspec.Struct):
    """What an account got of one token. got, tainted: amounts. steps: to the nearest label."""

    got: float = 0.0
    tainted: float = 0.0
    steps: int = 0
    payers: dict[str, None] = msgspec.field(default_factory=dict)
    label: str = ""


class State(msgspec.Struct):
    """purses: `account token` -> its purse. told: account -> the score it was told with."""

    purses: dict[str, Purse] = msgspec.field(default_factory=dict)
    told: dict[str, float] = msgspec.field(default_factory=dict)


class KnownBad:
    """The detector. labels: account -> what it is known for; see `Fold`."""

    kind = KIND

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = dict(labels)

    def start(self) -> State:
        """Make the state before any block."""
        return State()

    def see(self, state: State, block: SeenBlock) -> Iterator[Finding]:
        """Find labelled accounts that act, and accounts that live on what they sent."""
        for move in block.transfers:
            if move.amount <= 0 or move.sender == move.receiver or move.receiver in NOBODY:
                continue
            label = self._labels.get(move.sender)
            if label is not None and state.told.get(move.sender, 0.0) < 1.0:
                state.told[move.sender] = 1.0
                yield Finding(
                    move.sender, KIND, 1.0, f"it is on the list: {label}", (move.tx,), {"steps": 0}
                )
            yield from self._passed(state, move, label)

    def _passed(self, state: State, move: Transfer, label: str | None) -> Iterator[Finding]:
        name = f"{move.receiver} {move.token}"
        purse = remember(state.purses, name, Purse, _PURSES_MAX)
        purse.got += move.amount
        if len(purse.payers) <= _BUSY:
            purse.payers[move.sender] = None
        share, steps, name = _taint(state, move, label)
        if not share:
            return
        purse.tainted += share * move.amount
        if not purse.steps or steps < purse.steps:
            purse.steps, purse.label = steps, name
        if move.receiver in self._labels or len(purse.payers) > _BUSY:
            return
        dirty = purse.tainted / purse.got
        score = _BY_STEPS[purse.steps] * dirty
        if score <= state.told.get(move.receiver, 0.0):
            return
        state.told[move.receiver] = score
        yield Finding(
            move.receiver,
            KIND,
            score,
            f"{dirty:.0%} of what it got of {move.token or 'coins'} is from {purse.label}, "
            f"{purse.steps} steps away",
            (move.tx,),
            {"share": dirty, "steps": purse.steps},
        )


def _taint(state: State, move: Transfer, label: str | None) -> tuple[float, int, str]:
    """Tell the share of a transfer that is tainted, its steps at the receiver, and whose it is."""
    if label is not None:
        return 1.0, 1, f"{move.sender} ({label})"
    purse = state.purses.get(f"{move.sender} {move.token}")
    if purse is None or not purse.tainted or purse.steps >= _STEPS or len(purse.payers) > _BUSY:
        return 0.0, 0, ""
    return min(1.0, purse.tainted / purse.got), purse.steps + 1, purse.label


def known_bad(
    tables: ChainTables, labels: Mapping[str, str], least: float = ALERT
) -> Iterable[Finding]:
    """Find accounts near labelled ones in tables, of a score of `least` or more.

    labels: account, in lower case -> what it is known for.
    """
    if not labels:
        return []
    names = ", ".join(f"('{one}')" for one in sorted(labels) if one.isalnum())
    if not names:
        return []
    steps = [f"near0 AS (SELECT * FROM (VALUES {names}) AS listed(account))"]  # noqa: S608
    for step in range(1, _STEPS + 1):
        steps.append(
            f"near{step} AS (SELECT receiver AS account FROM moves WHERE amount > 0 AND sender IN "  # noqa: S608
            f"(SELECT account FROM near{step - 1}) UNION SELECT account FROM near{step - 1})"
        )
    wanted = Wanted(
        before=", ".join(steps),
        transfers=(
            f"receiver IN (SELECT account FROM near{_STEPS}) "  # noqa: S608
            "OR sender IN (SELECT account FROM near0)"
        ),
    )
    return run(tables, KnownBad(labels), wanted, least)
