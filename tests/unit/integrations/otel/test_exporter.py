"""Spans of models, tools and agents become decisions; what was written is sealed or left out."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExportResult,
)
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

import counterfoil
from counterfoil.errors import InputError, Refused
from counterfoil.integrations.otel import CounterfoilSpanExporter
from counterfoil.ledger import Ledger, RecordView
from tests.genai_spans import export_examples, otlp_spans, provider_of, schema
from tests.ledgers import copy_ledger, prove
from tests.personal import found_on_disk

SCHEMAS = {
    "gen_ai.input.messages": "gen-ai-input-messages",
    "gen_ai.output.messages": "gen-ai-output-messages",
    "gen_ai.system_instructions": "gen-ai-system-instructions",
}


def decisions(ledger: Ledger, query: str = "") -> list[RecordView]:
    return list(ledger.search(f"kind=decision {query}", newest_first=False).hits)


def span_with(exporter: CounterfoilSpanExporter, name: str, **attributes: Any) -> None:
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    tracer = provider_of(SimpleSpanProcessor(exporter)).get_tracer("test")
    with tracer.start_as_current_span(name, attributes=named):
        pass


def test_the_examples_are_recorded_found_and_proven(ledger: Ledger) -> None:
    """All 14 published examples go through the SDK's batches, are found, and have receipts."""
    exporter = CounterfoilSpanExporter(ledger)
    processor = BatchSpanProcessor(exporter)
    export_examples(processor, **{"enduser.id": "ann"})
    assert processor.force_flush()
    processor.shutdown()  # type: ignore[no-untyped-call]  # the SDK's
    found = decisions(ledger)
    assert (exporter.recorded, exporter.dropped, exporter.bare) == (14, 0, 0)
    assert len(found) == 14
    assert len({one.content["inputs"]["trace_id"] for one in found}) == 1
    trace = found[0].content["inputs"]["trace_id"]
    assert len(ledger.search(trace).hits) == 14
    chats = decisions(ledger, 'model.name="openai/gpt-4-0613"')
    assert len(chats) == 12
    digest = chats[0].content["model"]["digest"]
    assert len(ledger.search(f"subject.sha256={digest}").hits) == 12
    assert len(decisions(ledger, "outcome=tool_calls")) == 2
    assert len(decisions(ledger, "model.name=tool/get_weather")) == 2
    ledger.publish()
    for one in found:
        prove(ledger, one.index)


def test_what_is_sealed_is_whole_and_nowhere_else(ledger: Ledger, tmp_path: Path) -> None:
    """Opened content holds the published schemas; no byte on disk has it in the clear."""
    exporter = CounterfoilSpanExporter(ledger)
    export_examples(SimpleSpanProcessor(exporter), **{"enduser.id": "ann-7781"})
    seen: dict[str, int] = dict.fromkeys(SCHEMAS, 0)
    sealed = [one for one in decisions(ledger) if "sealed" in one.content]
    for one in sealed:
        opened = ledger.people.open(one.index, actor="auditor", purpose="test")["sealed"]
        for name, value in opened.items():
            jsonschema.validate(value, schema(SCHEMAS[name]))
            seen[name] += 1
    assert seen == {
        "gen_ai.input.messages": 8,
        "gen_ai.output.messages": 8,
        "gen_ai.system_instructions": 1,
    }
    assert not found_on_disk(
        [tmp_path], b"joke about OpenTelemetry", b"weather in Paris", b"ann-7781"
    )


def test_erasing_the_person_takes_the_words_and_leaves_the_proof(ledger: Ledger) -> None:
    """Who asked is the person: erased, what was said is gone and the decision still verifies."""
    exporter = CounterfoilSpanExporter(ledger)
    span_with(exporter, "chat m", gen_ai__prompt="my name is Ann", user__id="ann")
    (made,) = decisions(ledger)
    ledger.people.erase("ann")
    ledger.publish()
    prove(ledger, made.index)
    with pytest.raises(Refused) as caught:
        ledger.people.open(made.index, actor="auditor", purpose="test")
    assert caught.value.code == "person.erased"


def test_content_is_left_out_where_it_is_to_be(ledger: Ledger) -> None:
    """With content="omit" nothing is sealed, and the facts are all there."""
    exporter = CounterfoilSpanExporter(ledger, content="omit")
    export_examples(SimpleSpanProcessor(exporter))
    assert not any("sealed" in one.content for one in decisions(ledger))
    assert len(decisions(ledger)) == 14


def test_only_what_is_known_to_be_no_content_stands_openly(ledger: Ledger) -> None:
    """Unknown attributes, and who it was, are left out unless they are named."""
    exporter = CounterfoilSpanExporter(ledger, attributes=("shop.id",))
    span_with(
        exporter,
        "chat m",
        gen_ai__request__model="m",
        gen_ai__request__top_p=0.5,
        gen_ai__usage__input_tokens=7,
        user__id="ann",
        shop__id="s1",
        secret="hunter2",
    )
    (made,) = decisions(ledger)
    assert made.content["inputs"]["attributes"] == {
        "gen_ai.request.model": "m",
        "gen_ai.request.top_p": "0.5",
        "gen_ai.usage.input_tokens": 7,
        "shop.id": "s1",
    }


