"""A recorded data set as the ledger shows it, and the way from a name, index or digest to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.ledger.named import find_by_text, named_query
from counterfoil.ledger.predicate_types import parse_registered
from counterfoil.provenance.statements.datasets import Dataset
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["RecordedDataset", "find_dataset", "list_datasets"]

_INDEX: Final = re.compile(r"[0-9]{1,15}")
_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class RecordedDataset:
    """A data set's statement, and where it stands: its index and leaf hash."""

    index: int
    leaf: str
    dataset: Dataset

    @property
    def title(self) -> str:
        """Name and version as one text, such as `customers:2026-11`."""
        return self.dataset.name + (f":{self.dataset.version}" if self.dataset.version else "")

    @property
    def digest(self) -> str | None:
        """What names the data: 64 hexadecimal digits; None where it has no fingerprint."""
        return self.dataset.fingerprint.digest if self.dataset.fingerprint else None

    @property
    def reference(self) -> Reference:
        """Name the data set in another statement."""
        return Reference(leaf=self.leaf, digest=self.digest, name=self.title[:255])

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        said = msgspec.to_builtins(self.dataset)
        return {"index": self.index, "leaf": self.leaf, "dataset": said}


def find_dataset(
    ledger: Ledger, reference: int | str | Reference | RecordedDataset
) -> RecordedDataset:
    """Find a data set's statement: the newest that fits.

    reference: index, leaf hash, the data's digest, `name`, `name:version`, or a Reference.
    Raises NotFound with code dataset.unknown, InputError with code dataset.other-statement.
    """
    if isinstance(reference, RecordedDataset):
        return reference
    if isinstance(reference, Reference):
        return find_dataset(ledger, reference.leaf or reference.digest or "")
    if isinstance(reference, int) or _INDEX.fullmatch(reference):
        return _of(ledger, int(reference))
    hit = find_by_text(ledger, reference, "dataset", "fingerprint.digest")
    if hit is not None:
        return _of(ledger, hit.index)
    raise NotFound(
        "dataset.unknown",
        f"expected a recorded data set, found none for {reference[:80]!a}",
        hint=f"{_meant(ledger, reference)}`counterfoil dataset ls` lists them; "
        "`counterfoil dataset add FILE NAME` records one.",
    )


def list_datasets(ledger: Ledger, name: str | None = None) -> Iterator[RecordedDataset]:
    """List data sets, newest first; name: only those of this name."""
    query = "kind=dataset" if name is None else named_query(ledger, "dataset", name)
    after: int | None = None
    while True:
        page = ledger.search(query, limit=_PAGE, after=after)
        for hit in page.hits:
            yield _of(ledger, hit.index)
        if page.next is None:
            return
        after = page.next


def _of(ledger: Ledger, index: int) -> RecordedDataset:
    parsed = entries.parse(ledger.entry(index))
    found = parse_registered(parsed.statement) if isinstance(parsed, StatementEntry) else None
    if not isinstance(found, Dataset):
        raise InputError(
            "dataset.other-statement",
            f"expected entry {index} to be about a data set, found {ledger.get(index).kind}",
            hint="`counterfoil dataset ls` lists them.",
        )
    return RecordedDataset(index, ledger.get(index).leaf, found)


def _meant(ledger: Ledger, name: str) -> str:
    known = {one.dataset.name for one in islice(list_datasets(ledger, None), _PAGE)}
    close = get_close_matches(name, sorted(known), 1)
    return f"Did you mean {close[0]!a}? " if close else ""
