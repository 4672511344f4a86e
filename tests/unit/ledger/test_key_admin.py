"""Keys change by statements in the log: under load, after thefts, and never to nobody's key."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import (
    InputError,
    Refused,
    VerificationError,
)
from counterfoil.formats import receipt as receipts
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.predicates import Key
from counterfoil.ledger import Ledger, Recorded
from tests.ledgers import OWNER, envelope_by, key_of, prove
from tests.statements import payload_of, record, refused


def names(ledger: Ledger) -> list[str]:
    """List the key files."""
    return sorted(path.stem for path in ledger.layout.keys.iterdir())


def test_rotate(ledger: Ledger) -> None:
    """After a rotation the new key signs, and what the old one signed stays proven."""
    before = ledger.record({"n": 0})
    old = ledger.keys[0]
    receipt = receipts.format(ledger.receipt(before.index))
    changed = ledger.key_admin.rotate("yearly")
    after = ledger.record({"n": 1})
    assert prove(ledger, before.index).signer.keyid == old.keyid
    assert prove(ledger, after.index).signer.keyid == ledger.keys[-1].keyid != old.keyid
    assert ledger.verify(receipt).signer.keyid == old.keyid
    statement = prove(ledger, changed.index)
    assert statement.signer.keyid == old.keyid
    assert isinstance(statement.predicate, Key)
    assert (statement.predicate.replaces, statement.predicate.why) == (old.keyid, "yearly")
    assert [p.end for p in ledger.keys] == [changed.index + 1, None, None]
    assert names(ledger) == ["log", "producer", f"producer-until-{changed.index}", "recovery"]
    assert key_of(ledger.layout.folder).keyid == ledger.keys[-1].keyid


def test_a_rotated_ledger_is_opened_again(ledger: Ledger) -> None:
    """The new key is the producer's after closing, and everything is still proven."""
    for n in range(3):
        ledger.record({"n": n})
        ledger.key_admin.rotate()
    keys = ledger.keys
    ledger.close()
    with counterfoil.open(ledger.layout.folder) as again:
        assert again.keys == keys
        last = again.record({"n": 3})
        assert last.source == f"api:{keys[-1].keyid[:16]}"
        for index in range(again.size):
            prove(again, index)


def test_rotation_under_load(ledger: Ledger) -> None:
    """While eight threads record, five rotations put each entry clearly before or after them."""
    stop = threading.Event()
    singles, rows, failures = list[Future[Recorded]](), list[int](), list[BaseException]()

    def work(n: int) -> None:
        k = 0
        try:
            while not stop.is_set():
                if n % 4 == 3:
                    rows.extend(
                        ledger.record_many([{"t": n, "k": k, "r": r} for r in range(9)]).indices
                    )
                else:
                    singles.append(ledger.record_later({"t": n, "k": k}))
                    singles[-1].result()
                k += 1
        except BaseException as err:
            failures.append(err)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    changes = [ledger.key_admin.rotate() for _ in range(5)]
    changes.append(ledger.key_admin.add("decider", "decider"))
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    indices = [*(future.result().index for future in singles), *rows]
    assert len(set(indices)) == len(indices)
    periods = [period for period in ledger.keys if period.role == "producer"]
    assert len(periods) == 6
    for index in range(ledger.size):
        signer = prove(ledger, index).signer
        assert signer.first <= index
        assert signer.end is None or index < signer.end
    assert [prove(ledger, change.index).predicate.issuer for change in changes] == [OWNER] * 6  # type: ignore[union-attr]  # they are key statements
    assert sorted(p.added_at for p in ledger.keys[2:]) == [change.index for change in changes]


