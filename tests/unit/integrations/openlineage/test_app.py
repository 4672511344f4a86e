"""The receiver's HTTP: only who has the key is heard, and what is sent is bounded."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

import pytest

from counterfoil.errors import Unavailable
from counterfoil.integrations.openlineage.app import BODY_MAX_BYTES, PATH, LineageApp

KEY = "a-key-of-the-tests-000"
Message = MutableMapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What was taken in."""

    body: bytes

    def to_json(self) -> dict[str, Any]:
        return {"bytes": len(self.body)}


def ask(
    *parts: bytes | None,
    take: Any = Seen,
    method: str = "POST",
    path: str = PATH,
    hang: bool = False,
    **headers: str,
) -> tuple[int, dict[str, Any], dict[bytes, bytes]]:
    """Send one request in parts, None hangs up; give status, body and headers of the answer."""
    said = {"authorization": f"Bearer {KEY}", "content_type": "application/json", **headers}
    listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": listed}
    queue, sent = list(parts), []

    async def receive() -> Message:
        if not queue and hang:
            await asyncio.Event().wait()
        data = queue.pop(0) if queue else b""
        if data is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": data, "more_body": bool(queue) or hang}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(LineageApp(take, KEY.encode(), body_timeout_s=0.05)(scope, receive, send))
    if not sent:
        return 0, {}, {}
    return sent[0]["status"], json.loads(sent[1]["body"]), dict(sent[0]["headers"])


def test_a_body_in_parts_and_packed_is_taken() -> None:
    """Plain or gzip, in one part or several, the event arrives as it was."""
    assert ask(b'{"a"', b":1}")[:2] == (201, {"bytes": 7})
    packed = gzip.compress(b'{"a":1}')
    assert ask(packed, content_encoding="gzip")[:2] == (201, {"bytes": 7})


@pytest.mark.parametrize(
    ("status", "code", "changes"),
    [
        (401, "lineage.no-key", {"authorization": "Bearer another"}),
        (401, "lineage.no-key", {"authorization": f"Basic {KEY}"}),
        (401, "lineage.no-key", {"authorization": ""}),
        (404, "lineage.path", {"path": "/api/v1/lineages"}),
        (405, "lineage.method", {"method": "GET"}),
        (415, "lineage.media", {"content_type": "text/plain"}),
        (415, "lineage.encoding", {"content_encoding": "br"}),
        (400, "lineage.packed", {"content_encoding": "gzip"}),
        (413, "lineage.too-long", {"content_length": str(BODY_MAX_BYTES + 1)}),
        (408, "lineage.slow", {"hang": True}),
    ],
)
def test_what_is_refused_is_a_problem_document(
    status: int, code: str, changes: dict[str, Any]
) -> None:
    """Each refusal has its status and code as RFC 9457 has it, and nothing is taken."""

    def never(_: bytes) -> Seen:
        raise AssertionError("expected no event, found one")

    found, said, headers = ask(b"{}", take=never, **changes)
    assert (found, said["code"], said["status"]) == (status, code, status)
    assert headers[b"content-type"] == b"application/problem+json"
    assert KEY not in json.dumps(said)


def test_a_small_packed_body_cannot_become_a_large_one() -> None:
    """What unpacks to more than may come plain is refused, as is a stream that breaks off."""
    bomb = gzip.compress(b" " * (BODY_MAX_BYTES + 1))
    assert ask(bomb, content_encoding="gzip")[0] == 413
    assert ask(gzip.compress(b"{}")[:-4], content_encoding="gzip")[0] == 400
    assert ask(b" " * BODY_MAX_BYTES, b" ")[0] == 413


def test_errors_of_the_ledger_are_told_and_others_are_not() -> None:
    """An error of ours keeps its status and code; what nobody foresaw says nothing of itself."""

    def busy(_: bytes) -> Seen:
        raise Unavailable("log.full", "expected room, found none", hint="Free the disk.")

    def broken(_: bytes) -> Seen:
        raise RuntimeError("a secret")

    status, said, _ = ask(b"{}", take=busy)
    assert (status, said["code"], said["hint"]) == (503, "log.full", "Free the disk.")
    status, said, _ = ask(b"{}", take=broken)
    assert status == 500
    assert "secret" not in json.dumps(said)


def test_who_hangs_up_is_not_answered() -> None:
    """A client that goes before its event is whole leaves nothing behind."""
    assert ask(b"{", None)[0] == 0
