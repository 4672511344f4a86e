"""Show an entry to people and programs: decoded, with its place and leaf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import entry as entries
from counterfoil.formats import predicates, signed_statement, verdict
from counterfoil.formats.entry import BatchEntry, CoseEntry, StatementEntry, VerdictEntry
from counterfoil.formats.predicates import Block, Record
from counterfoil.proofs.merkle import leaf_hash

if TYPE_CHECKING:
    from counterfoil.ledger.people.erasures import Erasures

__all__ = ["PersonalState", "RecordView", "block_of", "view"]


@dataclass(frozen=True, slots=True)
class PersonalState:
    """A sealed group of a statement.

    field: of the predicate. person: the handle. names: of the sealed fields. state: `erased` when
    the log tells of an erasure since.
    """

    field: str
    person: str
    data_class: str
    names: tuple[str, ...]
    state: Literal["sealed", "erased"]


@dataclass(frozen=True, slots=True)
class RecordView:
    """A decoded entry.

    index, leaf: its place and leaf hash (64 hexadecimal digits). kind: `record`, `block`, `key`,
    ..., `batch` for a batch signature, `verdict`, `signed-statement` (COSE), or the predicate's
    URI. issuer, source, number: None where it has none. signed_by: key ids, of a verdict its
    decider's address, in COSE what names the key; empty where a batch signs it. content: what was
    recorded; for other statements their whole predicate, in COSE what `signed_statement.describe`
    shows of them.
    personal: what of it is sealed.
    """

    index: int
    leaf: str
    kind: str
    issuer: str | None
    source: str | None
    number: int | None
    at_ms: int | None
    signed_by: tuple[str, ...]
    content: dict[str, Any]
    personal: tuple[PersonalState, ...] = ()

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.ledger.notebook import record_card

        return record_card(self)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def view(index: int, data: bytes, erasures: Erasures | None = None) -> RecordView:
    """Decode the entry `data` that stands at `index`. Raises InputError as `entry.parse` does.

    erasures: of its log, to tell what of it is erased; None where nobody asks for that.
    """
    parsed = entries.parse(data)
    leaf = leaf_hash(data).hex()
    if isinstance(parsed, VerdictEntry):
        content = verdict.describe(parsed.verdict)
        at_ms, decider = verdict.decided_ms(parsed.verdict), (content["signer"],)
        return RecordView(index, leaf, "verdict", None, None, None, at_ms, decider, content)
    if isinstance(parsed, CoseEntry):
        said = parsed.statement
        kind, at_ms = signed_statement.KIND, signed_statement.issued_ms(said)
        named = signed_statement.signed_by(said)
        content = signed_statement.describe(said)
        return RecordView(index, leaf, kind, said.issuer, None, None, at_ms, named, content)
    signed_by = tuple(signature.keyid for signature in parsed.envelope.signatures)
    if isinstance(parsed, BatchEntry):
        content = msgspec.to_builtins(parsed.batch)
        signed_at = parsed.batch.at_ms
        return RecordView(index, leaf, "batch", None, None, None, signed_at, signed_by, content)
    statement = parsed.statement
    predicate = predicates.parse_predicate(statement)
    issuer, source, number = predicates.parse_header(statement) or (None, None, None)
    whole: dict[str, Any] = msgspec.json.decode(statement.predicate)
    kind = predicates.name_of(statement.predicate_type)
    content = whole
    if isinstance(predicate, Record) and predicate.content is not msgspec.UNSET:
        content = whole["content"]
    at_ms = whole.get("at_ms") if issuer is not None else None
    at_ms = at_ms if type(at_ms) is int else None
    personal = () if erasures is None else erasures.personal(whole, index, at_ms)
    return RecordView(
        index, leaf, kind, issuer, source, number, at_ms, signed_by, content, personal
    )


def block_of(data: bytes) -> Block:
    """Parse an entry as a block statement. Raises InputError with code record.not-a-block."""
    parsed = entries.parse(data)
    predicate = (
        predicates.parse_predicate(parsed.statement) if isinstance(parsed, StatementEntry) else None
    )
    if not isinstance(predicate, Block):
        raise InputError("record.not-a-block", "expected a block statement, found another entry")
    return predicate