def test_many_rotations_at_once(ledger: Ledger) -> None:
    """Threads that rotate at the same time rotate one after the other."""
    threads = [threading.Thread(target=ledger.key_admin.rotate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger.keys) == 6
    assert [p.end is None for p in ledger.keys] == [False, True, False, False, False, True]
    assert prove(ledger, ledger.record({}).index).signer == ledger.keys[-1]
    assert len(names(ledger)) == 7


@pytest.mark.parametrize("role", ["producer", "recovery", "witness", "anchor", "decider"])
def test_add(ledger: Ledger, role: str) -> None:
    """A further key is in the log and in its file; it is added by the recovery key."""
    added = ledger.key_admin.add("further", role, "why not")
    period = ledger.keys[-1]
    assert (period.role, period.first, period.end) == (role, added.index, None)
    assert key_of(ledger.layout.folder, "further").keyid == period.keyid
    assert prove(ledger, added.index).signer.role == "recovery"
    assert prove(ledger, ledger.record({}).index).signer.role == "producer"


@pytest.mark.parametrize(
    ("name", "role", "code"),
    [
        ("producer", "producer", "key.exists"),
        ("recovery", "recovery", "key.exists"),
        ("log", "decider", "key.exists"),
        ("log-ml-dsa-44", "decider", "key.exists"),
        ("../evil", "decider", "key.file-name"),
        ("/evil", "decider", "key.file-name"),
        ("", "decider", "key.file-name"),
        (".hidden", "decider", "key.file-name"),
        ("a b", "decider", "key.file-name"),
        ("x" * 101, "decider", "key.file-name"),
        ("\ud800", "decider", "key.file-name"),
        ("fine", "king", "predicate.malformed"),
        ("fine", "", "predicate.malformed"),
    ],
    ids=map(str, range(13)),
)
def test_bad_additions_leave_nothing(untouched: Ledger, name: str, role: str, code: str) -> None:
    """A name that leads elsewhere, is taken or is needed, or an unknown role: no file, no entry."""
    before = names(untouched)
    with refused(code):
        untouched.key_admin.add(name, role)
    assert names(untouched) == before
    assert untouched.size == 3


def test_a_long_reason_leaves_nothing(untouched: Ledger) -> None:
    """A reason of more than 1000 characters, or none that is text, is refused without a trace."""
    before = names(untouched)
    for why in ("x" * 1001, "\ud800"):
        with refused("predicate.malformed"):
            untouched.key_admin.rotate(why)
        with refused("predicate.malformed"):
            untouched.key_admin.add("fine", "decider", why)
        with refused("predicate.malformed"):
            untouched.key_admin.revoke(untouched.keys[1].keyid, why)
    assert names(untouched) == before


def test_without_the_recovery_key(ledger: Ledger, tmp_path: Path) -> None:
    """Where it lies elsewhere, rotating and adding still work; touching a recovery key does not."""
    (ledger.layout.keys / "recovery.key").rename(tmp_path / "safe.key")
    admin = ledger.key_admin
    admin.rotate()
    added = admin.add("decider", "decider")
    assert prove(ledger, added.index).signer.role == "producer"
    admin.revoke(ledger.keys[-1].keyid)
    recovery = ledger.keys[1].keyid
    before = names(ledger)
    with refused("key.recovery-missing", Refused):
        admin.add("recovery", "recovery")
    with refused("key.recovery-missing", Refused):
        admin.revoke(recovery)
    with refused("key.recovery-missing", Refused):
        admin.rotate(by_recovery=True)
    assert names(ledger) == before
    (tmp_path / "safe.key").rename(ledger.layout.keys / "recovery.key")
    assert prove(ledger, admin.add("d2", "decider").index).signer.keyid == recovery


def test_a_new_recovery_key(ledger: Ledger) -> None:
    """A recovery key can be replaced: from then on the new one's file is used."""
    old = ledger.keys[1].keyid
    (ledger.layout.keys / "aaa.key").write_bytes(b"notes of somebody")
    ledger.key_admin.add("safe-2", "recovery")
    new = ledger.keys[-1].keyid
    ledger.key_admin.revoke(old)
    added = ledger.key_admin.add("decider", "decider")
    assert prove(ledger, added.index).signer.keyid == new
    with refused("key.ended", VerificationError):
        ledger.key_admin.keyring.require(old, added.index, ("recovery",))


def test_revoke(ledger: Ledger) -> None:
    """A revoked key signs nothing from the next entry on; what it signed before stays proven."""
    ledger.key_admin.add("partner", "producer")
    partner = key_of(ledger.layout.folder, "partner")

    def signed(number: int) -> bytes:
        payload = payload_of(record(number, issuer=OWNER))
        return envelope_by(payload, STATEMENT_PAYLOAD_TYPE, partner)

    before = ledger.append(signed(0))
    ended = ledger.key_admin.revoke(partner.keyid[:10], "left us")
    with refused("key.ended", VerificationError):
        ledger.append(signed(1))
    assert prove(ledger, before.index).signer.end == ended.index + 1
    assert prove(ledger, ended.index).signer.role == "recovery"


def test_revoke_backwards(ledger: Ledger) -> None:
    """A revocation from an earlier entry takes back what the key signed since, and no more."""
    ledger.key_admin.add("partner", "producer")
    partner = key_of(ledger.layout.folder, "partner")
    signed = [
        ledger.append(
            envelope_by(payload_of(record(number, issuer=OWNER)), STATEMENT_PAYLOAD_TYPE, partner)
        ).index
        for number in range(4)
    ]
    old = receipts.format(ledger.receipt(signed[2]))
    ledger.key_admin.revoke(partner.keyid, from_index=signed[2])
    for index in signed[:2]:
        assert prove(ledger, index).signer.keyid == partner.keyid
    for index in signed[2:]:
        with refused("key.ended", VerificationError):
            prove(ledger, index)
    assert ledger.verify(old).trusted.checkpoint.size < ledger.size  # as of its own size
    ledger.key_admin.revoke(partner.keyid, from_index=signed[3])  # what has ended stays ended
    with refused("key.ended", VerificationError):
        prove(ledger, signed[2])


@pytest.mark.parametrize(
    ("keyid", "from_index", "code", "kind"),
    [
        ("", None, "key.unknown", InputError),
        ("zz", None, "key.unknown", InputError),
        ("0" * 64, None, "key.unknown", InputError),
        ("recovery", -1, "predicate.malformed", InputError),
        ("recovery", 2**53, "predicate.malformed", InputError),
        ("recovery", "1", "predicate.malformed", InputError),
        ("producer", None, "key.last", Refused),
    ],
    ids=map(str, range(7)),
)
def test_bad_revocations(
    untouched: Ledger, keyid: str, from_index: Any, code: str, kind: type[InputError | Refused]
) -> None:
    """An unknown key, a bad index, and the key that signs now are refused."""
    ids = {period.role: period.keyid for period in untouched.keys}
    with refused(code, kind):
        untouched.key_admin.revoke(ids.get(keyid, keyid), from_index=from_index)
    assert untouched.size == 3
