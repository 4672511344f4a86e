"""Make receipts from a mirror alone, for when the log's owner is gone or will not.

A receipt proves itself, so it does not matter who made it. This module refuses to serve what the
mirror does not hold: entries that were not copied cannot be proven from their hashes.
"""

from __future__ import annotations

from pathlib import Path

from counterfoil.errors import NotFound
from counterfoil.formats.predicates import IssuerKey, Key
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.signed_statement import SignedStatement
from counterfoil.ledger import Layout
from counterfoil.ledger.mirror_marker import read_mirror
from counterfoil.ledger.receipts import ReceiptMaker
from counterfoil.ledger.tile_sources import TilesUnder
from counterfoil.log import LogReader
from counterfoil.network.mirror_index import MirrorIndex, load_index, notable
from counterfoil.proofs.equivocation import root_at
from counterfoil.proofs.merkle import EMPTY_ROOT
from counterfoil.storage import PayloadFiles, TileFiles

__all__ = ["mirrored_receipt"]


def mirrored_receipt(folder: Path, index: int, row: int | None = None) -> Receipt:
    """Make the receipt of an entry from a mirror, which may be running.

    row: of a block statement, whose payload must have been copied. Raises NotFound with code
    mirror.missing, mirror.no-entries, log.unpublished or entry.index, and as `ReceiptMaker.make`.
    """
    marker = read_mirror(folder)
    if marker is None:
        raise NotFound(
            "mirror.missing",
            f"expected a mirror at {folder}, found none",
            hint="`counterfoil mirror run URL DIR --policy POLICY` makes one.",
        )
    if marker.mode == "hashes":
        raise NotFound(
            "mirror.no-entries",
            f"expected a mirror with entries at {folder}, found one of hashes only",
            hint="Mirror in mode `entries` or `all` to make receipts from the copy.",
        )
    signed = TileFiles(folder).published()
    reader = LogReader(TilesUnder(folder, signed))  # it may run, and publish meanwhile
    size = reader.published()[0].size
    keys, issuers = _key_entries(folder, reader, size)

    def issuer_at(statement: SignedStatement) -> int | None:
        for at in issuers:
            data = next(reader.published_entries(at, at + 1, size))
            for _, said in notable(at, [data]):
                if isinstance(said, IssuerKey) and _brings(said, statement):
                    return at
        return None

    maker = ReceiptMaker(reader, PayloadFiles(Layout(folder).payloads))
    return maker.make(index, keys, row, issuer_at=issuer_at)


def _brings(said: IssuerKey, statement: SignedStatement) -> bool:
    named = (statement.issuer, statement.key)
    return said.action == "add" and (said.iss, said.key) == named


def _key_entries(
    folder: Path, reader: LogReader, size: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Tell where the statements of keys, and of issuers' keys, stand.

    From the index, and from entries where it is older.
    """
    index = load_index(folder)
    if index is None or index.size > size:
        index = MirrorIndex(0, EMPTY_ROOT.hex())
    if root_at(index.size, reader.nodes(size)).hex() != index.root:
        index = MirrorIndex(0, EMPTY_ROOT.hex())
    later = list(notable(index.size, reader.published_entries(index.size, size, size)))
    keys = (at for at, said in later if isinstance(said, Key))
    issuers = (at for at, said in later if isinstance(said, IssuerKey))
    return (*index.key_entries, *keys), (*index.issuer_entries, *issuers)
