"""The audit of a ledger: what lies beside the log, what readers kept, and whom to trust."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

import counterfoil
from counterfoil.errors import FatalLogError, InputError
from counterfoil.formats import bundle, envelope, tlog_proof
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats import statement as statements
from counterfoil.formats.policy import Log, Policy, Witness
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ledger.audit import AuditReport, audit
from counterfoil.ports import SystemClock
from counterfoil.proofs.signing import public_of, signing_key
from tests.busy_ledger import (
    busy_ledger,
    force,
    record_statement,
)
from tests.ledgers import key_of


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


def test_payloads_are_remembered_for_a_while(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A payload that many records name is read once, as long as it is remembered."""
    monkeypatch.setattr("counterfoil.ledger.audit_payloads._REMEMBERED", 0)
    assert audit(busy, full=True).findings == ()


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


def test_tiles_that_are_not_published_yet(busy: Path) -> None:
    """Tiles beyond the published size are left alone: they are written anew before it is theirs."""
    (busy / "tile/0/009").write_bytes(b"about to be")
    (busy / "tile/entries/008.p/255").write_bytes(b"published")
    assert audit(busy).findings == ()


def test_a_stale_tile_that_cannot_be_read(busy: Path) -> None:
    """An older partial tile that the disk does not give is named."""
    (busy / "tile/0/008.p/2").symlink_to(busy / "tile/0/008.p/2")
    assert found(audit(busy)) == [("audit.unreadable", "tile/0/008.p/2")]


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


def _first_entries(data: bytes, count: int) -> bytes:
    return bundle.format(bundle.parse(data)[:count])
