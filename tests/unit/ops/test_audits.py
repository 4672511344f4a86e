"""Audits report, and never raise what they find."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import CounterfoilError
from counterfoil.ops import ledgers, receipts, records
from counterfoil.ops.audits import audit
from counterfoil.ports import Channel


def test_a_sound_log_and_a_damaged_one(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """The report's status is 0 or 1; a receipt that somebody kept is compared with the log."""
    records.add('{"n":1}', ledger=shop, channel=channel)
    receipts.get("3", out=tmp_path / "kept.json", ledger=shop)
    heard: list[str] = []
    sound = audit(
        ledger=shop,
        full=True,
        against=(tmp_path / "kept.json",),
        policy=shop / "policy.txt",
        progress=lambda done, total, unit: heard.append(unit),
    )
    assert (sound.exit_status, sound.to_json()["damaged"]) == (0, False)
    assert set(heard) <= {"entries audited", "entries indexed"}
    (shop / "tile" / "entries" / "000.p" / "4").write_bytes(b"")
    damaged = audit(ledger=shop)
    assert damaged.exit_status == 1
    assert "000.p/4" in str(damaged.report.findings[0])


def test_evidence_against_the_log_is_damage(shop: Path, tmp_path: Path, channel: Channel) -> None:
    """A log that lacks what a kept receipt proves went back, and the audit says so."""
    (tmp_path / "old.db").write_bytes((shop / "ledger.db").read_bytes())
    records.add('{"n":1}', ledger=shop, channel=channel)
    receipts.get("3", out=tmp_path / "kept.json", ledger=shop)
    other = ledgers.init(tmp_path / "other")
    with pytest.raises(CounterfoilError):
        audit(ledger=shop, policy=tmp_path / "none")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(CounterfoilError):
        audit(ledger=shop, against=(tmp_path / "text",))
    assert audit(ledger=Path(other.folder), against=(tmp_path / "kept.json",)).exit_status in (0, 1)
