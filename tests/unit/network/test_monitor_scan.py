"""Who signs is told of, whether the signature holds or not."""

from __future__ import annotations

from pathlib import Path

import counterfoil
from counterfoil.formats import cose, envelope
from counterfoil.formats.envelope import Envelope, Signature
from counterfoil.network.monitor_scan import scan_entries
from counterfoil.network.monitor_state import MonitorEvent, MonitorState
from tests.cose_made import Issuer
from tests.ledgers import OWNER, copy_ledger, key_of
from tests.statements import Actor, entry_of, payload_of, record


def seen(entries: list[bytes], watched: tuple[str, ...]) -> list[MonitorEvent]:
    """Scan entries from the first on."""
    state = MonitorState("log.example")
    scan_entries(state, 0, entries, watched, 5)
    return state.outbox


def test_a_signature_that_does_not_hold_is_told_as_such(tmp_path: Path) -> None:
    """An entry that only names a watched key, and one whose key nobody stated, are marked."""
    copy_ledger(tmp_path / "ledger")
    with counterfoil.open(tmp_path / "ledger") as ledger:
        genesis = list(ledger.entries())
    producer = key_of(tmp_path / "ledger").keyid
    parsed = envelope.parse(genesis[2])
    forged = envelope.format(
        Envelope(parsed.payload, parsed.payload_type, (Signature(producer, bytes(64)),))
    )
    stranger = Actor("stranger")
    foreign = entry_of(payload_of(record()), stranger)
    key = envelope.parse(foreign).signatures[0].keyid
    events = seen([*genesis, forged, foreign, b"no entry", b""], (producer, key[:6]))
    used = [(event.index, event.signature) for event in events if event.event == "key-used"]
    assert [signature for _, signature in used] == [
        *["holds"] * 3,
        "does not hold",
        "unknown key",
    ]
    assert [index for index, _ in used] == list(range(5))
    assert all(event.at_ms == 5 for event in events)


def test_statements_in_cose_are_told_of(tmp_path: Path) -> None:
    """A watched key that signs in COSE is told of like any use, whether it holds or not."""
    copy_ledger(tmp_path / "ledger")
    key = key_of(tmp_path / "ledger")
    with counterfoil.open(tmp_path / "ledger") as ledger:
        genesis = list(ledger.entries())
    message = Issuer(OWNER, "EdDSA", bytes.fromhex(key.keyid)).message()
    signed = key.sign(cose.to_be_signed(message.protected, message.payload or b""))
    entries = [
        cose.format(cose.Sign1(message.protected, {}, message.payload, signature))
        for signature in (signed, bytes(64))
    ]
    events = seen([*genesis, *entries, Issuer().statement()], (key.keyid[:8], "6b31"))[-3:]
    assert [event.signature for event in events] == ["holds", "does not hold", "unknown key"]
    assert {(event.event, event.kind) for event in events} == {("key-used", "signed-statement")}
    assert events[0].entry_at_ms == 1_700_000_000_000


def test_nobody_watched_is_not_told_of(tmp_path: Path) -> None:
    """Without watched keys only key statements are told of."""
    copy_ledger(tmp_path / "ledger")
    with counterfoil.open(tmp_path / "ledger") as ledger:
        genesis = list(ledger.entries())
        ledger.key_admin.revoke(key_of(tmp_path / "ledger", "recovery").keyid, "lost")
        entries = list(ledger.entries())
    assert [event.event for event in seen(genesis, ())] == ["key-added", "key-added"]
    assert seen(entries, ())[-1].event == "key-revoked"
    assert seen(genesis, ("ffffffffffff",))[-1].event == "key-added"
