"""Read Parquet through Arrow, a batch at a time.

Column names become keys in the file's order; arrow_values says what each type becomes. Memory is
flat: pages are read as they are needed and a batch is decoded to about CHUNK_MAX_BYTES, judged by
the average row that the file states. (Pages that a hostile file made to unpack to gigabytes are
still unpacked by Arrow: read files of strangers in a process with a memory limit.)

Needs the extra `frames`. This module refuses files with columns whose names are empty or repeated,
or whose type JSON cannot say, before it hands out a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from counterfoil.errors import InputError
from counterfoil.ledger.sources.arrow_values import check_fields, values_of
from counterfoil.ledger.sources.file import SourceFile, unreadable
from counterfoil.ledger.sources.rows import (
    CHUNK_MAX_BYTES,
    RowChunk,
    bounded,
    encode_row,
    pack,
)

__all__ = ["ParquetFile", "explained"]

_READ_BYTES: Final = 1 << 20
_BATCH_ROWS_MAX: Final = 4096


class ParquetFile:
    """A Parquet file; see RowSource. The footer is read, and its columns checked, at once."""

    media: Final = "parquet"

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self.id: Final = file.id
        self.size: Final = file.size
        with file.open() as stream, explained(file):
            footer = _reader(stream)
            check_fields(footer.schema_arrow)
            self.rows: Final[int] = footer.metadata.num_rows
            self._batch_rows = _batch_rows(footer.metadata)

    def chunks(self, rows: int = 1000) -> Iterator[RowChunk]:
        """Read the file from its start; see RowSource.chunks."""
        done = 0

        def contents(stream: BinaryIO) -> Iterator[list[bytes]]:
            nonlocal done
            for batch in self._batches(stream):
                group = _encode(batch, done)
                done += len(group)
                yield group
            if done != self.rows:
                raise InputError(
                    "source.parquet",
                    f"expected the {self.rows:,} rows that the footer states, found {done:,}",
                    hint="Write the file again; it is damaged.",
                )

        with self._file.open() as stream:
            yield from pack(
                contents(stream),
                rows,
                # A share of the rows: Arrow reads columns here and there, not front to back.
                position=lambda: self.size * min(done, self.rows) // max(1, self.rows),
                check=lambda: self._file.check(stream),
            )

    def _batches(self, stream: BinaryIO) -> Iterator[pa.RecordBatch]:
        with explained(self._file):
            batches = _reader(stream).iter_batches(self._batch_rows)
        while True:
            with explained(self._file):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch


def _reader(stream: BinaryIO) -> Any:
    return pq.ParquetFile(stream, buffer_size=_READ_BYTES, pre_buffer=False)


def _batch_rows(metadata: Any) -> int:
    groups = range(metadata.num_row_groups)
    unpacked: int = sum(metadata.row_group(place).total_byte_size for place in groups)
    fitting = CHUNK_MAX_BYTES * int(metadata.num_rows) // max(1, unpacked)
    return max(1, min(_BATCH_ROWS_MAX, fitting))


def _encode(batch: pa.RecordBatch, first: int) -> list[bytes]:
    """Return the batch's rows as contents; `first` is the number of its first row."""
    names = batch.schema.names
    columns = [
        values_of(column, f"column {name!r}")
        for name, column in zip(names, batch.columns, strict=True)
    ]
    contents = [
        encode_row(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)
    ]
    for place, content in enumerate(contents):
        bounded(content, f"row {first + place:,}")
    return contents


@contextmanager
def explained(file: SourceFile) -> Iterator[None]:
    """Turn the errors of Arrow inside the block into ours, and those of the disk into theirs."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as err:
        if isinstance(err, OSError) and err.errno is not None:  # Arrow's own carry no number
            raise unreadable(file.path, err) from err
        why = str(err).partition("\n")[0][:300]
        raise InputError(
            "source.parquet",
            f"expected a whole Parquet file at {file.path}, but: {why}",
            hint="Check that the file was copied whole.",
        ) from err
