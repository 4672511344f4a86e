"""Hold data against a recorded data set: open it by the recorded types, and say what differs.

This module refuses to guess why data differs; `diff_tables` compares two versions at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.errors import InputError
from counterfoil.ledger.datasets.found import RecordedDataset
from counterfoil.ledger.datasets.secrets import load_secret
from counterfoil.provenance.fingerprint import (
    OpenTable,
    fingerprint_files,
    fingerprint_table,
    open_table,
)
from counterfoil.provenance.fingerprint.csv_types import TYPES
from counterfoil.provenance.statements.datasets import Column, Fingerprint

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["DatasetMatch", "columns_of", "match", "open_like", "secret_of"]


@dataclass(frozen=True, slots=True)
class DatasetMatch:
    """Whether data is a recorded data set.

    rows: of the data; of a folder, files. differing: columns of both whose values or types differ;
    added, removed: columns that only the data, or only the data set, has.
    """

    same: bool
    rows: int
    differing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def match(
    ledger: Ledger,
    found: RecordedDataset,
    data: Any,
    missing: Sequence[str],
    columns: Sequence[str] | None,
) -> DatasetMatch:
    """Compare data with a recorded data set; see `Datasets.match`."""
    fingerprint = found.dataset.fingerprint
    if fingerprint is None:
        raise _no_rows(found)
    if fingerprint.format == "files/v1":
        files = fingerprint_files(Path(data))
        return DatasetMatch(files.root == fingerprint.root, len(files.files))
    secret, recorded = secret_of(ledger, fingerprint), columns_of(ledger, found)
    try:
        opened = open_like(ledger, found, data, missing, columns)
    except InputError as err:
        if err.code != "dataset.value":
            raise
        opened = open_table(data, missing=missing, columns=columns)
    made = fingerprint_table(opened.schema, opened.batches(), secret)
    before = {one.name: (one.type, one.digest) for one in recorded}
    after = {one.name: (one.type, one.digest) for one in made.columns}
    both = [name for name in before if name in after]
    return DatasetMatch(
        made.digest == fingerprint.digest,
        made.rows,
        tuple(name for name in both if before[name] != after[name]),
        tuple(name for name in after if name not in before),
        tuple(name for name in before if name not in after),
    )


def open_like(
    ledger: Ledger,
    found: RecordedDataset,
    data: Any,
    missing: Sequence[str] = (),
    columns: Sequence[str] | None = None,
) -> OpenTable:
    """Open data as a data set was read: CSV by the types that were recorded.

    Raises as `open_table`, and InputError with code dataset.no-rows.
    """
    fingerprint, types = found.dataset.fingerprint, dict[str, str]()
    if fingerprint is None or fingerprint.format != "table/v1":
        raise _no_rows(found)
    if isinstance(data, (str, Path)):
        recorded = columns_of(ledger, found)
        names = open_table(data, infer=False, columns=columns).schema.names
        types = {one.name: one.type for one in recorded if one.type in TYPES and one.name in names}
    return open_table(data, types=types, missing=missing, columns=columns)


def columns_of(ledger: Ledger, found: RecordedDataset) -> tuple[Column, ...]:
    """List a data set's columns, from its statement or from the file that this names."""
    fingerprint, kept = found.dataset.fingerprint, found.dataset.columns_file
    if kept is not None:
        return msgspec.json.decode(ledger.kept(kept), type=tuple[Column, ...])
    return fingerprint.columns if fingerprint is not None else ()


def secret_of(ledger: Ledger, fingerprint: Fingerprint) -> bytes | None:
    """Load the secret of a salted data set; None for a public one. Errors as `load_secret`."""
    return load_secret(ledger.layout, fingerprint.digest) if fingerprint.salted else None


def _no_rows(found: RecordedDataset) -> InputError:
    return InputError(
        "dataset.no-rows",
        f"expected a recorded table, but {found.title[:80]!a} has no rows",
        hint="Files and what others told of have none; `dataset add FILE NAME` records a table.",
    )
