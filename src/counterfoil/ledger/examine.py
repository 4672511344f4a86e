"""Look at entries one by one, each for itself: parse strictly, hash, check signatures.

What an entry means to its neighbours (who may sign, numbers, batches) is decided later and in
order; so this part runs in threads, and its signature checks, nine tenths of the work, run beside
each other. This module refuses to raise: what is wrong with an entry is kept with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from counterfoil.errors import CounterfoilError
from counterfoil.formats import entry as entry_format
from counterfoil.formats import predicates
from counterfoil.formats.ascii import MAX_INT63
from counterfoil.formats.batch import member_hash
from counterfoil.formats.entry import BatchEntry, CoseEntry, Entry, StatementEntry, VerdictEntry
from counterfoil.formats.envelope import pae
from counterfoil.formats.predicates import ContentRef, Header
from counterfoil.formats.predicates.header import Condition
from counterfoil.ledger.predicate_types import conditions_of, payloads_named
from counterfoil.proofs.claims import check_claims
from counterfoil.proofs.deciders import Decided, decided_in, signs_alone, verify_decider
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.proofs.signature import verify_ed25519
from counterfoil.proofs.verify import check_said

__all__ = ["Examined", "Unreadable", "check_signatures", "examine"]


@dataclass(slots=True)
class Examined:
    """An entry that parses.

    predicate: of a statement of the core. payloads: what lies beside the log for it. expect: the
    counters that it changes. header: (issuer, source, number) of a statement that is numbered.
    member: its leaf in a batch's tree where a batch signs it, 32 bytes. held: for each signature
    whether it holds; None where the key was not known yet. wrong: what a statement says that cannot
    be. leaf, decided: of a decision alone, its leaf hash and what a verdict may repeat of it.
    """

    index: int
    parsed: Entry
    predicate: Header | None = None
    payloads: tuple[ContentRef, ...] = ()
    expect: Mapping[str, Condition] = field(default_factory=dict)
    header: tuple[str, str, int] | None = None
    member: bytes | None = None
    held: tuple[bool | None, ...] = ()
    wrong: CounterfoilError | None = None
    leaf: bytes = b""
    decided: Decided | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that is damaged (error is None) or is no entry (error says why)."""

    index: int
    error: CounterfoilError | None


def examine(
    first: int,
    entries: Sequence[bytes | None],
    origin: str,
    keys: Mapping[str, bytes] | None = None,
) -> list[Examined | Unreadable]:
    """Examine entries that stand in a row from index `first` on; None is a damaged one.

    origin: of the log. keys: keyid -> public key, 32 bytes, as far as they are known; None checks
    no signature and no statement.
    """
    found: list[Examined | Unreadable] = []
    for index, data in enumerate(entries, first):
        if data is None:
            found.append(Unreadable(index, None))
            continue
        try:
            found.append(_examine(index, data, origin, keys))
        except CounterfoilError as err:
            found.append(Unreadable(index, err))
    return found


def _examine(index: int, data: bytes, origin: str, keys: Mapping[str, bytes] | None) -> Examined:
    parsed = entry_format.parse(data)
    seen = Examined(index, parsed)
    if isinstance(parsed, StatementEntry):
        _read_statement(seen, parsed)
        seen.decided = decided_in(parsed)
        if seen.decided is not None:
            seen.leaf = leaf_hash(data)
        if not parsed.signed:
            seen.member = member_hash(parsed.envelope.payload)
        if keys is not None:
            _check_statement(seen, parsed, origin)
    if isinstance(parsed, VerdictEntry):
        if keys is not None and signs_alone(parsed.signed):
            _check_decider(seen, parsed)
        return seen
    if isinstance(parsed, CoseEntry):
        return seen  # whose key it is depends on what stands before: see `audit_cose`
    if keys is not None and parsed.envelope.signatures:
        seen.held = check_signatures(parsed, keys)
    return seen


def _read_statement(seen: Examined, parsed: StatementEntry) -> None:
    predicate = predicates.parse_predicate(parsed.statement)
    seen.payloads = payloads_named(parsed.statement, predicate)
    seen.expect = conditions_of(parsed.statement, predicate)
    if predicate is not None:
        seen.predicate = predicate
        seen.header = (predicate.issuer, predicate.source, predicate.number)
        return
    header = predicates.parse_header(parsed.statement)
    if header is not None and 0 <= header[2] < MAX_INT63:
        seen.header = header


def _check_statement(seen: Examined, parsed: StatementEntry, origin: str) -> None:
    issuer = seen.header[0] if seen.header is not None else ""
    try:
        check_said(parsed.statement, seen.predicate, seen.header, issuer, origin)
        if seen.predicate is not None:
            check_claims(seen.predicate)
    except CounterfoilError as err:
        seen.wrong = err


def _check_decider(seen: Examined, parsed: VerdictEntry) -> None:
    try:
        verify_decider(parsed.signed)
        seen.held = (True,)
    except CounterfoilError as err:
        seen.held, seen.wrong = (False,), err


def check_signatures(
    parsed: StatementEntry | BatchEntry, keys: Mapping[str, bytes]
) -> tuple[bool | None, ...]:
    """Check each signature of an entry; None where its key is not among `keys`."""
    envelope = parsed.envelope
    message = pae(envelope.payload_type, envelope.payload)
    held: list[bool | None] = []
    for signature in envelope.signatures:
        public = keys.get(signature.keyid)
        if public is None:
            held.append(None)
            continue
        try:
            verify_ed25519(public, message, signature.sig)
            held.append(True)
        except CounterfoilError:
            held.append(False)
    return tuple(held)
