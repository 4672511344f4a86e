"""Apply key statements of a world to a keyring, and expect refusals."""

from __future__ import annotations

from contextlib import AbstractContextManager

from counterfoil.errors import VerificationError
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import BatchEntry, StatementEntry
from counterfoil.formats.envelope import Envelope
from counterfoil.formats.predicates import Key, parse_predicate
from counterfoil.proofs.keyring import Keyring
from tests.statements import refused
from tests.unit.proofs.receipt_world import World

__all__ = ["apply", "invalid", "is_refused", "pad", "replay", "statement_at", "with_signatures_of"]


def statement_at(world: World, index: int) -> tuple[StatementEntry, Key]:
    """Parse the key statement that stands at `index`."""
    parsed = entries.parse(world.entries[index])
    assert isinstance(parsed, StatementEntry)
    predicate = parse_predicate(parsed.statement)
    assert isinstance(predicate, Key)
    return parsed, predicate


def with_signatures_of(parsed: StatementEntry, entry: bytes) -> StatementEntry:
    """Put the signatures of another entry under a statement."""
    other = entries.parse(entry)
    assert isinstance(other, StatementEntry | BatchEntry)
    envelope = parsed.envelope
    wrapped = Envelope(envelope.payload, envelope.payload_type, other.envelope.signatures)
    return StatementEntry(wrapped, parsed.statement)


def apply(keyring: Keyring, world: World, index: int) -> None:
    """Apply the key statement that stands at `index`."""
    keyring.apply(index, *statement_at(world, index))


def replay(world: World) -> Keyring:
    """Apply all key statements of a world."""
    keyring = Keyring()
    for index in world.key_entries:
        apply(keyring, world, index)
    return keyring


def pad(world: World, size: int) -> None:
    """Grow a world to `size` entries."""
    while len(world.entries) < size:
        world.append(b"{}")


def invalid(code: str) -> AbstractContextManager[None]:
    """Expect a VerificationError of this code."""
    return refused(code, VerificationError)


def is_refused(world: World, code: str) -> None:
    """Check that the last key statement is refused, and changes nothing."""
    *before, last = world.key_entries
    keyring = Keyring()
    for index in before:
        apply(keyring, world, index)
    periods = keyring.periods
    with invalid(code):
        apply(keyring, world, last)
    assert keyring.periods == periods
