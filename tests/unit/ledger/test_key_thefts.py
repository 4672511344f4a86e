"""Keys after thefts, under faults, and at their limits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import (
    FatalLogError,
    NotFound,
    Refused,
    Unavailable,
    VerificationError,
)
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE, keyid_of
from counterfoil.formats.predicates import Key
from counterfoil.formats.receipt import KEYS_MAX
from counterfoil.ledger import Ledger, Recorded
from counterfoil.ledger.key_admin import KeyAdmin
from counterfoil.ledger.opening import Writing, load_keyring
from counterfoil.ledger.receipts import key_statement
from counterfoil.log import Submission
from tests.ledgers import OWNER, envelope_by, key_of, parts_of, prove
from tests.statements import payload_of, record, refused

Stall = Callable[[], AbstractContextManager[None]]


def names(ledger: Ledger) -> list[str]:
    """List the key files."""
    return sorted(path.stem for path in ledger.layout.keys.iterdir())


def test_nobody_is_locked_out(ledger: Ledger) -> None:
    """A revocation that would void the key that signs now is refused: nothing could be recorded."""
    genesis = ledger.keys[0].keyid
    changed = ledger.key_admin.rotate()
    for from_index in (0, 1, changed.index):
        with pytest.raises((Refused, VerificationError)) as caught:
            ledger.key_admin.revoke(genesis, from_index=from_index)
        assert caught.value.code in ("key.last", "key.statement")
    assert len(parts_of(ledger).writer.store.key_entries()) == 3
    ledger.key_admin.revoke(genesis, from_index=changed.index + 1)
    assert prove(ledger, ledger.record({}).index).index == ledger.size - 1


def test_after_a_theft(ledger: Ledger) -> None:
    """The owner replaces a stolen key by the recovery key and takes back what the thief signed."""
    honest = ledger.record({"honest": 1})
    thief = key_of(ledger.layout.folder)

    def forged(number: int) -> bytes:
        payload = payload_of(record(number, b'{"forged":1}', OWNER))
        return envelope_by(payload, STATEMENT_PAYLOAD_TYPE, thief)

    bad = ledger.append(forged(0))
    ledger.key_admin.rotate("stolen", by_recovery=True)
    ledger.key_admin.revoke(thief.keyid, "stolen", from_index=bad.index)
    with refused("key.ended", VerificationError):
        ledger.append(forged(1))
    with refused("key.ended", VerificationError):
        prove(ledger, bad.index)
    after = ledger.record({"honest": 2})
    for recorded in (honest, after):
        assert prove(ledger, recorded.index).content is not None
    ledger.close()
    with counterfoil.open(ledger.layout.folder) as again:
        assert prove(again, again.record({}).index).signer.added_by == again.keys[1].keyid


def test_a_thief_with_the_producer_key(ledger: Ledger) -> None:
    """A thief who holds the producer key, and is faster, cannot shut the owner out."""
    thief = key_of(ledger.layout.folder)
    recovery = ledger.keys[1]
    keyring = ledger.key_admin.keyring.copy()
    for role, action, target in (
        ("recovery", "revoke", recovery.keyid),
        ("recovery", "add", "0" * 64),
    ):
        fields: dict[str, Any] = {
            "issuer": OWNER,
            "source": "thief",
            "number": 0,
            "organisation": OWNER,
            "action": action,
            "keyid": target,
            "role": role,
        }
        if action == "add":
            public = bytes(range(32))
            fields |= {"public": encode_base64(public), "keyid": keyid_of(public)}
        entry = envelope_by(payload_of(Key(**fields)), STATEMENT_PAYLOAD_TYPE, thief)
        parsed = key_statement(entry)
        assert parsed is not None
        with refused("key.unauthorised", VerificationError):
            keyring.apply(ledger.size, *parsed)
        with refused("append.key", Refused):
            ledger.append(entry)


def test_a_key_file_that_cannot_be_written(ledger: Ledger) -> None:
    """Where no key can be written no key is changed: the old one goes on."""
    keys = ledger.layout.keys
    keys.rename(keys.with_name("away"))
    keys.write_bytes(b"")
    with refused("key.write", Unavailable):
        ledger.key_admin.rotate()
    assert prove(ledger, ledger.record({}).index).signer.keyid == ledger.keys[0].keyid
    assert len(ledger.keys) == 2


def test_files_that_cannot_be_renamed(ledger: Ledger) -> None:
    """When only the renaming fails the new key signs on, and the next opening puts things right."""
    (ledger.layout.keys / "producer.key").unlink()
    with refused("key.missing", NotFound):
        ledger.key_admin.rotate()
    assert prove(ledger, ledger.record({}).index).signer == ledger.keys[-1]
    ledger.close()
    with counterfoil.open(ledger.layout.folder) as again:
        assert prove(again, again.record({}).index).signer == again.keys[-1]
        assert key_of(ledger.layout.folder).keyid == again.keys[-1].keyid


def test_an_unknown_outcome_keeps_the_key(ledger: Ledger) -> None:
    """When it is unknown whether a key came into force, its file stays: it may be needed."""
    log = parts_of(ledger).log
    log._sequencer.stop(FatalLogError("store.commit-unknown", "expected a commit, found none"))
    with pytest.raises(FatalLogError):
        ledger.key_admin.rotate()
    assert len(names(ledger)) == 4


def test_what_waits_comes_first(writing: Writing, stalled: Stall) -> None:
    """A key change that finds records in the queue is decided again behind them."""
    keyring = load_keyring(writing.log.reader, writing.writer.store.key_entries())
    admin = KeyAdmin(writing.writer, writing.keys, keyring)
    changes = list[Recorded]()
    with stalled():
        waiting = [writing.writer.record(b"{}", {}, "s", None) for _ in range(3)]
        rotating = threading.Thread(target=lambda: changes.append(admin.rotate()))
        rotating.start()
    rotating.join()
    assert [future.result().index for future in waiting] == [3, 4, 5]
    assert [change.index for change in changes] == [6]
    assert admin.keyring.require(writing.writer.producer.key.keyid, 7).added_at == 6


def test_keys_of_a_reader_are_current(ledger: Ledger) -> None:
    """A reader that was opened before a rotation sees the new key."""
    with counterfoil.open(ledger.layout.folder, read_only=True) as reader:
        before = reader.keys
        ledger.key_admin.rotate()
        assert reader.keys == ledger.keys != before
        with refused("ledger.not-owner", Refused):
            _ = reader.key_admin


def test_as_many_keys_as_a_receipt_can_carry(ledger: Ledger) -> None:
    """A log takes no more key statements than fit into a receipt: else none would verify."""
    admin = ledger.key_admin
    for _ in range(70):  # more than any receipt of an earlier version could carry
        admin.rotate()
    index = ledger.record({"a": 1}).index
    assert prove(ledger, index).signer == ledger.keys[-1]
    key_entries = parts_of(ledger).writer.store.key_entries()
    assert len(key_entries) == 72 <= KEYS_MAX
    log = parts_of(ledger).log
    padding = [ledger.entry(2)] * (KEYS_MAX - 72)
    log.submit(Submission(padding, key_entries=range(len(padding)))).result()
    with refused("key.too-many", Refused):
        admin.rotate()
    assert load_keyring(log.reader, parts_of(ledger).writer.store.key_entries()).periods
