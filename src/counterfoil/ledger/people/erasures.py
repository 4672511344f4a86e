"""Tell which sealed fields are erased, from the log alone: for whoever reads it.

A reader has no keys and asks no owner; the erasures are statements of one numbered series, which
are read once and followed. This module refuses to say that data is still there: only the vault
knows that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.formats.sealed import Sealed, sealed_of
from counterfoil.ledger.people.sealed_in import statement_in
from counterfoil.ledger.unwrap import NOT_DECODABLE
from counterfoil.ledger.view import PersonalState
from counterfoil.log import LogReader
from counterfoil.ports import LogStore

__all__ = ["PEOPLE_SOURCE", "Erasures"]

PEOPLE_SOURCE: Final = "counterfoil:people"
"""Series of the statements that change what may be opened: consent, grant, hold, erasure."""


@dataclass(frozen=True, slots=True)
class _Erasure:
    index: int
    classes: tuple[str, ...]
    before_ms: int | None


class Erasures:
    """The erasures that a log tells of.

    organisation: of the ledger. store, reader: of the log.
    """

    def __init__(self, organisation: str, store: LogStore, reader: LogReader) -> None:
        self._organisation, self._store, self._reader = organisation, store, reader
        self._next = 0
        self._by_person: dict[str, list[_Erasure]] = {}

    def erased(self, sealed: Sealed, index: int, at_ms: int | None) -> bool:
        """Tell whether a group of the entry at `index`, said at `at_ms`, was erased since."""
        self._follow()
        return any(
            one.index > index
            and (not one.classes or sealed.data_class in one.classes)
            and (one.before_ms is None or at_ms is None or at_ms < one.before_ms)
            for one in self._by_person.get(sealed.person, ())
        )

    def personal(
        self, predicate: Mapping[str, Any], index: int, at_ms: int | None
    ) -> tuple[PersonalState, ...]:
        """Say of each sealed group in a predicate whose it is, what it names, and if it is gone."""
        return tuple(
            PersonalState(
                field,
                sealed.person,
                sealed.data_class,
                sealed.names,
                "erased" if self.erased(sealed, index, at_ms) else "sealed",
            )
            for field, groups in sealed_of(predicate).items()
            for sealed in groups
        )

    def _follow(self) -> None:
        end = self._store.next_number(self._organisation, PEOPLE_SOURCE)
        while self._next < end:
            span = self._store.find_span(
                self._organisation, PEOPLE_SOURCE, self._next, end - self._next
            )
            if span is None:
                break
            start = max(span.first, self._next)
            first = span.index + start - span.first
            count = span.first + span.count - start
            entries = self._reader.entries(first, first + count)
            for index, entry in enumerate(entries, first):
                self._add(index, entry)
            self._next = span.first + span.count

    def _add(self, index: int, entry: bytes) -> None:
        try:
            kind, said = statement_in(entry)
        except NOT_DECODABLE:
            return
        if kind == "erasure":
            one = _Erasure(index, tuple(said.get("classes", ())), said.get("sealed_before_ms"))
            self._by_person.setdefault(said["person"], []).append(one)
