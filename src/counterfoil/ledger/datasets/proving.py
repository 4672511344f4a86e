"""Make proofs about rows from the leaves that lie beside the log, and from the data itself.

This module refuses to prove a row that is not what was recorded, and to call a look-up a proof.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from counterfoil.errors import InputError, Refused, VerificationError
from counterfoil.formats.predicates import ContentRef
from counterfoil.ledger.datasets.absence import AbsenceProof, Neighbour
from counterfoil.ledger.datasets.found import RecordedDataset
from counterfoil.ledger.datasets.matching import columns_of, secret_of
from counterfoil.ledger.datasets.membership import MembershipProof
from counterfoil.ledger.datasets.proof_parts import as_document
from counterfoil.ledger.models.found import find_model
from counterfoil.proofs.merkle import inclusion_path, reader_of
from counterfoil.provenance.fingerprint import OpenTable
from counterfoil.provenance.fingerprint.table import (
    content_key,
    content_leaf,
    row_cells,
    row_leaf,
    salts_of,
    schema_of,
)
from counterfoil.provenance.statements.datasets import Fingerprint

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["prove_absence", "prove_row", "rows_like"]


def prove_row(
    ledger: Ledger, found: RecordedDataset, row: int, data: OpenTable, model: Any
) -> MembershipProof:
    """Prove that a row belongs to a data set; see `Datasets.prove_row`."""
    fingerprint, leaves = _recorded(ledger, found, found.dataset.leaves)
    if not 0 <= row < fingerprint.rows:
        raise _no_such(found, fingerprint.rows, row)
    cells = _cells_at(data, row)
    salt = salts_of(secret_of(ledger, fingerprint), row, 1)
    if leaves[row] != row_leaf(salt, cells):
        raise VerificationError(
            "dataset.row",
            f"expected row {row} of {found.title[:80]!a} as it was recorded, found another",
            hint="Give --missing and --columns as they were given when it was recorded; "
            "`counterfoil dataset match` says which columns differ.",
        )
    path = inclusion_path(row, len(leaves), reader_of(leaves))
    trained = None if model is None else find_model(ledger, model)
    return MembershipProof(
        "counterfoil-row/v1",
        row,
        cells.hex(),
        salt.hex(),
        tuple(one.hex() for one in path),
        as_document(ledger.receipt(found.index)),
        None if trained is None else as_document(ledger.receipt(trained.index)),
        _columns_file(ledger, found),
    )


def prove_absence(ledger: Ledger, found: RecordedDataset, values: OpenTable) -> AbsenceProof:
    """Prove that a row is in a data set nowhere; see `Datasets.prove_absence`."""
    if found.dataset.fingerprint is not None and found.dataset.fingerprint.sorted_root is None:
        raise Refused(
            "dataset.no-sorted-tree",
            f"expected {found.title[:80]!a} to have a second, sorted tree, found none",
            hint="Record it with sorted_tree=True; `rows_like` looks a row up without proof.",
        )
    fingerprint, leaves = _recorded(ledger, found, found.dataset.sorted_leaves)
    cells = _only_cells(ledger, found, values)
    key = content_key(secret_of(ledger, fingerprint))
    leaf = content_leaf(key, cells)
    place = bisect_left(leaves, leaf)
    if place != bisect_right(leaves, leaf):
        raise VerificationError(
            "dataset.not-absent",
            f"expected a row that is not in {found.title[:80]!a}, found one that is",
            hint="`rows_like` says where; `prove_row` proves it.",
        )
    read = reader_of(leaves)

    def neighbour(at: int) -> Neighbour | None:
        if not 0 <= at < len(leaves):
            return None
        path = inclusion_path(at, len(leaves), read)
        return Neighbour(leaves[at].hex(), tuple(one.hex() for one in path))

    return AbsenceProof(
        "counterfoil-no-row/v1",
        cells.hex(),
        key.hex(),
        place,
        as_document(ledger.receipt(found.index)),
        neighbour(place - 1),
        neighbour(place),
        _columns_file(ledger, found),
    )


def rows_like(ledger: Ledger, found: RecordedDataset, values: OpenTable) -> list[int]:
    """Look up where a row stands in a data set; see `Datasets.rows_like`."""
    fingerprint, leaves = _recorded(ledger, found, found.dataset.leaves)
    cells = _only_cells(ledger, found, values)
    salts = salts_of(secret_of(ledger, fingerprint), 0, len(leaves))
    return [
        row
        for row, leaf in enumerate(leaves)
        if row_leaf(salts[row * 16 : row * 16 + 16], cells) == leaf
    ]


def _recorded(
    ledger: Ledger, found: RecordedDataset, kept: ContentRef | None
) -> tuple[Fingerprint, list[bytes]]:
    fingerprint = found.dataset.fingerprint
    assert fingerprint is not None  # `open_like` asked  # noqa: S101
    data = b"" if kept is None else ledger.kept(kept)
    return fingerprint, [data[at : at + 32] for at in range(0, len(data), 32)]


def _columns_file(ledger: Ledger, found: RecordedDataset) -> str | None:
    kept = found.dataset.columns_file
    return None if kept is None else ledger.kept(kept).decode()


def _cells_at(opened: OpenTable, row: int) -> bytes:
    seen = 0
    for batch in opened.batches():
        if row < seen + batch.num_rows:
            return row_cells(opened.schema, batch, row - seen)
        seen += batch.num_rows
    raise InputError("dataset.row-number", f"expected row {row} in the data, found {seen} rows")


def _only_cells(ledger: Ledger, found: RecordedDataset, opened: OpenTable) -> bytes:
    """Give the cells of the one row of a table that has the data set's columns."""
    given = [(name, kind) for _, name, kind in schema_of(opened.schema)]
    wanted = [(one.name, one.type) for one in columns_of(ledger, found)]
    if given != wanted:
        raise InputError(
            "dataset.columns",
            f"expected the columns of {found.title[:80]!a} ({_listed(wanted)}), "
            f"found {_listed(given)}",
            hint="Give all columns, in their order and of their types.",
        )
    rows = [(batch, at) for batch in opened.batches() for at in range(min(batch.num_rows, 2))]
    if len(rows) != 1:
        raise InputError("dataset.row-number", f"expected one row, found {len(rows) or 'none'}")
    return row_cells(opened.schema, *rows[0])


def _listed(columns: list[tuple[str, str]]) -> str:
    return ", ".join(f"{name}: {kind}" for name, kind in columns)[:300]


def _no_such(found: RecordedDataset, rows: int, row: int) -> InputError:
    return InputError(
        "dataset.row-number",
        f"expected a row of the {rows} of {found.title[:80]!a}, found {row}",
        hint="Rows are numbered from 0, a header not counted.",
    )
