"""Ponzi-like accounts: those who paid early get more than they paid, from those who pay later.

For each account and token that many paid into: who came when, what they put in, what they got
out. A pyramid pays early members a profit at about the same rate, out of what later members bring,
while the last ones get less than they put in. An exchange also pays back, but neither a like
profit to each nor by the order of entry. Coins that a contract pays from within are no transaction
and only seen where the tables hold them as transfers; tokens always are. This module refuses to
judge before a dozen members.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean, pstdev
from typing import Final

import msgspec

from counterfoil.insight.threats.events import NOBODY, SeenBlock, Transfer
from counterfoil.insight.threats.memory import remember
from counterfoil.insight.threats.reading import ALERT, Wanted, run
from counterfoil.ports import ChainTables, Finding

__all__ = ["KIND", "Ponzi", "State", "ponzi"]

KIND: Final = "ponzi-like"

_MEMBERS: Final = 12
_PAID_OUT: Final = 4
_GROWTH: Final = 1.15  # judged anew whenever so many times the payouts were made
_PROFIT: Final = 1.03  # of what was put in
_ALERT: Final = 0.5
_POOLS_MAX: Final = 200_000


class Member(msgspec.Struct):
    """Somebody who paid in. paid, got: amounts. first: transaction of the first payment."""

    paid: float = 0.0
    got: float = 0.0
    first: str = ""


class Pool(msgspec.Struct):
    """What one account took and gave, of one token. members: in their order of entry.

    outside: what went to others than members. payouts: how many. judged: at so many payouts.
    """

    members: dict[str, Member] = msgspec.field(default_factory=dict)
    outside: float = 0.0
    payouts: int = 0
    judged: int = 0


class State(msgspec.Struct):
    """pools: `account token` -> its pool; the one longest unused goes first."""

    pools: dict[str, Pool] = msgspec.field(default_factory=dict)


class Ponzi:
    """The detector; see `Fold`."""

    kind = KIND

    def start(self) -> State:
        """Make the state before any block."""
        return State()

    def see(self, state: State, block: SeenBlock) -> Iterator[Finding]:
        """Find accounts that pay the early ones from what the late ones bring."""
        for move in block.transfers:
            if move.amount <= 0 or move.sender == move.receiver or move.sender in NOBODY:
                continue
            pool = remember(state.pools, f"{move.receiver} {move.token}", Pool, _POOLS_MAX)
            member = pool.members.setdefault(move.sender, Member(first=move.tx))
            member.paid += move.amount
            yield from _payout(state, move)


def _payout(state: State, move: Transfer) -> Iterator[Finding]:
    pool = state.pools.get(f"{move.sender} {move.token}")
    if pool is None:
        return
    member = pool.members.get(move.receiver)
    if member is None:
        pool.outside += move.amount
        return
    member.got += move.amount
    pool.payouts += 1
    if len(pool.members) < _MEMBERS or pool.payouts < max(_PAID_OUT, pool.judged * _GROWTH):
        return
    pool.judged = pool.payouts
    found = _judge(move.sender, list(pool.members.values()))
    if found is not None:
        yield found


def _judge(account: str, members: Sequence[Member]) -> Finding | None:
    third = len(members) // 3
    early, late = members[:third], members[-third:]
    gains = [one.got / one.paid for one in members if one.got > 0]
    if len(gains) < _PAID_OUT:
        return None
    profit = fmean(gain >= _PROFIT for gain in gains)
    alike = max(0.0, 1.0 - pstdev(gains) / fmean(gains))
    early_won = fmean(one.got >= _PROFIT * one.paid for one in early)
    late_lost = fmean(one.got < one.paid for one in late)
    paid_out = sum(one.got for one in members) / sum(one.paid for one in members)
    score = _score(profit, alike, early_won, late_lost, paid_out)
    if score < _ALERT:
        return None
    return Finding(
        account,
        KIND,
        score,
        f"of {len(members)} that paid it, {early_won:.0%} of the first third got back more than "
        f"they paid and {late_lost:.0%} of the last third less; it paid out {paid_out:.0%} of what "
        "came in",
        tuple(one.first for one in members[:4]),
        {
            "members": len(members),
            "early_won": early_won,
            "late_lost": late_lost,
            "profit": profit,
            "paid_out": paid_out,
        },
    )


def _score(
    profit: float, alike: float, early_won: float, late_lost: float, paid_out: float
) -> float:
    """Weigh the signs, each 0 to 1; 0 where one is missing that every pyramid has."""
    if profit < 0.5 or late_lost < 0.5 or early_won < 0.3 or paid_out > 1.05:
        return 0.0
    order = max(0.0, early_won + late_lost - 1.0)
    return min(0.98, 0.3 * profit + 0.25 * alike + 0.45 * order)


_HUBS: Final = f"""
hubs AS (
    SELECT receiver AS hub, token AS of FROM moves WHERE amount > 0 AND sender <> receiver
    GROUP BY ALL HAVING count(DISTINCT sender) >= {_MEMBERS}
    INTERSECT
    SELECT sender, token FROM moves WHERE amount > 0 AND sender <> receiver
    GROUP BY ALL HAVING count(*) >= {_PAID_OUT}
)"""  # noqa: S608 - constants alone

_MATTERS: Final = Wanted(
    before=_HUBS,
    transfers=(
        "(receiver, token) IN (SELECT (hub, of) FROM hubs) "
        "OR (sender, token) IN (SELECT (hub, of) FROM hubs)"
    ),
)


def ponzi(tables: ChainTables, least: float = ALERT) -> Iterable[Finding]:
    """Find Ponzi-like accounts in tables, of a score of `least` or more; see `ChainDetector`."""
    return run(tables, Ponzi(), _MATTERS, least)
