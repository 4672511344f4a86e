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
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, InputError, Refused
from counterfoil.formats.statement import Subject
from counterfoil.ledger.frames import Answer, Request, failure, receive, send
from counterfoil.ledger.recorder import Recorder

__all__ = ["ForwardServer", "socket_path"]

_SOCKET_PATH_MAX: Final = 100  # sun_path holds 108 bytes on Linux, 104 on macOS


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
        self.path = socket_path(folder)
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._listener.bind(str(self.path))
        finally:
            os.umask(before)
        self._listener.listen()
        self._clients: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="forward", daemon=True).start()

    def close(self) -> None:
        """Hang up and remove the socket. Requests under way are answered first."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.path.unlink(missing_ok=True)
        with self._lock:
            for client in self._clients:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RD)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            with self._lock:
                self._clients.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            while (request := receive(client, Request)) is not None:
                send(client, self._answer(request))
        except (OSError, CounterfoilError):
            pass  # the client is gone; what it asked for is done or refused all the same
        finally:
            with self._lock:
                self._clients.discard(client)
            client.close()

    def _answer(self, request: Request) -> Answer:
        verbs: dict[str, Callable[..., Any]] = {
            "record": self._recorder.record,
            "record_rows": self._recorder.record_rows,
            "record_block": self._recorder.record_block,
            "record_statement": self._statement,
            "append": self._recorder.append,
            "wait_published": self._recorder.wait_published,
        }
        try:
            verb = verbs.get(request.verb)
            if verb is None:
                raise InputError(
                    "ledger.verb", f"expected a verb of a ledger, found {request.verb[:40]!r}"
                )
            done = verb(*request.arguments)
            return Answer(msgspec.to_builtins(done.result() if done is not None else None))
        except CounterfoilError as err:
            return failure(err)
        except TypeError as err:
            return failure(InputError("ledger.verb", f"expected other arguments, but: {err}"))

    def _statement(
        self, kind: str, fields: dict[str, Any], subjects: list[Any], *place: Any
    ) -> Any:
        said = msgspec.convert(subjects, list[Subject])
        return self._recorder.record_statement(kind, fields, said, *place)
