"""Write through the process that owns the ledger.

Answers come back in order, one request at a time. When the owner goes away in the middle, it is
unknown whether the last record stands: with a source and a number it can simply be sent again.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from counterfoil.errors import FatalLogError, Unavailable
from counterfoil.ledger.energy import Spent, read_spent
from counterfoil.ledger.forward_server import socket_path
from counterfoil.ledger.frames import Answer, Request, raised, receive, send
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.results import AnchorState, Recorded, RecordedMany
from counterfoil.ports import Said, ToSeal

__all__ = ["ForwardingRecorder"]

_PASSED_S: Final = 1.0
_PASSED_MAX: Final = 1024

_T = TypeVar("_T")


class ForwardingRecorder:
    """A `Recorder` whose verbs are done by the ledger's owner.

    folder: the ledger's. Raises Unavailable with code ledger.owner-unreachable, and as
    `socket_path`.
    """

    def __init__(self, folder: Path) -> None:
        path = socket_path(folder)
        self._layout = Layout(folder)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._lock = threading.Lock()
        self._passed: dict[bytes, float] = {}
        try:
            self._socket.connect(str(path))
        except OSError as err:
            self._socket.close()
            raise Unavailable(
                "ledger.owner-unreachable",
                f"expected the ledger's owner to answer at {path}, but: {err}",
                hint="Wait until the other process has opened or closed the ledger; try again.",
            ) from err
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="forward")

    def record(
        self,
        content: bytes,
        header: Mapping[str, Any],
        source: str | None,
        number: int | None,
        seal: Sequence[ToSeal] = (),
    ) -> Future[Recorded]:
        """Record compact JSON text."""
        asked = (content, dict(header), source, number, list(seal))
        return self._later(Recorded, "record", *asked)

    def record_rows(
        self,
        contents: Sequence[bytes],
        source: str | None,
        first: int | None,
        seal: Sequence[Sequence[ToSeal]] = (),
    ) -> Future[RecordedMany]:
        """Record rows of compact JSON text under batch signatures."""
        groups = [list(one) for one in seal]
        return self._later(RecordedMany, "record_rows", list(contents), source, first, groups)

    def record_block(
        self, contents: Sequence[bytes], source: str | None, number: int | None
    ) -> Future[Recorded]:
        """Record rows of compact JSON text as one statement."""
        return self._later(Recorded, "record_block", list(contents), source, number)

    def record_statement(
        self, said: Said, source: str | None, number: int | None
    ) -> Future[Recorded]:
        """Record a statement that is no plain record."""
        return self._later(Recorded, "record_statement", said, source, number)

    def record_statements(
        self, said: Sequence[Said], source: str | None, first: int | None
    ) -> Future[RecordedMany]:
        """Record statements that are no plain records, under batch signatures."""
        return self._later(RecordedMany, "record_statements", list(said), source, first)

    def ask_gate(self, kind: str, fields: Mapping[str, Any], *, wait: bool = True) -> bool:
        """Ask the owner's gate; that decisions pass is known for a second."""
        key = kind.encode() + msgspec.json.encode(fields)
        if kind == "decision" and time.monotonic() < self._passed.get(key, 0.0):
            return True
        if wait:
            self._ask("ask_gate", kind, dict(fields))
            if len(self._passed) >= _PASSED_MAX:
                self._passed.clear()
            self._passed[key] = time.monotonic() + _PASSED_S
        return wait

    def append(self, envelope: bytes) -> Future[Recorded]:
        """Append a statement that somebody else signed."""
        return self._later(Recorded, "append", envelope)

    def record_verdict(self, verdict: bytes, decision: int) -> Future[Recorded]:
        """Record a decider's verdict about the decision at an index."""
        return self._later(Recorded, "record_verdict", verdict, decision)

    def register(self, statement: bytes) -> Future[Recorded]:
        """Register a signed statement in COSE."""
        return self._later(Recorded, "register", statement)

    def sign_receipt(self, signed: bytes, subject: str) -> tuple[bytes, bytes]:
        """Sign the root of one of the log's own checkpoints for a COSE receipt."""
        answer = self._ask("sign_receipt", signed, subject)
        return msgspec.convert(answer, tuple[bytes, bytes])

    def people(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Do what the room for people asks for."""
        return self._ask("people", verb, dict(arguments))

    def keep(self, data: bytes) -> str:
        """Keep bytes beside the log."""
        return str(self._ask("keep", data))

    def wait_published(self, size: int) -> None:
        """Wait until a checkpoint of at least `size` entries is published."""
        self._ask("wait_published", size)

    def want_anchor(self, size: int, by_ms: int) -> None:
        """Have `size` entries anchored by a time, Unix ms."""
        self._ask("want_anchor", size, by_ms)

    def anchor(self, timeout_s: float, only: str | None = None) -> Future[list[AnchorState]]:
        """Anchor the published checkpoint on every chain, or only on one."""
        return self._later(list[AnchorState], "anchor", timeout_s, only)

    def ask_chain(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        """Ask the ledger's own chain."""
        answer: Mapping[str, Any] = self._ask("ask_chain", method, list(params))
        return answer

    def spent(self) -> Spent | None:
        """Tell what the owner last wrote down, at most a minute old."""
        return read_spent(self._layout)

    def fatal(self) -> FatalLogError | None:
        """Leave it to the owner."""
        return None

    def close(self) -> None:
        """Finish what was begun and hang up."""
        self._worker.shutdown(wait=True)
        self._socket.close()

    def _later(self, kind: type[_T], verb: str, *arguments: Any) -> Future[_T]:
        try:
            return self._worker.submit(lambda: msgspec.convert(self._ask(verb, *arguments), kind))
        except RuntimeError as err:  # closed, or the interpreter is ending
            raise Unavailable("ledger.closed", f"expected an open ledger, but: {err}") from err

    def _ask(self, verb: str, *arguments: Any) -> Any:
        try:
            with self._lock:
                send(self._socket, Request(verb, arguments))
                answer = receive(self._socket, Answer)
        except OSError as err:
            raise _gone(str(err)) from err
        except Unavailable as err:  # it hung up within an answer
            raise _gone(err.message) from err
        if answer is None:
            raise _gone("it hung up")
        return raised(answer)


def _gone(why: str) -> Unavailable:
    return Unavailable(
        "ledger.owner-gone",
        f"expected an answer of the ledger's owner, but: {why}",
        hint="Open the ledger again. What was under way may stand or not: sent again with its "
        "source and number it is never recorded twice.",
    )
