"""The audit of a ledger: sound ones pass, each lie and each damage is named with its place."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

import counterfoil
from counterfoil.errors import FatalLogError, InputError, NotFound, Unavailable
from counterfoil.formats import bundle, envelope, tlog_proof
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats import statement as statements
from counterfoil.formats.envelope import Signature
from counterfoil.formats.policy import Log, Policy, Witness
from counterfoil.formats.predicates import Key, format_predicate, uri_of
from counterfoil.formats.statement import Statement, sha256_subject
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger import Layout, Ledger, create_ledger
from counterfoil.ledger.audit import AuditReport, audit
from counterfoil.ledger.audit_batches import BatchRun
from counterfoil.ports import Span, SystemClock
from counterfoil.proofs.signing import public_of, signing_key
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
            while not stop.is_set():
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


# The database -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ("UPDATE span SET at = at + 1 WHERE first = 0 AND count > 100", "numbers of"),
        ("UPDATE source SET name = 'renamed' WHERE name = 'meters'", "source"),
        ("DELETE FROM identity", "statement"),
        ("UPDATE identity SET at = at + 1", "statement"),
        ("UPDATE counter SET value = 4 WHERE key = 'book'", "counter book"),
        ("UPDATE counter SET value = '3' WHERE key = 'book'", "counter book"),
        ("INSERT INTO counter VALUES ('new', 1)", "counter new"),
        ("DELETE FROM key_entry WHERE at = 1", "key statement at 1"),
        ("INSERT INTO key_entry VALUES (7)", "key statement at 7"),
        ("CREATE TABLE more (x)", "schema of table more"),
        ("CREATE TRIGGER t AFTER DELETE ON span BEGIN SELECT 1; END", "schema of trigger t"),
    ],
)
def test_a_changed_table(busy: Path, change: str, place: str) -> None:
    """Every row that the entries do not bear out is named by the full audit, with its table."""
    with closing(sqlite3.connect(Layout(busy).database)) as connection:
        connection.execute(change)
        connection.commit()
    wrong = found(audit(busy, full=True))
    assert wrong
    assert {code for code, _ in wrong} == {"audit.table"}
    assert all(at.startswith("database: ") for _, at in wrong)
    assert any(at.startswith(f"database: {place}") for _, at in wrong)


@pytest.mark.parametrize("damage", ["missing", "empty", "garbage", "schema", "other"])
def test_without_a_sound_database(busy: Path, tmp_path: Path, damage: str) -> None:
    """A database that is missing or none is named, and the tiles are audited all the same."""
    path = Layout(busy).database
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "garbage":
        path.write_bytes(b"\x5a" * 20_000)
    elif damage == "schema":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 77")
    else:
        shutil.copyfile(Layout(_another(tmp_path)).database, path)
    for full in (False, True):
        report = audit(busy, full=full)
        assert report.entries_checked == report.published_size > 2000
        assert {code.split("-")[0] for code, _ in found(report)} <= {
            "audit.database",
            "audit.rolled",
            "audit.root",
            "audit.head",
            "audit.segment",
            "audit.table",
        }
        assert report.findings


def test_a_damaged_entry_does_not_spread(busy: Path) -> None:
    """One flipped bit is one finding, also where the entry is the key that signs all the others."""
    for path in ("tile/entries/000", "tile/entries/003", "tile/entries/005"):
        folder = busy.with_name(path.replace("/", "-"))
        shutil.copytree(busy, folder)
        data = bytearray((folder / path).read_bytes())
        data[40] ^= 1
        (folder / path).write_bytes(data)
        report = audit(folder, full=True)
        assert found(report) == [("audit.bundle-changed", path)]


def test_a_lost_bundle_does_not_spread(busy: Path) -> None:
    """A lost bundle is one finding: numbers and batches around it are not called wrong."""
    (busy / "tile/entries/002").unlink()
    report = audit(busy, full=True)
    assert found(report) == [("audit.tile-missing", "tile/entries/002")]


def test_lost_counters_are_not_called_wrong(busy: Path) -> None:
    """Where a lost bundle may have changed a counter, the counter is not called wrong."""
    (busy / "tile/entries/004").unlink()
    assert [code for code, _ in found(audit(busy, full=True))] == ["audit.tile-missing"]


# Beside the log -----------------------------------------------------------------------------------


def test_payloads(busy: Path) -> None:
    """A payload that is not there is noticed; one that was changed is named."""
    files = [path for path in sorted(Layout(busy).payloads.rglob("*")) if path.is_file()]
    assert len(files) == 2
    data = files[0].read_bytes()
    files[0].write_bytes(data[:-1] + b"?")
    files[1].unlink()
    report = audit(busy, full=True)
    assert [code for code, _ in found(report)] == ["audit.payload-changed"]
    assert files[0].name in found(report)[0][1]
    missing = [n for n in report.notices if n.code == "audit.payload-missing"]
    assert files[1].name in missing[0].place


def test_a_block_whose_rows_are_others(busy: Path) -> None:
    """A block statement whose root or size is not that of its rows is named."""
    with counterfoil.open(busy) as ledger:
        view = next(v for v in ledger.views() if v.kind == "block")
        for change in ({"root": "00" * 32}, {"rows": 3}, {"payload": None}):
            content = {**view.content, "number": len(str(change)), **change}
            if content["payload"] is None:
                content["payload"] = {**view.content["payload"], "size": 5}
            payload = _payload(ledger.entry(view.index)).replace(
                _predicate(ledger.entry(view.index)), msgspec.json.encode(content)
            )
            force(ledger, record_statement(key_of(busy), payload))
    codes = [code for code, _ in found(audit(busy, full=True))]
    assert [code for code in codes if code != "audit.table"] == [
        "audit.block",
        "audit.block",
        "audit.payload-size",
    ]


def test_a_payload_that_is_no_row_file(busy: Path) -> None:
    """A block statement whose payload is no file of rows is named."""
    with counterfoil.open(busy) as ledger:
        views = list(ledger.views())
        block = next(v for v in views if v.kind == "block")
        large = next(v.content["content_ref"] for v in views if "content_ref" in v.content)
        content = {**block.content, "number": 77, "payload": large}
        payload = _payload(ledger.entry(block.index))
        payload = payload.replace(
            _predicate(ledger.entry(block.index)), msgspec.json.encode(content)
        ).replace(block.content["payload"]["sha256"].encode(), large["sha256"].encode())
        index = force(ledger, record_statement(key_of(busy), payload))
    assert ("audit.block", f"entry {index}") in found(audit(busy, full=True))


def test_stale_partial_tiles(busy: Path) -> None:
    """Partial tiles of older sizes, which readers may still be served, are audited too."""
    for kind in ("entries", "0"):
        folder = next((busy / "tile" / kind).glob("008.p"))
        newest = max(folder.iterdir(), key=lambda path: int(path.name))
        data = newest.read_bytes()
        older = folder / "3"
        older.write_bytes(data[: 3 * 32] if kind == "0" else _first_entries(data, 3))
    assert audit(busy).findings == ()
    for kind in ("entries", "0"):
        older = busy / "tile" / kind / "008.p" / "3"
        changed = bytearray(older.read_bytes())
        changed[50] ^= 4
        older.write_bytes(changed)
    assert found(audit(busy)) == [
        ("audit.tile-changed", "tile/0/008.p/3"),
        ("audit.tile-changed", "tile/entries/008.p/3"),
    ]


def test_foreign_files(busy: Path) -> None:
    """A file among the tiles that is none is named; what a crash left half-written is not."""
    (busy / "tile/0/note.txt").write_text("hello")
    (busy / "tile/0/009.new").write_text("half")
    assert found(audit(busy)) == [("audit.foreign-file", "tile/0/note.txt")]


# What readers kept --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """An old copy of a ledger's folder, and what clients kept from it and from later."""
    folder = busy_ledger(tmp_path_factory.mktemp("kept") / "ledger")
    evidence: dict[str, bytes] = {"early checkpoint": (folder / "checkpoint").read_bytes()}
    with counterfoil.open(folder) as ledger:
        evidence["early receipt"] = receipts.format(ledger.receipt(17))
    old = folder.with_name("old")
    shutil.copytree(folder, old)
    with counterfoil.open(folder) as ledger:
        late = ledger.record({"late": True})
        receipt = ledger.receipt(late.index)
        evidence["late receipt"] = receipts.format(receipt)
        evidence["late proof"] = tlog_proof.format(
            TlogProof(late.index, receipt.record.path, receipt.checkpoint.encode(), None)
        )
        evidence["late checkpoint"] = receipt.checkpoint.encode()
    shutil.rmtree(folder)
    shutil.copytree(old, folder)
    return folder, evidence


