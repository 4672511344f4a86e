"""Pack many payments into rows, chunks and a tree, so that one verdict pays them all.

A row is an account and an amount, 36 bytes. Rows of one account are one row: nets, not gross. Up
to 200 accounts stand in one chunk, which anybody applies in one transaction; above that each row
is a chunk of its own, which its payee claims, unless the caller says otherwise. This module
refuses rows that the escrow would skip.
Source: RFC 9162, 2.1, for the tree; `contracts/batches.vy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from counterfoil.act.actions import NOBODY, Batch
from counterfoil.chain.quantities import address_of
from counterfoil.errors import InputError
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, reader_of, root_of

__all__ = ["MAX_ROWS", "Settlement", "make_settlement"]

MAX_ROWS: Final = 200
"""Most rows of a chunk."""

_MAX_AMOUNT: Final = (1 << 128) - 1
_ROW_BYTES: Final = 36


@dataclass(frozen=True, slots=True)
class Settlement:
    """Rows in chunks. chunks: packed rows, each a leaf of the tree. total: of all amounts."""

    chunks: tuple[bytes, ...]
    total: int

    @property
    def root(self) -> bytes:
        """Compute the root over the chunks, 32 bytes."""
        return root_of(self._leaves())

    def batch(self, left: int, until_s: int) -> Batch:
        """Give what a verdict releases: left: what stays of the payment; until_s: for claims."""
        return Batch(
            root=self.root, chunks=len(self.chunks), total=self.total, left=left, until_s=until_s
        )

    def path(self, index: int) -> list[bytes]:
        """Give the path from a chunk to the root. Raises InputError with code proof.index."""
        return self.paths([index])[0]

    def paths(self, indices: Iterable[int]) -> list[list[bytes]]:
        """Give the paths of several chunks; the tree is hashed once."""
        read = reader_of(self._leaves())
        return [inclusion_path(index, len(self.chunks), read) for index in indices]

    def index_of(self, account: str) -> int:
        """Find the chunk with an account's row. Raises InputError with code act.rows."""
        wanted = bytes.fromhex(address_of(account)[2:])
        for index, chunk in enumerate(self.chunks):
            if wanted in (chunk[at : at + 20] for at in range(0, len(chunk), _ROW_BYTES)):
                return index
        raise InputError("act.rows", f"expected a row of {account} in the settlement, found none")

    def _leaves(self) -> list[bytes]:
        return [leaf_hash(chunk) for chunk in self.chunks]


def make_settlement(
    rows: Iterable[tuple[str, int]], *, rows_per_chunk: int | None = None
) -> Settlement:
    """Net and pack rows of (account, amount); amounts in the token's smallest unit.

    rows_per_chunk: 1 to `MAX_ROWS`; unless given, `MAX_ROWS` for so many accounts, else 1.
    Accounts stand in ascending order, so that the same rows give the same root.
    Raises InputError with code act.rows.
    """
    nets: dict[str, int] = {}
    for account, amount in rows:
        try:
            payee = address_of(account)
        except ValueError as err:
            raise InputError("act.rows", f"expected an account in each row, but: {err}") from err
        if amount <= 0 or payee == NOBODY:
            raise InputError(
                "act.rows", f"expected an account and a positive amount, found {payee}, {amount}"
            )
        nets[payee] = nets.get(payee, 0) + amount
    total = sum(nets.values())
    if not nets or total > _MAX_AMOUNT:
        raise InputError(
            "act.rows", f"expected rows of 1 to 2^128 - 1 in all, found {len(nets)} of {total}"
        )
    width = rows_per_chunk or (MAX_ROWS if len(nets) <= MAX_ROWS else 1)
    if not 1 <= width <= MAX_ROWS:
        raise InputError("act.rows", f"expected 1 to {MAX_ROWS} rows in a chunk, found {width}")
    packed = sorted(
        bytes.fromhex(payee[2:]) + amount.to_bytes(16, "big") for payee, amount in nets.items()
    )
    return Settlement(tuple(_chunks(packed, width)), total)


def _chunks(packed: Sequence[bytes], width: int) -> Iterable[bytes]:
    for start in range(0, len(packed), width):
        yield b"".join(packed[start : start + width])
