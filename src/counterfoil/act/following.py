"""Follow what contracts did back into the log: each verdict that was used becomes an action.

Only final blocks are looked at, in order, and how far is written down after what was found there is
recorded; so a chain may lose blocks and this may be killed, and each use is recorded once. It goes
by the gate's events, whoever sent the transaction. This module refuses events of verdicts that are
not in this log: they are other organisations'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from counterfoil.act.book import ActBook
from counterfoil.act.gate import Consumed, GateContract
from counterfoil.errors import Conflict, NotFound
from counterfoil.formats import verdict as verdicts
from counterfoil.formats.entry import Kind, kind_of
from counterfoil.formats.statement import Subject
from counterfoil.formats.verdict import Verdict, hash_text
from counterfoil.ports import Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger, Recorded

__all__ = ["follow", "record_action", "scope_name"]

_WINDOW: Final = 2_000
_GOVERNED_MAX: Final = 1_000


def follow(
    ledger: Ledger,
    book: ActBook,
    gate: GateContract,
    first: int,
    progress: Progress = no_progress,
) -> Iterator[Recorded]:
    """Record an action for each use of a verdict of this log, from where it was left off.

    first: block in which the gate was made. Gives what was recorded, or was already. Raises what
    the chain and `Ledger.record_statement` raise; calling again goes on.
    """
    chain_id = gate.chain.chain_id
    done = book.followed(chain_id, gate.address)
    at = first if done is None else done + 1
    final = gate.chain.final().number
    total = max(0, final + 1 - at)
    begun = at
    while at <= final:
        last = min(at + _WINDOW - 1, final)
        for event in gate.consumed(at, last):
            recorded = record_action(ledger, event, chain_id)
            if recorded is not None:
                yield recorded
        book.note_followed(chain_id, gate.address, last)
        at = last + 1
        progress(at - begun, total, "blocks followed")


def record_action(ledger: Ledger, event: Consumed, chain_id: int) -> Recorded | None:
    """Record that a contract acted on a decision; None where its verdict is not of this log.

    Calling again gives the first one's place. Raises as `Ledger.record_statement`.
    """
    verdict = _verdict_of(ledger, event.leaf)
    if verdict is None:
        return None
    decision = event.decision.hex()
    transaction = event.tx_hash.hex()
    fields: dict[str, Any] = {
        "decision": {"leaf": decision},
        "verdict": {"leaf": event.leaf.hex()},
        "action": scope_name(ledger, verdict.scope),
        "target": event.consumer,
        "result": "done",
        "evidence": {
            "chain": str(chain_id),
            "gate": event.gate,
            "block": str(event.block),
            "block_hash": f"0x{event.block_hash.hex()}",
            "transaction": f"0x{transaction}",
            "action_hash": f"0x{event.action_hash.hex()}",
            "amount": str(event.amount),
            "established": event.established,
        },
    }
    source = f"act:{chain_id}:{event.gate.lower()}:{event.leaf.hex()}"
    subject = Subject(digest={"sha256": decision}, name="decision")
    try:
        return ledger.record_statement(
            "action", fields, subjects=[subject], source=source, number=0
        )
    except Conflict as err:
        if err.code != "record.number-taken":
            raise
        return _recorded_before(ledger, source, err)


def scope_name(ledger: Ledger, scope: bytes) -> str:
    """Find what people call a scope, by what this log says of governance; else its hash."""
    for hit in ledger.search("kind=governance", limit=_GOVERNED_MAX).hits:
        name = hit.content.get("scope")
        if isinstance(name, str) and hash_text(name) == scope:
            return name
    return f"0x{scope.hex()}"


def _verdict_of(ledger: Ledger, leaf: bytes) -> Verdict | None:
    try:
        data = ledger.entry(ledger.find_leaf(leaf.hex()))
    except NotFound:
        return None
    return verdicts.parse(data).verdict if kind_of(data) is Kind.VERDICT else None


def _recorded_before(ledger: Ledger, source: str, err: Conflict) -> Recorded:
    """Give the first one's place: the same use, told when less was known of its scope's name."""
    from counterfoil.ledger import Recorded

    for hit in ledger.search(f'kind=action source="{source}"', limit=1).hits:
        return Recorded(hit.index, hit.leaf, source, 0, duplicate=True)
    raise err
