"""The GenAI example spans and OTLP files of OpenTelemetry, as the real SDK makes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags

from tests.shared_data import data_path

__all__ = ["example_attributes", "export_examples", "otlp_spans", "provider_of", "schema"]

_LINK = re.compile(r"\[`[^`]+`\]\(#([^)]+)\)")


def example_attributes() -> list[tuple[str, dict[str, Any]]]:
    """Give the name and attributes of each of the 14 examples; content as JSON text."""
    folder = data_path("otel_genai_spans")
    content = _contents((folder / "examples-llm-calls.md").read_text(encoding="utf-8"))
    found = []
    for example in json.loads((folder / "example_spans.json").read_text(encoding="utf-8")):
        fields = dict(example["fields"])
        name = json.loads(fields.pop("Span name", '"chat gpt-4"'))
        attributes = {}
        for key, text in fields.items():
            link = _LINK.fullmatch(text)
            if link:
                attributes[key] = content[link[1]]
            elif key.startswith("gen_ai."):
                attributes[key] = json.loads(text)
        found.append((name, attributes))
    return found


def _contents(text: str) -> dict[str, str]:
    blocks = re.findall(r'<span id="([^"]+)">.*?```json\n(.*?)```', text, re.DOTALL)
    return {name: json.dumps(json.loads(block)) for name, block in blocks}


def provider_of(processor: SpanProcessor) -> TracerProvider:
    """Make a provider whose spans go to one processor."""
    provider = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
    provider.add_span_processor(processor)
    return provider


def export_examples(processor: SpanProcessor, **more: str) -> None:
    """Make the 14 examples as spans of one trace; more: attributes that all of them get."""
    tracer = provider_of(processor).get_tracer("examples", "1.40.0")
    with tracer.start_as_current_span("session"):
        for name, attributes in example_attributes():
            with tracer.start_as_current_span(name, kind=SpanKind.CLIENT) as span:
                span.set_attributes({**attributes, **more})


def otlp_spans(exporter: SpanExporter) -> Sequence[ReadableSpan]:
    """Read the spans of `otlp/trace.json` and export them."""
    text = (data_path("otel_genai_spans") / "otlp" / "trace.json").read_text(encoding="utf-8")
    spans = list(_read_otlp(json.loads(text)))
    exporter.export(spans)
    return spans


def _read_otlp(trace: dict[str, Any]) -> Iterator[ReadableSpan]:
    for of_resource in trace["resourceSpans"]:
        resource = Resource(_attributes(of_resource["resource"]))
        for of_scope in of_resource["scopeSpans"]:
            scope = of_scope["scope"]
            for span in of_scope["spans"]:
                trace_id = int(span["traceId"], 16)
                yield ReadableSpan(
                    span["name"],
                    context=_context(trace_id, span["spanId"]),
                    parent=_context(trace_id, span["parentSpanId"]),
                    resource=resource,
                    attributes=_attributes(span),
                    kind=SpanKind(span["kind"] - 1),  # OTLP counts an unspecified kind, too
                    start_time=int(span["startTimeUnixNano"]),
                    end_time=int(span["endTimeUnixNano"]),
                    instrumentation_scope=InstrumentationScope(scope["name"], scope["version"]),
                )


def _context(trace_id: int, span_id: str) -> SpanContext:
    return SpanContext(trace_id, int(span_id, 16), False, TraceFlags(1))


def _attributes(holder: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["value"]["stringValue"] for one in holder.get("attributes", ())}


def schema(name: str) -> dict[str, Any]:
    """Give a schema of content, such as `gen-ai-input-messages`."""
    path = data_path("otel_genai_spans") / "schema" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
