"""Record verdicts, which contracts act on, beside the decisions that they repeat.

A verdict is signed by a decider's EVM key, which no statement of the log introduces: governance on
the chain says what it may do. What the log can check is checked before anything is written. This
module refuses a verdict whose decision is not in the log already, or says otherwise.
"""

from __future__ import annotations

from concurrent.futures import Future

from counterfoil.errors import NotFound, Refused, VerificationError
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry, VerdictEntry
from counterfoil.formats.verdict import identity_of
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.writer import Writer
from counterfoil.proofs.deciders import check_decided, decided_in, signs_alone, verify_decider
from counterfoil.proofs.merkle import leaf_hash

__all__ = ["record_verdict"]


def record_verdict(writer: Writer, data: bytes, decision: int) -> Future[Recorded]:
    """Record a verdict about the decision at an index.

    data: the verdict as an entry. An account's signature is checked; a contract's cannot be. The
    same verdict again, even if it was signed anew, gets its first receipt.
    Raises InputError when it cannot be parsed, Refused with code verdict.kind for another entry,
    NotFound with code entry.index, VerificationError with code verdict.decision when the entry
    there is another or says otherwise, and signature.account or verdict.signer; the future as
    `Writer.append_foreign`.
    """
    parsed = entries.parse(data)
    if not isinstance(parsed, VerdictEntry):
        raise Refused("verdict.kind", "expected a verdict, found another entry")
    if signs_alone(parsed.signed):
        verify_decider(parsed.signed)
    if not 0 <= decision < writer.log.head.size:
        raise NotFound(
            "entry.index",
            f"expected an index below {writer.log.head.size}, found {decision}",
            hint="Record the decision first.",
        )
    held = writer.log.reader.entry(decision)
    if leaf_hash(held) != parsed.verdict.decision:
        raise VerificationError(
            "verdict.decision",
            f"expected the decision {parsed.verdict.decision.hex()} as entry {decision}, found "
            f"{leaf_hash(held).hex()}",
            hint="Make the verdict of the decision that is recorded.",
        )
    statement = entries.parse(held)
    decided = decided_in(statement) if isinstance(statement, StatementEntry) else None
    if decided is None:
        raise VerificationError(
            "verdict.decision", f"expected entry {decision} to be a decision, found another"
        )
    check_decided(parsed.verdict, decided)
    return writer.append_foreign(data, None, identity_of(data), {}, _same)


def _same(first: bytes, second: bytes) -> bool:
    """Tell whether two verdicts say the same, by whichever signature."""
    return identity_of(first) == identity_of(second)