def test_content_of_events_is_sealed_too(ledger: Ledger) -> None:
    """Older libraries put what was said into events; it is sealed as what stands in attributes."""
    exporter = CounterfoilSpanExporter(ledger)
    tracer = provider_of(SimpleSpanProcessor(exporter)).get_tracer("test")
    with tracer.start_as_current_span("chat m", attributes={"gen_ai.system": "openai"}) as span:
        span.add_event("gen_ai.user.message", {"content": "hello"})
        span.add_event("heartbeat", {"n": 1})
    (made,) = decisions(ledger)
    opened = ledger.people.open(made.index, actor="auditor", purpose="test")["sealed"]
    assert opened == {"events": [{"name": "gen_ai.user.message", "content": "hello"}]}


def test_an_error_is_an_outcome_and_its_text_is_sealed(ledger: Ledger) -> None:
    """A failed call says so openly; the message may quote a prompt, so it does not."""
    exporter = CounterfoilSpanExporter(ledger)
    tracer = provider_of(SimpleSpanProcessor(exporter)).get_tracer("test")
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk"}
    with tracer.start_as_current_span("invoke_agent clerk", attributes=attributes) as span:
        span.set_attribute("error.type", "timeout")
        span.set_status(Status(StatusCode.ERROR, "no answer to: hello"))
    (made,) = decisions(ledger, "outcome=error")
    assert made.content["model"]["name"] == "agent/clerk"
    assert made.content["inputs"]["attributes"]["error.type"] == "timeout"
    opened = ledger.people.open(made.index, actor="auditor", purpose="test")["sealed"]
    assert opened == {"error": "no answer to: hello"}


def test_tools_that_were_called_are_named_without_their_arguments(ledger: Ledger) -> None:
    """A model's request for a tool is told by name and id; its arguments are content."""
    export_examples(SimpleSpanProcessor(CounterfoilSpanExporter(ledger)))
    called = [one for one in decisions(ledger) if "tool_calls" in one.content["inputs"]]
    assert {"id": "call_VSPygqKTWdrhaFErNvMV18Yl", "name": "get_weather"} in [
        call for one in called for call in one.content["inputs"]["tool_calls"]
    ]


def test_other_spans_are_skipped_or_plain_records(ledger: Ledger) -> None:
    """A span about no model is no decision; it is a record where that is asked for."""
    skipping = CounterfoilSpanExporter(ledger)
    otlp_spans(skipping)
    assert (skipping.recorded, skipping.skipped) == (0, 1)
    recording = CounterfoilSpanExporter(ledger, others="record", attributes=("my.span.attr",))
    otlp_spans(recording)
    (found,) = ledger.search("5b8efff798038103d269b633813fc60c").hits
    assert found.content == {
        "span": "I'm a server span",
        "kind": "server",
        "status": "unset",
        "ended_ms": 1544712661000,
        "duration_us": 1_000_000,
        "trace_id": "5b8efff798038103d269b633813fc60c",
        "span_id": "eee19b7ec3c1b174",
        "parent_span_id": "eee19b7ec3c1b173",
        "service": "my.service",
        "library": "my.library 1.0.0",
        "attributes": {"my.span.attr": "some value"},
    }


def test_nothing_is_raised_into_the_application(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A ledger that is closed, or an exporter shut down, costs the spans, and they are counted."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        exporter = CounterfoilSpanExporter(ledger)
        memory = InMemorySpanExporter()
        export_examples(SimpleSpanProcessor(memory))
    with caplog.at_level(logging.WARNING, "counterfoil"):
        assert exporter.export(memory.get_finished_spans()) is SpanExportResult.FAILURE
    assert exporter.dropped == 14
    assert "not recorded" in caplog.text
    exporter.shutdown()
    exporter.shutdown()
    assert exporter.export(memory.get_finished_spans()) is SpanExportResult.FAILURE
    assert exporter.force_flush()


def test_content_too_large_to_seal_costs_only_the_content(ledger: Ledger) -> None:
    """One huge prompt is recorded without its words, and its neighbours are whole."""
    exporter = CounterfoilSpanExporter(ledger)
    memory = InMemorySpanExporter()
    tracer = provider_of(SimpleSpanProcessor(memory)).get_tracer("test")
    for size in (10, 20_000_000, 10):
        with tracer.start_as_current_span("chat m", attributes={"gen_ai.prompt": "x" * size}):
            pass
    exporter.export(memory.get_finished_spans())
    assert [("sealed" in one.content) for one in decisions(ledger)] == [True, False, True]
    assert (exporter.recorded, exporter.bare, exporter.dropped) == (3, 1, 0)


@pytest.mark.parametrize(
    "whose", ["handle:00", f"handle:{'ab' * 16}", "x" * 1025], ids=["mark", "handle", "long"]
)
def test_a_person_that_cannot_be_one_costs_no_content(ledger: Ledger, whose: str) -> None:
    """Whoever sends a span chooses its user: that does not keep its words out of the ledger."""
    exporter = CounterfoilSpanExporter(ledger)
    span_with(exporter, "chat m", user__id=whose, gen_ai__prompt="words", enduser__id=whose)
    assert (exporter.recorded, exporter.bare) == (1, 0)
    (one,) = decisions(ledger)
    assert "sealed" in one.content


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"content": "open"}, "otel.option"),
        ({"others": "all"}, "otel.option"),
        ({"attributes": ("gen_ai.prompt",)}, "otel.attributes"),
        ({"attributes": ("user.id",)}, "otel.attributes"),
    ],
)
def test_options_that_would_tell_too_much_are_refused(
    ledger: Ledger, options: dict[str, Any], code: str
) -> None:
    """Content and persons cannot be asked for in the clear."""
    with pytest.raises(InputError) as caught:
        CounterfoilSpanExporter(ledger, **options)
    assert caught.value.code == code
