"""The audit of a ledger: sound ones pass, each lie and each damage is named with its place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import counterfoil
from counterfoil.errors import FatalLogError, NotFound, Unavailable
from counterfoil.formats import envelope
from counterfoil.formats import statement as statements
from counterfoil.formats.envelope import Signature
from counterfoil.formats.predicates import Key, format_predicate, uri_of
from counterfoil.formats.statement import Statement, sha256_subject
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger import Layout, Ledger
from counterfoil.ledger.audit import AuditReport, audit
from counterfoil.ledger.audit_batches import BatchRun
from counterfoil.ports import Span
from counterfoil.proofs.signing import signing_key
from counterfoil.storage import statement_key
from tests.busy_ledger import (
    BATCH_ROWS,
    batch_of,
    busy_ledger,
    force,
    foreign_statement,
    record_statement,
    statement,
)
from tests.ledgers import OWNER, copy_ledger, key_of, set_setting

STRANGER = statement_key(signing_key("stranger", KeyType.ED25519, bytes(31) + b"\x07"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed busy ledger that no test changes."""
    return busy_ledger(tmp_path_factory.mktemp("sound") / "ledger")


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A closed busy ledger of a test's own."""
    return busy_ledger(tmp_path / "ledger")


def found(report: AuditReport) -> list[tuple[str, str]]:
    """List what was found, and where."""
    return [(finding.code, finding.place) for finding in report.findings]


# Sound ledgers ------------------------------------------------------------------------------------


def test_a_sound_ledger(sound: Path) -> None:
    """A full audit of a ledger with every kind of record finds nothing, and says who vouches."""
    report = audit(sound, full=True)
    assert report.findings == ()
    assert not report.damaged
    assert report.entries_checked == report.size == report.published_size > 2000
    assert report.signatures_checked > 330
    assert report.grade == "signed by the log alone"
    assert "signed by the log alone" in report.verdict
    assert "no damage found" in report.verdict


def test_the_hash_audit_says_how_far_it_went(sound: Path) -> None:
    """The hash audit reads every entry, checks no signature of one, and says so."""
    report = audit(sound)
    assert (report.findings, report.signatures_checked, report.full) == ((), 0, False)
    assert report.entries_checked == report.size
    assert "hashes only" in report.verdict


def test_the_report_as_json(sound: Path) -> None:
    """The report turns into plain JSON, with its verdict and grade."""
    report = audit(sound, full=True)
    plain = msgspec.json.decode(msgspec.json.encode(report.to_json()))
    assert plain["size"] == report.size
    assert plain["verdict"] == report.verdict
    assert plain["damaged"] is False


def test_progress_and_stop(sound: Path) -> None:
    """Progress ends at the whole; what it raises stops the audit, and no thread stays."""
    told: list[tuple[str, int, int]] = []
    report = audit(sound, progress=lambda *step: told.append(step))
    assert told[-1] == ("audit", report.size, report.size)

    def stop(what: str, done: int, total: int) -> None:
        raise Unavailable("test.stop", "expected to go on, found a test")

    with pytest.raises(Unavailable):
        audit(sound, full=True, progress=stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("audit")]


def test_gaps_are_noticed(sound: Path) -> None:
    """Numbers that are missing are notices, no damage: they may be recorded elsewhere."""
    report = audit(sound, full=True)
    gaps = [notice for notice in report.notices if notice.code == "audit.gap"]
    assert f"source source 1 of {OWNER}" in {gap.place for gap in gaps}
    assert gaps[0].expected.startswith("numbers ")


def test_an_audit_while_the_owner_writes(busy: Path) -> None:
    """An audit beside a process that writes, publishes and trims finds nothing."""
    stop = threading.Event()
    with counterfoil.open(busy) as ledger:

        def write() -> None:
            number = 0
            while not stop.wait(0.02):
                ledger.record_many([{"n": number + k} for k in range(700)])
                number += 700

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for full in (False, True, False):
                report = audit(busy, full=full)
                assert report.findings == ()
        finally:
            stop.set()
            writer.join()


