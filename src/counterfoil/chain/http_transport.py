"""Ask a node over HTTP: bounded in time, size and tries, and without a word of its credentials.

Asking again is safe for every method that is used here: they read, or send a signed transaction,
which has one hash however often it comes. This module refuses redirects and compressed answers.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import urllib3

from counterfoil.chain.addresses import RpcPlace
from counterfoil.chain.batches import Call
from counterfoil.chain.quantities import bytes_of
from counterfoil.chain.transport import INTERNAL_ERROR, RpcError
from counterfoil.errors import InputError, Unavailable
from counterfoil.formats import json_text

__all__ = ["HttpTransport"]

_MAX_ANSWER_BYTES: Final = 32 << 20
_TRY_AGAIN: Final = frozenset({429, 500, 502, 503, 504})
_PAUSES_S: Final = (0.1, 0.4)
_MAX_DEPTH: Final = 8
_CONNECTIONS: Final = 8


class HttpTransport:
    """Asks the node at `place`; see `Transport`.

    timeout_s: for one try; a request takes three at most.
    """

    def __init__(self, place: RpcPlace, timeout_s: float) -> None:
        self._place = place
        self._timeout_s = timeout_s
        self._pool = urllib3.PoolManager(
            maxsize=_CONNECTIONS,
            timeout=urllib3.Timeout(connect=timeout_s, read=timeout_s),
            retries=False,
        )
        self._ids = itertools.count(1)
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        self._url, self._headers = _without_user(place.url, headers)

    @property
    def shown(self) -> str:
        """Where the node is, without credentials."""
        return self._place.shown

    def request(self, method: str, params: Sequence[object]) -> object:
        """Ask, and give the result; see `Transport.request`."""
        asked = next(self._ids)
        body = json.dumps({"jsonrpc": "2.0", "id": asked, "method": method, "params": params})
        status, data = self._ask(body.encode())
        return self._result(status, data, asked)

    def request_many(self, calls: Sequence[Call]) -> list[object]:
        """Ask several things at once; see `chain.batches.BatchTransport`."""
        if not calls:
            return []
        asked = [next(self._ids) for _ in calls]
        body = json.dumps(
            [
                {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
                for number, (method, params) in zip(asked, calls, strict=True)
            ]
        )
        status, data = self._ask(body.encode())
        return self._results(status, data, asked)

    def _ask(self, body: bytes) -> tuple[int, bytes]:
        """Ask until there is an answer: its HTTP status and its bytes."""
        reason = ""
        for pause_s in (*_PAUSES_S, None):
            status, data, reason = self._try(body)
            if data is not None and status not in _TRY_AGAIN:
                return status, data
            if data is not None and status != 429 and (error := _error_within(data)):
                raise error  # some nodes put a JSON-RPC error into an HTTP error
            if pause_s is not None:
                time.sleep(pause_s)
        raise self._unreachable(reason)

    def _try(self, body: bytes) -> tuple[int, bytes | None, str]:
        """Ask once: the status, the answer or None, and why there is none."""
        deadline = time.monotonic() + self._timeout_s
        try:
            answer = self._pool.request(
                "POST",
                self._url,
                body=body,
                headers=self._headers,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            try:
                data = self._read(answer, deadline)
            finally:
                answer.close()
        except urllib3.exceptions.HTTPError as err:
            return 0, None, type(err).__name__  # its text would show the address
        if data is None:
            return 0, None, "an answer that is too long or too slow"
        return answer.status, data, f"HTTP status {answer.status}"

    def _read(self, answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes | None:
        chunks, size = [], 0
        for chunk in answer.stream(1 << 16):
            chunks.append(chunk)
            size += len(chunk)
            if size > _MAX_ANSWER_BYTES or time.monotonic() > deadline:
                return None
        return b"".join(chunks)

    def _result(self, status: int, data: bytes, asked: int) -> object:
        found = _parsed(data)
        if not isinstance(found, dict):
            raise self._unreachable(f"HTTP status {status} and no JSON-RPC answer")
        if (error := _error_of(found)) is not None:
            raise error
        if found.get("id") != asked or "result" not in found:
            raise self._unreachable("an answer to another question")
        return found["result"]

    def _results(self, status: int, data: bytes, asked: Sequence[int]) -> list[object]:
        """Put the answers of a batch, which may come in any order, into that of the questions."""
        found = _parsed_fast(data)
        if isinstance(found, dict) and (error := _error_of(found)) is not None:
            raise error
        if not isinstance(found, list) or len(found) != len(asked):
            raise self._unreachable(f"HTTP status {status} and no answer to a batch")
        held = {one.get("id"): one for one in found if isinstance(one, dict)}
        results: list[object] = []
        for number in asked:
            one = held.get(number)
            error = None if one is None else _error_of(one)
            if one is None or (error is None and "result" not in one):
                raise self._unreachable("a batch with an answer to another question")
            results.append(one["result"] if error is None else error)
        return results

    def _unreachable(self, found: str) -> Unavailable:
        return Unavailable(
            "chain.unreachable",
            f"expected a chain to answer at {self.shown}, found {found}",
            hint="Check the address and the network; what was not sent is kept and tried again.",
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


def _without_user(url: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Take user and password out of an address and into a header."""
    parts = urllib3.util.parse_url(url)
    if parts.auth is None:
        return url, headers
    basic = urllib3.util.make_headers(basic_auth=parts.auth)
    return parts._replace(auth=None).url, headers | dict(basic)


def _parsed(data: bytes) -> object:
    with contextlib.suppress(InputError):
        return json_text.parse(data)
    return None


def _parsed_fast(data: bytes) -> object:
    """Parse a large answer, whose numbers are texts; about ten times as fast as `_parsed`."""
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return msgspec.json.decode(data)
    return None


def _error_within(data: bytes) -> RpcError | None:
    found = _parsed(data)
    return _error_of(found) if isinstance(found, dict) else None


def _error_of(found: dict[str, Any]) -> RpcError | None:
    """Read the error of an answer; None when it has none."""
    error = found.get("error")
    if error is None:
        return None
    if not isinstance(error, dict):
        return RpcError(INTERNAL_ERROR, str(error)[:200])
    code = error.get("code")
    message = error.get("message")
    return RpcError(
        code if isinstance(code, int) else INTERNAL_ERROR,
        message[:500] if isinstance(message, str) else "",
        _revert_data(error.get("data")),
    )


def _revert_data(value: object, depth: int = 0) -> bytes:
    """Find the data of a revert, which nodes nest in different ways; empty when there is none."""
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        for inner in value.values():
            if found := _revert_data(inner, depth + 1):
                return found
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return bytes_of(value.removeprefix("Reverted ").strip())
    return b""
