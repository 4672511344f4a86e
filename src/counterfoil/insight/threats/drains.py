"""Drained wallets: one new account takes everything of several others within minutes.

Whoever has somebody's key, or a signature for all their tokens, empties the wallet at once: coins
and every token to an account that it never dealt with. A single wallet may have moved to a new
address of its owner; several unrelated ones have not. Deposit addresses of exchanges, which never
paid anybody else, are no victims. This module refuses to accuse receivers that were there for long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

import msgspec

from counterfoil.insight.threats.events import NOBODY, SeenBlock, Transfer
from counterfoil.insight.threats.memory import remember
from counterfoil.insight.threats.reading import ALERT, Wanted, run
from counterfoil.ports import ChainTables, Finding

__all__ = ["KIND", "Drains", "State", "drains"]

KIND: Final = "drain"

_WINDOW: Final = 50  # blocks, ten minutes of 12 s: how long emptying a wallet takes
_FRESH: Final = 50_400  # blocks, a week: a receiver that is older is no new one
_TOGETHER: Final = 7200  # blocks, a day, in which victims count together
_KINDS: Final = 3  # of tokens, coins among them
_OTHERS: Final = 2  # that a living wallet paid before
_BUSY: Final = 50  # that it may have paid: more is a service, whose wallets are not emptied so
_ACCOUNTS_MAX: Final = 300_000
_BY_VICTIMS: Final = (0.0, 0.45, 0.75, 0.9)


class Leaving(msgspec.Struct):
    """What a wallet sends, since it sends to one receiver alone.

    new: whether it had never paid that one before. first: block. txs: token -> transaction.
    """

    receiver: str
    new: bool
    first: int
    txs: dict[str, str]


class State(msgspec.Struct):
    """leaving: sender -> what it sends now. since: receiver -> its first block.

    paid: sender -> those it paid, up to the busy. victims: receiver -> victim -> block.
    """

    leaving: dict[str, Leaving] = msgspec.field(default_factory=dict)
    since: dict[str, int] = msgspec.field(default_factory=dict)
    paid: dict[str, dict[str, None]] = msgspec.field(default_factory=dict)
    victims: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)


class Drains:
    """The detector; see `Fold`."""

    kind = KIND

    def start(self) -> State:
        """Make the state before any block."""
        return State()

    def see(self, state: State, block: SeenBlock) -> Iterator[Finding]:
        """Find accounts that empty wallets."""
        for move in block.transfers:
            if move.amount > 0 and move.sender != move.receiver not in NOBODY:
                yield from _moved(state, move, block.number)


def _moved(state: State, move: Transfer, number: int) -> Iterator[Finding]:
    since = remember(state.since, move.receiver, lambda: number, _ACCOUNTS_MAX)
    paid: dict[str, None] = remember(state.paid, move.sender, dict, _ACCOUNTS_MAX)
    fresh = partial(Leaving, move.receiver, move.receiver not in paid, number, {})
    leaving = remember(state.leaving, move.sender, fresh, _ACCOUNTS_MAX)
    if leaving.receiver != move.receiver:
        leaving = state.leaving[move.sender] = fresh()
    if len(paid) <= _BUSY:
        paid[move.receiver] = None
    if not leaving.new or number - leaving.first > _WINDOW or number - since > _FRESH:
        return
    leaving.txs.setdefault(move.token.partition("/")[0], move.tx)
    if len(leaving.txs) < _KINDS or not _OTHERS < len(paid) <= _BUSY:
        return
    victims = state.victims.setdefault(move.receiver, {})
    victims[move.sender] = number
    count = sum(number - at <= _TOGETHER for at in victims.values())
    yield Finding(
        move.receiver,
        KIND,
        _BY_VICTIMS[min(count, len(_BY_VICTIMS) - 1)],
        f"this account, {number - since} blocks old here, took {len(leaving.txs)} kinds of tokens "
        f"of {move.sender} within {number - leaving.first} blocks of their first contact, while "
        f"that paid nobody else; {count - 1} other wallets went so within a day",
        tuple(leaving.txs.values()),
        {"victims": count, "tokens": len(leaving.txs)},
    )


_EMPTIED: Final = f"""
met AS (
    SELECT sender, receiver, split_part(token, '/', 1) AS kind, block_number,
        min(block_number) OVER (PARTITION BY sender, receiver) AS first_block
    FROM moves WHERE amount > 0 AND sender <> receiver
), emptied AS (
    SELECT sender, receiver FROM met WHERE block_number <= first_block + {_WINDOW}
    GROUP BY ALL HAVING count(DISTINCT kind) >= {_KINDS}
)"""  # noqa: S608 - constants alone

_MATTERS: Final = Wanted(
    before=_EMPTIED,
    transfers=(
        "sender IN (SELECT sender FROM emptied) OR receiver IN (SELECT receiver FROM emptied)"
    ),
)


def drains(tables: ChainTables, least: float = ALERT) -> Iterable[Finding]:
    """Find drained wallets in tables, of a score of `least` or more; see `ChainDetector`."""
    return run(tables, Drains(), _MATTERS, least)
