"""List and hand out a ledger's checkpoints, and prove entries and growth under them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from counterfoil.errors import NotFound
from counterfoil.formats import note
from counterfoil.ledger import Ledger
from counterfoil.log import LogReader, parse_signed
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import Document, Param
from counterfoil.proofs.merkle import (
    EMPTY_ROOT,
    NodeReader,
    consistency_path,
    inclusion_path,
    root_of_range,
)
from counterfoil.storage import TileFiles

__all__ = [
    "CheckpointView",
    "Consistency",
    "Inclusion",
    "consistency",
    "get",
    "inclusion",
    "listing",
]

_NOTE_MEDIA = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """A checkpoint that the ledger keeps.

    size, root (hexadecimal): the tree's. at_ms: when it was signed, by the ledger's clock.
    signed_by: names. published: it is the one that readers of the folder see.
    """

    size: int
    root: str
    at_ms: int
    signed_by: tuple[str, ...]
    published: bool


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A proof that an entry stands in a tree; hashes are hexadecimal, the leaf's sibling first."""

    origin: str
    index: int
    size: int
    leaf: str
    root: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consistency:
    """A proof that a tree begins with an older one; hashes are hexadecimal (RFC 9162, 2.1.4)."""

    origin: str
    old_size: int
    new_size: int
    old_root: str
    new_root: str
    path: tuple[str, ...]


def listing(*, ledger: LedgerFolder = None) -> Iterator[CheckpointView]:
    """List the checkpoints that the ledger keeps, oldest first."""
    with open_for_reading(ledger) as opened:
        published = _published_size(opened)
        for kept in opened.checkpoints():
            checkpoint = parse_signed(kept.note)
            yield CheckpointView(
                size=kept.size,
                root=checkpoint.root.hex(),
                at_ms=kept.at_ms,
                signed_by=tuple(line.name for line in note.parse(kept.note).signatures),
                published=kept.size == published,
            )


def get(
    size: Annotated[
        int | None, Param("Size of a kept checkpoint; else the published one.", "SIZE")
    ] = None,
    *,
    ledger: LedgerFolder = None,
) -> Document:
    """Print a checkpoint's signed note, byte for byte.

    Raises NotFound with code checkpoint.size or log.unpublished.
    """
    with open_for_reading(ledger) as opened:
        signed = opened.published() if size is None else _kept(opened, size)
    checkpoint = parse_signed(signed)
    facts = {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "note": signed.decode(),
    }
    return Document([signed], _NOTE_MEDIA, facts)


def inclusion(
    entry: Entry,
    *,
    ledger: LedgerFolder = None,
    size: Annotated[int | None, Param("Size of the tree; else the published one.", "SIZE")] = None,
) -> Inclusion:
    """Prove that an entry stands in the log.

    Raises NotFound with code entry.index, entry.leaf or proof.beyond.
    """
    with open_for_reading(ledger) as opened:
        index = find_entry(opened, entry)
        nodes, size = _tree(opened, size)
        if index >= size:
            raise NotFound(
                "entry.index",
                f"expected an index below {size}, found {index}",
                hint="Ask for a larger tree.",
            )
        return Inclusion(
            origin=opened.origin,
            index=index,
            size=size,
            leaf=nodes(0, index).hex(),
            root=_root(size, nodes),
            path=_hex(inclusion_path(index, size, nodes)),
        )


def consistency(
    old: Annotated[int, Param("Size of the older tree.", "OLD")],
    new: Annotated[
        int | None, Param("Size of the newer tree; else the published one.", "NEW")
    ] = None,
    *,
    ledger: LedgerFolder = None,
) -> Consistency:
    """Prove that the log only grew from one size to another.

    Raises NotFound with code proof.beyond, InputError with code proof.size.
    """
    with open_for_reading(ledger) as opened:
        nodes, size = _tree(opened, new)
        return Consistency(
            origin=opened.origin,
            old_size=old,
            new_size=size,
            path=_hex(consistency_path(old, size, nodes)),
            old_root=_root(old, nodes),
            new_root=_root(size, nodes),
        )


def _tree(ledger: Ledger, size: int | None) -> tuple[NodeReader, int]:
    """Read the tree of `size` entries, or the published one, from the published tiles."""
    reader = LogReader(TileFiles(ledger.layout.folder))
    published = reader.published()[0].size
    if size is not None and not 0 <= size <= published:
        raise NotFound(
            "proof.beyond",
            f"expected a size up to the published {published}, found {size}",
            hint="`counterfoil checkpoint ls` lists sizes.",
        )
    return reader.nodes(published), published if size is None else size


def _root(size: int, nodes: NodeReader) -> str:
    return (root_of_range(0, size, nodes) if size else EMPTY_ROOT).hex()


def _hex(path: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(digest.hex() for digest in path)


def _published_size(ledger: Ledger) -> int | None:
    try:
        return parse_signed(ledger.published()).size
    except NotFound:
        return None


def _kept(ledger: Ledger, size: int) -> bytes:
    kept = ledger.checkpoints()
    for checkpoint in kept:
        if checkpoint.size == size:
            return checkpoint.note
    raise NotFound(
        "checkpoint.size",
        f"expected a kept checkpoint of size {size}, found {len(kept)} of other sizes",
        hint="`counterfoil checkpoint ls` lists them; the published one has its own file.",
    )
