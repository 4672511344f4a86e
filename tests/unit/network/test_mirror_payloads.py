"""A mirror of everything has the payloads, checked; what the source lacks it names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import counterfoil
from counterfoil.errors import NotFound, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.ledger.mirror_marker import MirrorMode
from counterfoil.network import Mirror, open_source
from counterfoil.network.mirror_index import INDEX_FILE
from counterfoil.network.mirror_receipts import mirrored_receipt
from tests.cose_made import Issuer, introduce
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a ledger with two payloads."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))
    folder = copy_ledger(tmp_path / "shop")
    with counterfoil.open(folder) as ledger:
        ledger.record({"text": "x" * 60_000})
        ledger.record_block([{"n": n} for n in range(10)])
        ledger.publish()
    return folder


def mirror(shop: Path, target: Path, mode: MirrorMode = "all") -> Mirror:
    """Open a mirror of a ledger's folder."""
    policy = policies.parse((shop / "policy.txt").read_bytes())
    return Mirror(target, policy, open_source(str(shop)), mode)


def payloads(folder: Path) -> list[Path]:
    """List a folder's payloads."""
    return sorted(path.relative_to(folder) for path in folder.glob("payload/*/*"))


def test_payloads_are_copied_and_checked(shop: Path, tmp_path: Path) -> None:
    """Every payload comes over, and one of other bytes keeps the checkpoint out."""
    copy = tmp_path / "copy"
    changed = shop / payloads(shop)[0]
    whole = changed.read_bytes()
    changed.write_bytes(whole[:-1] + b"!")
    with mirror(shop, copy) as opened, raises_code("source.payload", VerificationError):
        opened.round()
    assert not (copy / "checkpoint").exists()
    changed.write_bytes(whole)
    with mirror(shop, copy) as opened:
        event = opened.round()
    assert event.missing == 0
    assert payloads(copy) == payloads(shop)


def test_what_the_source_lacks_is_named_and_asked_for_again(shop: Path, tmp_path: Path) -> None:
    """A payload that is gone is no fault: it is counted, and fetched when it is back."""
    copy, lost = tmp_path / "copy", shop / payloads(shop)[0]
    shutil.move(lost, tmp_path / "lost")
    with mirror(shop, copy) as opened:
        assert opened.round().missing == 1
    with mirror(shop, copy) as opened:
        assert opened.round().missing == 1
    shutil.move(tmp_path / "lost", lost)
    with mirror(shop, copy) as opened:
        assert opened.round().missing == 0
    assert payloads(copy) == payloads(shop)


def test_other_modes_copy_none(shop: Path, tmp_path: Path) -> None:
    """Entries, and sealed payloads of which there are none yet, come without the plain ones."""
    for mode in ("entries", "ciphertext"):
        with mirror(shop, tmp_path / mode, mode) as opened:
            opened.round()
        assert payloads(tmp_path / mode) == []
        for index in range(5):
            made = mirrored_receipt(tmp_path / mode, index)
            counterfoil.verify(receipts.format(made), (shop / "policy.txt").read_bytes())
        with raises_code("payload.missing", NotFound):
            mirrored_receipt(tmp_path / mode, 4, 3)


def test_receipts_do_not_need_the_index(shop: Path, tmp_path: Path) -> None:
    """Without an index, or with an older or false one, all key statements are found."""
    copy = tmp_path / "copy"
    with mirror(shop, copy) as opened:
        opened.round()
    expected = mirrored_receipt(copy, 3)
    older = (copy / INDEX_FILE).read_bytes()
    (copy / INDEX_FILE).unlink()
    assert mirrored_receipt(copy, 3) == expected
    (copy / INDEX_FILE).write_bytes(older.replace(b'"size":5', b'"size":9'))
    assert mirrored_receipt(copy, 3) == expected
    (copy / INDEX_FILE).write_bytes(older.replace(b'"size":5', b'"size":2'))
    assert mirrored_receipt(copy, 3) == expected
    with counterfoil.open(shop) as ledger:
        ledger.key_admin.rotate("a year is over")
        last = ledger.record({"n": 1}).index
        ledger.publish()
    with mirror(shop, copy) as opened:
        opened.round()
    (copy / INDEX_FILE).write_bytes(older)
    made = mirrored_receipt(copy, last)
    assert len(made.keys) == 3
    counterfoil.verify(receipts.format(made), (shop / "policy.txt").read_bytes())


def test_receipts_of_statements_in_cose(shop: Path, tmp_path: Path) -> None:
    """A copy proves whose statement in COSE it holds, with the index and without."""
    copy, issuer = tmp_path / "copy", Issuer()
    with counterfoil.open(shop) as ledger:
        introduce(ledger, Issuer(kid=b"other"))
        introduce(ledger, issuer)
        index = ledger.scitt.register(issuer.statement()).index
        ledger.publish()
        expected = ledger.receipt(index)
    with mirror(shop, copy) as opened:
        opened.round()
    assert mirrored_receipt(copy, index) == expected
    (copy / INDEX_FILE).unlink()
    made = mirrored_receipt(copy, index)
    assert made == expected
    proven = counterfoil.verify(receipts.format(made), (shop / "policy.txt").read_bytes())
    assert proven.signer.organisation == issuer.name


def test_what_is_no_mirror_makes_no_receipts(shop: Path, tmp_path: Path) -> None:
    """A ledger's folder, a mirror of hashes, and an index beyond the end are refused."""
    with raises_code("mirror.missing", NotFound):
        mirrored_receipt(shop, 0)
    with mirror(shop, tmp_path / "hashes", "hashes") as opened:
        opened.round()
    with raises_code("mirror.no-entries", NotFound):
        mirrored_receipt(tmp_path / "hashes", 0)
    with mirror(shop, tmp_path / "copy") as opened:
        with raises_code("mirror.missing", NotFound):
            mirrored_receipt(tmp_path / "copy", 0)
        opened.round()
    with raises_code("entry.index", NotFound):
        mirrored_receipt(tmp_path / "copy", 5)