def test_the_tail_is_audited(busy: Path) -> None:
    """What is committed and not published yet is audited too, and noticed."""
    set_setting(busy, "publish_interval_s", "60")
    with counterfoil.open(busy) as ledger:
        ledger.record({"published": "at once"})
        ledger.publish()
        published = ledger.size
        ledger.record_many([{"n": number} for number in range(600)])
        report = audit(busy, full=True)
    assert report.findings == ()
    assert (report.published_size, report.size) == (published, published + 605)
    assert "audit.unpublished" in {notice.code for notice in report.notices}


def test_no_ledger(tmp_path: Path) -> None:
    """A folder without a ledger is not found; one without its policy cannot be audited."""
    with pytest.raises(NotFound):
        audit(tmp_path)
    folder = copy_ledger(tmp_path / "ledger")
    Layout(folder).policy.unlink()
    with pytest.raises(FatalLogError):
        audit(folder)


# Lies: what a cheating operator could append ------------------------------------------------------


def _lies() -> dict[str, tuple[Callable[[Ledger, Any], int], str]]:
    """Name each lie: how it is told (gives the index to blame), and the finding's code."""

    def members(ledger: Ledger, key: Any, **changes: Any) -> int:
        said = [statement(number) for number in range(3)]
        return force(ledger, *said, batch_of(key, ledger.origin, said, **changes)) + 3

    def one(payload: Callable[[Ledger], bytes]) -> Callable[[Ledger, Any], int]:
        return lambda ledger, key: force(ledger, record_statement(key, payload(ledger)))

    def key_statement(ledger: Ledger, _: Any) -> int:
        return force(ledger, ledger.entry(0))  # the first key, once more

    return {
        "no entry": (lambda ledger, key: force(ledger, b"junk"), "audit.entry"),
        "unsigned": (lambda ledger, key: force(ledger, statement(0)), "audit.unsigned"),
        "batch root": (lambda ledger, key: members(ledger, key, root="00" * 32), "audit.batch"),
        "batch origin": (lambda ledger, key: members(ledger, key, origin="other"), "audit.batch"),
        "batch count": (lambda ledger, key: members(ledger, key, count=9), "audit.batch"),
        "batch signer": (lambda ledger, _: members(ledger, STRANGER), "audit.signer"),
        "signer": (
            lambda ledger, _: force(ledger, record_statement(STRANGER, statement(0))),
            "audit.signer",
        ),
        "signature": (
            lambda ledger, key: force(
                ledger, _with_other_signature(record_statement(key, statement(0)))
            ),
            "audit.signature",
        ),
        "issuer": (one(lambda _: statement(0, issuer="urn:somebody:else")), "audit.signer"),
        "audience": (one(lambda _: statement(0, audience="another log")), "audit.statement"),
        "subject": (one(lambda _: statement(0, subject="ab" * 32)), "audit.statement"),
        "expect": (one(lambda _: statement(0, expect={"book": (99, 100)})), "audit.expect"),
        "number": (one(lambda _: statement(3, source="file:rows")), "audit.number-twice"),
        "identity": (
            one(lambda _: foreign_statement({"free": "of numbers"})),
            "audit.statement-twice",
        ),
        "key": (key_statement, "audit.key-statement"),
    }


@pytest.mark.parametrize("lie", sorted(_lies()))
def test_a_lie_is_named(busy: Path, lie: str) -> None:
    """Each kind of lie that the hashes cannot show is named by the full audit, with its entry."""
    tell, code = _lies()[lie]
    with counterfoil.open(busy) as ledger:
        index = tell(ledger, key_of(busy))
        ledger.record({"after": "it"})
    report = audit(busy, full=True)
    assert (code, f"entry {index}") in found(report)
    assert audit(busy).findings == ()
    assert report.damaged
    assert "damaged or wrong" in report.verdict
    assert "does not cover" in report.grade


def test_issuers_inside_a_batch(busy: Path) -> None:
    """A member of a batch that names another issuer than the batch's signer is named."""
    with counterfoil.open(busy) as ledger:
        said = [statement(0), statement(1, issuer="urn:somebody:else")]
        first = force(ledger, *said, batch_of(key_of(busy), ledger.origin, said))
    assert ("audit.signer", f"entry {first + 1}") in found(audit(busy, full=True))


