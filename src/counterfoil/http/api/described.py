"""What the description of the API says of paths that are not of the registry.

A path that is not listed here is described by its parameters and the first line of its function's
docstring; a test keeps all of `/api/v1` listed. This module refuses to describe operations: those
describe themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from counterfoil.http.api.shapes import (
    NewGateQuestion,
    NewRecord,
    NewStatement,
    NewStatements,
    NewVerdict,
)
from counterfoil.ledger import Recorded, RecordedMany

__all__ = ["DESCRIBED", "MOUNTED", "TYPES", "Described", "Query"]

_JSON: Final = "application/json"
_NDJSON: Final = "application/x-ndjson"
_BYTES: Final = "application/octet-stream"
_TEXT: Final = "text/plain"
_CONCISE: Final = "application/concise-problem-details+cbor"


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter of an address. kind: of JSON Schema. many: it may come several times."""

    name: str
    about: str
    kind: str = "string"
    required: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Described:
    """A path and method.

    takes: media type of a body -> its type, None for bytes. gives: media type of an answer -> its
    type. status: of success, those of an answer that is there already included; none for what is
    refused each time, which the description leaves out. problem: media type of errors, where it is
    not that of RFC 9457; any for `*/*`.
    """

    summary: str
    query: tuple[Query, ...] = ()
    takes: tuple[tuple[str, Any], ...] = ()
    gives: tuple[tuple[str, Any], ...] = ((_JSON, dict),)
    status: tuple[int, ...] = (200,)
    problem: str = ""


_SOURCE: Final = Query("source", "The series of the records; else the key's own.")
_MOST: Final = "Most on a page."
_MADE: Final = (201, 200)


