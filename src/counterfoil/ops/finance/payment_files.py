"""Read payments from a file or a stream, row by row, and say which row is wrong.

This module refuses to skip a row: a payment that cannot be read was not looked at.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.finance.payments import Payment, parse_payment
from counterfoil.errors import InputError
from counterfoil.ledger.sources import open_source, stream_source
from counterfoil.ledger.sources.rows import RowSource
from counterfoil.ports import STANDARD_STREAM, Channel, Progress

__all__ = ["PaymentChunk", "Payments", "open_payments"]

_ROWS: Final = 512


@dataclass(frozen=True, slots=True)
class PaymentChunk:
    """Payments in a row. first: number of the first one's row. bytes_read: of the source so far."""

    first: int
    payments: list[Payment]
    bytes_read: int


@dataclass(frozen=True, slots=True)
class Payments:
    """A source of payments. again: its rows have the same numbers when it is read again."""

    source: RowSource
    again: bool

    @property
    def id(self) -> str:
        """The source's name: `sha256:` and the file's digest, or what was given."""
        return self.source.id

    def chunks(self, now_ms: int) -> Iterator[PaymentChunk]:
        """Read them, in order.

        now_ms: no payment is from later than an hour after this. Raises InputError with code
        payment.* naming the row, payment.future, and as `RowSource.chunks`.
        """
        for chunk in self.source.chunks(_ROWS):
            rows = enumerate(chunk.contents, start=chunk.first)
            found = [_payment(content, row, now_ms) for row, content in rows]
            yield PaymentChunk(chunk.first, found, chunk.bytes_read)


def open_payments(
    file: Path, channel: Channel, progress: Progress, name: str | None = None
) -> Payments:
    """Open payments: NDJSON, CSV or Parquet, or NDJSON on standard input for `-`.

    name: of the series that decisions are numbered in. Raises as `open_source`.
    """
    if file == STANDARD_STREAM:
        called = name or f"stream:{secrets.token_hex(8)}"
        return Payments(stream_source(channel.source, name=called), name is not None)
    found = open_source(
        file, name=name, on_bytes=lambda done: progress(done, None, "bytes digested")
    )
    return Payments(found, True)


def _payment(content: bytes, row: int, now_ms: int) -> Payment:
    try:
        fields: dict[str, Any] = msgspec.json.decode(content)
        found = parse_payment({name: one for name, one in fields.items() if one != ""})
    except InputError as err:
        raise err.renewed(f"in row {row}: {err.message}") from err
    if found.at_ms > now_ms + 3_600_000:
        raise InputError(
            "payment.future",
            f"in row {row}: expected a payment that was taken on already, found one of "
            f"{found.at_ms} ms, later than now",
            hint="A payment's time is when your own system took it on, never the sender's word.",
        )
    return found
