"""Call an operation for an agent: its values in, JSON text out, every error in words.

One call at a time, since each opens the ledger. This module refuses paths, sealed data, and
answers that no agent could read.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.agents.tools import Tool
from counterfoil.errors import InputError, Refused
from counterfoil.ops.place import open_for_reading
from counterfoil.ops.records import find_entry
from counterfoil.ops.registry import find, load
from counterfoil.ops.signature import given_by_shell
from counterfoil.ports import STANDARD_STREAM, Channel, Document, no_progress

__all__ = ["ANSWER_MAX_BYTES", "OBJECT_MAX_BYTES", "Caller"]

ANSWER_MAX_BYTES: Final = 1 << 20
"""Longest answer."""

OBJECT_MAX_BYTES: Final = 65_536
"""Longest JSON object that an agent may give, as compact text."""

_ITEMS_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls operations on one ledger. folder: its own. policy: whom receipts are held to."""

    folder: Path
    policy: Path
    lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, tool: Tool, given: Mapping[str, Any]) -> str:
        """Call a tool's operation; its result as JSON text.

        given: by name, as the agent said. Raises as the operation, Refused with code agent.sealed,
        InputError with code agent.object or agent.answer.
        """
        function = load(operation_of(tool))
        values = {name: value for name, value in given.items() if value is not None}
        values |= {name: _object(name, values[name]) for name in tool.objects if name in values}
        source = b""
        if tool.name == "verify":
            source = str(values.pop("receipt")).encode()
            values |= {"file": STANDARD_STREAM, "policy": self.policy}
        if tool.name == "receipt":
            values["out"] = STANDARD_STREAM
        with self.lock:
            if tool.name == "explain":
                self._require_open(values["entry"])
            return _answer(function(**values, **self._by_shell(function, source)))

    def _by_shell(self, function: Callable[..., Any], source: bytes) -> dict[str, Any]:
        """Give what a shell gives by itself: the ledger, bytes, and nobody to hear of progress."""
        channel = Channel(io.BytesIO(source), io.BytesIO())
        by_kind = {"progress": no_progress, "channel": channel}
        given: dict[str, Any] = {
            name: by_kind[kind] for name, kind in given_by_shell(function).items()
        }
        return {**given, "ledger": self.folder}

    def _require_open(self, entry: str) -> None:
        """Refuse to explain what would have to be opened for it."""
        with open_for_reading(self.folder) as opened:
            found = opened.get(find_entry(opened, entry))
        if "sealed" in (found.content or {}):
            raise Refused(
                "agent.sealed",
                "expected a decision whose inputs stand openly, found them sealed",
                hint="A person with a purpose opens them: `counterfoil explain`.",
            )


def operation_of(tool: Tool) -> Any:
    """Find a tool's operation in the registry. Raises LookupError where there is none."""
    operation = find(tool.words)
    if operation is None:
        raise LookupError(f"no operation {' '.join(tool.words)}")
    return operation


def _object(name: str, value: Any) -> str:
    """Write an object as JSON text: never a path, never a hyphen."""
    if not isinstance(value, Mapping):
        raise InputError(
            "agent.object", f"expected {name} to be a JSON object, found {type(value).__name__}"
        )
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        size = len(text.encode())
    except UnicodeEncodeError as err:
        raise InputError(
            "agent.object", f"expected {name} to be Unicode text, found half of a character"
        ) from err
    if size > OBJECT_MAX_BYTES:
        raise InputError(
            "agent.object",
            f"expected {name} of at most {OBJECT_MAX_BYTES} bytes, found {len(text)} characters",
            hint="Record what is large as a file: `counterfoil record add FILE`.",
        )
    return text


def _answer(result: Any) -> str:
    if isinstance(result, Document):
        data = b"".join(result.chunks)
    elif isinstance(result, Iterator):
        data = msgspec.json.encode([_plain(one) for one in islice(result, _ITEMS_MAX)])
    else:
        data = msgspec.json.encode(_plain(result))
    if len(data) > ANSWER_MAX_BYTES:
        raise InputError(
            "agent.answer",
            f"expected an answer of at most {ANSWER_MAX_BYTES} bytes, found {len(data)}",
            hint="Ask for less: a smaller limit, depth or width.",
        )
    return data.decode()


def _plain(item: Any) -> Any:
    return item.to_json() if hasattr(item, "to_json") else item