DESCRIBED: Final[dict[tuple[str, str], Described]] = {
    ("POST", "/api/v1/records"): Described(
        "Record one JSON object, or each line of NDJSON as one; answered when it is durable.",
        (
            _SOURCE,
            Query("first", "Number of the first line in its series.", "integer"),
            Query("personal", "Of lines: path of a field -> whose it is, as JSON."),
        ),
        ((_JSON, NewRecord), (_NDJSON, None)),
        ((_JSON, Recorded | RecordedMany),),
        _MADE,
    ),
    ("POST", "/api/v1/records/each"): Described(
        "Record lines of any series in order, each as a NewRecord, and answer each by itself.",
        takes=((_NDJSON, None),),
        gives=((_JSON, list),),
    ),
    ("POST", "/api/v1/statements"): Described(
        "Record one statement of any kind.",
        takes=((_JSON, NewStatement),),
        gives=((_JSON, Recorded),),
        status=_MADE,
    ),
    ("POST", "/api/v1/statements/batch"): Described(
        "Record statements of one series under batch signatures, all or none.",
        takes=((_JSON, NewStatements),),
        gives=((_JSON, RecordedMany),),
        status=_MADE,
    ),
    ("POST", "/api/v1/blocks"): Described(
        "Record a table, one JSON object a line, as one statement.",
        (_SOURCE, Query("number", "Its place in the series.", "integer")),
        ((_NDJSON, None),),
        ((_JSON, Recorded),),
        _MADE,
    ),
    ("POST", "/api/v1/envelopes"): Described(
        "Append a DSSE envelope that somebody else signed.",
        takes=((_JSON, None),),
        gives=((_JSON, Recorded),),
        status=_MADE,
    ),
    ("POST", "/api/v1/verdicts"): Described(
        "Record a decider's verdict about a decision.",
        takes=((_JSON, NewVerdict),),
        gives=((_JSON, Recorded),),
        status=_MADE,
    ),
    ("POST", "/api/v1/payloads"): Described(
        "Keep bytes beside the log, for a statement that will name their SHA-256.",
        takes=((_BYTES, None),),
        status=(201,),
    ),
    ("POST", "/api/v1/gate"): Described(
        "Ask whether the ledger's checks let a model or decision be recorded.",
        takes=((_JSON, NewGateQuestion),),
    ),
    ("POST", "/api/v1/publish"): Described("Wait until what is committed is published."),
    ("GET", "/api/v1/series"): Described(
        "Tell which number comes next in a series of the ledger's organisation.",
        (Query("source", "The series.", required=True),),
    ),
    ("GET", "/api/v1/records"): Described(
        "Find records by any field, page by page: `?country=DE&amount>=100`.",
        (
            Query("q", "Conditions and words, as of `record search`."),
            Query("limit", _MOST, "integer"),
            Query("after", "Go on after this page's `next`.", "integer"),
            Query("order", "newest or oldest."),
        ),
    ),
    ("GET", "/api/v1/records/{index:int}"): Described("Show one entry, decoded."),
    ("GET", "/api/v1/entries/{index:int}"): Described(
        "Give the bytes of one entry; they never change.", gives=((_BYTES, None),)
    ),
    ("GET", "/api/v1/entries"): Described(
        "Give the bytes of entries in a row, each after its length in two bytes, big-endian.",
        (
            Query("first", "The first of them.", "integer"),
            Query("end", "The one after the last.", "integer"),
        ),
        gives=((_BYTES, None),),
    ),
    ("GET", "/api/v1/receipts/{index:int}"): Described(
        "Make the receipt of an entry, or of a row of a block.",
        (Query("row", "A row of a block, from 0.", "integer"),),
    ),
    ("GET", "/api/v1/payloads/{sha256}"): Described(
        "Give bytes that are kept beside the log.", gives=((_BYTES, None),)
    ),
    ("GET", "/api/v1/ledger"): Described("Tell what the ledger is, and whom its readers trust."),
    ("GET", "/api/v1/checkpoint"): Described(
        "Give the published checkpoint, a signed note.", gives=((_TEXT, None),)
    ),
    ("GET", "/api/v1/checkpoints"): Described(
        "List the kept checkpoints, oldest first.", gives=((_JSON, list),)
    ),
    ("GET", "/api/v1/consistency"): Described(
        "Prove that the log of one size is the beginning of the log of another.",
        (
            Query("old", "The smaller size.", "integer", required=True),
            Query("new", "The larger size.", "integer", required=True),
        ),
    ),
    ("GET", "/api/v1/counter"): Described(
        "Tell the value of a counter that `expect` changes.", (Query("key", "Its name."),)
    ),
    ("GET", "/api/v1/events"): Described(
        "Tell of new records, alerts and checkpoints as they come (server-sent events).",
        (
            Query("event", "Only these: record, alert, checkpoint.", many=True),
            Query("kind", "Only records of these kinds.", many=True),
            Query("source", "Only records of these series.", many=True),
            Query("after", "Begin after this index; as the header Last-Event-ID.", "integer"),
        ),
        gives=(("text/event-stream", None),),
    ),
    ("POST", "/api/v1/lineage"): Described(
        "Take an OpenLineage event (2-0-2).", takes=((_JSON, None),), status=(201,)
    ),
    ("POST", "/entries"): Described(
        "Register a signed statement in COSE (SCITT), and get its receipt (RFC 9942).",
        takes=(("application/cose", None),),
        gives=(("application/cose", None),),
        status=(201, 303),
        problem=_CONCISE,
    ),
    ("GET", "/entries/{entry}"): Described(
        "Give the COSE receipt of an entry, or its statement with the receipt in it.",
        gives=(("*/*", None),),
        problem=_CONCISE,
    ),
    ("GET", "/.well-known/scitt-keys"): Described(
        "List the key that signs the log's receipts, as a COSE Key Set.",
        gives=(("application/cbor", None),),
        problem=_CONCISE,
    ),
    ("GET", "/.well-known/scitt-keys/{kid}"): Described(
        "Give the key that a receipt names, as a COSE Key.",
        gives=(("application/cbor", None),),
        problem=_CONCISE,
    ),
    ("GET", "/.well-known/counterfoil-policy.txt"): Described(
        "Give the policy that the codes of published shoppers' pages pin.",
        gives=(("text/plain", None),),
    ),
    ("POST", "/v1/traces"): Described(
        "Take spans (OTLP over HTTP): those of models, tools and agents become decisions.",
        takes=(("application/x-protobuf", None), (_JSON, None)),
        gives=(("application/x-protobuf", None), (_JSON, dict)),
    ),
    ("POST", "/rpc"): Described(
        "Ask the ledger's own chain (JSON-RPC 2.0): reads, and `eth_sendRawTransaction`.",
        takes=((_JSON, None),),
        gives=((_JSON, None),),
        status=(200, 204),
    ),
    ("GET", "/healthz"): Described("Say that the node lives."),
    ("GET", "/readyz"): Described("Say whether all that the node needs runs; 503 where not."),
    ("GET", "/metrics"): Described(
        "Give figures for Prometheus.", gives=(("application/openmetrics-text", None),)
    ),
    ("GET", "/openapi.json"): Described("Describe all this (OpenAPI 3.1)."),
}
"""Paths as of `Endpoint`, by method."""

MOUNTED: Final[dict[str, tuple[tuple[str, Described], ...]]] = {
    "/checkpoint": (
        (
            "/checkpoint",
            Described("Give the published checkpoint (C2SP tlog-tiles).", gives=((_TEXT, None),)),
        ),
    ),
    "/tile": (
        (
            "/tile/{path}",
            Described(
                "Give a tile of hashes, or with `entries/` of entries (C2SP tlog-tiles).",
                gives=((_BYTES, None),),
            ),
        ),
    ),
    "/payload": (
        ("/payload/{sha256}", Described("Give bytes by digest.", gives=((_BYTES, None),))),
    ),
    "/events": (
        (
            "/events",
            Described(
                "Tell of each new checkpoint (server-sent events).",
                gives=(("text/event-stream", None),),
            ),
        ),
    ),
}
"""What is behind the beginnings of paths that are served as a whole."""

TYPES: Final = (
    NewRecord,
    NewStatement,
    NewStatements,
    NewVerdict,
    NewGateQuestion,
    Recorded,
    RecordedMany,
)
"""The types of bodies above."""
