"""Names of attributes and events of GenAI telemetry, and which of them carry what people wrote.

Source: OpenTelemetry semantic conventions v1.40.0, docs/gen-ai, and the names before them that
libraries still send. The packaged constants are deprecated, so these are our own.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "AGENT_ID",
    "AGENT_NAME",
    "CONTENT",
    "CONTENT_EVENTS",
    "CONVERSATION",
    "ERROR_TYPE",
    "OPERATION",
    "OPERATIONS",
    "OUTPUT",
    "PERSON",
    "PLAIN",
    "PREFIX",
    "PROVIDER",
    "REQUEST_MODEL",
    "RESPONSE_MODEL",
    "TOOL_NAME",
]

PREFIX: Final = "gen_ai."
OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = ("gen_ai.provider.name", "gen_ai.system")
REQUEST_MODEL: Final = "gen_ai.request.model"
RESPONSE_MODEL: Final = "gen_ai.response.model"
CONVERSATION: Final = "gen_ai.conversation.id"
AGENT_ID: Final = "gen_ai.agent.id"
AGENT_NAME: Final = "gen_ai.agent.name"
TOOL_NAME: Final = "gen_ai.tool.name"
ERROR_TYPE: Final = "error.type"
OUTPUT: Final = "gen_ai.output.messages"

PERSON: Final = ("enduser.id", "user.id", "enduser.pseudo.id")
"""Attributes that may tell whose conversation it is, the first found; never recorded openly."""

OPERATIONS: Final = frozenset(
    {
        "chat",
        "create_agent",
        "embeddings",
        "execute_tool",
        "generate_content",
        "invoke_agent",
        "invoke_workflow",
        "retrieval",
        "text_completion",
    }
)
"""Well-known operations; a span's name begins with one where the attribute is missing."""

CONTENT: Final = frozenset(
    {
        "gen_ai.completion",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.prompt",
        "gen_ai.retrieval.documents",
        "gen_ai.retrieval.query.text",
        "gen_ai.system_instructions",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.tool.definitions",
    }
)
"""Attributes that carry what people or models wrote: sealed or left out."""

CONTENT_EVENTS: Final = frozenset(
    {
        "exception",
        "gen_ai.assistant.message",
        "gen_ai.choice",
        "gen_ai.client.inference.operation.details",
        "gen_ai.content.completion",
        "gen_ai.content.prompt",
        "gen_ai.evaluation.result",
        "gen_ai.system.message",
        "gen_ai.tool.message",
        "gen_ai.user.message",
    }
)
"""Events of a span that may carry the same: all their attributes are sealed or left out."""

PLAIN: Final = frozenset(
    {
        "error.type",
        "gen_ai.agent.id",
        "gen_ai.agent.name",
        "gen_ai.agent.version",
        "gen_ai.conversation.id",
        "gen_ai.data_source.id",
        "gen_ai.embeddings.dimension.count",
        "gen_ai.operation.name",
        "gen_ai.output.type",
        "gen_ai.provider.name",
        "gen_ai.request.choice.count",
        "gen_ai.request.encoding_formats",
        "gen_ai.request.frequency_penalty",
        "gen_ai.request.max_tokens",
        "gen_ai.request.model",
        "gen_ai.request.presence_penalty",
        "gen_ai.request.seed",
        "gen_ai.request.temperature",
        "gen_ai.request.top_k",
        "gen_ai.request.top_p",
        "gen_ai.response.finish_reasons",
        "gen_ai.response.id",
        "gen_ai.response.model",
        "gen_ai.system",
        "gen_ai.tool.call.id",
        "gen_ai.tool.name",
        "gen_ai.tool.type",
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.completion_tokens",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.prompt_tokens",
        "gen_ai.workflow.name",
    }
)
"""Attributes that are recorded openly. What is in neither list is not recorded."""
