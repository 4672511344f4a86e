"""Turn a finished span into what the ledger says of it: a decision, with its words sealed.

Only attributes that are known to be no content stand openly; what nobody knows is left out. This
module refuses to read a clock or write to a ledger.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from counterfoil.formats.statement import Subject
from counterfoil.integrations.otel import names
from counterfoil.ports import Said, ToSeal
from counterfoil.provenance.statements.parts import decimal_text
from counterfoil.units import MAX_SAFE_INTEGER
from counterfoil.vault import HANDLE_PREFIX

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["decision_of", "is_genai", "model_of", "plain_record_of"]

_NAME_MAX: Final = 255
_ITEMS_MAX: Final = 64
_PERSON_MAX: Final = 1024


def is_genai(span: ReadableSpan) -> bool:
    """Tell whether a span is one of a model, a tool or an agent."""
    return any(key.startswith(names.PREFIX) for key in span.attributes or {})


def decision_of(
    span: ReadableSpan, *, seal: bool, person: Sequence[str], attributes: Sequence[str]
) -> Said:
    """Say what was decided in a span.

    seal: seal the content; else leave it out. person: attributes that may tell whose it is, the
    first found; else it is the conversation's, else the trace's. attributes: further ones to
    record openly.
    """
    found = dict(span.attributes or {})
    name, digest = model_of(span)
    fields: dict[str, Any] = {
        "model": {"digest": digest, "name": name, "role": "by name"},
        "outcome": _outcome(span, found),
        "inputs": _facts(span, found, attributes),
        "at_ms": (span.end_time or 0) // 1_000_000,
        "latency_us": _latency_us(span),
    }
    subject = Subject(digest={"sha256": digest}, name=name)
    content = _content(span, found) if seal else {}
    if not content:
        return Said("decision", fields, (subject,))
    sealed = ToSeal(_person(span, found, person), "decision", content)
    return Said("decision", fields, (subject,), {"sealed": sealed})


def plain_record_of(span: ReadableSpan, attributes: Sequence[str]) -> dict[str, Any]:
    """Describe a span that is about no model; attributes: those to record."""
    found = dict(span.attributes or {})
    return {
        "span": span.name[:_NAME_MAX],
        "kind": span.kind.name.lower(),
        "status": span.status.status_code.name.lower(),
        "ended_ms": (span.end_time or 0) // 1_000_000,
        "duration_us": _latency_us(span),
        **_places(span),
        "attributes": {key: _plain(found[key]) for key in attributes if key in found},
    }


def model_of(span: ReadableSpan) -> tuple[str, str]:
    """Name what decided, such as `openai/gpt-4-0613`, and give the SHA-256 of that name.

    A model behind an API has no artefact to take a digest of: this one tells apart names, never
    weights, and the reference's role says `by name`.
    """
    found = span.attributes or {}
    operation = _operation(span, found)
    provider = next((found[key] for key in names.PROVIDER if found.get(key)), None)
    tool, agent = found.get(names.TOOL_NAME), found.get(names.AGENT_NAME)
    model = found.get(names.RESPONSE_MODEL) or found.get(names.REQUEST_MODEL)
    if operation == "execute_tool" or (tool and not model):
        parts = ["tool", tool or "unnamed"]
    elif operation in ("invoke_agent", "create_agent"):
        parts = ["agent", agent or found.get(names.AGENT_ID) or "unnamed"]
    else:
        parts = [provider or "unknown", model or agent or operation]
    name = _name("/".join(map(str, parts)))
    return name, sha256(name.encode()).hexdigest()


def _operation(span: ReadableSpan, found: Mapping[str, Any]) -> str:
    given = found.get(names.OPERATION) or span.name.partition(" ")[0]
    if given in names.OPERATIONS or names.OPERATION in found:
        return str(given)
    return "unknown"


def _outcome(span: ReadableSpan, found: Mapping[str, Any]) -> str:
    if found.get(names.ERROR_TYPE) or span.status.status_code.name == "ERROR":
        return "error"
    reasons = found.get("gen_ai.response.finish_reasons") or ()
    listed = [reasons] if isinstance(reasons, str) else list(reasons)
    return _name(", ".join(map(str, listed)) or "done")


def _facts(
    span: ReadableSpan, found: Mapping[str, Any], attributes: Sequence[str]
) -> dict[str, Any]:
    """List what stands openly, under the conventions' names, as a tree."""
    facts: dict[str, Any] = {"operation": _name(_operation(span, found)), **_places(span)}
    open_ones = names.PLAIN | set(attributes)
    facts["attributes"] = {key: _plain(found[key]) for key in sorted(open_ones & set(found))}
    calls = _tool_calls(found)
    if calls:
        facts["tool_calls"] = calls
    return facts