def test_unsigned_before_a_batch(busy: Path) -> None:
    """Unsigned statements that a batch does not reach are named, however many."""
    with counterfoil.open(busy) as ledger:
        said = [statement(number) for number in range(2100)]
        first = force(ledger, *said, batch_of(key_of(busy), ledger.origin, said[-3:]))
    unsigned = [p for code, p in found(audit(busy, full=True)) if code == "audit.unsigned"]
    assert unsigned == [
        f"entries {first} to {first + 1023}",
        f"entries {first + 1024} to {first + 2096}",
    ]


def test_an_unsigned_key_statement(busy: Path) -> None:
    """A key statement inside a batch has no signature of its own, and brings no key."""
    with counterfoil.open(busy) as ledger:
        payload = _payload(ledger.entry(0))
        first = force(ledger, payload, batch_of(key_of(busy), ledger.origin, [payload]))
    assert ("audit.key-statement", f"entry {first}") in found(audit(busy, full=True))


def test_a_run_that_repeats_numbers(busy: Path) -> None:
    """Of a run of rows only those whose numbers are taken are named; the others count."""
    with counterfoil.open(busy) as ledger:
        said = [statement(n, source="file:rows") for n in range(BATCH_ROWS - 2, BATCH_ROWS + 2)]
        first = force(ledger, *said, batch_of(key_of(busy), ledger.origin, said))
    report = audit(busy, full=True)
    assert ("audit.number-twice", f"entries {first} to {first + 1}") in found(report)


def test_a_run_around_a_number(busy: Path) -> None:
    """Of a run of rows around one that is taken, both sides count."""
    with counterfoil.open(busy) as ledger:
        said = [statement(number, source="source 1") for number in range(3, 9)]
        first = force(
            ledger,
            *said,
            batch_of(key_of(busy), ledger.origin, said),
            spans=[Span(OWNER, "source 1", 3, 3, 0), Span(OWNER, "source 1", 7, 2, 4)],
        )
    assert found(audit(busy, full=True)) == [("audit.number-twice", f"entry {first + 3}")]


def test_a_planted_bug_is_seen(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: an audit that takes a batch's word for its members misses a wrong root."""
    with counterfoil.open(busy) as ledger:
        said = [statement(0)]
        force(
            ledger,
            *said,
            batch_of(key_of(busy), ledger.origin, said, root="00" * 32),
            spans=_spans(said),
        )
    assert [code for code, _ in found(audit(busy, full=True))] == ["audit.batch"]

    def believe(self: BatchRun, *_: object) -> None:
        self._members = []

    monkeypatch.setattr(BatchRun, "sign", believe)
    assert audit(busy, full=True).findings == ()


def test_keys_that_were_ended_earlier(busy: Path) -> None:
    """A revocation from an earlier entry on is noticed, with the keys that fall with the key."""
    with counterfoil.open(busy) as ledger:
        first = ledger.keys[0]
        said = Key(
            organisation=OWNER,
            action="revoke",
            keyid=first.keyid,
            role="producer",
            from_index=50,
            issuer=OWNER,
            source="forged",
            number=0,
            audience=ledger.origin,
        )
        payload = statements.format(
            Statement(
                (sha256_subject(OWNER, OWNER.encode()),),
                uri_of(said),
                msgspec.Raw(format_predicate(said)),
            )
        )
        entry = record_statement(key_of(busy, "recovery"), payload)
        index = force(ledger, entry, spans=[Span(OWNER, "forged", 0, 1, 0)], key_entries=[0])
    report = audit(busy, full=True)
    # The key that followed it is void now, and so is what that one signed.
    assert report.findings == ()
    places = {notice.code: notice.place for notice in report.notices}
    assert places["audit.key-ended"] == f"entries 50 to {index - 1}"
    assert places["audit.key-void"].startswith("entries from ")


def _payload(entry: bytes) -> bytes:
    return envelope.parse(entry).payload


def _with_other_signature(entry: bytes) -> bytes:
    parsed = envelope.parse(entry)
    good = parsed.signatures[0]
    bad = Signature(good.keyid, good.sig[:-5] + bytes([good.sig[-5] ^ 1]) + good.sig[-4:])
    return envelope.format(msgspec.structs.replace(parsed, signatures=(bad,)))


def _spans(said: list[bytes]) -> list[Span]:
    return [Span(OWNER, "forged", 0, len(said), 0)]
