"""Private keys: readable by their owner only, never overwritten, never shown."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound, Unavailable
from counterfoil.formats.vkey import KeyType
from counterfoil.proofs.signature import verify_ed25519
from counterfoil.storage import KeyFiles, statement_key
from tests.statements import refused


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    """Give a folder of keys that is not there yet."""
    return KeyFiles(tmp_path / "keys")


def test_made_and_read_back(keys: KeyFiles, tmp_path: Path) -> None:
    """A key is read back as it was made; its file and folder are its owner's alone."""
    made = keys.create("producer", "producer", KeyType.ED25519)
    assert keys.load("producer") == made
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "keys" / "producer.key").stat().st_mode) == 0o600
    assert made.seed.hex() not in repr(made)


def test_keys_are_random(keys: KeyFiles) -> None:
    """Two keys are never the same."""
    assert (
        keys.create("a", "a", KeyType.ED25519).seed != keys.create("b", "a", KeyType.ED25519).seed
    )


def test_statement_keys(keys: KeyFiles) -> None:
    """A statement key signs what its public key verifies, always the same, and hides its secret."""
    made = keys.create("producer", "producer", KeyType.ED25519)
    key = keys.load_statement_key("producer")
    assert key.keyid == statement_key(made).keyid
    assert key.sign(b"message") == key.sign(b"message")
    verify_ed25519(key.public, b"message", key.sign(b"message"))
    assert "private" not in repr(key).lower()
    keys.create("quantum", "quantum", KeyType.COSIGNATURE_MLDSA44)
    with refused("key.type"):
        keys.load_statement_key("quantum")


def test_never_overwritten(keys: KeyFiles) -> None:
    """A key that is there stays, whatever is made, put or renamed."""
    first = keys.create("a", "a", KeyType.ED25519)
    second = keys.create("b", "b", KeyType.ED25519)
    with refused("key.exists"):
        keys.create("a", "c", KeyType.ED25519)
    with refused("key.exists"):
        keys.put("a", second)
    with refused("key.exists"):
        keys.rename("b", "a")
    assert (keys.load("a"), keys.load("b")) == (first, second)


def test_renamed_and_discarded(keys: KeyFiles) -> None:
    """A key file can get another name, or go when it was made in vain."""
    made = keys.create("a", "a", KeyType.ED25519)
    keys.rename("a", "b")
    assert (keys.names(), keys.load("b")) == (["b"], made)
    keys.discard("b")
    keys.discard("b")
    assert keys.names() == []
    with refused("key.missing", NotFound):
        keys.rename("b", "c")


def test_missing(keys: KeyFiles) -> None:
    """A key that is not there is said to be missing; without a folder there is none."""
    assert (keys.names(), keys.exposed()) == ([], [])
    with refused("key.missing", NotFound):
        keys.load("log")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../a", "/a", "a/b", "a\0b", "a\nb", "\u00e9", "-a", "x" * 101, "a\\b "]
)
def test_names_stay_in_the_folder(keys: KeyFiles, tmp_path: Path, name: str) -> None:
    """No name leads out of the folder, in no way."""
    attempts: list[Callable[[], object]] = [
        lambda: keys.create(name, "a", KeyType.ED25519),
        lambda: keys.load(name),
        lambda: keys.load_statement_key(name),
        lambda: keys.discard(name),
        lambda: keys.rename("a", name),
        lambda: keys.rename(name, "a"),
    ]
    for attempt in attempts:
        with refused("key.file-name"):
            attempt()
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: b"\xff\xfe" + data,
        lambda data: data[:-6],
        lambda data: data + data,
        lambda data: data.replace(b"PRIVATE", b"PUBLIC"),
        lambda data: data.replace(b"+producer+", b"+other+"),
        lambda data: b"x" * 10_000,
    ],
    ids=["empty", "not text", "cut", "twice", "public", "renamed", "long"],
)
def test_garbled(keys: KeyFiles, tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    """A file that is no whole key is refused, and no byte of the secret is in the message."""
    keys.create("producer", "producer", KeyType.ED25519)
    path = tmp_path / "keys" / "producer.key"
    data = path.read_bytes()
    path.write_bytes(change(data))
    with pytest.raises(InputError) as caught:
        keys.load("producer")
    secret = data.split(b"+", 4)[4].decode().strip()
    assert secret[4:20] not in str(caught.value) + caught.value.hint


def test_exposed(keys: KeyFiles, tmp_path: Path) -> None:
    """Key files that others may read are found."""
    keys.create("a", "a", KeyType.ED25519)
    keys.create("b", "b", KeyType.ED25519)
    path = tmp_path / "keys" / "b.key"
    path.chmod(0o640)
    assert keys.exposed() == [path]


def test_where_nothing_can_be_written(keys: KeyFiles, tmp_path: Path) -> None:
    """Where the folder cannot hold a key the answer says so."""
    (tmp_path / "keys").write_bytes(b"a file")
    with refused("key.write", Unavailable):
        keys.create("a", "a", KeyType.ED25519)
    with refused("key.write", Unavailable):
        keys.discard("a")
    with refused("key.write", Unavailable):
        keys.rename("a", "b")
    with refused("key.unreadable", Unavailable):
        keys.load("a")