def _places(span: ReadableSpan) -> dict[str, Any]:
    """Say where a span stands: its trace, parent, service and library."""
    context, scope = span.context, span.instrumentation_scope
    told: dict[str, Any] = {}
    if context is not None:
        told |= {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}
    if span.parent is not None:
        told["parent_span_id"] = f"{span.parent.span_id:016x}"
    service = span.resource.attributes.get("service.name")
    if service:
        told["service"] = _name(str(service))
    if scope is not None:
        told["library"] = _name(f"{scope.name} {scope.version or ''}".strip())
    return told


def _tool_calls(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """Name the tools that a model asked for; their arguments are content, and are not told."""
    messages = _json(found.get(names.OUTPUT))
    calls = [
        {key: _name(str(part[key])) for key in ("id", "name") if part.get(key)}
        for message in (messages if isinstance(messages, list) else ())
        if isinstance(message, dict)
        for part in message.get("parts") or ()
        if isinstance(part, dict) and part.get("type") in ("tool_call", "server_tool_call")
    ]
    return calls[:_ITEMS_MAX]


def _content(span: ReadableSpan, found: Mapping[str, Any]) -> dict[str, Any]:
    """Gather what was written: from attributes, from events, and the text of an error."""
    content = {key: _json(found[key]) for key in sorted(names.CONTENT & set(found))}
    events = [
        {
            "name": event.name,
            **{key: _json(value) for key, value in (event.attributes or {}).items()},
        }
        for event in span.events
        if event.name in names.CONTENT_EVENTS
    ]
    if events:
        content["events"] = events
    if span.status.description:
        content["error"] = span.status.description
    return content


def _person(span: ReadableSpan, found: Mapping[str, Any], person: Sequence[str]) -> str:
    told = [str(found[key]) for key in person if found.get(key)]
    if found.get(names.CONVERSATION):
        told.append(f"conversation:{found[names.CONVERSATION]}")
    for whose in told:
        if len(whose) <= _PERSON_MAX and not whose.startswith(HANDLE_PREFIX):
            return whose  # another could not be sealed for, and whoever sends a span chooses it
    return f"trace:{span.context.trace_id:032x}" if span.context is not None else "trace:none"


def _latency_us(span: ReadableSpan) -> int:
    return max(0, ((span.end_time or 0) - (span.start_time or 0)) // 1000)


def _json(value: Any) -> Any:
    """Read JSON text, as spans carry structures; anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return _plain(json.loads(value), deep=True)
        except (ValueError, RecursionError):
            return value
    return _plain(value, deep=True)


def _plain(value: Any, *, deep: bool = False) -> Any:
    """Turn an attribute into JSON that is the same for every reader; floats are decimal text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= MAX_SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return decimal_text(value) if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): _plain(one, deep=deep) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one, deep=deep) for one in (value if deep else value[:_ITEMS_MAX])]
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return text if deep else text[:1024]


def _name(text: str) -> str:
    """Make a text fit for a name: 1 to 255 characters, none of them a control character."""
    return "".join(one for one in text if one.isprintable())[:_NAME_MAX] or "unnamed"
