"""A raw HTTP server for tests on the loopback: it sends exactly the bytes that a test gives it.

So it can lie, dawdle and break off; `ops.serving` is the honest one.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

__all__ = ["raw_server"]

Answer = Callable[[socket.socket, str], None]
"""Given a connection and the path that was asked for, sends what it likes."""


@contextlib.contextmanager
def raw_server(answer: Answer) -> Iterator[str]:
    """Answer each request by sending bytes; gives the address. One thread a connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    done = threading.Event()
    threads: list[threading.Thread] = []
    peers: list[socket.socket] = []

    def accept() -> None:
        while not done.is_set():
            try:
                peer, _ = listener.accept()
            except TimeoutError:
                continue
            peers.append(peer)
            thread = threading.Thread(target=_talk, args=(peer, answer), daemon=True)
            thread.start()
            threads.append(thread)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        accepting.join(30)
        listener.close()
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(30)


def _talk(peer: socket.socket, answer: Answer) -> None:
    peer.settimeout(30)
    with peer, contextlib.suppress(OSError):
        while True:
            head = b""
            while b"\r\n\r\n" not in head:
                part = peer.recv(65536)
                if not part:
                    return
                head += part
            answer(peer, head.split(b" ", 2)[1].decode())
