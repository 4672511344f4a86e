"""The vault by itself: sealed bytes, keys, and what damage looks like."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from counterfoil.errors import (
    CounterfoilError,
    FatalLogError,
    InputError,
    NotFound,
    VerificationError,
)
from counterfoil.ports import ToSeal
from counterfoil.testing.clock import ManualClock
from counterfoil.vault import Authority, Vault
from counterfoil.vault.keys import KEY_SERVES_MS

CONTACT = ToSeal("c-17", "contact", {"name": "Ann", "lines": [1, 2.5, None]})


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still."""
    return ManualClock()


@pytest.fixture
def opened(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[[], Vault]]:
    """Give what opens the one vault of a test; closes it in the end."""
    vaults: list[Vault] = []

    def again() -> Vault:
        for vault in vaults:
            vault.close()
        vaults[:] = [Vault(tmp_path / "vault.db", lambda _id: tmp_path / "keys.db", "log", clock)]
        return vaults[0]

    yield again
    for vault in vaults:
        vault.close()


def test_values_keep_their_text_and_files_are_private(
    opened: Callable[[], Vault], tmp_path: Path
) -> None:
    """What was sealed opens to the byte, after the files were closed, too; nobody else reads."""
    vault = opened()
    (sealed,) = vault.seal([CONTACT], 0).sealed
    expected = [b'"Ann"', b"[1,2.5,null]"]
    assert [field.text for field in vault.open(sealed)] == expected
    assert [field.text for field in opened().open(sealed)] == expected
    for name in ("vault.db", "keys.db"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_one_handle_a_person_and_one_key_a_class_and_month(
    opened: Callable[[], Vault], clock: ManualClock
) -> None:
    """Two classes have two keys; a month later a new one; the handle stays."""
    vault = opened()
    decision = ToSeal("c-17", "decision", {"score": 1})
    groups = vault.seal([CONTACT, decision, CONTACT], 0).sealed
    clock.advance(KEY_SERVES_MS)
    groups += vault.seal([CONTACT], 0).sealed
    assert len({group.person for group in groups}) == 1
    keys = vault.keys.file.read("SELECT data_class FROM class_key ORDER BY 1")
    assert keys == [("contact",), ("contact",), ("decision",)]
    assert vault.open(groups[0])[0].text == b'"Ann"'


def test_what_is_no_request_is_refused(opened: Callable[[], Vault]) -> None:
    """A dictionary in place of ToSeal, for example, is told in words."""
    with pytest.raises(InputError, match="found dict"):
        opened().seal([{"person": "c-17"}], 0)  # type: ignore[list-item]  # what people try


def test_nothing_is_sealed_when_one_of_a_batch_is_wrong(opened: Callable[[], Vault]) -> None:
    """All or none, and nobody gets a handle."""
    vault = opened()
    with pytest.raises(CounterfoilError) as caught:
        vault.seal([CONTACT, ToSeal("c-18", "contact", {"n": float("nan")})], 0)
    assert caught.value.code == "person.value"
    assert vault.people() == []
    assert vault.bytes.holds() is False


@pytest.mark.parametrize("sql", ["UPDATE sealed SET bytes = x'00'", "UPDATE sealed SET key = key"])
def test_changed_bytes_are_named(opened: Callable[[], Vault], sql: str) -> None:
    """Bytes that are not what the log committed to do not open; untouched ones do."""
    vault = opened()
    (sealed,) = vault.seal([CONTACT], 0).sealed
    vault.bytes.file.connection.execute(sql)
    if "00" not in sql:
        assert vault.open(sealed)
        return
    with pytest.raises(VerificationError) as caught:
        vault.open(sealed)
    assert caught.value.code == "sealed.damaged"


def test_bytes_that_are_lost_are_not_called_erased(opened: Callable[[], Vault]) -> None:
    """Missing without an erasure is missing, whether the bytes are or their key is."""
    vault = opened()
    sealed = vault.seal([CONTACT, ToSeal("c-18", "contact", {"n": 1})], 0).sealed
    vault.bytes.file.connection.execute("DELETE FROM sealed WHERE id = 1")
    vault.keys.file.connection.execute("DELETE FROM class_key")
    for one in sealed:
        with pytest.raises(NotFound) as caught:
            vault.open(one)
        assert caught.value.code == "sealed.missing"


def test_damaged_and_foreign_files_are_refused(
    tmp_path: Path, opened: Callable[[], Vault], clock: ManualClock
) -> None:
    """No database, another's database, another ledger's vault: each a clear error."""
    opened().seal([CONTACT], 0)
    with pytest.raises(FatalLogError) as other:
        Vault(tmp_path / "vault.db", lambda _id: tmp_path / "keys.db", "other log", clock)
    assert other.value.code == "vault.mismatch"
    (tmp_path / "noise").write_bytes(b"noise " * 1000)
    with pytest.raises(FatalLogError) as noise:
        Vault(tmp_path / "noise", lambda _id: tmp_path / "k", "log", clock)
    assert noise.value.code == "vault.corrupt"
    sqlite3.connect(tmp_path / "plain").execute("PRAGMA user_version = 9").close()
    with pytest.raises(FatalLogError) as plain:
        Vault(tmp_path / "plain", lambda _id: tmp_path / "k", "log", clock)
    assert plain.value.code == "vault.schema"
    with pytest.raises(CounterfoilError) as folder:
        Vault(tmp_path / "noise" / "vault.db", lambda _id: tmp_path / "k", "log", clock)
    assert folder.value.code == "vault.unavailable"


def test_orphans_are_swept_and_what_is_recorded_stays(opened: Callable[[], Vault]) -> None:
    """Bytes that no entry names go, with keys and people of whom nothing is left."""
    vault = opened()
    kept = vault.seal([CONTACT], 5).sealed[0]
    vault.seal([ToSeal("c-18", "contact", {"n": 1})], 6)
    asked: list[tuple[int, int]] = []

    def recorded(digests: set[bytes], first: int) -> list[bytes]:
        asked.append((len(digests), first))
        return [bytes.fromhex(kept.ciphertext)]

    assert vault.sweep(recorded) == 1
    assert asked == [(2, 5)]
    assert vault.people() == [kept.person]
    assert vault.sweep(lambda _digests, _first: []) == 0
    assert vault.open(kept)


def test_what_was_not_recorded_leaves_nobody_behind(opened: Callable[[], Vault]) -> None:
    """People and keys of a statement that was refused are gone when the vault is closed.

    Who is known by anything else stays: by what was sealed with the same key, or by a hold.
    """
    vault = opened()
    first = vault.seal([ToSeal(one, "contact", {"n": 1}) for one in ("a", "b", "c")], 0)
    vault.discard(first)
    vault.settle(vault.seal([ToSeal("b", "contact", {"n": 2})], 0))
    held = vault.admit("c")
    with vault.stating(0):
        Authority(vault).hold(held, [], "lawsuit", None, 0, None)
    again = opened()
    assert again.people() == sorted([first.sealed[1].person, held])
    assert again.kept(first.sealed[1].person)[0][1] == 1
    with pytest.raises(NotFound):
        again.handle("a")
    assert len(again.keys.file.read("SELECT id FROM class_key")) == 1


def test_an_erasure_takes_no_later_data_along(opened: Callable[[], Vault]) -> None:
    """Applying statement 3 again, as after a restore, leaves what was sealed after it."""
    vault = opened()
    vault.epoch = 3
    old = vault.seal([CONTACT], 0).sealed[0]
    vault.erase(old.person, ["contact"], 3)
    new = vault.seal([CONTACT], 0).sealed[0]
    vault.erase(old.person, ["contact"], 3)
    assert vault.open(new)
    with pytest.raises(CounterfoilError) as caught:
        vault.open(old)
    assert caught.value.code == "person.erased"
    vault.erase(new.person, [], 4)
    assert Authority(vault).permits(new.person) == []


def test_threads_seal_side_by_side(opened: Callable[[], Vault]) -> None:
    """Four threads, one person: one handle, and everything opens."""
    vault = opened()
    groups: list[str] = []

    def work() -> None:
        for _ in range(5):
            groups.extend(one.person for one in vault.seal([CONTACT], 0).sealed)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(groups) == 20
    assert len(set(groups)) == 1
