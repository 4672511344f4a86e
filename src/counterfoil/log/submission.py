"""What is handed to the sequencer, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from counterfoil.errors import Conflict, InputError
from counterfoil.formats.ascii import MAX_INT63
from counterfoil.ports import Span
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.units import ENTRY_MAX_BYTES, HASH_BYTES

__all__ = ["AlreadyRecorded", "Appended", "Condition", "Submission"]

Condition = tuple[int | str | None, int | str | None]
"""(old, new) value of a counter; None is "not there"."""


@dataclass(frozen=True, slots=True)
class Submission:
    """Entries that are appended in a row, all or none.

    entries: at least one, 1 to 65,535 bytes each. leaf_hashes: 32 bytes each; computed here.
    spans: the numbered statements among them, `index` counted from the first entry.
    identities: identity -> offset, for statements without a number.
    expect: counter -> (old, new), checked and changed with the append.
    key_entries: offsets of key statements. at: the index that the first entry must get.
    All of it is copied: what the caller changes later is not appended.
    Raises InputError with code entry.size, submission.place, submission.identity,
    submission.numbers or submission.counter.
    """

    entries: Sequence[bytes]
    spans: Sequence[Span] = ()
    identities: Mapping[bytes, int] = field(default_factory=dict)
    expect: Mapping[str, Condition] = field(default_factory=dict)
    key_entries: Sequence[int] = ()
    at: int | None = None
    leaf_hashes: Sequence[bytes] = field(init=False)

    def __post_init__(self) -> None:
        for name, copy in (
            ("entries", tuple(map(bytes, self.entries))),
            ("spans", tuple(self.spans)),
            ("identities", dict(self.identities)),
            ("expect", dict(self.expect)),
            ("key_entries", tuple(self.key_entries)),
        ):
            object.__setattr__(self, name, copy)
        if not self.entries or not all(0 < len(e) <= ENTRY_MAX_BYTES for e in self.entries):
            sizes = [len(e) for e in self.entries if not 0 < len(e) <= ENTRY_MAX_BYTES]
            raise InputError(
                "entry.size",
                f"expected entries of 1 to {ENTRY_MAX_BYTES} bytes, found {sizes[:1] or 'none'}",
                hint="Store larger payloads beside the log and record their digest.",
            )
        _check_places(self)
        _check_numbers(self.spans)
        for key, values in self.expect.items():
            _check_counter(key, *values)
        object.__setattr__(self, "leaf_hashes", [leaf_hash(entry) for entry in self.entries])


@dataclass(frozen=True, slots=True)
class Appended:
    """Where a submission stands: index of its first entry, and the log's size after its commit."""

    first: int
    size: int


class AlreadyRecorded(Conflict):
    """A number or an identity of the submission is in the log already.

    index: the entry that holds it. span: the run that it is part of, where it has a number.
    """

    def __init__(self, index: int, span: Span | None) -> None:
        super().__init__(
            "log.already-recorded",
            f"expected new statements, found one that is entry {index} already",
            hint="Ask for the receipt of that entry.",
        )
        self.index = index
        self.span = span


def _check_places(submission: Submission) -> None:
    count = len(submission.entries)
    ends = [(span.index, span.index + span.count) for span in submission.spans]
    offsets = [*submission.identities.values(), *submission.key_entries]
    ends += [(offset, offset + 1) for offset in offsets]
    for start, end in ends:
        if not 0 <= start < end <= count:
            raise InputError(
                "submission.place",
                f"expected a place inside {count} entries, found {start} to {end}",
                hint="Offsets are counted from the submission's first entry.",
            )
    for identity in submission.identities:
        if not _is_digest(identity):
            raise InputError(
                "submission.identity",
                f"expected an identity of {HASH_BYTES} bytes, found {identity!a}",
                hint="It is the SHA-256 of the pre-authentication encoding.",
            )


def _check_numbers(spans: Sequence[Span]) -> None:
    """Refuse numbers that no store can keep, and one number for two entries."""
    last: Span | None = None
    for span in sorted(spans, key=lambda span: (span.issuer, span.source, span.first)):
        same = last is not None and (last.issuer, last.source) == (span.issuer, span.source)
        free = last.first + last.count if last is not None and same else 0
        if not free <= span.first <= MAX_INT63 - span.count or not _is_text(
            span.issuer + span.source
        ):
            raise InputError(
                "submission.numbers",
                f"expected numbers from {free} to {MAX_INT63} of a source whose name is text, "
                f"found {span.count} from {span.first} of {span.source!a}",
                hint="Number the statements of a source from 0, each once.",
            )
        last = span


def _check_counter(key: str, old: object, new: object) -> None:
    for value in (old, new):
        # bool is an int to Python, but not to a store
        whole = type(value) is int and -MAX_INT63 <= value <= MAX_INT63
        if not whole and value is not None and not (type(value) is str and _is_text(value)):
            raise InputError(
                "submission.counter",
                f"expected counter {key!a} to be a 64-bit integer, a text or none, found {value!a}",
                hint="Keep other values as text.",
            )
    if not _is_text(key):
        raise InputError(
            "submission.counter",
            f"expected a counter whose name is text, found {key!a}",
            hint="Lone surrogates are no text.",
        )


def _is_digest(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == HASH_BYTES


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
