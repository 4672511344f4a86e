"""What is put together when a ledger is opened, and what is refused before the first entry."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    FatalLogError,
    InputError,
    NotFound,
    Unavailable,
    VerificationError,
)
from counterfoil.formats import note
from counterfoil.formats.policy import Policy
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ledger.opening import load_keyring, open_reading, open_writing
from counterfoil.ledger.policy_file import opener_of, own_keys, read_policy
from counterfoil.ports import SystemClock
from counterfoil.storage import OwnerLock
from tests.ledgers import OWNER, copy_ledger, prove
from tests.shared_data import program
from tests.statements import refused


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Give another ledger, of the same name and owner, with as many entries."""
    folder = tmp_path / "other"
    create_ledger(folder, SystemClock(), name="test", organisation=OWNER)
    return folder


def close_writing(folder: Path) -> None:
    """Open for writing and let go again."""
    _, writing = open_writing(folder, SystemClock())
    writing.log.close()
    writing.lock.release()


def assert_free(folder: Path) -> None:
    """Check that nobody was left owning a ledger."""
    OwnerLock(folder).release()


def test_reading_needs_no_key(folder: Path) -> None:
    """Without keys and without write access to anything, a ledger can be read and proven."""
    shutil.rmtree(folder / "keys")
    with counterfoil.open(folder, read_only=True) as ledger:
        assert [view.kind for view in ledger.views()] == ["key", "key", "organisation"]
        assert prove(ledger, 2).index == 2
        assert len(ledger.keys) == 2
    with refused("key.missing", NotFound):
        counterfoil.open(folder)
    assert_free(folder)


@pytest.mark.root
def test_a_read_only_disk(folder: Path, tmp_path: Path) -> None:
    """From a disk that takes no writes a ledger is read and proven; writing is refused."""
    mount, disk = program("mount"), tmp_path / "disk"
    disk.mkdir()
    subprocess.run([mount, "--bind", folder, disk], check=True)
    try:
        subprocess.run([mount, "-o", "remount,ro,bind", disk], check=True)
        with counterfoil.open(disk, read_only=True) as reader:
            assert prove(reader, 2).index == 2
        with refused("ledger.lock", Unavailable):
            counterfoil.open(disk)
    finally:
        subprocess.run([program("umount"), disk], check=True)


@pytest.mark.parametrize(
    ("name", "code"),
    [("log.key", "key.missing"), ("producer.key", "key.missing"), ("recovery.key", "")],
)
def test_missing_keys(folder: Path, name: str, code: str) -> None:
    """Writing needs the log's and the producer's key; the recovery key may lie elsewhere."""
    (folder / "keys" / name).unlink()
    if not code:
        close_writing(folder)
        return
    with refused(code, NotFound):
        open_writing(folder, SystemClock())
    assert_free(folder)


def test_a_post_quantum_ledger_needs_both_keys(tmp_path: Path) -> None:
    """A log that was signed with two keys does not quietly go on with one of them."""
    for name in ("log.key", "log-ml-dsa-44.key"):
        folder = copy_ledger(tmp_path / name, post_quantum=True)
        close_writing(folder)
        (folder / "keys" / name).unlink()
        with refused("key.missing", NotFound):
            open_writing(folder, SystemClock())
        assert_free(folder)


@pytest.mark.parametrize("garbage", [b"", b"\xff" * 5000, b"PRIVATE+KEY+log+00000000+AAAA\n"])
def test_garbled_keys(folder: Path, garbage: bytes) -> None:
    """A key file that is none is refused, and no error shows a byte of it."""
    for name in ("log.key", "producer.key"):
        path = folder / "keys" / name
        whole = path.read_bytes()
        for data in (
            garbage,
            whole[:-5],
            whole.replace(b"+", b"-"),
            whole[:30] + b"!" + whole[31:],
        ):
            path.write_bytes(data)
            with pytest.raises(CounterfoilError) as caught:
                open_writing(folder, SystemClock())
            assert whole.split(b"+", 4)[4].decode().strip() not in str(caught.value)
            assert isinstance(caught.value, InputError | FatalLogError), caught.value
        path.write_bytes(whole)
    close_writing(folder)


