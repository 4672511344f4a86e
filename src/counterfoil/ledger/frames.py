"""The words between a ledger's owner and other processes of the same user, over a local socket.

A frame is a 4-byte big-endian length and a msgpack value. This is no public interface: both ends
are of one version and one user. This module refuses frames that are too long to be meant.
"""

from __future__ import annotations

import socket
from typing import Any, Final, TypeVar

import msgspec

from counterfoil import errors
from counterfoil.errors import CounterfoilError, InputError, Unavailable

__all__ = ["FRAME_MAX_BYTES", "Answer", "Request", "failure", "raised", "receive", "send"]

FRAME_MAX_BYTES: Final = 256 << 20
"""Longest frame, bytes."""


class Request(msgspec.Struct, frozen=True):
    """A verb of `Recorder` and its arguments."""

    verb: str
    arguments: tuple[Any, ...]


class Answer(msgspec.Struct, frozen=True):
    """A result as plain values, or an error: (class, code, message, hint)."""

    result: Any = None
    error: tuple[str, str, str, str] | None = None


_Frame = TypeVar("_Frame", Request, Answer)


def send(connection: socket.socket, value: Request | Answer) -> None:
    """Send one frame.

    Raises OSError as sockets do; before anything is sent InputError with code ledger.frame for
    what is too long or cannot be written.
    """
    try:
        data = msgspec.msgpack.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError) as err:
        raise InputError("ledger.frame", f"expected plain values, but: {str(err)!a}") from err
    if len(data) > FRAME_MAX_BYTES:
        raise InputError(
            "ledger.frame",
            f"expected at most {FRAME_MAX_BYTES} bytes at once, found {len(data)}",
            hint="Record fewer rows at a time.",
        )
    connection.sendall(len(data).to_bytes(4, "big") + data)


def receive(connection: socket.socket, kind: type[_Frame]) -> _Frame | None:
    """Receive one frame; None when the other end hung up between frames.

    Raises Unavailable with code ledger.frame when it is cut short, too long or no frame.
    """
    head = _exactly(connection, 4)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    data = _exactly(connection, length) if len(head) == 4 and length <= FRAME_MAX_BYTES else b""
    if len(head) < 4 or len(data) < length:
        raise Unavailable("ledger.frame", f"expected {length} bytes, found {len(data)}")
    try:
        return msgspec.msgpack.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as err:
        raise Unavailable("ledger.frame", f"expected a {kind.__name__}, but: {err}") from err


def failure(err: CounterfoilError) -> Answer:
    """Turn an error into an answer; one that is no part of the public tree into its nearest."""
    kind = next(each for each in type(err).__mro__ if each.__module__ == errors.__name__)
    message, hint = (text.encode("utf-8", "replace").decode() for text in (err.message, err.hint))
    return Answer(error=(kind.__name__, err.code, message, hint))


def raised(answer: Answer) -> Any:
    """Return an answer's result, or raise its error."""
    if answer.error is None:
        return answer.result
    name, code, message, hint = answer.error
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, CounterfoilError)):
        kind = CounterfoilError
    raise kind(code, message, hint=hint)


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts: list[bytes] = []
    missing = length
    while missing:
        part = connection.recv(min(missing, 1 << 20))
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