def test_older_evidence_agrees(kept: tuple[Path, dict[str, bytes]]) -> None:
    """What a client kept earlier agrees with a log that extends it."""
    folder, evidence = kept
    early = {name: data for name, data in evidence.items() if name.startswith("early")}
    assert audit(folder, against=early).findings == ()


def test_an_old_folder_put_back_is_caught(kept: tuple[Path, dict[str, bytes]]) -> None:
    """An old copy of the whole folder looks sound; any later receipt shows that it went back."""
    folder, evidence = kept
    assert audit(folder, full=True).findings == ()
    for name in ("late receipt", "late proof", "late checkpoint"):
        report = audit(folder, against={name: evidence[name]})
        assert found(report) == [("audit.rolled-back", name)]


def test_an_old_folder_that_went_on_is_caught(kept: tuple[Path, dict[str, bytes]]) -> None:
    """An old copy that was put back and went on differs from what clients kept: forked."""
    folder, evidence = kept
    copy = folder.with_name("went-on")
    shutil.copytree(folder, copy)
    with counterfoil.open(copy) as ledger:
        for number in range(5):
            ledger.record({"other": number})
    assert audit(copy, full=True).findings == ()
    report = audit(copy, against=evidence)
    assert set(found(report)) == {
        ("audit.forked", name) for name in ("late receipt", "late proof", "late checkpoint")
    }


