"""An operator puts the ledger back, cuts it, rewrites it: the default witness notices, in words."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import CounterfoilError, FatalLogError, VerificationError
from counterfoil.formats import note as notes
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Layout, Ledger
from counterfoil.ledger.audit import audit
from counterfoil.ledger.recover import recover
from counterfoil.ops.verification import verify
from counterfoil.ports import Channel
from counterfoil.proofs.verify import verify_receipt
from tests.log_rig import raises_code


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep what this test's user remembers beside the ledger, not in it."""
    folder = tmp_path / "state"
    monkeypatch.setenv("COUNTERFOIL_STATE", str(folder))
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Make a ledger with a few hundred records, some in tiles alone."""
    folder = tmp_path / "shop"
    with counterfoil.open(folder, create=True) as ledger:
        ledger.record_many([{"n": n} for n in range(300)])
        ledger.publish()
    return folder


def more(folder: Path, count: int = 20) -> None:
    """Go on recording, each record published."""
    with counterfoil.open(folder) as ledger:
        for n in range(count):
            ledger.record({"more": n})
        ledger.publish()


def put_back(folder: Path, copy: Path) -> None:
    """Put an older copy of the whole folder in its place."""
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)


def codes(folder: Path) -> set[str]:
    """Audit a ledger: the codes of what is found."""
    return {finding.code for finding in audit(folder).findings}


def test_a_new_ledger_is_self_witnessed(shop: Path, state: Path) -> None:
    """Receipts of a new ledger say that its own witness, and nobody else, vouches for it."""
    with counterfoil.open(shop) as ledger:
        verified = ledger.verify(ledger.receipt(7))
        assert verified.grade == "self-witnessed"
        assert [cosigner.name for cosigner in verified.trusted.cosigners] == ["self"]
    assert (state / "witness" / "witness.db").is_file()
    assert not list(shop.rglob("witness*"))


def test_the_whole_folder_put_back(shop: Path, tmp_path: Path) -> None:
    """Database, tiles and keys of yesterday: opening, reading and the audit say so."""
    shutil.copytree(shop, tmp_path / "yesterday")
    more(shop)
    put_back(shop, tmp_path / "yesterday")
    with raises_code("witness.rolled-back", FatalLogError) as caught:
        counterfoil.open(shop)
    assert "put back to an older state" in caught.value.message
    with raises_code("witness.rolled-back", FatalLogError):
        counterfoil.open(shop, read_only=True)
    assert codes(shop) == {"audit.forked"} or "audit.rolled-back" in codes(shop)


def test_without_a_witness_nobody_would_notice(tmp_path: Path) -> None:
    """The planted bug: the same attack on a ledger without a witness goes unseen."""
    counterfoil.open(tmp_path / "blind", create=True).close()
    folder = tmp_path / "blind"
    text = Layout(folder).config.read_text().replace("witness = true", "witness = false")
    Layout(folder).config.write_text(text)
    shutil.copytree(folder, tmp_path / "yesterday")
    more(folder)
    put_back(folder, tmp_path / "yesterday")
    counterfoil.open(folder).close()
    assert codes(folder) == set()


def test_the_last_records_cut(shop: Path) -> None:
    """Records cut from database and tiles alike, with a proper old checkpoint, are missed."""
    with counterfoil.open(shop) as ledger:
        old_note, old_size = ledger.published(), ledger.size
        kept = shop.parent / "kept"
    shutil.copytree(shop, kept)
    more(shop, 3)
    shutil.copyfile(Layout(kept).database, Layout(shop).database)
    for beside in shop.glob("ledger.db-*"):
        beside.unlink()
    (shop / "checkpoint").write_bytes(old_note)
    with raises_code("witness.rolled-back", FatalLogError) as caught:
        counterfoil.open(shop)
    assert f"{old_size + 3} entries" in caught.value.message


def test_a_record_changed_and_all_signed_again(tmp_path: Path) -> None:
    """The operator makes the history anew with its own keys: the witness knows the old one."""
    folder, rewritten = tmp_path / "shop", tmp_path / "rewritten"
    with counterfoil.open(folder, create=True) as ledger:
        ledger.publish()
    shutil.copytree(folder, rewritten)
    with counterfoil.open(folder) as ledger:
        honest = [ledger.record({"amount_minor": n}).index for n in range(5)]
        ledger.publish()
        receipt = receipts.format(ledger.receipt(honest[2]))
        policy = ledger.policy
    with _blind(rewritten) as ledger:
        for n in range(5):
            ledger.record({"amount_minor": 0 if n == 2 else n})
        ledger.record({"one": "more"})
        ledger.publish()
    put_back(folder, rewritten)
    _witnessed(folder)
    with raises_code("witness.forked", FatalLogError) as caught:
        counterfoil.open(folder)
    assert "another history" in caught.value.message
    assert "audit.forked" in codes(folder)
    assert verify_receipt(receipt, policy).index == honest[2]  # its holder keeps the proof


def _blind(folder: Path) -> Ledger:
    config = Layout(folder).config
    config.write_text(config.read_text().replace("witness = true", "witness = false"))
    return counterfoil.open(folder)


def _witnessed(folder: Path) -> None:
    config = Layout(folder).config
    config.write_text(config.read_text().replace("witness = false", "witness = true"))


def test_two_copies_that_both_go_on(shop: Path, tmp_path: Path) -> None:
    """A copy of the folder that is written beside the original stops, and says why."""
    shutil.copytree(shop, tmp_path / "twin")
    more(shop, 2)
    with raises_code("witness.rolled-back", FatalLogError):
        counterfoil.open(tmp_path / "twin")


def test_a_copy_goes_on_while_the_original_is_open(shop: Path, tmp_path: Path) -> None:
    """Two owners of two copies at once: who publishes second is stopped, and signs no more."""
    shutil.copytree(shop, tmp_path / "twin")
    with counterfoil.open(shop) as first:
        twin = counterfoil.open(tmp_path / "twin")
        first.record({"here": 1})
        first.publish()
        with pytest.raises(FatalLogError) as caught:
            twin.record({"there": 1})
            twin.publish()
        assert caught.value.code in {"witness.forked", "witness.rolled-back"}
        with raises_code(caught.value.code, FatalLogError):
            twin.record({"there": 2})
        with pytest.raises(FatalLogError):
            twin.close()


def test_a_missing_memory_is_not_fine(shop: Path, state: Path) -> None:
    """Without its memory the ledger is not written; accepting that is recorded in it."""
    shutil.rmtree(state)
    with raises_code("witness.missing", FatalLogError) as caught:
        counterfoil.open(shop)
    assert "--accept-new-witness" in caught.value.hint
    with counterfoil.open(shop, read_only=True) as reader:
        assert reader.size > 300
    with counterfoil.open(shop, accept_new_witness=True) as ledger:
        last = ledger.get(ledger.size - 1).to_json()
        assert last["kind"] == "policy"
        assert "its operator accepted that" in json.dumps(last)
        assert ledger.verify(ledger.receipt(5)).grade == "self-witnessed"
    with counterfoil.open(shop, accept_new_witness=True) as ledger:
        assert ledger.get(ledger.size - 1).to_json() == last  # nothing new to accept


def test_accepting_is_not_for_a_ledger_that_went_back(shop: Path, tmp_path: Path) -> None:
    """A memory that is there and disagrees is never accepted away."""
    shutil.copytree(shop, tmp_path / "yesterday")
    more(shop)
    put_back(shop, tmp_path / "yesterday")
    with raises_code("witness.rolled-back", FatalLogError):
        counterfoil.open(shop, accept_new_witness=True)


def test_a_damaged_memory(shop: Path, state: Path) -> None:
    """A memory that cannot be read is not taken for an empty one, also with acceptance."""
    (state / "witness" / "witness.db").write_bytes(b"\x00" * 4096)
    for accept in (False, True):
        with raises_code("witness.missing", FatalLogError):
            counterfoil.open(shop, accept_new_witness=accept)


def test_recovery_knows_what_the_witness_saw(shop: Path, tmp_path: Path) -> None:
    """A backup older than the witness's memory is not silently taken for the log."""
    shutil.copytree(shop, tmp_path / "yesterday")
    more(shop)
    put_back(shop, tmp_path / "yesterday")
    with pytest.raises(CounterfoilError) as caught:
        recover(shop)
    assert caught.value.code in {"recover.newer-known", "recover.damaged"}


