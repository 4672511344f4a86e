"""Server-sent events: what is new, in order, each once, also after a break; bounded."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import counterfoil
from counterfoil.http.api import events
from counterfoil.ledger import Ledger
from tests.asking import Asker
from tests.ledgers import copy_ledger
from tests.nodes import served
from tests.watchers import chosen_every, ledger_with_past, watch_once

PATH = "/api/v1/events"


@dataclass(frozen=True)
class Event:
    kind: str
    id: int | None
    data: dict[str, object]


class Stream:
    """Reads one stream from a socket of its own."""

    def __init__(self, url: str, query: str = "", key: str = "reader", last: str = "") -> None:
        place = urlsplit(url)
        self._socket = socket.create_connection((place.hostname or "", place.port or 0), 20)
        more = f"last-event-id: {last}\r\n" if last else ""
        self._socket.sendall(
            f"GET {PATH}{query} HTTP/1.1\r\nhost: {place.netloc}\r\n"
            f"authorization: Bearer {key}\r\n{more}\r\n".encode()
        )
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        while self._file.readline() not in (b"\r\n", b""):
            pass
        self._left = b""

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def _more(self) -> None:
        size = int(self._file.readline(), 16)
        assert size, "the stream ended"
        self._left += self._file.read(size)
        self._file.readline()

    def next(self) -> Event:
        """Wait for an event; what is none is passed over."""
        while True:
            while b"\n\n" not in self._left:
                self._more()
            block, _, self._left = self._left.partition(b"\n\n")
            fields = dict(
                line.split(b": ", 1) for line in block.split(b"\n") if not line.startswith(b":")
            )
            if b"data" in fields:
                number = fields.get(b"id")
                return Event(
                    fields[b"event"].decode(),
                    None if number is None else int(number),
                    json.loads(fields[b"data"]),
                )

    def begun(self) -> Stream:
        """Wait until it is served."""
        while b"welcome" not in self._left:
            self._more()
        return self


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


def test_records_come_as_they_are_made(ledger: Ledger) -> None:
    """Each new record is one event with its index as id; older ones are not told."""
    ledger.record({"n": -1})
    with served(ledger) as url, Stream(url, "?event=record").begun() as stream:
        for number in range(3):
            made = ledger.record({"n": number})
            event = stream.next()
            assert (event.kind, event.id) == ("record", made.index)
            assert event.data["content"] == {"n": number}


def test_reading_on_has_no_gap_and_no_double(ledger: Ledger) -> None:
    """Whoever names the last event gets what follows it, however the stream broke before."""
    total = 500
    seen: list[object] = []
    with served(ledger) as url:
        begin = ledger.size - 1

        def write() -> None:
            for number in range(total):
                ledger.record_later({"n": number})

        writer = threading.Thread(target=write)
        writer.start()
        last = begin
        while len(seen) < total:
            with Stream(url, "?event=record", last=str(last)) as stream:
                for _ in range(min(73, total - len(seen))):
                    event = stream.next()
                    assert event.id is not None
                    last = event.id
                    seen.append(event.data["content"])
        writer.join()
    assert seen == [{"n": number} for number in range(total)]


def test_streams_are_filtered(ledger: Ledger) -> None:
    """Kinds, series and sorts of events can be chosen."""
    with served(ledger) as url, Stream(url, "?event=record&source=till&kind=record") as stream:
        stream.begun()
        ledger.record({"n": 1})
        ledger.record({"n": 2}, source="till", number=0)
        assert stream.next().data["content"] == {"n": 2}


def test_alerts_are_told(tmp_path: Path) -> None:
    """What a watcher says is an event of its own, for whoever waits for nothing else."""
    with counterfoil.open(ledger_with_past(tmp_path / "ledger")) as ledger, served(ledger) as url:
        with Stream(url, "?event=alert").begun() as stream:
            ledger.record({"n": 1})
            watch_once(ledger, tmp_path / "state", chosen_every(every=9, groups=9))
            event = stream.next()
        assert event.kind == "alert"
        assert event.id is not None
        assert ledger.get(event.id).kind == "alert"


def test_checkpoints_are_told(ledger: Ledger) -> None:
    """A published checkpoint is an event without id, so that reading on is by records alone."""
    with served(ledger) as url, Stream(url, "?event=checkpoint") as stream:
        before = stream.next()
        ledger.record({"n": 1})
        ledger.publish()
        event = stream.next()
        while event.data["size"] != ledger.size:
            event = stream.next()
        assert (event.kind, event.id, before.id) == ("checkpoint", None, None)
        assert event.data["note"] == ledger.published().decode()


def test_what_cannot_be_streamed_is_refused(ledger: Ledger) -> None:
    """An index beyond the log, a name or sort that is not there, a writer, nobody."""
    with served(ledger) as url, Asker(url, "reader") as reader, Asker(url, "writer") as writer:
        assert reader.get(f"{PATH}?after={ledger.size}").code == "http.event"
        assert reader.get(PATH, last_event_id="x").code == "http.parameter"
        assert reader.get(f"{PATH}?event=tea").code == "http.parameter"
        assert reader.get(f"{PATH}?colour=red").code == "http.parameter"
        assert writer.get(PATH).code == "access.role"
        with Asker(url, None) as nobody:
            assert nobody.get(PATH).status == 401


def test_few_streams_of_one_key(ledger: Ledger) -> None:
    """One more than a key may have is told to come again; a stream that ends makes room."""
    with served(ledger) as url, contextlib.ExitStack() as stack:
        streams = [stack.enter_context(Stream(url).begun()) for _ in range(events.STREAMS_EACH)]
        with Stream(url) as refused, Stream(url, key="auditor") as other:
            assert (refused.status, other.status) == (429, 200)
        streams[0].__exit__()
        until = time.monotonic() + 20
        while True:
            with Stream(url) as again:
                if again.status == 200:
                    break
            assert time.monotonic() < until
            time.sleep(0.05)


def test_a_stream_that_does_not_read_is_dropped(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes nothing holds neither the others up nor memory; its connection is broken off."""
    monkeypatch.setattr(events, "_TAKE_S", 0.2)
    with served(ledger) as url, Stream(url).begun() as lazy, Stream(url, "?event=record") as busy:
        busy.begun()
        for number in range(600):
            ledger.record_later({"n": number, "text": "x" * 15_000})
        for number in range(600):
            assert busy.next().data["content"]["n"] == number  # type: ignore[index]  # an object
        time.sleep(0.5)
        with pytest.raises((AssertionError, ConnectionError, ValueError)):
            for _ in range(601):
                lazy.next()