def test_evidence_of_another_log(kept: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    """A receipt of another log, or one whose entry does not stand where it says, is named."""
    folder, evidence = kept
    other = _another(tmp_path)
    foreign = (other / "checkpoint").read_bytes()
    receipt = receipts.parse(evidence["early receipt"])
    moved = msgspec.structs.replace(
        receipt, record=msgspec.structs.replace(receipt.record, index=receipt.record.index + 1)
    )
    report = audit(folder, against={"foreign": foreign, "moved": receipts.format(moved)})
    assert found(report) == [("audit.evidence", "foreign"), ("audit.evidence", "moved")]


def test_evidence_that_is_none(sound: Path) -> None:
    """A file that is no evidence is refused by its name."""
    for data in (b"", b"{}", b"hello", b"c2sp.org/tlog-proof@v1\n"):
        with pytest.raises(InputError) as caught:
            audit(sound, against={"my file": data})
        assert "my file" in caught.value.message


# Trust --------------------------------------------------------------------------------------------


def test_an_auditors_own_policy(sound: Path) -> None:
    """The grade is that of the auditor's policy: one that asks for a witness is not met."""
    own = policies.parse(Layout(sound).policy.read_bytes())
    witness = public_of(signing_key("witness", KeyType.COSIGNATURE_ED25519, bytes(32)))
    strict = Policy(own.logs, (Witness("w", witness),), (), "w")
    report = audit(sound, policy=strict)
    assert found(report) == [("audit.policy", "checkpoint")]
    assert report.grade.startswith("not trusted under the policy")


def test_a_policy_of_another_log(sound: Path) -> None:
    """A policy that does not name the log cannot judge it."""
    stranger = public_of(signing_key("another.log", KeyType.ED25519, bytes(32)))
    with pytest.raises(FatalLogError) as caught:
        audit(sound, policy=Policy((Log(stranger),), (), (), policies.NONE))
    assert caught.value.code == "log.policy"


def test_a_checkpoint_by_somebody_else(busy: Path, tmp_path: Path) -> None:
    """Where nobody that the policy knows signed the checkpoint, nobody vouches for the log."""
    other = _another(tmp_path)
    shutil.copyfile(other / "checkpoint", busy / "checkpoint")
    report = audit(busy)
    assert ("audit.checkpoint", "checkpoint") in found(report)
    assert report.grade.startswith("vouched for by nobody")


def _another(parent: Path) -> Path:
    """Make another log."""
    create_ledger(parent / "other", SystemClock())
    return parent / "other"


def _payload(entry: bytes) -> bytes:
    return envelope.parse(entry).payload


def _predicate(entry: bytes) -> bytes:
    return bytes(statements.parse(_payload(entry)).predicate)


def _with_other_signature(entry: bytes) -> bytes:
    parsed = envelope.parse(entry)
    good = parsed.signatures[0]
    bad = Signature(good.keyid, good.sig[:-5] + bytes([good.sig[-5] ^ 1]) + good.sig[-4:])
    return envelope.format(msgspec.structs.replace(parsed, signatures=(bad,)))


def _first_entries(data: bytes, count: int) -> bytes:
    return bundle.format(bundle.parse(data)[:count])


def _spans(said: list[bytes]) -> list[Span]:
    return [Span(OWNER, "forged", 0, len(said), 0)]
