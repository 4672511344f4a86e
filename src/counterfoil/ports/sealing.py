"""What is to be said, and what of it is to be sealed, before it is a statement.

Crosses the line between a process that records and the one that owns the ledger, so it is plain
data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # listing operations must not load what reads bytes
    from counterfoil.formats.sealed import Sealed
    from counterfoil.formats.statement import Subject

__all__ = ["Prepared", "Said", "Sealer", "ToSeal"]


@dataclass(frozen=True, slots=True)
class ToSeal:
    """Fields of one person and one class of data that are to be sealed together.

    person: the caller's id of the person, which never reaches the log. data_class: such as
    `contact`. fields: name -> JSON value, at least one.
    """

    person: str
    data_class: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """A statement before it is signed.

    kind: a registered name or URI, as for `Ledger.record_statement`. fields: of the predicate,
    without issuer, source and number. subjects: what it is about; the fields' own digest when
    empty. seal: field of the predicate -> what is sealed there.
    """

    kind: str
    fields: Mapping[str, Any]
    subjects: tuple[Subject, ...] = ()
    seal: Mapping[str, ToSeal] = field(default_factory=dict)


class Prepared(Protocol):
    """What was sealed for statements that are about to be recorded.

    sealed: for each statement what the log may know of each of its groups, in order.
    """

    sealed: list[list[Sealed]]

    def same(self, at: int, recorded: bytes, made: bytes) -> bool:
        """Tell whether a recorded entry says what statement `at` does, salts apart."""

    def watch(self, future: Future[Any]) -> None:
        """Keep what was sealed when the statements are recorded, and else discard it."""

    def discard(self) -> None:
        """Discard what was sealed: nothing was queued."""


class Sealer(Protocol):
    """Seals personal fields; durable before it answers."""

    def seal(
        self, requests: Sequence[Sequence[ToSeal]], source: str, first: int | None
    ) -> Prepared:
        """Seal the groups of each statement, in order, in one transaction.

        source, first: where the statements will stand; what is recorded there already is used
        again. Raises InputError with code person.* for what cannot be sealed, Conflict with code
        record.number-taken, and then seals nothing.
        """
