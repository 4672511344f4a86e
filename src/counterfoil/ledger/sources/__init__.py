"""Turn NDJSON, CSV and Parquet files, or an NDJSON stream, into the rows of `record batch`.

Each line or row becomes a record of its own, whose content is one JSON object as compact UTF-8.
A row is the same record when the id of its source and its number are the same, so a batch that
was killed can be run again: the same file has the same id, the same rows and the same numbers,
however it is cut into chunks. Memory stays flat: no line, row or chunk is held beyond a limit.

This package refuses to guess. Text stays text (CSV has no types; none are invented), what JSON
cannot say becomes a documented string or is refused by name, and a file that changes while it is
read is a Conflict, since its id would no longer be its digest. Rows before a damaged line are
handed out first; read a source through once before recording it to refuse a bad file whole.
"""

from counterfoil.ledger.sources.opening import open_source, stream_source
from counterfoil.ledger.sources.rows import (
    CHUNK_MAX_BYTES,
    CONTENT_MAX_BYTES,
    RowChunk,
    RowSource,
)

__all__ = [
    "CHUNK_MAX_BYTES",
    "CONTENT_MAX_BYTES",
    "RowChunk",
    "RowSource",
    "open_source",
    "stream_source",
]
