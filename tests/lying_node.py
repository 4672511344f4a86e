"""A node that answers honestly unless a test tells it to lie; and a web server that misbehaves.

Both work: the one in place, over a real embedded chain; the other over a real socket.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from counterfoil.chain import NodeChain
from counterfoil.chain.transport import Transport

__all__ = ["LyingNode", "Reply", "lying", "misbehaving_server"]

Lie = Callable[[Sequence[Any], Any], Any]


class LyingNode:
    """A transport that changes some answers. lies: method -> what makes the answer.

    A lie gets the parameters and the honest answer. asked: the methods, in order.
    """

    def __init__(self, honest: Transport) -> None:
        self._honest = honest
        self.lies: dict[str, Lie] = {}
        self.asked: list[str] = []

    @property
    def shown(self) -> str:
        return "http://node.example"

    def request(self, method: str, params: Sequence[object]) -> object:
        self.asked.append(method)
        lie = self.lies.get(method)
        if lie is None:
            return self._honest.request(method, params)
        return lie(params, lambda: self._honest.request(method, params))

    def close(self) -> None:
        """Leave the honest chain open."""


def lying(chain: NodeChain, confirmations: int | None = None) -> tuple[NodeChain, LyingNode]:
    """Put a node that may lie in front of a chain."""
    node = LyingNode(chain.transport)
    return NodeChain(node, chain.chain_id, "rpc", "a liar", confirmations), node


Reply = tuple[int, bytes, Mapping[str, str]]


@contextlib.contextmanager
def misbehaving_server(answer: Callable[[dict[str, Any]], Reply | None]) -> Iterator[str]:
    """Serve on a free port.

    answer: makes the reply to a call, or to a list of them under `batch`; None hangs up.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = json.loads(body)
            call = asked if isinstance(asked, dict) else {"batch": asked}
            call |= {"headers": dict(self.headers), "path": self.path}
            reply = answer(call)
            if reply is None:
                self.close_connection = True
                return
            status, data, headers = reply
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
