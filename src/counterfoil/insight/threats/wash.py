"""Wash trades: the same amount goes round in a circle of a few accounts, again and again.

Volume that nobody paid for: A sends a token to B, perhaps by C, and B sends about as much back.
One circle may be a loan; several within a day, among accounts that hardly deal with others, are a
show. Accounts that deal with many (exchanges, pools) are no part of a circle. What comes
back in its own block is a swap or a loan of one block. This module refuses to look for circles of
more than four accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import log
from typing import Final

import msgspec

from counterfoil.insight.threats.events import NOBODY, SeenBlock, Transfer
from counterfoil.insight.threats.memory import remember
from counterfoil.insight.threats.reading import ALERT, Wanted, run
from counterfoil.ports import ChainTables, Finding

__all__ = ["KIND", "State", "WashTrades", "wash_trades"]

KIND: Final = "wash-trade"

_LONGEST: Final = 4  # accounts in a circle
_ALIKE: Final = 0.05  # of an amount: fees, and a price that moved
_WINDOW: Final = 7200  # blocks, a day of 12 s
_BUSY: Final = 25  # partners of one token: an account with more serves the public
_TRAILS: Final = 8  # of one account, token and size that are remembered
_SIZE: Final = log(1 + 2 * _ALIKE)  # amounts that are alike differ by one step of size at most
_BY_CIRCLES: Final = (0.0, 0.25, 0.45, 0.65, 0.8, 0.9)
_PLACES_MAX: Final = 300_000


class Trail(msgspec.Struct):
    """How an amount came here. path: accounts, the first one first. txs: of each step."""

    path: list[str]
    amount: float
    begun: int
    txs: list[str]


class Place(msgspec.Struct):
    """An account in the trade of one token.

    partners: up to the busy. trails: size of an amount -> how such amounts came here. circles:
    blocks in which one closed.
    """

    partners: dict[str, None] = msgspec.field(default_factory=dict)
    trails: dict[int, list[Trail]] = msgspec.field(default_factory=dict)
    circles: list[int] = msgspec.field(default_factory=list)
    moves: int = 0


class State(msgspec.Struct):
    """places: `account token` -> its place; the one longest unused goes first."""

    places: dict[str, Place] = msgspec.field(default_factory=dict)


class WashTrades:
    """The detector; see `Fold`."""

    kind = KIND

    def start(self) -> State:
        """Make the state before any block."""
        return State()

    def see(self, state: State, block: SeenBlock) -> Iterator[Finding]:
        """Find circles that close, and accounts that close many."""
        for move in block.transfers:
            ends = {move.sender, move.receiver}
            if move.amount > 0 and len(ends) == 2 and not ends & NOBODY:
                yield from _moved(state, move, block.number)


def _moved(state: State, move: Transfer, number: int) -> Iterator[Finding]:
    sender = _place(state, move.sender, move.token)
    receiver = _place(state, move.receiver, move.token)
    for place, other in ((sender, move.receiver), (receiver, move.sender)):
        place.moves += 1
        if len(place.partners) <= _BUSY:
            place.partners[other] = None
    if len(sender.partners) > _BUSY or len(receiver.partners) > _BUSY:
        return
    made = [Trail([move.sender], move.amount, number, [move.tx])]
    size = int(log(move.amount) / _SIZE)
    for near in (size - 1, size, size + 1):
        for trail in sender.trails.get(near, ()):
            if number - trail.begun > _WINDOW or abs(trail.amount / move.amount - 1) > _ALIKE:
                continue
            txs = [*trail.txs, move.tx]
            if trail.path[0] == move.receiver:
                if number > trail.begun:
                    yield from _closed(state, move.token, [*trail.path, move.sender], txs, number)
                    sender.trails[near].remove(trail)  # its amount came back
                    return
            elif len(trail.path) < _LONGEST - 1 and move.receiver not in trail.path:
                made.append(Trail([*trail.path, move.sender], trail.amount, trail.begun, txs))
    for trail in made:
        kept = receiver.trails.setdefault(int(log(trail.amount) / _SIZE), [])
        kept.append(trail)
        del kept[:-_TRAILS]


def _place(state: State, account: str, token: str) -> Place:
    return remember(state.places, f"{account} {token}", Place, _PLACES_MAX)


def _closed(
    state: State, token: str, path: list[str], txs: list[str], number: int
) -> Iterator[Finding]:
    """Count a circle for each account in it; some of them have closed many by now."""
    for account in path:
        place = _place(state, account, token)
        place.circles = [at for at in place.circles if number - at <= _WINDOW] + [number]
        count = len(place.circles)
        share = min(1.0, 2 * count / max(place.moves, 1))
        score = _BY_CIRCLES[min(count, len(_BY_CIRCLES) - 1)] * (0.5 + 0.5 * share)
        yield Finding(
            account,
            KIND,
            score,
            f"{count} times within a day about the same amount of {token or 'coins'} went round "
            f"{len(path)} accounts and back, {share:.0%} of what it did with that",
            tuple(txs),
            {"circles": count, "accounts": len(path), "share": share},
        )


_TRADERS: Final = """
traders AS (
    SELECT sender AS account, token AS of FROM moves WHERE amount > 0 AND sender <> receiver
    INTERSECT
    SELECT receiver, token FROM moves WHERE amount > 0 AND sender <> receiver
)"""

_MATTERS: Final = Wanted(
    before=_TRADERS,
    transfers=(
        "(sender, token) IN (SELECT (account, of) FROM traders) "
        "OR (receiver, token) IN (SELECT (account, of) FROM traders)"
    ),
)


def wash_trades(tables: ChainTables, least: float = ALERT) -> Iterable[Finding]:
    """Find wash trades in tables, of a score of `least` or more; see `ChainDetector`."""
    return run(tables, WashTrades(), _MATTERS, least)
