"""Operations on data sets."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: Final[tuple[Operation, ...]] = (
    reads(
        "dataset fingerprint",
        "datasets:fingerprint",
        "Fingerprint a table or folder: the same data gives the same, whatever format holds it.",
        "loans.parquet",
        "loans.csv --type zip=string --missing NA",
        "photos/",
    ),
    reads(
        "dataset diff",
        "datasets:diff",
        "Say how two tables differ: columns, types, rows and cells.",
        "before.csv after.parquet",
        "before.csv after.csv --key id",
    ),
    writes(
        "dataset add",
        "dataset_records:add",
        "Record a data set: its fingerprint, down to row and column, and where it came from.",
        "loans.parquet loans --version 2026-11 --licence CC-BY-4.0 --ledger shop",
        "raw/ scans --derived-from 7 --ledger shop",
    ),
    reads(
        "dataset get",
        "dataset_records:get",
        "Show a recorded data set.",
        "loans:2026-11 --ledger shop",
    ),
    reads(
        "dataset ls",
        "dataset_records:listing",
        "List the recorded data sets, newest first.",
        "--ledger shop",
    ),
    reads(
        "dataset match",
        "dataset_records:match",
        "Tell whether a file is the data set that was recorded.",
        "loans loans.parquet --ledger shop",
    ),
    reads(
        "dataset prove",
        "dataset_records:prove",
        "Prove that a row belongs to a data set, and so to what a model was trained on.",
        "loans 4711 loans.parquet --model credit --out row.json --ledger shop",
    ),
    reads(
        "dataset prove-absence",
        "dataset_records:prove_absence",
        "Prove that no row of a data set is this one.",
        "loans row.csv --out absent.json --ledger shop",
    ),
    reads(
        "dataset verify",
        "dataset_records:verify",
        "Verify a proof about a row offline, against your own policy.",
        "row.json --policy policy.txt",
    ),
)
