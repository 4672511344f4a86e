"""The verbs of a ledger in the process that owns it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from counterfoil.errors import Refused, Unavailable
from counterfoil.ledger.key_admin import KeyAdmin
from counterfoil.ledger.opening import Writing, load_keyring, open_writing
from counterfoil.ledger.recorder import LocalRecorder
from counterfoil.ports import Said, SystemClock
from counterfoil.storage import OwnerLock
from tests.statements import refused


def recorder_of(writing: Writing) -> LocalRecorder:
    """Make the recorder of what an owner has."""
    keyring = load_keyring(writing.log.reader, writing.writer.store.key_entries())
    return LocalRecorder(writing, KeyAdmin(writing.writer, writing.keys, keyring))


def test_every_verb(writing: Writing) -> None:
    """Each verb answers with a future; a source and its time are added where none is given."""
    recorder = recorder_of(writing)
    own = writing.writer.default_source
    assert recorder.record(b"{}", {}, None, None).result().source == own
    assert recorder.record(b"{}", {"at_ms": 5}, "s", 0).result().number == 0
    assert recorder.record_rows([b"{}", b"{}"], None, None).result().source == own
    assert recorder.record_block([b"{}"], None, None).result().number == 3
    fields = {"organisation": "urn:x:1", "name": "X"}
    assert recorder.record_statement(Said("organisation", fields), None, None).result().number == 4
    with refused("append.key", Refused):
        recorder.append(writing.log.reader.entry(0))
    recorder.wait_published(writing.log.head.size)
    assert writing.log.published_size == writing.log.head.size == 10


def test_a_number_needs_a_source(writing: Writing) -> None:
    """In our own series nobody chooses numbers."""
    recorder = recorder_of(writing)
    attempts: list[Callable[[], object]] = [
        lambda: recorder.record(b"{}", {}, None, 1),
        lambda: recorder.record_rows([b"{}"], None, 1),
        lambda: recorder.record_block([b"{}"], None, 1),
        lambda: recorder.record_statement(Said("x:y", {}), None, 1),
    ]
    for attempt in attempts:
        with refused("record.source"):
            attempt()


def test_closing_lets_go(writing: Writing, folder: Path) -> None:
    """Closing commits and publishes what waits, and frees the ledger; also when it fails."""
    recorder = recorder_of(writing)
    waiting = recorder.record(b"{}", {}, None, None)
    recorder.close()
    recorder.close()
    assert waiting.result().index == 3
    OwnerLock(folder).release()
    with refused("log.closed", Unavailable):
        recorder.record(b"{}", {}, "s", 0)


def test_a_failure_to_publish_lets_go(folder: Path) -> None:
    """When the last entries cannot be published closing says so, and the ledger is free."""
    _, writing = open_writing(folder, SystemClock())
    recorder = recorder_of(writing)
    shutil.rmtree(folder / "tile")
    (folder / "tile").write_bytes(b"a file where the folder was")
    recorder.record(b"{}", {}, None, None).result()
    with refused("tiles.write", Unavailable):
        recorder.close()
    OwnerLock(folder).release()
