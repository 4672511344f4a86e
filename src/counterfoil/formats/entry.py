"""Tell apart what a log can hold: the first byte decides, then the payload's type.

An attacker who gets bytes accepted as one kind must never have them read as another. Each kind
is parsed strictly and must give the same bytes back, so exactly one kind can parse any bytes.
This module refuses to verify.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats import batch, envelope, signed_statement, statement, verdict
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE, Batch
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, Envelope
from counterfoil.formats.signed_statement import SignedStatement
from counterfoil.formats.statement import Statement
from counterfoil.formats.verdict import VERDICT_TYPE_WORD, SignedVerdict, Verdict
from counterfoil.units import ENTRY_MAX_BYTES

__all__ = [
    "COSE_MARK",
    "VERDICT_TYPE_WORD",
    "BatchEntry",
    "CoseEntry",
    "Entry",
    "Kind",
    "StatementEntry",
    "VerdictEntry",
    "kind_of",
    "parse",
]


COSE_MARK: Final = b"\xd2"
"""First byte of a COSE_Sign1: CBOR tag 18."""


class Kind(StrEnum):
    """What an entry's first bytes say it is."""

    ENVELOPE = "envelope"
    COSE_SIGN1 = "cose-sign1"
    VERDICT = "verdict"


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """An entry that holds a statement; without signatures where a batch signs it."""

    envelope: Envelope
    statement: Statement

    @property
    def signed(self) -> bool:
        """Tell whether the entry carries its own signature."""
        return bool(self.envelope.signatures)


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """An entry that signs the `batch.count` entries right before it."""

    envelope: Envelope
    batch: Batch


@dataclass(frozen=True, slots=True)
class VerdictEntry:
    """An entry that holds a verdict; its signature is a decider's, not a producer's."""

    signed: SignedVerdict

    @property
    def verdict(self) -> Verdict:
        """Give the verdict without its signature."""
        return self.signed.verdict


@dataclass(frozen=True, slots=True)
class CoseEntry:
    """An entry that holds a signed statement in COSE (SCITT); its signature is its issuer's."""

    statement: SignedStatement


Entry = StatementEntry | BatchEntry | VerdictEntry | CoseEntry


def kind_of(data: bytes) -> Kind:
    """Tell the kind of an entry from its first bytes.

    data: 1 to 65,535 bytes. Raises InputError with code entry.size or entry.kind.
    """
    if not 0 < len(data) <= ENTRY_MAX_BYTES:
        raise InputError(
            "entry.size",
            f"expected an entry of 1 to {ENTRY_MAX_BYTES} bytes, found {len(data)}",
            hint="Store larger payloads beside the log and record their digest.",
        )
    if data[0] == 0x7B:
        return Kind.ENVELOPE
    if data.startswith(COSE_MARK):
        return Kind.COSE_SIGN1
    if data.startswith(VERDICT_TYPE_WORD):
        return Kind.VERDICT
    raise InputError(
        "entry.kind", f"expected an envelope, a COSE_Sign1 or a verdict, found {data[:8].hex()}..."
    )


def parse(data: bytes) -> Entry:
    """Parse an entry of any accepted kind.

    data: 1 to 65,535 bytes. Raises InputError with code entry.size, entry.kind,
    entry.payload-type, entry.unsigned, or one of the kind's own.
    """
    kind = kind_of(data)
    if kind is Kind.VERDICT:
        return VerdictEntry(verdict.parse(data))
    if kind is Kind.COSE_SIGN1:
        return CoseEntry(signed_statement.parse_entry(data))
    wrapped = envelope.parse(data)
    if wrapped.payload_type == STATEMENT_PAYLOAD_TYPE:
        return StatementEntry(wrapped, statement.parse(wrapped.payload))
    if wrapped.payload_type == BATCH_PAYLOAD_TYPE:
        if len(wrapped.signatures) != 1:
            raise InputError(
                "entry.unsigned",
                f"expected one signature over a batch, found {len(wrapped.signatures)}",
            )
        return BatchEntry(wrapped, batch.parse(wrapped.payload))
    raise InputError(
        "entry.payload-type",
        f"expected {STATEMENT_PAYLOAD_TYPE} or {BATCH_PAYLOAD_TYPE}, found {wrapped.payload_type}",
    )
