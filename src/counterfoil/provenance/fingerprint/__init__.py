"""Fingerprints of data sets: the same for the same data, whatever holds it, down to the cell."""

from counterfoil.extras import brings

with brings("frames"):
    from counterfoil.provenance.fingerprint.decoding import row_values
    from counterfoil.provenance.fingerprint.diff import CellChange, TableDiff, diff_tables
    from counterfoil.provenance.fingerprint.files import FilesPrint, fingerprint_files
    from counterfoil.provenance.fingerprint.reading import OpenTable, open_table
    from counterfoil.provenance.fingerprint.sides import Side
    from counterfoil.provenance.fingerprint.table import (
        SECRET_BYTES,
        ColumnPrint,
        TablePrint,
        fingerprint_table,
    )

__all__ = [
    "SECRET_BYTES",
    "CellChange",
    "ColumnPrint",
    "FilesPrint",
    "OpenTable",
    "Side",
    "TableDiff",
    "TablePrint",
    "diff_tables",
    "fingerprint_files",
    "fingerprint_table",
    "open_table",
    "row_values",
]
