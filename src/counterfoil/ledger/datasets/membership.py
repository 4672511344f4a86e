"""Verify offline that a row belongs to a data set, and so to the training set of a model.

The proof holds the row's cells and salt, its path to the root that the data set's statement names,
and the receipts of that statement and, if wanted, of a model that names it as training data. This
module refuses to trust a root that no receipt proves, and to show a value that the cells do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.policy import Policy
from counterfoil.formats.predicates.header import HexDigest
from counterfoil.ledger.datasets.proof_parts import (
    parse_proof,
    predicate_of,
    proven_dataset,
    values_of,
)
from counterfoil.proofs.merkle import verify_inclusion
from counterfoil.proofs.verify import Verified, verify_receipt
from counterfoil.provenance.fingerprint.table import row_leaf
from counterfoil.provenance.statements.datasets import Dataset, Fingerprint
from counterfoil.provenance.statements.models import Model

__all__ = ["MembershipProof", "ProvenRow", "verify_membership"]


class MembershipProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A row's proof, as one JSON document.

    row: from 0. cells: hexadecimal digits, see docs/reference/fingerprints.md. salt: 32
    hexadecimal digits. path: leaf's sibling first. dataset, model: receipts. columns: the file
    that the data set's statement names for them, where it does.
    """

    format: Literal["counterfoil-row/v1"]
    row: int
    cells: str
    salt: str
    path: tuple[HexDigest, ...]
    dataset: dict[str, Any]
    model: dict[str, Any] | None = None
    columns: str | None = None


@dataclass(frozen=True, slots=True)
class ProvenRow:
    """What a proof proved: the row stands in this data set, and that trained this model.

    values: by column, read from the proven cells.
    """

    row: int
    values: dict[str, Any]
    dataset: Dataset
    dataset_verified: Verified
    model: Model | None
    model_verified: Verified | None


def verify_membership(proof: MembershipProof | bytes, policy: Policy) -> ProvenRow:
    """Check a row's proof against the reader's policy.

    Raises InputError with code dataset.proof or dataset.cells, VerificationError with code
    dataset.row, dataset.columns-file or dataset.not-trained-on, and as `verify_receipt`.
    """
    if isinstance(proof, bytes):
        proof = parse_proof(proof, MembershipProof)
    verified, said, fingerprint = proven_dataset(proof.dataset, policy)
    cells = _verify_row(proof, fingerprint)
    values = values_of(said, proof.columns, cells)
    model, trained = None, None
    if proof.model is not None:
        model_verified = verify_receipt(msgspec.json.encode(proof.model), policy)
        trained, model = model_verified, predicate_of(model_verified)
        if not isinstance(model, Model):
            raise InputError("dataset.proof", "expected the receipt of a model, found another")
        if verified.leaf.hex() not in [one.leaf for one in model.trained_on]:
            raise VerificationError(
                "dataset.not-trained-on",
                f"expected a model that was trained on entry {verified.index}, found one that "
                "does not name it",
            )
    return ProvenRow(proof.row, values, said, verified, model, trained)


def _verify_row(proof: MembershipProof, fingerprint: Fingerprint) -> bytes:
    try:
        cells = bytes.fromhex(proof.cells)
        leaf = row_leaf(bytes.fromhex(proof.salt), cells)
        path = [bytes.fromhex(one) for one in proof.path]
        root = bytes.fromhex(fingerprint.root)
    except ValueError as err:
        raise InputError("dataset.proof", f"expected hexadecimal digits, but: {err}") from err
    try:
        verify_inclusion(leaf, proof.row, fingerprint.rows, path, root)
    except VerificationError as err:
        raise VerificationError(
            "dataset.row",
            f"expected row {proof.row} under the data set's root, but: {err.message}",
            hint="The row, its salt or its place is not the one that was recorded.",
        ) from err
    return cells
