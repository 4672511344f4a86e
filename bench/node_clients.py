"""Clients of a node, cheap ones: prepared requests over kept connections, in a process of its own.

An open loop: requests are due at a steady rate whatever the node does, and a latency is counted
from when its request was due, so that a stalled node cannot hide. Run by `bench.node_load`:

    python -m bench.node_clients URL KEY RATE SECONDS CONNECTIONS ROWS SOURCE

ROWS: records a request, 0 for single ones as JSON. Prints one JSON report.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter, deque
from typing import cast
from urllib.parse import urlsplit

__all__: list[str] = []


class Client(asyncio.Protocol):
    """One kept connection with at most one request under way."""

    def __init__(self, load: Load) -> None:
        self._load, self._rest = load, b""
        self._due, self._number = 0.0, -1
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._load.free(self)

    def ask(self, due: float, number: int) -> None:
        """Send a request that was due at a time."""
        assert self.transport is not None
        self._due, self._number = due, number
        self.transport.write(self._load.request(number))

    def data_received(self, data: bytes) -> None:
        self._rest += data
        head, found, body = self._rest.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().index(b"content-length:") + 15
        length = int(head[at : at + 12].split(b"\r\n")[0])
        if len(body) < length:
            return
        self._rest = body[length:]
        number, self._number = self._number, -1
        self._load.answered(int(head[9:12]), time.monotonic() - self._due, number)
        self._load.free(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._load.lost(self, self._number)


class Load:
    """A steady rate of requests over some connections."""

    def __init__(self, url: str, key: str, rows: int, source: str) -> None:
        self._place = urlsplit(url)
        self._rows, self._source = rows, source
        self._head = (
            f"Host: {self._place.netloc}\r\nAuthorization: Bearer {key}\r\nContent-Type: "
        ).encode()
        self._idle: deque[Client] = deque()
        self._due: deque[tuple[float, int]] = deque()
        self.statuses: Counter[int] = Counter()
        self.taken: list[int] = []
        self.latencies: list[float] = []
        self.refused: list[float] = []
        self.broken = 0

    async def run(self, rate: float, seconds: float, connections: int) -> None:
        """Ask at `rate` for some time, then wait for what is under way."""
        loop = asyncio.get_running_loop()
        host, port = self._place.hostname or "", self._place.port or 0
        for _ in range(connections):
            await loop.create_connection(lambda: Client(self), host, port)
        start, sent = time.monotonic(), 0
        while (now := time.monotonic()) < start + seconds:
            while sent < (now - start) * rate:
                self._due.append((start + sent / rate, sent))
                sent += 1
            self._hand_out()
            await asyncio.sleep(0.001)
        until = time.monotonic() + 30
        while sum(self.statuses.values()) + self.broken < sent and time.monotonic() < until:
            await asyncio.sleep(0.01)

    def request(self, number: int) -> bytes:
        """Prepare one request."""
        if self._rows:
            first = number * self._rows
            body = b"\n".join(_content(first + row) for row in range(self._rows))
            kind = b"application/x-ndjson"
            path = f"/api/v1/records?source={self._source}&first={first}"
        else:
            body = b'{"source":"%s","number":%d,"content":%s}' % (
                self._source.encode(),
                number,
                _content(number),
            )
            kind, path = b"application/json", "/api/v1/records"
        return b"POST %s HTTP/1.1\r\n%s%s\r\nContent-Length: %d\r\n\r\n%s" % (
            path.encode(),
            self._head,
            kind,
            len(body),
            body,
        )

    def free(self, client: Client) -> None:
        """Hear that a connection has nothing to do."""
        self._idle.append(client)
        self._hand_out()

    def answered(self, status: int, latency: float, number: int) -> None:
        """Hear an answer."""
        self.statuses[status] += 1
        if status in (200, 201):
            self.taken.append(number)
            self.latencies.append(latency)
        else:
            self.refused.append(latency)

    def lost(self, client: Client, number: int) -> None:
        """Hear that a connection broke."""
        self.broken += number >= 0
        if client in self._idle:
            self._idle.remove(client)

    def _hand_out(self) -> None:
        while self._due and self._idle:
            self._idle.popleft().ask(*self._due.popleft())


def _content(number: int) -> bytes:
    return (
        b'{"payment":"p-%d","amount_minor":%d,"currency":"EUR","debtor":"DE89370400440532013000",'
        b'"creditor":"GB29NWBK60161331926819","purpose":"invoice"}' % (number, number * 7 % 100_000)
    )


def main(url: str, key: str, rate: float, seconds: float, connections: int, rows: int) -> None:
    """Run and print the report."""
    load = Load(url, key, rows, sys.argv[7])
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        start = time.monotonic()
        runner.run(load.run(rate, seconds, connections))
        took = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    ordered = sorted(load.latencies) or [0.0]
    report = {
        "statuses": {str(status): count for status, count in load.statuses.items()},
        "broken": load.broken,
        "took_s": took,
        "p50_ms": 1000 * ordered[len(ordered) // 2],
        "p99_ms": 1000 * ordered[int(len(ordered) * 0.99)],
        "max_ms": 1000 * ordered[-1],
        "client_cpu_s": used.ru_utime + used.ru_stime,
        "taken": load.taken,
    }
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(
        sys.argv[1],
        sys.argv[2],
        float(sys.argv[3]),
        float(sys.argv[4]),
        int(sys.argv[5]),
        int(sys.argv[6]),
    )
