"""Let other processes of the same user write through this ledger's owner.

One writer keeps the order; a notebook or a second worker hands its records over. The socket is
readable by its owner only. This module refuses every verb that is not in its list.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, InputError, Refused
from counterfoil.formats import json_text
from counterfoil.formats.statement import Subject
from counterfoil.ledger.frames import Answer, Request, failure, receive, send
from counterfoil.ledger.recorder import Recorder
from counterfoil.ports import Said, ToSeal

__all__ = ["ForwardServer", "socket_path"]

_SOCKET_PATH_MAX: Final = 100  # sun_path holds 108 bytes on Linux, 104 on macOS
_ANSWER_WITHIN_S: Final = 5.0
_ACCEPT_AGAIN_S: Final = 0.05


def socket_path(folder: Path) -> Path:
    """Name a ledger's socket: in its folder, or in one of this user's own if that is too long.

    Raises Refused with code ledger.socket-folder when that folder is not this user's alone:
    another user's socket there could take our records.
    """
    path = folder.resolve() / "owner.sock"
    if len(os.fsencode(path)) <= _SOCKET_PATH_MAX:
        return path
    own = Path(tempfile.gettempdir()) / f"counterfoil-{os.getuid()}"
    own.mkdir(mode=0o700, exist_ok=True)
    found = own.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Refused(
            "ledger.socket-folder",
            f"expected {own} to be a folder of this user alone, found it open to others",
            hint="Remove it, or open the ledger by a shorter path.",
        )
    return own / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:24]}.sock"


class ForwardServer:
    """Serves the verbs of a recorder on a local socket, a thread a client.

    folder: the ledger's. recorder: this process's.
    """

    def __init__(self, folder: Path, recorder: Recorder) -> None:
        self._recorder = recorder
        self._verbs: dict[str, Callable[..., Any]] = {
            "record": self._record,
            "record_rows": self._rows,
            "record_block": lambda rows, *place: recorder.record_block(_contents(rows), *place),
            "record_statement": self._statement,
            "record_statements": self._statements,
            "ask_gate": lambda kind, fields: _Done(recorder.ask_gate(kind, fields)),
            "append": recorder.append,
            "record_verdict": recorder.record_verdict,
            "register": recorder.register,
            "sign_receipt": lambda *asked: _Done(recorder.sign_receipt(*asked)),
            "people": lambda *asked: _Done(recorder.people(*asked)),
            "keep": lambda data: _Done(recorder.keep(data)),
            "wait_published": recorder.wait_published,
            "want_anchor": recorder.want_anchor,
            "anchor": recorder.anchor,
            "ask_chain": lambda *asked: _Done(recorder.ask_chain(*asked)),
        }
        self.path = socket_path(folder)
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._listener.bind(str(self.path))
            self.path.chmod(0o600)  # nobody can connect before `listen`
            self._listener.listen()
        except BaseException:
            self._listener.close()
            raise
        self._closed = False
        self._clients: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="forward", daemon=True).start()

    def close(self) -> None:
        """Hang up and remove the socket. Requests under way are answered first, for 5 seconds."""
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with contextlib.suppress(OSError):  # the folder may be gone
            self.path.unlink(missing_ok=True)
        with self._lock:
            clients = dict(self._clients)
        for client in clients:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RD)
        deadline = time.monotonic() + _ANSWER_WITHIN_S
        for thread in clients.values():
            thread.join(max(0.0, deadline - time.monotonic()))

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed, or too many files are open: then clients wait
                time.sleep(_ACCEPT_AGAIN_S)
                continue
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            try:
                with self._lock:  # who closes finds only threads that have started
                    thread.start()
                    self._clients[client] = thread
            except RuntimeError:  # no more threads: the client hears that it was hung up on
                client.close()

    def _serve(self, client: socket.socket) -> None:
        try:
            while (request := receive(client, Request)) is not None:
                send(client, self._answer(request))
        except (OSError, CounterfoilError):
            pass  # the client is gone; what it asked for is done or refused all the same
        finally:
            self._forget(client)

    def _forget(self, client: socket.socket) -> None:
        with self._lock:
            self._clients.pop(client, None)
        client.close()

    def _answer(self, request: Request) -> Answer:
        try:
            verb = self._verbs.get(request.verb)
            if verb is None:
                raise InputError(
                    "ledger.verb", f"expected a verb of a ledger, found {request.verb[:40]!a}"
                )
            done = verb(*request.arguments)
            return Answer(msgspec.to_builtins(done.result() if done is not None else None))
        except CounterfoilError as err:
            return failure(err)
        except Exception as err:  # of arguments that no client of ours sends
            return failure(
                InputError("ledger.verb", f"expected other arguments, but: {str(err)[:200]!a}")
            )

    def _record(
        self, content: bytes, header: dict[str, Any], source: Any, number: Any, seal: Any = ()
    ) -> Any:
        groups = msgspec.convert(seal, list[ToSeal])
        checked = json_text.normalise_object(content)
        more = (groups,) if groups else ()
        return self._recorder.record(checked, header, source, number, *more)

    def _rows(self, rows: list[bytes], source: Any, first: Any, seal: Any = ()) -> Any:
        groups = msgspec.convert(seal, list[list[ToSeal]])
        more = (groups,) if groups else ()
        return self._recorder.record_rows(_contents(rows), source, first, *more)

    def _statement(self, said: Any, *place: Any) -> Any:
        return self._recorder.record_statement(_said(msgspec.convert(said, _Said)), *place)

    def _statements(self, said: Any, *place: Any) -> Any:
        found = msgspec.convert(said, list[_Said])
        return self._recorder.record_statements(list(map(_said, found)), *place)


class _Done:
    """An answer that is there already."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def result(self) -> Any:
        """Give the answer."""
        return self._answer


class _Said(msgspec.Struct):
    """A `Said` as it comes over the socket."""

    kind: str
    fields: dict[str, Any]
    subjects: tuple[Subject, ...] = ()
    seal: dict[str, ToSeal] = msgspec.field(default_factory=dict)


def _said(one: _Said) -> Said:
    return Said(one.kind, one.fields, one.subjects, one.seal)


def _contents(rows: list[bytes]) -> list[bytes]:
    """Check rows again: what a broken client sends must not get into the log."""
    return list(map(json_text.normalise_object, rows))
