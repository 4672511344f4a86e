"""Fingerprint a table: a leaf for each row, a digest for each column, one digest for all of it.

A row's leaf is SHA-256(0x00 || "counterfoil table row v1" || 0x00 || salt || cells), the salt 16
bytes: block number `row` of AES-256 in counter mode under the data set's secret, or zeros where
the set is public. `root` is the RFC 9162 root over the leaves. A column's digest is the RFC 9162
root over its chunks of 4,096 rows, a chunk's leaf SHA-256(0x00 || key || cells of the column), the
key 16 bytes: block 2^128 - 2 of the same counter mode, or zeros. `digest`,
which names the data set, is the SHA-256 of the canonical JSON of rows, columns, root and whether
rows are salted. Order of rows and of columns is part of it. This module refuses to read files.

A second tree can prove that a row is not there: its leaves are SHA-256(0x00 || "counterfoil table
content v1" || 0x00 || key || cells) in ascending order, the key block 2^128 - 1 of the same counter
mode, one for all rows, or zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import numpy as np

from counterfoil.errors import InputError
from counterfoil.formats.json_text import canonicalise
from counterfoil.proofs.merkle import root_of
from counterfoil.provenance.fingerprint.cells import cells_of, join, offsets_of, strings_of
from counterfoil.provenance.fingerprint.extra import need
from counterfoil.provenance.fingerprint.logical import logical_type

__all__ = [
    "CHUNK_ROWS",
    "SECRET_BYTES",
    "ColumnPrint",
    "TablePrint",
    "chunk_digests",
    "content_key",
    "content_leaf",
    "digest_of",
    "fingerprint_table",
    "row_cells",
    "row_leaf",
    "salts_of",
    "schema_of",
]

CHUNK_ROWS: Final = 4096
"""Rows whose cells one leaf of a column's tree covers."""

SECRET_BYTES: Final = 32
"""Length of a data set's secret."""

_BLOCK_ROWS: Final = CHUNK_ROWS * 16
_SALT_BYTES: Final = 16
_DOMAIN: Final = b"\x00counterfoil table row v1\x00"
_CONTENT: Final = b"\x00counterfoil table content v1\x00"
_CONTENT_KEY: Final = b"\x00counterfoil table content key v1\x00"
_OWN_INDEX: Final = "__index_level_"  # how pandas calls an index that nobody named


@dataclass(frozen=True, slots=True)
class ColumnPrint:
    """A column: its name, logical type, and digest, 64 hexadecimal digits."""

    name: str
    type: str
    digest: str


@dataclass(frozen=True, slots=True)
class TablePrint:
    """A table's fingerprint.

    digest, root: 64 hexadecimal digits. rows: how many. columns: in order. salted: rows are
    salted. leaves: 32 bytes for each row, in order. contents: the leaves of the second tree, in
    ascending order, where they were asked for. contents_key: names the key of these, without
    telling it.
    """

    digest: str
    root: str
    rows: int
    columns: tuple[ColumnPrint, ...]
    salted: bool
    leaves: bytes
    contents: bytes | None = None
    contents_key: str | None = None

    def leaf(self, row: int) -> bytes:
        """Give the leaf of a row, from 0."""
        return self.leaves[row * 32 : row * 32 + 32]


