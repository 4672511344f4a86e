"""Record a table of many rows as one statement; each row can still be proven alone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import Future

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.block import SALT_BYTES, format_rows, row_leaf
from counterfoil.formats.predicates import Block, ContentRef
from counterfoil.formats.predicates.records import ROWS_MAX
from counterfoil.formats.statement import Subject
from counterfoil.ledger.results import Recorded
from counterfoil.ledger.writer import Draft, Writer
from counterfoil.proofs.merkle import root_of

__all__ = ["record_block"]

_COLUMNS_MAX = 256


def record_block(
    writer: Writer, contents: Sequence[bytes], source: str, number: int | None, at_ms: int
) -> Future[Recorded]:
    """Record rows as one block statement.

    contents: compact JSON objects, 1 to 1,048,576. source, number: the block's series and place.
    at_ms: Unix ms. Rows and salts are durable beside the log before the statement is.
    Raises InputError with code block.rows; the future as `Writer.record`.
    """
    if not 0 < len(contents) <= ROWS_MAX:
        raise InputError(
            "block.rows",
            f"expected 1 to {ROWS_MAX} rows, found {len(contents)}",
            hint="Cut the table into several blocks.",
        )
    salts = secrets.token_bytes(SALT_BYTES * len(contents))
    rows = [
        (salts[at * SALT_BYTES : (at + 1) * SALT_BYTES], content)
        for at, content in enumerate(contents)
    ]
    root = root_of(row_leaf(salt, content) for salt, content in rows).hex()
    data = format_rows(rows)
    digest = writer.payloads.put(data)
    columns = tuple(msgspec.json.decode(contents[0], type=dict[str, msgspec.Raw]))

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
            columns=columns[:_COLUMNS_MAX] if all(map(_is_name, columns)) else (),
        )
        return writer.producer.statement(block, [subject])

    return writer.submit(Draft(make, source, number, {}))


def _is_name(column: str) -> bool:
    return 0 < len(column) <= 255 and column.isprintable()
