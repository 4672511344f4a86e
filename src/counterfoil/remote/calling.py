"""Call any operation of a node by its words, as the command line does.

This module refuses to know operations: the node says what it offers and what each takes.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError, Unavailable
from counterfoil.remote.wire import Wire

__all__ = ["call"]

_WORDS: Final = re.compile(r"[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)*")


def call(wire: Wire, words: str, parameters: Mapping[str, Any]) -> Any:
    """Call one operation and give its result: what its JSON says, or bytes of another form.

    words: such as `record search`. parameters: by name; None leaves one out. A file is given as
    bytes, or as a Path, whose bytes are sent. It is done once, however often it had to be asked
    for. Raises InputError with code remote.words or remote.parameter, and what the node raises.
    """
    if not _WORDS.fullmatch(words):
        raise InputError(
            "remote.words",
            f"expected the words of an operation, found {words[:80]!a}",
            hint='For example call("record search", query="country=DE").',
        )
    said = {name: _said(name, value) for name, value in parameters.items() if value is not None}
    answer = wire.post(
        f"/api/v1/{words.replace(' ', '/')}",
        msgspec.json.encode(said),
        headers={"idempotency-key": secrets.token_hex(16)},
        again=True,
    )
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return answer.json() if kind == "application/json" else answer.body


def _said(name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_said(name, one) for one in value]
    if isinstance(value, bytes):
        return {"name": "given", "base64": base64.b64encode(value).decode()}
    if isinstance(value, Path):
        try:
            data = value.read_bytes()
        except OSError as err:
            raise Unavailable(
                "remote.file", f"expected to read {value}, but: {type(err).__name__}"
            ) from err
        return {"name": value.name, "base64": base64.b64encode(data).decode()}
    if isinstance(value, (str, int, bool, dict)):
        return value
    raise InputError(
        "remote.parameter",
        f"expected text, a number, a flag, bytes or a Path for {name[:80]}, found "
        f"{type(value).__name__}",
    )
