"""Write a recorded data set as Croissant 1.1, which data catalogues and loaders read.

Where a file of it is known, the record set has a field for each column, by its logical type; our
fingerprint and the place of its statement stand as additional properties, so that whoever gets the
data can ask for proof. This module refuses to name a file whose bytes nobody hashed: a field must
have a source, so without a file the columns are `variableMeasured` of schema.org.
Source: MLCommons, Croissant Format Specification 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from counterfoil.provenance.statements.datasets import Column, Dataset

__all__ = ["CONFORMS_TO", "KnownFile", "Place", "to_croissant"]

CONFORMS_TO: Final = "http://mlcommons.org/croissant/1.1"
"""What `conformsTo` says."""

_RECORDS: Final = "rows"
_FILE: Final = "data"
_LIST: Final = "list<"
_TYPES: Final = {
    "boolean": "sc:Boolean",
    "integer": "sc:Integer",
    "float": "cr:Float64",
    "decimal": "sc:Float",
    "date": "sc:Date",
    "time": "sc:Time",
    "timestamp": "sc:DateTime",
    "instant": "sc:DateTime",
}  # all others are text; `cf:logicalType` is exact
_OWN_TERMS: Final = (
    "arrayShape",
    "citeAs",
    "column",
    "containedIn",
    "equivalentProperty",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isArray",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
)
_CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{name: f"cr:{name}" for name in _OWN_TERMS},
    "cf": "https://counterfoil.dev/ns/provenance#",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement stands: the log's origin, its index there, its leaf hash, its issuer."""

    origin: str
    index: int
    leaf: str
    issuer: str


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that holds the data set. url: where. media: its media type. sha256, size: of bytes."""

    name: str
    url: str
    media: str
    sha256: str
    size: int


def to_croissant(
    dataset: Dataset,
    place: Place,
    *,
    columns: Sequence[Column] | None = None,
    file: KnownFile | None = None,
) -> dict[str, Any]:
    """Turn a data set's statement into a Croissant document, as an object to write with `json`.

    columns: where the statement keeps them beside the log. The same statement gives the same
    document.
    """
    made: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "@id": f"urn:counterfoil:{quote(place.origin, safe='')}:{place.leaf}",
        "conformsTo": CONFORMS_TO,
        "name": dataset.name,
        "description": dataset.description or f"The data set {dataset.name}.",
        "publisher": {"@type": "sc:Organization", "name": place.issuer, "url": place.issuer},
    }
    if dataset.at_ms is not None:
        made["dateModified"] = _time(dataset.at_ms)
    for name, value in (
        ("version", dataset.version),
        ("license", dataset.licence),
        ("url", dataset.location if _is_web(dataset.location) else None),
    ):
        if value is not None:
            made[name] = value
    if dataset.accountable is not None:
        made["creator"] = {"@type": "sc:Person", "name": dataset.accountable.name}
    if file is not None:
        made["distribution"] = [_file(file)]
    fingerprint = dataset.fingerprint
    if fingerprint is not None:
        listed = fingerprint.columns if columns is None else columns
        if listed and file is not None:
            made["recordSet"] = [
                {
                    "@type": "cr:RecordSet",
                    "@id": _RECORDS,
                    "name": _RECORDS,
                    "field": list(map(_field, listed)),
                }
            ]
        elif listed:
            made["variableMeasured"] = list(map(_variable, listed))
    made["additionalProperty"] = [
        {"@type": "sc:PropertyValue", "propertyID": f"cf:{name}", "value": value}
        for name, value in _facts(dataset, place)
    ]
    return made


def _facts(dataset: Dataset, place: Place) -> Iterator[tuple[str, Any]]:
    yield "origin", place.origin
    yield "index", place.index
    yield "leaf", place.leaf
    fingerprint = dataset.fingerprint
    if fingerprint is not None:
        yield "fingerprintFormat", fingerprint.format
        yield "fingerprint", fingerprint.digest
        yield "root", fingerprint.root
        yield "rows", fingerprint.rows
        yield "salted", fingerprint.salted


def _field(column: Column) -> dict[str, Any]:
    inner, is_array = column.type, column.type.startswith(_LIST)
    if is_array:
        inner = column.type[len(_LIST) : -1]
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{_RECORDS}/{quote(column.name, safe='')}",
        "name": column.name,
        "dataType": _TYPES.get(inner, "sc:Text"),
        "source": {"fileObject": {"@id": _FILE}, "extract": {"column": column.name}},
        "cf:logicalType": column.type,
        "cf:sha256": column.digest,
    }
    return field | ({"isArray": True, "arrayShape": "-1"} if is_array else {})


def _variable(column: Column) -> dict[str, Any]:
    return {
        "@type": "sc:PropertyValue",
        "name": column.name,
        "cf:logicalType": column.type,
        "cf:sha256": column.digest,
    }


def _file(file: KnownFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": _FILE,
        "name": file.name,
        "contentUrl": file.url,
        "contentSize": f"{file.size} B",
        "encodingFormat": file.media,
        "sha256": file.sha256,
    }


def _is_web(location: str | None) -> bool:
    return location is not None and location.startswith(("https://", "http://"))


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
