"""Checkpoints as they are kept, and proofs under them."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError, NotFound
from counterfoil.ledger import open_ledger
from counterfoil.ops import checkpoints
from counterfoil.ports import Document
from counterfoil.proofs.merkle import leaf_hash, verify_consistency, verify_inclusion


@pytest.fixture
def grown(shop: Path) -> Path:
    """Give a ledger that grew to more than a tile."""
    with open_ledger(shop) as ledger:
        ledger.record_many([{"n": n} for n in range(300)])
    return shop


def test_get_hands_out_the_note_verbatim(grown: Path) -> None:
    """The published checkpoint is the file's bytes; a kept one is known by its size."""
    handed = checkpoints.get(ledger=grown)
    assert isinstance(handed, Document)
    assert b"".join(handed.chunks) == (grown / "checkpoint").read_bytes()
    kept = list(checkpoints.listing(ledger=grown))
    assert [one.published for one in kept] == [False] * (len(kept) - 1) + [True]
    first = checkpoints.get(kept[0].size, ledger=grown)
    assert first.facts is not None
    assert (first.facts["size"], first.facts["root"]) == (kept[0].size, kept[0].root)
    with pytest.raises(NotFound) as found:
        checkpoints.get(77, ledger=grown)
    assert found.value.code == "checkpoint.size"


def test_before_the_first_publication_none_is_published(grown: Path) -> None:
    """A ledger whose checkpoint file is gone lists what it keeps and calls none published."""
    (grown / "checkpoint").unlink()
    assert not any(one.published for one in checkpoints.listing(ledger=grown))
    with pytest.raises(NotFound) as found:
        checkpoints.get(ledger=grown)
    assert found.value.code == "log.unpublished"


@pytest.mark.parametrize("size", [None, 5, 256, 257])
def test_inclusion_holds_in_every_tree(grown: Path, size: int | None) -> None:
    """A proof leads from the entry to the root, in the published tree and in older ones."""
    proof = checkpoints.inclusion("4", ledger=grown, size=size)
    with open_ledger(grown, read_only=True) as ledger:
        leaf = leaf_hash(ledger.entry(4))
    path = [bytes.fromhex(digest) for digest in proof.path]
    verify_inclusion(leaf, proof.index, proof.size, path, bytes.fromhex(proof.root))
    assert bytes.fromhex(proof.leaf) == leaf


@pytest.mark.parametrize(("old", "new"), [(0, None), (3, None), (3, 256), (256, 257), (7, 7)])
def test_consistency_holds_between_any_sizes(grown: Path, old: int, new: int | None) -> None:
    """A proof shows that the newer tree begins with the older one."""
    proof = checkpoints.consistency(old, new, ledger=grown)
    verify_consistency(
        proof.old_size,
        proof.new_size,
        bytes.fromhex(proof.old_root),
        bytes.fromhex(proof.new_root),
        [bytes.fromhex(digest) for digest in proof.path],
    )


def test_sizes_beyond_the_published_are_not_found(grown: Path) -> None:
    """No proof is made of what is not published, and none backwards."""
    for ask, code in (
        (lambda: checkpoints.inclusion("4", ledger=grown, size=9999), "proof.beyond"),
        (lambda: checkpoints.inclusion("4", ledger=grown, size=4), "entry.index"),
        (lambda: checkpoints.consistency(3, 9999, ledger=grown), "proof.beyond"),
        (lambda: checkpoints.consistency(9, 3, ledger=grown), "proof.size"),
        (lambda: checkpoints.consistency(-1, ledger=grown), "proof.size"),
    ):
        with pytest.raises(CounterfoilError) as found:
            ask()
        assert found.value.code == code
