"""The tree agrees with the vectors of transparency-dev and with known roots of RFC 6962."""

from __future__ import annotations

import json
from base64 import b64decode
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from counterfoil.errors import VerificationError
from counterfoil.proofs.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.shared_data import data_path

# Certificate Transparency's reference test data: certificate-transparency, merkle_tree_test.cc.
INPUTS = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def vectors(kind: str, count: int) -> list[dict[str, Any]]:
    """Read all vectors of one kind; each knows its own file name."""
    folder = data_path("vectors_merkle") / kind
    files = sorted(folder.rglob("*.json"))
    assert len(files) == count
    return [
        json.loads(file.read_bytes()) | {"name": str(file.relative_to(folder))} for file in files
    ]


def hashes(vector: dict[str, Any]) -> list[bytes]:
    """Decode a path; null is an empty one."""
    return [b64decode(item) for item in vector["proof"] or []]


def expect(vector: dict[str, Any]) -> AbstractContextManager[object]:
    """Expect an error exactly where the vector says so."""
    if vector["wantErr"]:
        return pytest.raises(VerificationError)
    return nullcontext()


def test_inclusion_vectors() -> None:
    """All 86 inclusion vectors are accepted or refused as they ask."""
    refused = 0
    for vector in vectors("inclusion", 86):
        try:
            with expect(vector):
                verify_inclusion(
                    b64decode(vector["leafHash"]),
                    vector["leafIdx"],
                    vector["treeSize"],
                    hashes(vector),
                    b64decode(vector["root"]),
                )
        except (VerificationError, pytest.fail.Exception) as err:
            raise AssertionError(vector["name"]) from err
        refused += vector["wantErr"]
    assert refused == 80


def test_consistency_vectors() -> None:
    """All 84 consistency vectors are accepted or refused as they ask."""
    refused = 0
    for vector in vectors("consistency", 84):
        try:
            with expect(vector):
                verify_consistency(
                    vector["size1"],
                    vector["size2"],
                    b64decode(vector["root1"]),
                    b64decode(vector["root2"]),
                    hashes(vector),
                )
        except (VerificationError, pytest.fail.Exception) as err:
            raise AssertionError(vector["name"]) from err
        refused += vector["wantErr"]
    assert refused == 79


def test_known_roots() -> None:
    """The trees of the first 0 to 8 reference inputs have the published roots."""
    leaf_hashes = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert [root_of(leaf_hashes[: n + 1]).hex() for n in range(8)] == ROOTS
