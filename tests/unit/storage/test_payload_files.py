"""Payloads beside the log: durable under their digest, and never taken for another."""

from __future__ import annotations

import os
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound, Unavailable, VerificationError
from counterfoil.storage import PayloadFiles
from counterfoil.storage.payload_files import PAYLOAD_MAX_BYTES
from tests.statements import refused

DATA = b"a payload"
DIGEST = sha256(DATA).hexdigest()


@pytest.fixture
def payloads(tmp_path: Path) -> PayloadFiles:
    """Give a folder of payloads that is not there yet."""
    return PayloadFiles(tmp_path / "payload")


def test_kept_by_digest(payloads: PayloadFiles, tmp_path: Path) -> None:
    """A payload is found by its SHA-256, in a folder of its first two digits."""
    assert payloads.put(DATA) == DIGEST
    assert payloads.get(DIGEST) == DATA
    (path,) = (tmp_path / "payload").rglob("?" * 64)
    assert path == tmp_path / "payload" / DIGEST[:2] / DIGEST
    assert payloads.put(b"") == sha256().hexdigest()
    assert payloads.get(sha256().hexdigest()) == b""


def test_kept_once(payloads: PayloadFiles, tmp_path: Path) -> None:
    """The same payload again is no second file and no change."""
    payloads.put(DATA)
    (path,) = (tmp_path / "payload").glob("??/*")
    before = path.stat().st_mtime_ns, path.stat().st_ino
    payloads.put(DATA)
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == before


@pytest.mark.parametrize("damage", [b"", b"a paylo", b"A payload", b"a payload!"])
def test_changed(payloads: PayloadFiles, tmp_path: Path, damage: bytes) -> None:
    """A changed file is never read as the payload; storing the payload again mends it."""
    payloads.put(DATA)
    (path,) = (tmp_path / "payload").glob("??/*")
    path.write_bytes(damage)
    with refused("payload.digest", VerificationError):
        payloads.get(DIGEST)
    assert payloads.put(DATA) == DIGEST
    assert payloads.get(DIGEST) == DATA


def test_missing(payloads: PayloadFiles) -> None:
    """A payload that is not there, perhaps erased, is said to be missing."""
    with refused("payload.missing", NotFound):
        payloads.get(DIGEST)


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", DIGEST.upper(), DIGEST[:-1], DIGEST + "0", "g" * 64, "é" * 64]
)
def test_names_are_digests(payloads: PayloadFiles, name: str) -> None:
    """Nothing but a digest is looked for: no name leads out of the folder."""
    with refused("payload.name"):
        payloads.get(name)


class _Huge(bytes):
    def __len__(self) -> int:
        return PAYLOAD_MAX_BYTES + 1


def test_too_large(payloads: PayloadFiles, tmp_path: Path) -> None:
    """A payload beyond the limit is refused before anything is written."""
    with refused("payload.size"):
        payloads.put(_Huge())
    assert list(tmp_path.iterdir()) == []


def test_unreadable(payloads: PayloadFiles, tmp_path: Path) -> None:
    """What cannot be read for another reason may be there later."""
    (tmp_path / "payload" / DIGEST[:2] / DIGEST).mkdir(parents=True)
    with refused("payload.read", Unavailable):
        payloads.get(DIGEST)
    with refused("payload.write", Unavailable):
        payloads.put(DATA)


def test_unwritable(payloads: PayloadFiles, tmp_path: Path) -> None:
    """Where nothing can be written the answer says so, and nothing half-written stays."""
    (tmp_path / "payload").write_bytes(b"a file")
    with refused("payload.write", Unavailable):
        payloads.put(DATA)


def test_swept(payloads: PayloadFiles, tmp_path: Path) -> None:
    """What a crash left half-written goes; whole payloads stay."""
    assert payloads.sweep() == 0
    payloads.put(DATA)
    half = tmp_path / "payload" / DIGEST[:2] / ".0123456789abcdef.new"
    half.write_bytes(b"a pay")
    (tmp_path / "payload" / "notes.txt").write_bytes(b"mine")
    assert payloads.sweep() == 1
    assert not half.exists()
    assert payloads.get(DIGEST) == DATA
    assert (tmp_path / "payload" / "notes.txt").exists()


def test_many_threads_store_the_same(payloads: PayloadFiles, tmp_path: Path) -> None:
    """Threads that store one payload at once leave it whole, and nothing else."""
    data, errors = os.urandom(100_000), list[BaseException]()

    def work() -> None:
        try:
            for _ in range(5):
                payloads.get(payloads.put(data))
        except (InputError, NotFound, Unavailable, VerificationError) as err:
            errors.append(err)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(list((tmp_path / "payload").glob("??/*"))) == 1
