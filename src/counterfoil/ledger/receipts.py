"""Gather what a receipt needs: the entry, who signed it, and the paths under one checkpoint.

Everything is read from what is published, so any reader of the folder can make a receipt. This
module refuses to judge: `proofs.verify` does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec

from counterfoil.errors import FatalLogError, InputError, NotFound
from counterfoil.formats import block as blocks
from counterfoil.formats import entry as entries
from counterfoil.formats import predicates
from counterfoil.formats.batch import MEMBERS_MAX, member_hash
from counterfoil.formats.block import row_leaf
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.entry import COSE_MARK, BatchEntry, CoseEntry, StatementEntry
from counterfoil.formats.envelope import is_unsigned_statement, payload_of_unsigned
from counterfoil.formats.predicates import Block, Key, Record
from counterfoil.formats.receipt import BatchProof, EntryProof, Receipt, RowProof
from counterfoil.formats.signed_statement import SignedStatement
from counterfoil.log import LogReader
from counterfoil.proofs.merkle import NodeReader, inclusion_path, reader_of
from counterfoil.storage import PayloadFiles

__all__ = ["CONTENT_DISCLOSED_MAX_BYTES", "ReceiptMaker", "key_statement"]

CONTENT_DISCLOSED_MAX_BYTES = 1 << 20
"""Largest content beside the log that a receipt carries, bytes."""


class ReceiptMaker:
    """Makes receipts from a log's reader.

    payloads: for rows and for content that is kept beside the log.
    """

    def __init__(self, reader: LogReader, payloads: PayloadFiles) -> None:
        self._reader, self._payloads = reader, payloads
        self._keys = lru_cache(8)(self._load_keys)
        self._rows = lru_cache(2)(self._load_rows)

    def make(
        self,
        index: int,
        key_entries: tuple[int, ...],
        row: int | None = None,
        under: tuple[Checkpoint, bytes] | None = None,
        issuer_at: Callable[[SignedStatement], int | None] | None = None,
    ) -> Receipt:
        """Make the receipt of the entry at `index`.

        key_entries: indices of the log's key statements. row: a row of a block statement. under:
        a checkpoint that is no newer than the published one, and its signed note; else that.
        issuer_at: tells where the key of a statement in COSE was stated; None for a key of the log.
        Raises NotFound with code entry.index or block.row-number, InputError with code
        receipt.not-a-block, FatalLogError with code log.damaged.
        """
        checkpoint, note = under or self._reader.published()
        if not 0 <= index < checkpoint.size:
            raise NotFound(
                "entry.index",
                f"expected an index below {checkpoint.size}, found {index}",
                hint="`counterfoil record tail` shows the last records.",
            )
        nodes = self._reader.nodes(checkpoint.size)
        data = self._entry(index, checkpoint.size)
        disclosed = self._disclose(data, row)
        return Receipt(
            checkpoint=note.decode(),
            record=EntryProof(index, data, tuple(inclusion_path(index, checkpoint.size, nodes))),
            keys=self._keys(tuple(k for k in key_entries if k < checkpoint.size), checkpoint.size),
            batch=self._batch(index, data, checkpoint.size, nodes),
            row=disclosed if isinstance(disclosed, RowProof) else None,
            content=disclosed if isinstance(disclosed, str) else None,
            issuer=self._issuer(index, data, checkpoint.size, nodes, issuer_at),
        )

    def _issuer(
        self,
        index: int,
        data: bytes,
        size: int,
        nodes: NodeReader,
        issuer_at: Callable[[SignedStatement], int | None] | None,
    ) -> EntryProof | None:
        """Prove the statement that brought in a foreign issuer's key, before its own."""
        parsed = entries.parse(data) if data.startswith(COSE_MARK) else None
        if issuer_at is None or not isinstance(parsed, CoseEntry):
            return None
        at = issuer_at(parsed.statement)
        if at is None or at >= index:
            return None
        return EntryProof(at, self._entry(at, size), tuple(inclusion_path(at, size, nodes)))

    def _batch(self, index: int, data: bytes, size: int, nodes: NodeReader) -> BatchProof | None:
        if not is_unsigned_statement(data):
            return None
        at = index + 1
        for entry in self._reader.published_entries(at, min(at + MEMBERS_MAX, size), size):
            if not is_unsigned_statement(entry):
                break
            at += 1
        data = self._entry(at, size) if at < size else b""
        parsed = entries.parse(data) if data else None
        if not isinstance(parsed, BatchEntry) or at - parsed.batch.count > index:
            raise FatalLogError(
                "log.unsigned",
                f"expected a batch signature over entry {index}, found none",
                hint="`counterfoil audit` says what else is wrong.",
            )
        first = at - parsed.batch.count
        members = self._reader.published_entries(first, at, size)
        hashes = [member_hash(payload_of_unsigned(member)) for member in members]
        path = inclusion_path(index - first, len(hashes), reader_of(hashes))
        signature = EntryProof(at, data, tuple(inclusion_path(at, size, nodes)))
        return BatchProof(signature, tuple(path))

    def _load_keys(self, key_entries: tuple[int, ...], size: int) -> tuple[EntryProof, ...]:
        nodes = self._reader.nodes(size)
        return tuple(
            EntryProof(at, self._entry(at, size), tuple(inclusion_path(at, size, nodes)))
            for at in key_entries
        )

    def _entry(self, index: int, size: int) -> bytes:
        return next(self._reader.published_entries(index, index + 1, size))

    def _disclose(self, data: bytes, row: int | None) -> RowProof | str | None:
        """Make the row proof that was asked for, or read the content that an entry refers to."""
        parsed = entries.parse(data)
        predicate = (
            predicates.parse_predicate(parsed.statement)
            if isinstance(parsed, StatementEntry)
            else None
        )
        if row is not None:
            if not isinstance(predicate, Block):
                raise InputError(
                    "receipt.not-a-block",
                    "expected a block statement to take a row of, found another record",
                    hint="Leave the row out.",
                )
            return self._row(predicate, row)
        if not isinstance(predicate, Record) or predicate.content is not msgspec.UNSET:
            return None
        reference = predicate.content_ref
        if reference is None or reference.size > CONTENT_DISCLOSED_MAX_BYTES:
            return None
        try:
            return self._payloads.get(reference.sha256).decode()
        except NotFound:
            return None  # erased or not copied here: the record is still proven, by its digest

    def _row(self, block: Block, row: int) -> RowProof:
        if not 0 <= row < block.rows:
            raise NotFound("block.row-number", f"expected a row below {block.rows}, found {row}")
        rows, nodes = self._rows(block.payload.sha256)
        salt, content = rows[row]
        path = inclusion_path(row, block.rows, nodes)
        return RowProof(row, salt, content.decode(), tuple(path))

    def _load_rows(self, digest: str) -> tuple[list[blocks.Row], NodeReader]:
        rows = list(blocks.parse_rows(self._payloads.get(digest)))
        return rows, reader_of([row_leaf(salt, content) for salt, content in rows])


def key_statement(data: bytes) -> tuple[StatementEntry, Key] | None:
    """Parse an entry as a key statement; None when it is another."""
    parsed = entries.parse(data)
    if not isinstance(parsed, StatementEntry):
        return None
    predicate = predicates.parse_predicate(parsed.statement)
    return (parsed, predicate) if isinstance(predicate, Key) else None