def test_keys_of_another_ledger(folder: Path, other: Path) -> None:
    """With the log key of another ledger nothing is signed; reading goes on."""
    whole = (folder / "keys" / "log.key").read_bytes()
    shutil.copy(other / "keys" / "log.key", folder / "keys" / "log.key")
    with refused("log.origin", FatalLogError):
        open_writing(folder, SystemClock())
    assert_free(folder)
    with counterfoil.open(folder, read_only=True) as ledger:
        assert prove(ledger, 0).index == 0
    (folder / "keys" / "log.key").write_bytes(whole)
    close_writing(folder)


def test_the_database_of_another_ledger(folder: Path, other: Path) -> None:
    """Another ledger's database is refused by who writes and by who reads."""
    shutil.copy(other / "ledger.db", folder / "ledger.db")
    with refused("log.signature", FatalLogError):
        open_writing(folder, SystemClock())
    assert_free(folder)
    with pytest.raises(FatalLogError, match="expected the database of") as caught:
        open_reading(folder)
    assert caught.value.code == "log.mismatch"


def test_tiles_of_another_ledger(folder: Path, other: Path) -> None:
    """Another ledger's checkpoint and tiles are refused by who writes."""
    shutil.copy(other / "checkpoint", folder / "checkpoint")
    with refused("log.signature", FatalLogError):
        open_writing(folder, SystemClock())
    shutil.rmtree(folder / "tile")
    shutil.copytree(other / "tile", folder / "tile")
    with pytest.raises(FatalLogError):
        open_writing(folder, SystemClock())
    assert_free(folder)


def test_an_older_database(folder: Path) -> None:
    """A database that went back behind what was published is refused: the log would fork."""
    old = (folder / "ledger.db").read_bytes()
    with counterfoil.open(folder) as ledger:
        ledger.record({"a": 1})
        ledger.publish()
    (folder / "ledger.db").write_bytes(old)
    with refused("log.rolled-back", FatalLogError):
        open_writing(folder, SystemClock())
    assert_free(folder)


@pytest.mark.parametrize("data", [b"", b"not a database at all" * 500], ids=["empty", "text"])
def test_a_database_that_is_none(folder: Path, data: bytes) -> None:
    """A file that is no ledger database is refused by who writes and by who reads."""
    (folder / "ledger.db").write_bytes(data)
    for opener in (lambda: open_writing(folder, SystemClock()), lambda: open_reading(folder)):
        with pytest.raises(FatalLogError):
            opener()
    assert_free(folder)


def test_a_missing_database(folder: Path) -> None:
    """Without its database a ledger is not made anew: it is said what to do."""
    (folder / "ledger.db").unlink()
    for opener in (lambda: open_writing(folder, SystemClock()), lambda: open_reading(folder)):
        with refused("store.missing"):
            opener()
    assert not (folder / "ledger.db").exists()
    assert_free(folder)


def test_settings_that_were_edited(folder: Path) -> None:
    """A log signs under its own name and for its owner only, whatever the settings say."""
    path = Layout(folder).config
    whole = path.read_text("utf-8")
    path.write_text(whole.replace("counterfoil.local/", "elsewhere.example/"), encoding="utf-8")
    with refused("log.origin", FatalLogError):
        open_writing(folder, SystemClock())
    with refused("log.mismatch", FatalLogError):
        open_reading(folder)
    path.write_text(whole.replace(OWNER, "https://other.example"), encoding="utf-8")
    with pytest.raises(CounterfoilError) as caught:
        open_writing(folder, SystemClock())
    assert caught.value.code == "config.organisation"
    assert_free(folder)
    path.write_text(whole, encoding="utf-8")
    close_writing(folder)


def test_no_ledger(tmp_path: Path) -> None:
    """Where there is no ledger none is made by opening."""
    for opener in (lambda: open_writing(tmp_path, SystemClock()), lambda: open_reading(tmp_path)):
        with refused("ledger.missing", NotFound):
            opener()
    assert list(tmp_path.iterdir()) == []


def test_two_owners(folder: Path) -> None:
    """A ledger has one owner; the second is told who that is."""
    _, writing = open_writing(folder, SystemClock())
    with refused("ledger.owned", Conflict):
        open_writing(folder, SystemClock())
    writing.log.close()
    writing.lock.release()
    close_writing(folder)


