"""What both kinds of proof about rows share: the proven data set, its columns, reading a document.

This module refuses columns that are not those from which the data set's digest was made.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import receipt as receipts
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger.predicate_types import parse_registered
from counterfoil.proofs.verify import Verified, verify_receipt
from counterfoil.provenance.fingerprint import ColumnPrint, row_values
from counterfoil.provenance.fingerprint.table import digest_of
from counterfoil.provenance.statements.datasets import Column, Dataset, Fingerprint

__all__ = ["as_document", "parse_proof", "predicate_of", "proven_dataset", "values_of"]

T = TypeVar("T")


def as_document(receipt: Receipt) -> dict[str, Any]:
    """Give a receipt as the JSON object that it is written as."""
    found: dict[str, Any] = msgspec.json.decode(receipts.format(receipt))
    return found


def parse_proof(data: bytes, kind: type[T]) -> T:
    """Parse a proof. Raises InputError with code dataset.proof."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as err:
        raise InputError(
            "dataset.proof",
            f"expected a proof about a row, but: {err}",
            hint="`counterfoil dataset prove` and `dataset prove-absence` make them.",
        ) from err


def proven_dataset(
    receipt: dict[str, Any], policy: Policy
) -> tuple[Verified, Dataset, Fingerprint]:
    """Verify the receipt of a data set with rows; errors as `verify_receipt`, and dataset.proof."""
    verified = verify_receipt(msgspec.json.encode(receipt), policy)
    said = predicate_of(verified)
    if (
        not isinstance(said, Dataset)
        or said.fingerprint is None
        or said.fingerprint.format != "table/v1"
    ):
        raise InputError("dataset.proof", "expected the receipt of a table, found another")
    return verified, said, said.fingerprint


def predicate_of(verified: Verified) -> Any:
    """Give what a verified receipt's statement says; None where it has none."""
    return None if verified.statement is None else parse_registered(verified.statement)


def values_of(said: Dataset, columns_file: str | None, cells: bytes) -> dict[str, Any]:
    """Read a row's values from its cells, by the data set's own columns.

    columns_file: the file that the statement names, where it has no columns itself. Raises
    InputError with code dataset.cells or dataset.proof, VerificationError with code
    dataset.columns-file.
    """
    columns = said.fingerprint.columns if said.fingerprint is not None else ()
    if said.columns_file is not None:
        text = (columns_file or "").encode()
        if sha256(text).hexdigest() != said.columns_file.sha256:
            raise VerificationError(
                "dataset.columns-file",
                "expected the columns that the data set's statement names, found others",
                hint="The proof was changed, or its columns were left out.",
            )
        columns = parse_proof(text, tuple[Column, ...])
    _check_digest(said.fingerprint, columns)
    return row_values(cells, [(one.name, one.type) for one in columns])


def _check_digest(fingerprint: Fingerprint | None, columns: tuple[Column, ...]) -> None:
    if fingerprint is None:
        return
    prints = [ColumnPrint(one.name, one.type, one.digest) for one in columns]
    made = digest_of(fingerprint.rows, prints, fingerprint.root, salted=fingerprint.salted)
    if made != fingerprint.digest:
        raise VerificationError(
            "dataset.columns-file",
            f"expected columns from which the digest {fingerprint.digest} is made, found others",
            hint="Whoever recorded the data set told two things in one statement.",
        )
