"""Vaults in backups, and what a restored one must not bring back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import CounterfoilError, Refused
from counterfoil.ledger.backup import backup
from counterfoil.ledger.recover import recover
from tests.personal import found_on_disk, record_person

WHO: dict[str, Any] = {"actor": "dana", "purpose": "complaint"}


def test_a_restored_backup_opens_with_its_keys(folder: Path, state: Path, tmp_path: Path) -> None:
    """On another machine, sealed data opens again; the keys lie in the state folder only."""
    with counterfoil.open(folder) as ledger:
        index = record_person(ledger, "c-17", "Ann")
        ledger.publish()
        known = {"kept": ledger.published()}
    backup(folder, tmp_path / "copy", with_keys=True)
    shutil.rmtree(state)
    recover(tmp_path / "new", source=tmp_path / "copy", last_known=known)
    with counterfoil.open(tmp_path / "new") as ledger:
        assert ledger.people.open(index, **WHO)["sealed"]["customer.name"] == "Ann"
        assert ledger.people.handle("c-17")
    assert not list((tmp_path / "new").glob("*keys.db*"))


def test_without_its_keys_a_backup_opens_nothing(folder: Path, state: Path, tmp_path: Path) -> None:
    """A backup without keys holds ciphertext alone."""
    with counterfoil.open(folder) as ledger:
        index = record_person(ledger, "c-17", "Ann")
        ledger.publish()
        known = {"kept": ledger.published()}
    backup(folder, tmp_path / "copy")
    shutil.rmtree(state)
    shutil.copytree(folder / "keys", tmp_path / "copy" / "keys")
    recover(tmp_path / "new", source=tmp_path / "copy", last_known=known)
    with counterfoil.open(tmp_path / "new") as ledger:
        with pytest.raises(CounterfoilError) as caught:
            ledger.people.open(index, **WHO)
        assert caught.value.code == "vault.keys-missing"


def test_who_was_erased_stays_erased_when_old_files_are_put_back(
    folder: Path, state: Path, tmp_path: Path
) -> None:
    """An old vault with its old keys comes back; the log's erasures take effect again."""
    with counterfoil.open(folder) as ledger:
        index = record_person(ledger, "c-17", "Ann")
        kept = record_person(ledger, "c-18", "Eve")
        recorder: Any = ledger._recorder
        rows = recorder._keeper.vault().keys.file.read("SELECT key, handle FROM class_key")
        keys = {row[1].hex(): row[0] for row in rows}
        handle = ledger.people.handle("c-17")
    shutil.copytree(state, tmp_path / "old-state")
    shutil.copy(folder / "vault.db", tmp_path / "old-vault.db")
    with counterfoil.open(folder) as ledger:
        ledger.people.erase("c-17")
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "old-state", state)
    shutil.copy(tmp_path / "old-vault.db", folder / "vault.db")
    assert found_on_disk((state,), keys[handle])
    with counterfoil.open(folder) as ledger:
        with pytest.raises(Refused) as caught:
            ledger.people.open(index, **WHO)
        assert caught.value.code == "person.erased"
        assert ledger.people.open(kept, **WHO)["sealed"]["customer.name"] == "Eve"
    assert found_on_disk((folder, state), keys[handle]) == []
