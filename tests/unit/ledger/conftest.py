"""A new ledger for each test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

import counterfoil
from counterfoil.ledger import Ledger
from counterfoil.ledger.opening import Writing, open_writing
from counterfoil.ports import SystemClock
from tests.ledgers import copy_ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a ledger with nothing but its first three statements."""
    return copy_ledger(tmp_path / "ledger")


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    """Open that ledger as its owner."""
    with counterfoil.open(folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Open one ledger for all tests of a module that must record nothing."""
    with counterfoil.open(copy_ledger(tmp_path_factory.mktemp("untouched") / "ledger")) as opened:
        yield opened
        assert opened.size == 3


@pytest.fixture
def writing(folder: Path) -> Iterator[Writing]:
    """Open the parts that write, without the facade."""
    _, parts = open_writing(folder, SystemClock())
    yield parts
    parts.log.close()
    parts.lock.release()


@pytest.fixture
def stalled(writing: Writing) -> Callable[[], AbstractContextManager[None]]:
    """Keep the log busy for a while, so that what is submitted meanwhile waits in its queue."""

    @contextmanager
    def stall() -> Iterator[None]:
        begun, done = threading.Event(), threading.Event()

        def work() -> None:
            begun.set()
            done.wait()

        thread = threading.Thread(target=writing.log._sequencer.run, args=(work,))
        thread.start()
        begun.wait()
        try:
            yield
        finally:
            done.set()
            thread.join()

    return stall
