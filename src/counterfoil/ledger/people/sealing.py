"""Seal personal fields on the way into the log, and let go of what did not get there.

A statement that is recorded again under its number must get its first receipt, although salts are
random: what stands there is compared by its values, and used again. Once erased it has no values
left; then its names decide, and nothing is sealed anew. This module refuses to record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Any

from counterfoil.errors import Conflict, FatalLogError
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.sealed import Sealed
from counterfoil.ledger.people.sealed_in import meaning, sealed_in
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.writer import Writer
from counterfoil.ports import ToSeal
from counterfoil.vault import SealedBatch, Vault

__all__ = ["LedgerSealer", "Prepared"]


class Prepared:
    """What was sealed for some statements; see `ports.Prepared`."""

    def __init__(
        self,
        vault: Vault,
        requests: Sequence[Sequence[ToSeal]],
        sealed: list[list[Sealed]],
        batch: SealedBatch | None,
    ) -> None:
        self._vault, self._requests, self._batch = vault, requests, batch
        self.sealed = sealed

    def same(self, at: int, recorded: bytes, made: bytes) -> bool:
        """Tell whether a recorded entry says what statement `at` does, salts apart."""
        one, two = entries.parse(recorded), entries.parse(made)
        if not isinstance(one, StatementEntry) or not isinstance(two, StatementEntry):
            return False
        if meaning(one.statement) != meaning(two.statement):
            return False
        groups = [group for found in sealed_in(recorded).values() for group in found]
        return _matched(self._vault, groups, self._requests[at]) is not None

    def watch(self, future: Future[Any]) -> None:
        """Keep what was sealed when the statements are recorded, and else discard it."""
        future.add_done_callback(self._settle)

    def _settle(self, done: Future[Any]) -> None:
        error = done.exception()
        if isinstance(error, FatalLogError):
            return  # whether they are recorded is unknown; the next start finds out
        answer = None if error is not None else done.result()
        if answer is None or (isinstance(answer, Recorded) and answer.duplicate):
            self.discard()
        elif self._batch is not None:
            self._vault.settle(self._batch)

    def discard(self) -> None:
        """Discard what was sealed: nothing was queued."""
        if self._batch is not None:
            self._vault.discard(self._batch)


class LedgerSealer:
    """Seals for one ledger's owner; see `ports.Sealer`.

    vault: opens it when something is sealed first.
    """

    def __init__(self, writer: Writer, vault: Callable[[], Vault]) -> None:
        self._writer, self._vault = writer, vault

    def seal(
        self, requests: Sequence[Sequence[ToSeal]], source: str, first: int | None
    ) -> Prepared:
        """Seal the groups of each statement, in one transaction; see `ports.Sealer`."""
        vault = self._vault()
        known = {} if first is None else self._recorded(vault, requests, source, first)
        wanted = [one for at, groups in enumerate(requests) if at not in known for one in groups]
        batch = vault.seal(wanted, self._writer.log.head.size) if wanted else None
        made = iter(batch.sealed if batch is not None else ())
        sealed = [
            known[at] if at in known else [next(made) for _ in groups]
            for at, groups in enumerate(requests)
        ]
        return Prepared(vault, requests, sealed, batch)

    def _recorded(
        self, vault: Vault, requests: Sequence[Sequence[ToSeal]], source: str, first: int
    ) -> dict[int, list[Sealed]]:
        """Find the statements that are in the log already, with what they say of sealed data."""
        found: dict[int, list[Sealed]] = {}
        for number, index in self._places(source, first, len(requests)):
            entry = self._writer.log.reader.entry(index)
            groups = [group for part in sealed_in(entry).values() for group in part]
            matched = _matched(vault, groups, requests[number - first])
            if matched is None:
                raise Conflict(
                    "record.number-taken",
                    f"expected number {number} of {source} to be free, found entry {index} with "
                    "other personal fields",
                    hint="Use another source, or record a correction with `corrects`.",
                )
            found[number - first] = matched
        return found

    def _places(self, source: str, first: int, count: int) -> Iterable[tuple[int, int]]:
        issuer, at, end = self._writer.producer.organisation, first, first + count
        while at < end:
            span = self._writer.store.find_span(issuer, source, at, end - at)
            if span is None:
                return
            for number in range(max(span.first, at), min(span.first + span.count, end)):
                yield number, span.index + number - span.first
            at = span.first + span.count


def _matched(
    vault: Vault, groups: Sequence[Sealed], wanted: Sequence[ToSeal]
) -> list[Sealed] | None:
    """Put recorded groups into the order of what is wanted; None where they say other things."""
    if len(groups) != len(wanted):
        return None
    left = list(groups)
    found: list[Sealed] = []
    for one in wanted:
        match = next((group for group in left if vault.same(group, one)), None)
        if match is None:
            return None
        left.remove(match)
        found.append(match)
    return found
