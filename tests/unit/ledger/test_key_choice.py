"""A ledger is written with the key that counts now, also after a crash within a rotation."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import InputError, NotFound, Refused
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.ledger import create_ledger
from counterfoil.ledger.key_choice import log_signer
from counterfoil.ports import SystemClock
from counterfoil.storage import KeyFiles
from tests.ledgers import copy_ledger, key_of, prove
from tests.statements import refused


@pytest.fixture
def rotated(folder: Path) -> Path:
    """Rotate the producer key once, and give the folder of its files."""
    with counterfoil.open(folder) as ledger:
        ledger.record({"n": 0})
        ledger.key_admin.rotate()
        ledger.record({"n": 1})
    return folder / "keys"


def records_soundly(folder: Path) -> bool:
    """Open, record and prove."""
    with counterfoil.open(folder) as ledger:
        index = ledger.record({"after": "crash"}).index
        verified = prove(ledger, index)
        producers = [period for period in ledger.keys if period.role == "producer"]
        return verified.signer.keyid == key_of(folder).keyid == producers[-1].keyid


def old_name(keys: Path) -> Path:
    """Find the file of the key that was replaced."""
    (found,) = keys.glob("producer-until-*.key")
    return found


def test_killed_before_the_files_were_renamed(rotated: Path) -> None:
    """The statement is in the log, the files still have their old names: the new key is used."""
    (rotated / "producer.key").rename(rotated / "producer-0123abcd.key")
    old_name(rotated).rename(rotated / "producer.key")
    assert records_soundly(rotated.parent)
    assert sorted(path.name for path in rotated.glob("producer*")) == [
        "producer-until-6.key",
        "producer.key",
    ]
    assert records_soundly(rotated.parent)


def test_killed_between_the_renames(rotated: Path) -> None:
    """The old key was renamed, the new one was not yet: the new key is found and used."""
    (rotated / "producer.key").rename(rotated / "producer-0123abcd.key")
    (rotated / "producer-00000000.key").write_bytes(b"half")
    assert records_soundly(rotated.parent)
    assert (rotated / "producer.key").is_file()


def test_killed_before_the_statement(folder: Path) -> None:
    """A key that was made and never stated is not used: the old one still counts."""
    shutil.copy(folder / "keys" / "recovery.key", folder / "keys" / "producer-0123abcd.key")
    (folder / "keys" / "producer-deadbeef.key").write_bytes(b"half")
    assert records_soundly(folder)


def test_an_old_key_put_back(rotated: Path) -> None:
    """With an old producer key alone nothing is recorded: no receipt of it would verify."""
    old_name(rotated).replace(rotated / "producer.key")
    with pytest.raises(Refused, match="may sign entry 6, but") as caught:
        counterfoil.open(rotated.parent)
    assert caught.value.code == "key.producer"


def test_another_ledgers_key(folder: Path, tmp_path: Path) -> None:
    """A producer key that is not in this log is refused."""
    create_ledger(tmp_path / "other", SystemClock())
    shutil.copy(tmp_path / "other" / "keys" / "producer.key", folder / "keys" / "producer.key")
    with refused("key.producer", Refused):
        counterfoil.open(folder)


def test_keys_of_other_purposes(folder: Path) -> None:
    """A recovery key under the producer's name is refused: one key, one purpose."""
    shutil.copy(folder / "keys" / "recovery.key", folder / "keys" / "producer.key")
    with refused("key.producer", Refused):
        counterfoil.open(folder)


def test_a_key_of_another_type(tmp_path: Path) -> None:
    """An ML-DSA key cannot sign statements."""
    folder = copy_ledger(tmp_path / "quantum", post_quantum=True)
    shutil.copy(folder / "keys" / "log-ml-dsa-44.key", folder / "keys" / "producer.key")
    with pytest.raises(InputError):
        counterfoil.open(folder)


def test_a_log_without_checkpoints(folder: Path) -> None:
    """Before the first checkpoint, and where it is damaged, the keys at hand are taken."""
    keys = KeyFiles(folder / "keys")
    origin = keys.load("log").name
    for last in (b"", b"garbage"):
        signed = log_signer(keys, origin, last, SystemClock()).sign(
            Checkpoint(origin, 1, bytes(32))
        )
        assert signed.startswith(origin.encode())
    with refused("key.missing", NotFound):
        log_signer(KeyFiles(folder / "nowhere"), origin, b"", SystemClock())