def test_half_written_payloads_are_swept(folder: Path) -> None:
    """What a crash left half-written beside the log is deleted by the next owner; no payload is."""
    with counterfoil.open(folder) as ledger:
        ledger.record({"x": "y" * 50_000})
    (payload,) = (folder / "payload").glob("??/*")
    (payload.parent / ".0123456789abcdef.new").write_bytes(b"half")
    open_reading(folder).store.close()
    assert len(list(payload.parent.iterdir())) == 2
    close_writing(folder)
    assert list(payload.parent.iterdir()) == [payload]


def test_the_policy(folder: Path) -> None:
    """The ledger's policy trusts the log by its own key; that opens its checkpoints."""
    layout = Layout(folder)
    config = open_reading(folder).config
    policy = read_policy(layout)
    assert [log.key.name for log in policy.logs] == [config.origin]
    opener = own_keys(layout, config.origin)
    assert opener.open((folder / "checkpoint").read_bytes()).size == 3
    with refused("log.policy", FatalLogError):
        own_keys(layout, "another.example")
    with refused("log.policy", FatalLogError):
        opener_of(Policy((), (), (), "none"), config.origin)


def test_a_missing_policy(folder: Path) -> None:
    """Without policy.txt a ledger still records; it only cannot say whom to trust."""
    Layout(folder).policy.unlink()
    with counterfoil.open(folder) as ledger:
        recorded = ledger.record({"a": 1})
        with refused("log.policy", FatalLogError):
            _ = ledger.policy
        with refused("log.policy", FatalLogError):
            ledger.verify(ledger.receipt(recorded.index))


@pytest.mark.parametrize("garbage", [b"\xff\x00", b"nonsense\n", b"log not-a-key\n"])
def test_a_garbled_policy(folder: Path, garbage: bytes) -> None:
    """A policy that cannot be read is refused where it is needed, and stops nothing else."""
    Layout(folder).policy.write_bytes(garbage)
    with counterfoil.open(folder) as ledger:
        recorded = ledger.record({"a": 1})
        with pytest.raises(InputError):
            ledger.verify(ledger.receipt(recorded.index))


def test_the_policy_of_another_ledger(folder: Path, other: Path) -> None:
    """Under another log's policy nothing of this one is trusted."""
    shutil.copy(other / "policy.txt", folder / "policy.txt")
    with counterfoil.open(folder) as ledger:
        with refused("trust.unknown-log", VerificationError):
            ledger.verify(ledger.receipt(0))
        with refused("log.policy", FatalLogError):
            own_keys(ledger.layout, ledger.origin)


def test_key_statements_that_do_not_hold(folder: Path) -> None:
    """A log whose key statements cannot be replayed is not opened."""
    reading = open_reading(folder)
    assert len(load_keyring(reading.reader, [0, 1]).periods) == 2
    for broken in ([1], [0, 0], [0, 1, 99]):
        with refused("log.keys", FatalLogError):
            load_keyring(reading.reader, broken)
    assert load_keyring(reading.reader, [0, 2]).periods == load_keyring(reading.reader, [0]).periods
    reading.store.close()


def test_a_damaged_head_is_left_to_audit(folder: Path) -> None:
    """A database whose checkpoint cannot be read may be read, and never be written."""
    database = sqlite3.connect(folder / "ledger.db")
    database.execute("UPDATE head SET note = x'00'")
    database.commit()
    database.close()
    reading = open_reading(folder)
    assert reading.reader.size() == 3
    reading.store.close()
    with pytest.raises(FatalLogError):
        open_writing(folder, SystemClock())
    assert_free(folder)


def test_both_keys_sign(tmp_path: Path) -> None:
    """After opening, a post-quantum ledger goes on signing with both keys."""
    folder = copy_ledger(tmp_path / "quantum", post_quantum=True)
    with counterfoil.open(folder) as ledger:
        ledger.record({"a": 1})
        ledger.publish()
        assert len(note.parse(ledger.published()).signatures) == 2
        assert own_keys(ledger.layout, ledger.origin).open(ledger.published()).size == 4
