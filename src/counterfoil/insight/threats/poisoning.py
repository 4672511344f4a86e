"""Address poisoning: a look-alike of somebody's payee sends dust, and waits to be copied.

Whoever paid C gets a transfer of nothing, of dust or of a worthless token from A (or one that a
token wrote in their name), where A begins and ends like C. Later they copy A from their history
and pay it. Found when the dust comes; surer when the victim has paid. This module refuses to call
a look-alike that the victim paid by themselves first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final

import msgspec

from counterfoil.insight.threats.events import COIN, SeenBlock, Transfer
from counterfoil.insight.threats.memory import remember
from counterfoil.insight.threats.reading import ALERT, Wanted, run
from counterfoil.ports import ChainTables, Finding

__all__ = ["KIND", "Poisoning", "State", "poisoning"]

KIND: Final = "address-poisoning"

_ENDS: Final = 3  # digits at either end that must be alike: by chance one pair in 16 million
_DUST: Final = 0.01  # of what the victim paid, in the same token
_PAYEES_MAX: Final = 400  # of one account that are remembered
_ACCOUNTS_MAX: Final = 300_000
_BY_DIGITS: Final = {6: 0.55, 7: 0.7, 8: 0.8, 9: 0.85}
_SURE: Final = 0.9


class Payee(msgspec.Struct):
    """Somebody an account paid. most: token -> the largest amount.

    also: others with the same ends that it paid of its own accord.
    """

    address: str
    most: dict[str, float]
    also: dict[str, None] = msgspec.field(default_factory=dict)


class State(msgspec.Struct):
    """payees: account -> what the ends of their addresses are -> whom it paid.

    alike: account -> look-alikes that came near it, and the payee that each resembles.
    """

    payees: dict[str, dict[str, Payee]] = msgspec.field(default_factory=dict)
    alike: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)


class Poisoning:
    """The detector; see `Fold`."""

    kind = KIND

    def start(self) -> State:
        """Make the state before any block."""
        return State()

    def see(self, state: State, block: SeenBlock) -> Iterator[Finding]:
        """Find look-alikes that send dust, and victims that pay one."""
        for move in block.transfers:
            if move.sender == move.receiver:
                continue
            if move.signer == move.sender and move.amount > 0:
                yield from _paid(state, move)
            yield from _dusted(state, move, move.receiver, move.sender)
            if move.signer != move.sender:
                yield from _dusted(state, move, move.sender, move.receiver)


def _paid(state: State, move: Transfer) -> Iterator[Finding]:
    """Learn a payment by the account itself; it may be to a look-alike."""
    real = state.alike.get(move.sender, {}).get(move.receiver)
    known = state.payees.get(move.sender, {}).get(_ends(move.receiver))
    if real is not None and known is not None:
        if _dust(known, move):
            return
        yield Finding(
            move.receiver,
            KIND,
            1.0,
            f"{move.sender} paid this look-alike of {real}, which it used to pay",
            (move.tx,),
            {"digits": _digits(real, move.receiver), "paid": 1.0},
        )
        return
    payees: dict[str, Payee] = remember(state.payees, move.sender, dict, _ACCOUNTS_MAX)
    known = payees.setdefault(_ends(move.receiver), Payee(move.receiver, {}))
    if known.address == move.receiver:
        known.most[move.token] = max(move.amount, known.most.get(move.token, 0.0))
    else:
        known.also[move.receiver] = None
    if len(payees) > _PAYEES_MAX:
        del payees[next(iter(payees))]


def _dusted(state: State, move: Transfer, victim: str, other: str) -> Iterator[Finding]:
    """Judge a transfer that the victim did not sign, from or in the name of another."""
    real = state.payees.get(victim, {}).get(_ends(other))
    if real is None or real.address == other or other in real.also:
        return
    if move.signer == victim or not _dust(real, move):
        return
    remember(state.alike, victim, dict, _ACCOUNTS_MAX)[other] = real.address
    digits = _digits(real.address, other)
    forged = move.sender == victim
    score = min(_SURE, _BY_DIGITS.get(digits, _SURE) + (0.05 if forged else 0.0))
    what = "a transfer in its name" if forged else "nothing but dust"
    yield Finding(
        other,
        KIND,
        score,
        f"{victim} paid {real.address} and then got {what} from this address, which is alike in "
        f"{digits} digits at the ends",
        (move.tx,),
        {"digits": digits, "paid": 0.0},
    )


def _dust(real: Payee, move: Transfer) -> bool:
    """Tell whether a transfer is nothing beside what the victim paid, or of another token."""
    usual = real.most.get(move.token)
    if usual is None:
        return move.amount == 0 or move.token != COIN
    return move.amount <= _DUST * usual


def _ends(address: str) -> str:
    return address[2 : 2 + _ENDS] + address[-_ENDS:]


def _digits(one: str, two: str) -> int:
    alike = [a == b for a, b in zip(one[2:], two[2:], strict=True)]
    return len(list(takewhile(bool, alike))) + len(list(takewhile(bool, alike[::-1])))


_NEAR: Final = """
sides AS (
    SELECT sender AS victim, receiver AS other FROM moves WHERE sender <> receiver
    UNION SELECT receiver, sender FROM moves WHERE sender <> receiver
), alike AS (
    SELECT victim, other FROM sides
    QUALIFY count(*) OVER (
        PARTITION BY victim, substr(other, 3, 3), right(other, 3)
    ) > 1
)"""

_MATTERS: Final = Wanted(
    before=_NEAR,
    transfers=(
        "(sender, receiver) IN (SELECT (victim, other) FROM alike) "
        "OR (receiver, sender) IN (SELECT (victim, other) FROM alike)"
    ),
)


def poisoning(tables: ChainTables, least: float = ALERT) -> Iterable[Finding]:
    """Find address poisoning in tables, of a score of `least` or more; see `ChainDetector`."""
    return run(tables, Poisoning(), _MATTERS, least)
