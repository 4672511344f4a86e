"""Verify offline that a row stands in a data set nowhere, where its owner chose the second tree.

That tree's leaves stand in ascending order, so two neighbours, one below and one above, leave no
place between them. The proof of a salted set reveals the key of this tree: whoever holds it can
try likely rows against the neighbours that proofs show, though not against the first tree. This
module refuses a gap that is not between neighbours, and a key that the data set does not name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats.policy import Policy
from counterfoil.formats.predicates.header import HexDigest
from counterfoil.ledger.datasets.proof_parts import parse_proof, proven_dataset, values_of
from counterfoil.proofs.merkle import EMPTY_ROOT, verify_inclusion
from counterfoil.proofs.verify import Verified
from counterfoil.provenance.fingerprint.table import content_key_digest, content_leaf
from counterfoil.provenance.statements.datasets import Dataset

__all__ = ["AbsenceProof", "Neighbour", "ProvenAbsence", "verify_absence"]


class Neighbour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A leaf of the second tree, and its path to the root, its sibling first."""

    leaf: HexDigest
    path: tuple[HexDigest, ...]


class AbsenceProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A proof that a row is in a data set nowhere, as one JSON document.

    cells: of the row, hexadecimal digits. key: of the second tree, 32 hexadecimal digits. place:
    where the row would stand among the sorted leaves, from 0. below, above: the leaves before and
    at that place; absent at the ends. dataset: its receipt. columns: as in `MembershipProof`.
    """

    format: Literal["counterfoil-no-row/v1"]
    cells: str
    key: str
    place: int
    dataset: dict[str, Any]
    below: Neighbour | None = None
    above: Neighbour | None = None
    columns: str | None = None


@dataclass(frozen=True, slots=True)
class ProvenAbsence:
    """What a proof proved: no row of this data set has these values."""

    values: dict[str, Any]
    dataset: Dataset
    dataset_verified: Verified


def verify_absence(proof: AbsenceProof | bytes, policy: Policy) -> ProvenAbsence:
    """Check a proof of absence against the reader's policy.

    Raises InputError with code dataset.proof or dataset.cells, VerificationError with code
    dataset.not-absent, dataset.no-sorted-tree or dataset.columns-file, and as `verify_receipt`.
    """
    if isinstance(proof, bytes):
        proof = parse_proof(proof, AbsenceProof)
    verified, said, fingerprint = proven_dataset(proof.dataset, policy)
    if fingerprint.sorted_root is None:
        raise VerificationError(
            "dataset.no-sorted-tree",
            "expected a data set with a second, sorted tree, found one without",
            hint="Record it with sorted_tree=True, or `dataset add --sorted-tree`.",
        )
    try:
        cells, root = bytes.fromhex(proof.cells), bytes.fromhex(fingerprint.sorted_root)
        key = bytes.fromhex(proof.key)
    except ValueError as err:
        raise InputError("dataset.proof", f"expected hexadecimal digits, but: {err}") from err
    if content_key_digest(key) != fingerprint.sorted_key:
        raise _wrong("the key of another tree")
    values = values_of(said, proof.columns, cells)
    _verify_gap(proof, content_leaf(key, cells), root, fingerprint.rows)
    return ProvenAbsence(values, said, verified)


def _verify_gap(proof: AbsenceProof, leaf: bytes, root: bytes, rows: int) -> None:
    place = proof.place
    ends = (proof.below is None) != (place == 0) or (proof.above is None) != (place == rows)
    if ends or not 0 <= place <= rows or (rows == 0 and root != EMPTY_ROOT):
        raise _wrong(f"place {place} of {rows} without its neighbours")
    for neighbour, at in ((proof.below, place - 1), (proof.above, place)):
        if neighbour is None:
            continue
        found = bytes.fromhex(neighbour.leaf)
        if not (found < leaf if at < place else found > leaf):
            raise _wrong("a neighbour on the wrong side of the row, or the row itself")
        try:
            verify_inclusion(found, at, rows, [bytes.fromhex(one) for one in neighbour.path], root)
        except VerificationError as err:
            raise _wrong(f"a neighbour that is not in the tree: {err.message}") from err


def _wrong(found: str) -> VerificationError:
    return VerificationError(
        "dataset.not-absent",
        f"expected neighbours that leave no place for the row, found {found}",
        hint="The proof was changed, or the row is in the data set.",
    )