def schema_of(schema: Any) -> list[tuple[int, str, str]]:
    """Settle a schema: (place in it, name, logical type) of each column that counts.

    An index that pandas made and nobody named is left out. Raises InputError with code
    dataset.columns for none, or a name twice, and dataset.column-type.
    """
    found: list[tuple[int, str, str]] = []
    for place, field in enumerate(schema):
        if not field.name.startswith(_OWN_INDEX):
            found.append((place, field.name, logical_type(field.type, field.name)))
    names = [name for _, name, _ in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if not found or twice is not None:
        raise InputError(
            "dataset.columns",
            "expected at least one column and each name once, found "
            + ("no column" if twice is None else f"{twice[:80]!a} twice"),
            hint="Rename the columns.",
        )
    return found


def fingerprint_table(
    schema: Any, batches: Iterable[Any], secret: bytes | None = None, *, contents: bool = False
) -> TablePrint:
    """Fingerprint a table, a block of rows at a time.

    schema: pyarrow Schema of the batches. batches: pyarrow RecordBatches, of any lengths. secret:
    32 bytes, from which rows are salted; None for a public set. contents: make the leaves of the
    second tree, too. Raises InputError with code dataset.columns, dataset.column-type,
    dataset.value or dataset.secret.
    """
    columns = schema_of(schema)
    salts = _salts(secret)
    leaves, key = bytearray(), np.frombuffer(content_key(secret), np.uint8)
    column_key = salts_of(secret, (1 << 128) - 2, 1)
    sorted_leaves: list[bytes] = []
    chunks: list[list[bytes]] = [[] for _ in columns]
    for block in _blocks(schema, batches):
        parts = [cells_of(block.column(place)) for place, _, _ in columns]
        for kept, cells in zip(chunks, parts, strict=True):
            kept += chunk_digests(cells, column_key)
        joined = join(parts, block.num_rows)
        if contents:
            keys = np.broadcast_to(key, (block.num_rows, _SALT_BYTES))
            sorted_leaves += _leaves(joined, keys, _CONTENT)
        leaves += b"".join(_leaves(joined, salts(len(leaves) // 32, block.num_rows), _DOMAIN))
    rows = len(leaves) // 32
    prints = tuple(
        ColumnPrint(name, kind, root_of(kept).hex())
        for (_, name, kind), kept in zip(columns, chunks, strict=True)
    )
    root = root_of(bytes(leaves[at : at + 32]) for at in range(0, len(leaves), 32)).hex()
    salted = secret is not None
    digest = digest_of(rows, prints, root, salted=salted)
    in_order = b"".join(sorted(sorted_leaves)) if contents else None
    named = content_key_digest(content_key(secret)) if contents else None
    return TablePrint(digest, root, rows, prints, salted, bytes(leaves), in_order, named)


def digest_of(rows: int, columns: Iterable[ColumnPrint], root: str, *, salted: bool) -> str:
    """Compute what names a table: 64 hexadecimal digits, from all the rest of its fingerprint."""
    said = {
        "format": "counterfoil table v1",
        "rows": rows,
        "columns": [[one.name, one.type, one.digest] for one in columns],
        "root": root,
        "salted": salted,
    }
    return sha256(canonicalise(said)).hexdigest()


def row_cells(schema: Any, batch: Any, row: int) -> bytes:
    """Give the cells of one row of a batch, as its leaf has them."""
    one = batch.slice(row, 1)
    parts = [cells_of(one.column(place)) for place, _, _ in schema_of(schema)]
    return bytes(strings_of(join(parts, 1))[0].as_py())


def row_leaf(salt: bytes, cells: bytes) -> bytes:
    """Hash a row's cells to its leaf; salt: 16 bytes, zeros in a public set. Returns 32 bytes."""
    return sha256(_DOMAIN + salt + cells).digest()


def content_key(secret: bytes | None) -> bytes:
    """Give the key of the second tree's leaves: 16 bytes, zeros without a secret."""
    return salts_of(secret, (1 << 128) - 1, 1)


def content_key_digest(key: bytes) -> str:
    """Name the key of the second tree: 64 hexadecimal digits, which bind its owner to it.

    Were the key not named with the tree, a row that is there could be shown to be absent: under
    another key it would have another leaf. key: 16 bytes.
    """
    return sha256(_CONTENT_KEY + key).hexdigest()


def content_leaf(key: bytes, cells: bytes) -> bytes:
    """Hash a row's cells to its leaf in the second tree; key: 16 bytes. Returns 32 bytes."""
    return sha256(_CONTENT + key + cells).digest()


def chunk_digests(cells: Any, key: bytes) -> list[bytes]:
    """Hash the chunks of a column's cells: 32 bytes for each 4,096 rows, the last one shorter.

    key: 16 bytes, zeros in a public set; without it, a column of few values could be guessed.
    """
    if isinstance(cells, np.ndarray):
        whole = np.ascontiguousarray(cells)
        starts = range(0, len(whole), CHUNK_ROWS)
        return [
            sha256(b"\0" + key + whole[at : at + CHUNK_ROWS].tobytes()).digest() for at in starts
        ]
    offsets, data = offsets_of(cells), memoryview(cells.buffers()[2] or b"")
    found, start = [], int(offsets[0])
    for at in range(0, len(cells), CHUNK_ROWS):
        end = int(offsets[min(at + CHUNK_ROWS, len(cells))])
        hashed = sha256(b"\0" + key)
        hashed.update(data[start:end])
        found.append(hashed.digest())
        start = end
    return found


def salts_of(secret: bytes | None, first: int, rows: int) -> bytes:
    """Give the salts of rows from number `first`: 16 bytes each; zeros without a secret."""
    return bytes(_salts(secret)(first, rows).tobytes())


def _salts(secret: bytes | None) -> Any:
    if secret is None:
        return _no_salts
    if len(secret) != SECRET_BYTES:
        raise InputError(
            "dataset.secret", f"expected a secret of {SECRET_BYTES} bytes, found {len(secret)}"
        )
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    def make(first: int, rows: int) -> Any:
        counter = modes.CTR(first.to_bytes(16, "big"))
        stream = Cipher(algorithms.AES(secret), counter).encryptor()
        zeros = bytes(_SALT_BYTES * rows)
        return np.frombuffer(stream.update(zeros), np.uint8).reshape(rows, _SALT_BYTES)

    return make


def _no_salts(_: int, rows: int) -> Any:
    return np.zeros((rows, _SALT_BYTES), np.uint8)


def _blocks(schema: Any, batches: Iterable[Any]) -> Iterator[Any]:
    """Cut batches anew into blocks of 65,536 rows, so that chunks begin where they must."""
    arrow = need("pyarrow")
    waiting: list[Any] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= _BLOCK_ROWS:
            table = arrow.Table.from_batches(waiting, schema)
            yield _one_batch(table.slice(0, _BLOCK_ROWS))
            rest = table.slice(_BLOCK_ROWS)
            waiting, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield _one_batch(arrow.Table.from_batches(waiting, schema))


def _one_batch(table: Any) -> Any:
    arrow = need("pyarrow")
    arrays = []
    for column in table.columns:
        one = column.combine_chunks()
        arrays.append(arrow.concat_arrays(one.chunks) if hasattr(one, "chunks") else one)
    return arrow.RecordBatch.from_arrays(arrays, schema=table.schema)


def _leaves(cells: Any, salts: Any, domain: bytes) -> list[bytes]:
    head = np.frombuffer(domain, np.uint8)
    prefix = np.empty((len(salts), len(head) + _SALT_BYTES), np.uint8)
    prefix[:, : len(head)] = head
    prefix[:, len(head) :] = salts
    rows = strings_of(join([prefix, cells], len(salts)))
    data, ends = memoryview(rows.buffers()[2]), offsets_of(rows).tolist()
    found, start = [], ends[0]
    for end in ends[1:]:
        found.append(sha256(data[start:end]).digest())
        start = end
    return found
