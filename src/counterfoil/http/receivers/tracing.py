"""OpenTelemetry traces: spans of models, tools and agents become decisions.

Takes OTLP over HTTP, as protobuf or JSON, packed or not; any SDK's exporter or a collector can send
here. Content is sealed under the person's key, as `integrations.otel` does. This module refuses
metrics and logs, and to say that spans are recorded before they are durable.
Source: OpenTelemetry protocol 1.x, OTLP/HTTP.
"""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import Unavailable
from counterfoil.http.bodies import BadMedia, media_type, read_body
from counterfoil.http.endpoint import Endpoint, Mounted, Need
from counterfoil.http.receivers.counting import counted
from counterfoil.http.site import Site
from counterfoil.integrations.otel.exporter import CounterfoilSpanExporter
from counterfoil.integrations.otel.received import JSON, PROTOBUF, answer_to, read_spans
from counterfoil.integrations.otel.spans import is_genai

__all__ = ["PATH", "endpoints"]

PATH: Final = "/v1/traces"
"""Where exporters send spans: the standard's path below their endpoint."""

BODY_MAX_BYTES: Final = 16 << 20
"""Longest batch of spans, unpacked, bytes."""

_RETRY_S: Final = 2.0


def endpoints(site: Site) -> list[Endpoint | Mounted]:
    """List `POST /v1/traces`."""

    async def answer(request: Request) -> Response:
        form = media_type(request)
        if form not in (PROTOBUF, JSON):
            raise BadMedia(
                "http.media",
                f"expected {PROTOBUF} or {JSON}, found another media type",
                hint="Exporters of OTLP over HTTP send one of them by themselves.",
            )
        body = await read_body(request, BODY_MAX_BYTES)
        data = await asyncio.to_thread(_take, site, request, body, form)
        return Response(data, media_type=form)

    return [Endpoint("POST", PATH, Need("writer", ("decision",)), answer)]


def _take(site: Site, request: Request, body: bytes, form: str) -> bytes:
    """Record the spans of one request, and answer in its form."""
    spans = read_spans(body, form)
    exporter = CounterfoilSpanExporter(site.ledger, retry_s=_RETRY_S)
    most = sum(map(is_genai, spans))  # others are passed over
    counted(site, request, most, lambda: exporter.export(spans), lambda _: exporter.recorded)
    if exporter.dropped and exporter.dropped == most:
        raise Unavailable(
            "otel.dropped",
            f"expected to record {most} spans, found that none could be",
            hint="The node's log says why; the exporter sends them again by itself.",
        )
    return answer_to(form, exporter.dropped)
