"""Verdicts in a ledger: recorded once, read, proven, searched, and held against their decision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import CounterfoilError
from counterfoil.formats import verdict
from counterfoil.formats.verdict import SignedVerdict, Verdict, hash_text
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ledger.audit import AuditReport, audit
from counterfoil.ledger.export.rows import rows
from counterfoil.proofs.deciders import score_parts
from tests.contracts.signing import key
from tests.ledgers import OWNER, copy_ledger
from tests.verdicts import DECIDER, entry_of, plain_verdict, sign

MODEL = "5e" * 32


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Give a ledger with a decision, at entry `decided(ledger)`."""
    return counterfoil.open(copy_ledger(tmp_path / "ledger"))


def decided(ledger: Ledger, **changes: Any) -> int:
    """Record a decision; gives its index."""
    said = {"model": {"digest": MODEL}, "outcome": "release", "score": "0.125"}
    return ledger.record_statement("decision", {**said, **changes}).index


def about(ledger: Ledger, decision: int, **changes: Any) -> Verdict:
    """Make the verdict that says what a decision says."""
    said = plain_verdict(
        organisation=hash_text(OWNER),
        maker=bytes.fromhex(MODEL),
        decision=bytes.fromhex(ledger.get(decision).leaf),
        outcome=hash_text("release"),
        score=score_parts("0.125"),
    )
    return replace(said, **changes)


def found(report: AuditReport) -> list[tuple[str, str]]:
    return [(one.code, one.found) for one in report.findings]


def force(ledger: Ledger, entry: bytes) -> None:
    """Put an entry into the log past every check, as a dishonest operator would."""
    recorder: Any = ledger._recorder
    writer = recorder._writing.writer
    writer.append_foreign(entry, None, verdict.identity_of(entry), {}).result()


def test_recorded_and_read(ledger: Ledger) -> None:
    """A verdict stands in the log like any entry; it is read, proven, found, exported, audited."""
    decision = decided(ledger)
    said = about(ledger, decision)
    entry = entry_of(said)
    with ledger:
        recorded = ledger.record_verdict(entry, decision)
        assert ledger.entry(recorded.index) == entry
        view = ledger.get(recorded.index)
        assert (view.kind, view.signed_by) == ("verdict", (DECIDER.address.lower(),))
        assert view.at_ms == said.decided_at * 1000
        assert view.content == verdict.describe(said)
        ledger.publish()
        proven = ledger.verify(ledger.receipt(recorded.index))
        assert proven.verdict == said
        assert (proven.signer.role, proven.signer.keyid) == ("decider", view.signed_by[0])
        hits = ledger.search(f"kind=verdict decision={view.content['decision']}").hits
        assert [hit.index for hit in hits] == [recorded.index]
        (row,) = rows(ledger.entries, recorded.index, recorded.index + 1)
        assert (row.kind, row.leaf, row.signed_by) == ("verdict", view.leaf, view.signed_by)
    report = audit(ledger.layout.folder, full=True)
    assert found(report) == []


def test_recorded_once(ledger: Ledger) -> None:
    """The same verdict again gets its first receipt, even if it was signed anew."""
    decision = decided(ledger)
    said = about(ledger, decision)
    with ledger:
        first = ledger.record_verdict(entry_of(said), decision)
        again = ledger.record_verdict(entry_of(said), decision)
        by_contract = verdict.format(SignedVerdict(said, b"contract's"))
        anew = ledger.record_verdict(by_contract, decision)
        other = ledger.record_verdict(entry_of(replace(said, nonce=bytes(32))), decision)
    assert (again.index, again.duplicate, again.leaf) == (first.index, True, first.leaf)
    assert (anew.index, anew.duplicate) == (first.index, True)
    assert other.index == first.index + 1


def test_through_the_owner(ledger: Ledger) -> None:
    """Another process records verdicts through the one that owns the ledger."""
    decision = decided(ledger)
    said = about(ledger, decision)
    with ledger, open_ledger(ledger.layout.folder) as other:
        recorded = other.record_verdict(entry_of(said), decision)
        assert ledger.entry(recorded.index) == entry_of(said)
        with pytest.raises(CounterfoilError) as caught:
            other.record_verdict(entry_of(replace(said, outcome=bytes(32))), decision)
        assert caught.value.code == "verdict.decision"


