"""Approval phishing: an owner is talked into approving somebody, who then takes what is theirs.

Two signs. A spender that signs transactions is a person's key and no contract: no service needs an
unlimited approval of that. And a drain: somebody else's transaction moves what an owner approved,
to elsewhere, and the owner gets nothing in return; the fewer owners a spender had before, and the
more it drains, the worse. Approvals by signature (permit) are the same event. This module refuses
to warn of spenders that many have approved for long, which would be every exchange.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from counterfoil.insight.threats.events import Approval, SeenBlock, Transfer
from counterfoil.insight.threats.memory import remember
from counterfoil.insight.threats.reading import ALERT, ALL, Wanted, run
from counterfoil.ports import ChainTables, Finding

__all__ = ["KIND", "ApprovalPhishing", "State", "approval_phishing"]

KIND: Final = "approval-phishing"

_UNLIMITED: Final = 2.0**96  # more than any supply in use; wallets write 2^256 - 1, some 2^96 - 1
_WELL_KNOWN: Final = 20  # owners that approved a spender before: too many for a fresh trap
_SOON: Final = 7200  # blocks, a day of 12 s
_ACCOUNTS_MAX: Final = 300_000


class Spender(msgspec.Struct):
    """A spender. owners: who approved it, and how often; up to the well known. drained: victims."""

    owners: dict[str, int] = msgspec.field(default_factory=dict)
    drained: dict[str, None] = msgspec.field(default_factory=dict)


class State(msgspec.Struct):
    """spenders: by account. allowed: owner -> token -> spender -> block of the approval.

    signers: accounts that signed a transaction, the latest last.
    """

    spenders: dict[str, Spender] = msgspec.field(default_factory=dict)
    allowed: dict[str, dict[str, dict[str, int]]] = msgspec.field(default_factory=dict)
    signers: dict[str, None] = msgspec.field(default_factory=dict)


class ApprovalPhishing:
    """The detector; see `Fold`."""

    kind = KIND

    def start(self) -> State:
        """Make the state before any block."""
        return State()

    def see(self, state: State, block: SeenBlock) -> Iterator[Finding]:
        """Find approvals of keys, and transfers that take what was approved."""
        for paid in block.paid:
            state.signers.pop(paid.signer, None)
            state.signers[paid.signer] = None
        while len(state.signers) > _ACCOUNTS_MAX:
            del state.signers[next(iter(state.signers))]
        for approval in block.approvals:
            yield from _approved(state, approval, block.number)
        returned = {(move.tx, move.receiver) for move in block.transfers if move.amount > 0}
        for move in block.transfers:
            if move.signer not in ("", move.sender) and move.amount > 0:
                yield from _taken(state, move, block.number, (move.tx, move.sender) in returned)


def _approved(state: State, one: Approval, number: int) -> Iterator[Finding]:
    tokens: dict[str, dict[str, int]] = remember(state.allowed, one.owner, dict, _ACCOUNTS_MAX)
    if one.amount == 0:
        tokens.get(one.token, {}).pop(one.spender, None)
        return
    tokens.setdefault(one.token, {})[one.spender] = number
    spender = remember(state.spenders, one.spender, Spender, _ACCOUNTS_MAX)
    if one.owner in spender.owners or len(spender.owners) < 2 * _WELL_KNOWN:
        spender.owners[one.owner] = spender.owners.get(one.owner, 0) + 1
    if one.amount < _UNLIMITED or one.spender not in state.signers or one.spender == one.owner:
        return
    owners = len(spender.owners)
    signed = " by a signature that it handed in itself" if one.signer == one.spender else ""
    yield Finding(
        one.spender,
        KIND,
        min(0.85, 0.5 + 0.1 * owners + (0.15 if signed else 0.0)),
        f"{owners} owners let this account, a key and no contract, move all they have of a token"
        f"{signed}",
        (one.tx,),
        {"owners": owners, "victims": len(spender.drained)},
    )


def _taken(state: State, move: Transfer, number: int, returned: bool) -> Iterator[Finding]:
    """Judge a transfer that its sender did not sign. returned: they got something for it."""
    token = move.token.partition("/")[0]
    allowed = state.allowed.get(move.sender, {}).get(token, {})
    name = next((one for one in (move.called, move.signer) if one in allowed), None)
    if name is None or returned or move.receiver == move.sender:
        return
    spender = remember(state.spenders, name, Spender, _ACCOUNTS_MAX)
    if len(spender.owners) >= _WELL_KNOWN and not spender.drained:
        return
    spender.drained[move.sender] = None
    victims, owners = len(spender.drained), len(spender.owners)
    age = number - allowed[name]
    own = name in state.signers
    score = 0.45 + 0.15 * min(victims - 1, 2) + (0.1 if age <= _SOON else 0) + (0.2 if own else 0)
    yield Finding(
        name,
        KIND,
        min(0.99, score),
        f"{victims} of {owners} owners that approved this spender lost tokens by it and got "
        f"nothing in return, the last {age} blocks after the approval",
        (move.tx,),
        {"owners": owners, "victims": victims, "age": age},
    )


_MATTERS: Final = Wanted(
    transfers=(
        "tx IN (SELECT tx FROM moves WHERE signer <> sender AND sender IN "
        "(SELECT owner FROM approvals))"
    ),
    approvals=ALL,
    paid="signer IN (SELECT spender FROM approvals)",
)


def approval_phishing(tables: ChainTables, least: float = ALERT) -> Iterable[Finding]:
    """Find approval phishing in tables, of a score of `least` or more; see `ChainDetector`."""
    return run(tables, ApprovalPhishing(), _MATTERS, least)