def test_verify_remembers_what_it_saw(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader who saw one history notices another of the same size, and a ledger put back."""
    shutil.copytree(shop, tmp_path / "other")
    receipt_file = tmp_path / "receipt.json"
    with counterfoil.open(shop) as ledger:
        index = ledger.record({"said": "here"}).index
        receipt_file.write_bytes(receipts.format(ledger.receipt(index)))
    policy = shop / "policy.txt"
    assert verify(receipt_file, policy=policy, ledger=shop, channel=_silence()).seen == index + 1
    blind = tmp_path / "other"
    with monkeypatch.context() as elsewhere:  # where nothing was seen, another history is made
        elsewhere.setenv("COUNTERFOIL_STATE", str(tmp_path / "elsewhere"))
        with _blind(blind) as ledger:
            ledger.record({"said": "there"})
            other = receipts.format(ledger.receipt(index))
        with raises_code("verify.forked", VerificationError):
            verify(receipt_file, policy=policy, ledger=blind, channel=_silence())
    lone = tmp_path / "lone.txt"
    lone.write_bytes(_without_witness(policy.read_bytes()))
    (tmp_path / "other.json").write_bytes(other)
    with raises_code("seen.forked", VerificationError):
        verify(tmp_path / "other.json", policy=lone, channel=_silence())
    # The ledger at hand is held to the receipt here, too; its owner is not stopped by what was
    # seen, since a thief of the log's key could else do that.
    with raises_code("verify.forked", VerificationError):
        verify(receipt_file, policy=policy, ledger=blind, channel=_silence())
    assert "audit.forked" in codes(blind)


def _without_witness(policy: bytes) -> bytes:
    lines = [line for line in policy.splitlines() if line.startswith(b"log ")]
    return b"\n".join([*lines, b"quorum none"]) + b"\n"


def _silence() -> Channel:
    return Channel(io.BytesIO(), io.BytesIO())


def test_a_kept_checkpoint_has_its_cosignature(shop: Path) -> None:
    """What is kept for good carries the witness's word."""
    with counterfoil.open(shop) as ledger:
        names = [line.name for line in notes.parse(ledger.checkpoints()[-1].note).signatures]
    assert any(name.startswith("counterfoil.local/witness/") for name in names)


def test_an_old_database_alone(shop: Path, tmp_path: Path) -> None:
    """The database alone of yesterday is refused as before, by the tiles."""
    database = Layout(shop).database
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(database, tmp_path / "old.db")
    more(shop)
    shutil.copyfile(tmp_path / "old.db", database)
    with raises_code("log.rolled-back", FatalLogError):
        counterfoil.open(shop)
