"""What audits and doctors say of sealed data."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import counterfoil
from counterfoil.ledger.audit import audit
from counterfoil.ledger.doctor import diagnose
from tests.personal import record_person


@pytest.fixture
def two(folder: Path) -> Path:
    """Give a ledger with two people, one of whom was erased."""
    with counterfoil.open(folder) as ledger:
        for person in ("c-17", "c-18"):
            record_person(ledger, person, "Ann")
        ledger.people.erase("c-17")
        ledger.publish()
    return folder


def test_an_erasure_is_no_finding_and_a_loss_is_a_notice(two: Path) -> None:
    """Erased bytes are explained by the log; bytes that are lost, or changed, are named."""
    whole = audit(two, full=True)
    assert (whole.findings, [n.code for n in whole.notices]) == ((), [])
    with sqlite3.connect(two / "vault.db") as vault:
        vault.execute("UPDATE sealed SET bytes = x'00'")
    changed = audit(two, full=True)
    assert [found.code for found in changed.findings] == ["audit.sealed-changed"]
    with sqlite3.connect(two / "vault.db") as vault:
        vault.execute("DELETE FROM sealed")
    lost = audit(two, full=True)
    assert [notice.code for notice in lost.notices] == ["audit.sealed-missing"]
    for path in two.glob("vault.db*"):
        path.unlink()
    assert [notice.code for notice in audit(two, full=True).notices] == ["audit.sealed-missing"]
    (two / "vault.db").write_bytes(b"noise " * 2000)
    assert "audit.vault" in {found.code for found in audit(two, full=True).findings}


def test_a_doctor_looks_at_the_vault(two: Path, state: Path) -> None:
    """Whole, open to others, without keys, damaged: each is said."""

    def vault() -> tuple[str, str]:
        (found,) = [check for check in diagnose(two) if check.word == "vault"]
        return found.status, found.detail

    assert vault() == ("ok", "1 sealed groups of 1 people")
    (keys,) = state.rglob("keys.db")
    keys.chmod(0o644)
    assert vault()[0] == "bad"
    keys.chmod(0o600)
    with sqlite3.connect(keys) as book:
        book.execute("INSERT INTO unsaid VALUES (9, 'hold', '{}')")
    assert vault() == ("warn", "1 changes are not in the log yet")
    for path in state.rglob("keys.db*"):
        path.unlink()
    assert vault() == ("bad", "1 sealed groups, and no keys")
    (two / "vault.db").write_bytes(b"noise " * 2000)
    assert vault()[0] == "bad"
