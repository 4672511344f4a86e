"""Record a table of many rows as one statement; each row can still be proven alone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final

import msgspec

from counterfoil.errors import InputError, NotFound
from counterfoil.formats.block import SALT_BYTES, format_rows, parse_rows, row_leaf
from counterfoil.formats.predicates import Block, ContentRef
from counterfoil.formats.predicates.records import ROWS_MAX
from counterfoil.formats.statement import Subject
from counterfoil.ledger.numbering import check_place
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.view import block_of
from counterfoil.ledger.writer import Draft, Writer
from counterfoil.proofs.merkle import leaf_hash, root_of

__all__ = ["record_block"]

_COLUMNS_MAX: Final = 256
_COLUMNS_MAX_BYTES: Final = 16_000  # else the names alone would not fit into an entry


def record_block(
    writer: Writer, contents: Sequence[bytes], source: str, number: int | None, at_ms: int
) -> Future[Recorded]:
    """Record rows as one block statement.

    contents: compact JSON objects, 1 to 1,048,576. source, number: the block's series and place.
    at_ms: Unix ms. Rows and salts are durable beside the log before the statement is.
    The same rows under the same number get their first receipt, under its first salts.
    Raises InputError with code block.rows, record.source or record.number; the future as
    `Writer.record`.
    """
    check_place(source, number)
    if not 0 < len(contents) <= ROWS_MAX:
        raise InputError(
            "block.rows",
            f"expected 1 to {ROWS_MAX} rows, found {len(contents)}",
            hint="Cut the table into several blocks.",
        )
    held = None if number is None else _recorded_before(writer, contents, source, number)
    if held is not None:
        return held
    salts = secrets.token_bytes(SALT_BYTES * len(contents))
    rows = [
        (salts[at * SALT_BYTES : (at + 1) * SALT_BYTES], content)
        for at, content in enumerate(contents)
    ]
    root = root_of(row_leaf(salt, content) for salt, content in rows).hex()
    data = format_rows(rows)
    digest = writer.payloads.put(data)
    columns = _columns(contents[0])
    subject = Subject(digest={"sha256": digest}, name="rows")

    def make(number: int) -> bytes:
        block = Block(
            issuer=writer.producer.organisation,
            source=source,
            number=number,
            at_ms=at_ms,
            rows=len(contents),
            root=root,
            payload=ContentRef(digest, len(data)),
            columns=columns,
        )
        return writer.producer.statement(block, [subject])

    def same(recorded: bytes, _: bytes) -> bool:
        return _holds(writer, recorded, contents)

    return writer.submit(Draft(make, source, number, {}, same))


def _recorded_before(
    writer: Writer, contents: Sequence[bytes], source: str, number: int
) -> Future[Recorded] | None:
    """Answer rows that stand under their number already; None where they do not.

    Salts are random, so the rows are compared, and not the root.
    """
    span = writer.store.find_span(writer.producer.organisation, source, number, 1)
    if span is None:
        return None
    index = span.index + number - span.first
    entry = writer.log.reader.entry(index)
    if not _holds(writer, entry, contents):
        return None  # recording it will be refused
    answer: Future[Recorded] = Future()
    answer.set_result(Recorded(index, leaf_hash(entry).hex(), source, number, duplicate=True))
    return answer


def _holds(writer: Writer, entry: bytes, contents: Sequence[bytes]) -> bool:
    """Tell whether an entry is a block of these rows."""
    try:
        block = block_of(entry)
        recorded = [content for _, content in parse_rows(writer.payloads.get(block.payload.sha256))]
    except (InputError, NotFound):
        return False  # another statement, or rows that were erased
    return recorded == list(contents)


def _columns(row: bytes) -> tuple[str, ...]:
    """Name the first columns; none where a name is no name, or where they are too long."""
    names = tuple(msgspec.json.decode(row, type=dict[str, msgspec.Raw]))[:_COLUMNS_MAX]
    if not all(map(_is_name, names)) or sum(map(_bytes, names)) > _COLUMNS_MAX_BYTES:
        return ()
    return names


def _bytes(column: str) -> int:
    return len(column.encode())


def _is_name(column: str) -> bool:
    return 0 < len(column) <= 255 and column.isprintable()
