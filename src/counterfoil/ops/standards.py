"""Speak other people's standards of lineage: Croissant and OpenLineage, written and received."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.integrations.openlineage import LineageApp, Receiver, load_or_make_key
from counterfoil.integrations.openlineage.app import PATH
from counterfoil.ledger import Ledger
from counterfoil.ledger.datasets.found import RecordedDataset
from counterfoil.ledger.datasets.secrets import load_secret
from counterfoil.ops.files import shown, write_file
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ops.serving import listen_on, serving, until_signal
from counterfoil.ports import STANDARD_STREAM, Document, Param
from counterfoil.provenance.fingerprint import fingerprint_table, open_table
from counterfoil.provenance.fingerprint.csv_types import TYPES
from counterfoil.provenance.lineage.croissant import KnownFile, Place, to_croissant
from counterfoil.provenance.lineage.openlineage import to_openlineage
from counterfoil.provenance.statements.datasets import Column, Dataset

__all__ = ["Receiving", "Written", "croissant", "openlineage", "receive"]

_Out = Annotated[
    Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="output")
]
_MEDIA: Final = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.file",
    ".feather": "application/vnd.apache.arrow.file",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
}


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written. count: fields or events in it; complete: nothing was left out."""

    file: str
    bytes: int
    what: Literal["fields", "events"]
    count: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Receiving:
    """OpenLineage clients are answered. url: where they send events. key_file: of their key."""

    event: Literal["receiving"]
    url: str
    ledger: str
    key_file: str


def croissant(
    dataset: Annotated[
        str, Param("Index, leaf, digest, name or name:version of a data set.", "DATASET")
    ],
    *,
    out: _Out,
    file: Annotated[
        Path | None,
        Param("The data itself; it is checked against its fingerprint.", "PATH", holds="tree"),
    ] = None,
    url: Annotated[str | None, Param("Where others find that file; else its name.", "URL")] = None,
    missing: Annotated[
        tuple[str, ...],
        Param("Text that stood for nothing in CSV when it was recorded, such as NA.", "TEXT"),
    ] = (),
    ledger: LedgerFolder = None,
) -> Written | Document:
    """Write a recorded data set as Croissant 1.1.

    With the file, its columns are fields that loaders can read, and its SHA-256 is in the
    document; without, they are only named. Raises as `Datasets.get`, `open_table` and
    `write_file`; InputError with code croissant.file, NotFound with code croissant.no-file,
    VerificationError with code croissant.other-data.
    """
    with open_for_reading(ledger) as opened:
        found = opened.datasets.get(dataset)
        said, columns = found.dataset, _columns(opened, found.dataset)
        known = None
        if file is not None:
            types = {one.name: one.type for one in columns if one.type in TYPES}
            digest = _digest(opened, found, file, types, missing)
            known = _known(found, digest, file, url)
        place = Place(opened.origin, found.index, found.leaf, said.issuer)
        made = to_croissant(said, place, columns=columns, file=known)
    text = json.dumps(made, ensure_ascii=False, indent=1).encode() + b"\n"
    if out == STANDARD_STREAM:
        return Document([text], "application/ld+json")
    write_file(out, text)
    fields = sum(len(one["field"]) for one in made.get("recordSet", ()))
    return Written(shown(out), len(text), "fields", fields, known is not None)


def openlineage(
    entry: Entry,
    *,
    out: _Out,
    ledger: LedgerFolder = None,
    depth: Annotated[int, Param("Most steps each way, 1 to 64.", "N")] = 12,
    width: Annotated[int, Param("Most statements followed from one, 1 to 999.", "N")] = 999,
) -> Written | Document:
    """Write the work that led to a statement, and followed from it, as OpenLineage events.

    One event a line. Raises as `Lineage.trace` and `write_file`.
    """
    with open_for_reading(ledger) as opened:
        index = find_entry(opened, entry)
        found = opened.lineage.trace(index, depth=depth, width=width, limit=10_000)
    events = to_openlineage(found)
    text = b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in events)
    if out == STANDARD_STREAM:
        return Document([text], "application/x-ndjson")
    write_file(out, text)
    return Written(shown(out), len(text), "events", len(events), found.complete)


def receive(
    *,
    key_file: Annotated[
        Path,
        Param("File of the clients' API key; made if it is not there.", "FILE", holds="machine"),
    ],
    ledger: LedgerFolder = None,
    listen: Annotated[
        str, Param("Where to answer.", "HOST:PORT", holds="machine")
    ] = "127.0.0.1:8430",
) -> Iterator[Receiving]:
    """Record what OpenLineage clients send, until a signal.

    Raises as `open_ledger`, `listen_on` and `load_or_make_key`.
    """
    with open_for_writing(ledger) as opened:
        key = load_or_make_key(key_file)
        app = LineageApp(Receiver(opened).receive, key)
        listener = listen_on(listen)
        with until_signal() as wait, serving(app, listener) as url:
            yield Receiving("receiving", url + PATH, opened.origin, shown(key_file))
            wait()


def _columns(ledger: Ledger, dataset: Dataset) -> Sequence[Column]:
    if dataset.columns_file is not None:
        return msgspec.json.decode(ledger.kept(dataset.columns_file), type=list[Column])
    return dataset.fingerprint.columns if dataset.fingerprint is not None else ()


def _digest(
    ledger: Ledger,
    found: RecordedDataset,
    path: Path,
    types: Mapping[str, str],
    missing: Sequence[str],
) -> str:
    """Fingerprint a file as the data set was; CSV is read with the types that were recorded."""
    fingerprint = found.dataset.fingerprint
    if path.is_dir() or fingerprint is None or fingerprint.format != "table/v1":
        raise InputError(
            "croissant.file",
            "expected one file, of a data set that was recorded as a table, found another",
            hint="Leave --file out: the columns are then named without a file.",
        )
    if not path.is_file():
        raise NotFound("croissant.no-file", f"expected a file at {shown(path)}, found none")
    secret = load_secret(ledger.layout, fingerprint.digest) if fingerprint.salted else None
    table = open_table(path, types=types, missing=missing)
    return fingerprint_table(table.schema, table.batches(), secret).digest


def _known(found: RecordedDataset, digest: str, path: Path, url: str | None) -> KnownFile:
    """Describe a file that holds the recorded data."""
    if digest != found.digest:
        raise VerificationError(
            "croissant.other-data",
            f"expected the data of {found.title[:80]!a} in {shown(path)}, found other data",
            hint="`counterfoil dataset diff` shows what differs between two tables.",
        )
    with path.open("rb") as stream:
        sha256 = file_digest(stream, "sha256").hexdigest()
    media = _MEDIA.get(path.suffix.lower(), "application/octet-stream")
    return KnownFile(path.name, url or path.name, media, sha256, path.stat().st_size)