@pytest.mark.parametrize("word", ["organisation", "outcome", "score", "maker", "decision"])
def test_otherwise_than_decided(ledger: Ledger, word: str) -> None:
    """A verdict that says otherwise than its decision is refused, and in a log it is found."""
    decision = decided(ledger)
    said = about(ledger, decision)
    changes: dict[str, Any] = {word: 1 if word == "score" else b"\1" * 32}
    said = replace(said, **changes)
    with ledger:
        with pytest.raises(CounterfoilError) as caught:
            ledger.record_verdict(entry_of(said), decision)
        assert caught.value.code == "verdict.decision"
        force(ledger, entry_of(said))
    report = audit(ledger.layout.folder, full=True)
    wrong = "none" if word == "decision" else f"another {word}"
    assert found(report) == [("audit.verdict", wrong)]


def test_before_its_decision(ledger: Ledger, tmp_path: Path) -> None:
    """A verdict that stands in the log before its decision was not decided: an audit finds it."""
    twin = counterfoil.open(copy_ledger(tmp_path / "twin"))
    fixed = {"at_ms": 1_799_999_000_000}
    with ledger, twin:
        # the same decision, with the same bytes, later in a log of the same keys
        at = decided(twin, **fixed)
        said = about(twin, at)
        force(ledger, entry_of(said))
        assert ledger.get(decided(ledger, **fixed)).leaf == twin.get(at).leaf
    report = audit(ledger.layout.folder, full=True)
    assert found(report) == [("audit.verdict", "it later")]


@pytest.mark.parametrize("spoil", ["stranger", "high s", "v", "another gate"])
def test_signatures(ledger: Ledger, spoil: str) -> None:
    """An account's signature is checked on recording, on verifying and in an audit."""
    decision = decided(ledger)
    said = about(ledger, decision)
    signature = sign(said, key("stranger")) if spoil == "stranger" else sign(said)
    if spoil == "high s":
        order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
        s = order - int.from_bytes(signature[32:64], "big")
        signature = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    if spoil == "v":
        signature = signature[:64] + bytes([signature[64] - 27])
    if spoil == "another gate":
        said = replace(said, gate=bytes(20))
    entry = verdict.format(SignedVerdict(said, signature))
    code = "signature.account" if spoil in ("high s", "v") else "verdict.signer"
    with ledger:
        with pytest.raises(CounterfoilError) as caught:
            ledger.record_verdict(entry, decision)
        assert caught.value.code == code
        force(ledger, entry)
        ledger.publish()
        with pytest.raises(CounterfoilError) as caught:
            ledger.verify(ledger.receipt(ledger.size - 1))
        assert caught.value.code == code
    report = audit(ledger.layout.folder, full=True)
    assert [one.code for one in report.findings] == ["audit.verdict"]


def test_contracts_sign(ledger: Ledger) -> None:
    """Whether a contract signed a verdict, a log alone cannot tell, and an audit says so."""
    decision = decided(ledger)
    entry = verdict.format(SignedVerdict(about(ledger, decision), b"many signatures"))
    with ledger:
        at = ledger.record_verdict(entry, decision).index
        ledger.publish()
        with pytest.raises(CounterfoilError) as caught:
            ledger.verify(ledger.receipt(at))
        assert caught.value.code == "verdict.signer"
    report = audit(ledger.layout.folder, full=True)
    assert found(report) == []
    assert "audit.verdict-unsigned" in [one.code for one in report.notices]


def test_other_entries(ledger: Ledger) -> None:
    """Only verdicts are recorded as such, and only about decisions that are there."""
    decision = decided(ledger)
    said = about(ledger, decision)
    record = ledger.record({"a": 1}).index
    with ledger:
        for entry, at, code in [
            (ledger.entry(record), decision, "verdict.kind"),
            (entry_of(said), ledger.size, "entry.index"),
            (entry_of(said), -1, "entry.index"),
            (entry_of(said), record, "verdict.decision"),
            (
                entry_of(replace(said, decision=bytes.fromhex(ledger.get(record).leaf))),
                record,
                "verdict.decision",
            ),
            (entry_of(said)[:671], decision, "verdict.size"),
        ]:
            with pytest.raises(CounterfoilError) as caught:
                ledger.record_verdict(entry, at)
            assert caught.value.code == code
