"""Operations run in few threads, and end when nobody waits; lists end with their client."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import pytest

import counterfoil
from counterfoil.errors import TooMany
from counterfoil.http.api import flow, operations, workers
from counterfoil.ops.offered import Offered
from counterfoil.ops.place import LedgerFolder
from counterfoil.ports import Operation, Param, Progress
from tests.ledgers import copy_ledger
from tests.nodes import served


def test_few_long_operations_at_a_time() -> None:
    """One more than the limit is told to come again; what ends makes room."""

    async def crowd() -> None:
        pool, gate = workers.Workers(), threading.Event()
        running = [pool.begin(gate.wait, long=True) for _ in range(workers.LONG_MAX)]
        with pytest.raises(TooMany) as refused:
            pool.begin(gate.wait, long=True)
        assert refused.value.code == "http.busy"
        quick = pool.begin(lambda: 7, long=False)
        assert await quick == 7
        gate.set()
        await asyncio.gather(*running)
        assert await pool.begin(lambda: 8, long=True) == 8

    asyncio.run(crowd())


def test_work_ends_when_nobody_waits() -> None:
    """What only reads is stopped at its next step once its client has left."""

    async def leave() -> None:
        pool, stopper = workers.Workers(), workers.Stopper()

        def work() -> None:
            while True:
                stopper.progress(1, None, "rows")

        async def gone() -> bool:
            return True

        with pytest.raises(workers.Stopped):
            await workers.watched(pool.begin(work, long=True), gone, stopper)

    asyncio.run(leave())


class Endless:
    """An operation that lists for ever, and says how far it is."""

    def __init__(self) -> None:
        self.made, self.ended = 0, threading.Event()

    def offered(self) -> Offered:
        def listing(
            size: Annotated[int, Param("Bytes of an item.")] = 1000, *, ledger: LedgerFolder = None
        ) -> Iterator[dict[str, str]]:
            """List for ever."""
            try:
                while True:
                    self.made += 1
                    yield {"text": "x" * size}
            finally:
                self.ended.set()

        listing.__annotations__["return"] = "Iterator[dict[str, str]]"
        words = ("record", "endless")
        operation = Operation(words, "nowhere:listing", "List for ever.", False, ())
        return Offered(operation, listing, (), "many", ("ledger",), {})


def asking_for_lines(url: str, path: str) -> socket.socket:
    """Ask for an answer in lines, and read none of it yet."""
    place = urlsplit(url)
    client = socket.create_connection((place.hostname or "", place.port or 0), 20)
    client.sendall(
        f"GET {path} HTTP/1.1\r\nhost: {place.netloc}\r\n"
        "accept: application/x-ndjson\r\nauthorization: Bearer reader\r\n\r\n".encode()
    )
    return client


@pytest.mark.parametrize("leaves", [True, False])
def test_a_list_ends_with_its_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    """What is listed waits for its reader; it ends soon after one left, or no longer reads."""
    endless = Endless()
    monkeypatch.setattr(operations, "offered_operations", lambda: (endless.offered(),))
    monkeypatch.setattr(flow, "_TAKE_S", 0.3)
    with counterfoil.open(copy_ledger(tmp_path / "shop")) as ledger, served(ledger) as url:
        with asking_for_lines(url, "/api/v1/record/endless") as client:
            assert client.recv(1000)
            if not leaves:
                assert endless.ended.wait(30)
        assert endless.ended.wait(30)
        made = endless.made
        time.sleep(0.1)
        assert endless.made == made < 1_000_000


def test_a_search_ends_with_a_client_that_left_before_its_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has found nothing yet is stopped at its next step, and does not hold its place."""
    begun, ended = threading.Event(), threading.Event()

    def looking(*, progress: Progress, ledger: LedgerFolder = None) -> Iterator[dict[str, str]]:
        """Look for ever, and find nothing."""
        begun.set()
        try:
            while not ended.wait(0.01):
                progress(1, None, "rows")
            yield {}
        finally:
            ended.set()

    looking.__annotations__["return"] = "Iterator[dict[str, str]]"
    operation = Operation(("record", "looking"), "nowhere:looking", "Look.", False, ())
    by_shell = {"progress": "progress"}
    offered = Offered(operation, looking, (), "many", ("ledger",), by_shell)
    monkeypatch.setattr(operations, "offered_operations", lambda: (offered,))
    with counterfoil.open(copy_ledger(tmp_path / "shop")) as ledger, served(ledger) as url:
        try:
            with asking_for_lines(url, "/api/v1/record/looking"):
                assert begun.wait(30)
            assert ended.wait(30)
        finally:
            ended.set()
