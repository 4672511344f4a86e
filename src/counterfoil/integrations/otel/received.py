"""Read spans that came over the wire (OTLP) as the SDK's own finished spans.

So that they are recorded as those of this process are. Attributes, events, status, kind and times
are kept; a value that is built of others is kept as JSON text. This module refuses more spans than
one batch may have, and ids that are none.
Source: opentelemetry-proto 1.x, trace/v1/trace.proto; OTLP/HTTP, JSON (ids are hexadecimal).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any, Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from counterfoil.errors import InputError
from counterfoil.extras import need

__all__ = ["JSON", "PROTOBUF", "SPANS_MAX", "answer_to", "read_spans"]

PROTOBUF: Final = "application/x-protobuf"
"""Media type of the binary form."""
JSON: Final = "application/json"
"""Media type of the JSON form."""
SPANS_MAX: Final = 20_000
"""Most spans in one request."""

_SERVICE: Final = "opentelemetry.proto.collector.trace.v1.trace_service_pb2"
_IDS: Final = frozenset(
    {"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"}
)
_DEPTH_MAX: Final = 64
_SCALARS: Final = frozenset({str, bool, int, float})
_KINDS: Final = tuple(SpanKind)


def read_spans(body: bytes, form: str) -> list[ReadableSpan]:
    """Read the spans of an ExportTraceServiceRequest.

    form: PROTOBUF or JSON. Raises InputError with code otel.request or otel.spans.
    """
    request = _parse(body, form)
    found: list[ReadableSpan] = []
    for resource_spans in request.resource_spans:
        resource = Resource(_attributes(resource_spans.resource.attributes))
        for scope_spans in resource_spans.scope_spans:
            scope = InstrumentationScope(scope_spans.scope.name, scope_spans.scope.version)
            for span in scope_spans.spans:
                if len(found) >= SPANS_MAX:
                    raise InputError(
                        "otel.spans",
                        f"expected at most {SPANS_MAX} spans in one request, found more",
                        hint="Set a smaller max_export_batch_size in the batch processor.",
                    )
                found.append(_span(span, resource, scope))
    return found


def answer_to(form: str, rejected: int) -> bytes:
    """Answer a request in its own form: so many spans were not recorded."""
    service = need(_SERVICE, "node")
    answer = service.ExportTraceServiceResponse()
    if rejected:
        answer.partial_success.rejected_spans = rejected
        answer.partial_success.error_message = "not recorded; the node's log says why"
    if form == PROTOBUF:
        data: bytes = answer.SerializeToString()
        return data
    text: str = need("google.protobuf.json_format", "node").MessageToJson(answer, indent=None)
    return text.encode()


def _parse(body: bytes, form: str) -> Any:
    service = need(_SERVICE, "node")
    request = service.ExportTraceServiceRequest()
    try:
        if form == PROTOBUF:
            request.ParseFromString(body)
        else:
            told = _with_base64_ids(json.loads(body), 0)
            need("google.protobuf.json_format", "node").ParseDict(
                told, request, ignore_unknown_fields=True
            )
    except Exception as err:  # protobuf's errors have no class of their own in common
        raise InputError(
            "otel.request",
            f"expected an ExportTraceServiceRequest, but: {type(err).__name__}",
            hint="Send OTLP traces, as an SDK's exporter or a collector does.",
        ) from err
    return request


def _with_base64_ids(found: Any, depth: int) -> Any:
    """Turn hexadecimal ids into what protobuf's JSON calls bytes."""
    if depth > _DEPTH_MAX:
        raise ValueError("nested too deeply")
    if isinstance(found, dict):
        return {
            name: b64encode(bytes.fromhex(value)).decode()
            if isinstance(value, str) and name in _IDS
            else _with_base64_ids(value, depth + 1)
            for name, value in found.items()
        }
    if isinstance(found, list):
        return [_with_base64_ids(one, depth + 1) for one in found]
    return found


def _span(span: Any, resource: Resource, scope: InstrumentationScope) -> ReadableSpan:
    context = _context(span.trace_id, span.span_id)
    parent = _context(span.trace_id, span.parent_span_id) if span.parent_span_id else None
    kind = _KINDS[span.kind - 1] if 1 <= span.kind <= len(_KINDS) else SpanKind.INTERNAL
    status = StatusCode(span.status.code) if span.status.code in (0, 1, 2) else StatusCode.UNSET
    said = span.status.message if status is StatusCode.ERROR else None
    return ReadableSpan(
        span.name,
        context,
        parent,
        resource,
        _attributes(span.attributes),
        [Event(one.name, _attributes(one.attributes), one.time_unix_nano) for one in span.events],
        kind=kind,
        status=Status(status, said or None),
        start_time=span.start_time_unix_nano or None,
        end_time=span.end_time_unix_nano or None,
        instrumentation_scope=scope,
    )


def _context(trace: bytes, span: bytes) -> SpanContext:
    if len(trace) != 16 or len(span) != 8:
        raise InputError(
            "otel.request",
            f"expected ids of 16 and 8 bytes, found {len(trace)} and {len(span)}",
            hint="Send OTLP traces, as an SDK's exporter or a collector does.",
        )
    return SpanContext(
        int.from_bytes(trace), int.from_bytes(span), True, TraceFlags(TraceFlags.SAMPLED)
    )


def _attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    return {pair.key: value for pair in pairs if (value := _value(pair.value)) is not None}


def _value(found: Any) -> Any:
    """Give a value as the SDK keeps it; what is built of others becomes its JSON text."""
    plain = _plain(found)
    if isinstance(plain, list):
        kinds = {type(one) for one in plain}
        if len(kinds) <= 1 and kinds <= _SCALARS:
            return tuple(plain)
    if isinstance(plain, (list, dict)):
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return plain


def _plain(found: Any) -> Any:
    which = found.WhichOneof("value")
    if which == "array_value":
        return [_plain(one) for one in found.array_value.values]
    if which == "kvlist_value":
        return {pair.key: _plain(pair.value) for pair in found.kvlist_value.values}
    if which == "bytes_value":
        return b64encode(found.bytes_value).decode()
    return None if which is None else getattr(found, which)
