"""What people read: every command's answer as text, without a terminal's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from counterfoil.cli import main
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import audits, health, recovery, searches
from counterfoil.ledger import open_ledger
from counterfoil.ledger.audit import AuditReport
from counterfoil.ledger.doctor import Check
from counterfoil.ledger.recover import RecoverReport
from counterfoil.ledger.search import SearchPage
from counterfoil.log.findings import Finding
from counterfoil.ops import ledgers
from counterfoil.ops.audits import Audited
from counterfoil.ops.demo import tour as touring
from counterfoil.ops.health import Diagnosis
from counterfoil.ops.registry import OPERATIONS, load

Say = Callable[..., str]
PLAIN = Paint(io.StringIO())


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command beside a ledger named shop, and give what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTERFOIL_LEDGER", "shop")
    monkeypatch.setenv("COUNTERFOIL_OUTPUT", "text")
    ledgers.init(Path("shop"), name="shop", organisation="https://shop.example")
    capsys.readouterr()

    def run(*words: str, status: int = 0) -> str:
        assert main(words) == status
        said = capsys.readouterr()
        assert said.err == ""
        return said.out

    return run


def test_making_a_ledger_tells_what_to_do_with_it(say: Say) -> None:
    """Where the policy and keys are, what the recovery key is for, and what comes next."""
    said = say("init", "my shop", "--post-quantum")
    assert "made the ledger my shop in my shop" in said
    assert "Ed25519 and ML-DSA-44" in said
    assert "A receipt cannot vouch for itself." in said
    assert "recovery.key ends and replaces the others" in said
    assert said.endswith("--ledger 'my shop'\n")


def test_a_record_and_its_proof(say: Say) -> None:
    """Recorded, shown, found, taken away, looked into and verified, each in a few lines."""
    said = say("record", "add", '{"payment":"P-1"}', "--source", "till", "--number", "0")
    assert said.startswith("recorded as entry 3\n")
    again = say("record", "add", '{"payment":"P-1"}', "--source", "till", "--number", "0")
    assert again.startswith("recorded already, as entry 3\n")
    shown = say("record", "get", "3")
    assert shown.startswith("entry 3: record\n")
    assert '  payment: "P-1"\n' in shown
    assert say("record", "tail", "-n", "1") == '       3  record  {"payment": "P-1"}\n'
    assert '{"payment": "P-1"}' in say("record", "search", "payment=P-1")
    assert say("record", "search", "payment=P-2") .startswith("no record\n")  # fmt: skip
    wrote = say("receipt", "get", "3", "--out", "r.json")
    assert wrote.startswith("wrote the receipt of entry 3, as of 4 entries, to r.json (")
    looked = say("receipt", "show", "r.json")
    assert looked.startswith("a receipt (json) of entry 3\n")
    assert looked.endswith("not verified: counterfoil verify FILE --policy POLICY\n")
    proven = say("verify", "r.json", "--policy", "shop/policy.txt")
    assert proven.startswith("verified: self-witnessed\n")
    assert "https://shop.example, key " in proven
    assert '  says       {"payment": "P-1"}\n' in proven
    say("receipt", "get", "3", "--out", "r.proof", "--tlog-proof")
    assert "not proven: a tlog-proof shows that it was logged" in say(
        "verify", "r.proof", "--policy", "shop/policy.txt"
    )


def test_rows_and_blocks(say: Say) -> None:
    """How many rows, where they stand, how fast; a block's row is named with its block."""
    Path("rows.csv").write_text("n\n1\n2\n")
    said = say("record", "batch", "rows.csv")
    assert said.startswith("recorded 2 rows\n")
    assert "  entries   3 to 4\n" in said
    assert "rows/s\n" in said
    assert say("record", "batch", "rows.csv").startswith("recorded 2 rows, all of them before\n")
    assert say("record", "batch", "rows.csv", "--block").startswith("recorded 2 rows in 1 block\n")
    assert "signed by  a batch signature after it\n" in say("record", "get", "3")
    wrote = say("receipt", "get", "6", "--row", "1", "--out", "row.json")
    assert wrote.startswith("wrote the receipt of row 1 of entry 6")
    assert '1: {"n":"2"}' in say("receipt", "show", "row.json")
    assert '  row        1\n  says       {"n":"2"}\n' in say(
        "verify", "row.json", "--policy", "shop/policy.txt"
    )


def test_checkpoints_keys_and_proofs(say: Say) -> None:
    """Lists are one line each; proofs show their hashes."""
    with open_ledger("shop") as ledger:
        ledger.record_many([{"n": n} for n in range(3)])
    assert say("checkpoint", "ls").splitlines()[-1].endswith("2  published")
    assert say("checkpoint", "get").startswith("counterfoil.local/shop/")
    assert "entry 3 stands in the tree of 7 entries\n" in say("prove", "inclusion", "3")
    assert "the tree of 7 entries begins with that of 3\n" in say("prove", "consistency", "3")
    assert say("key", "new", "intake").startswith("added a key, stated in entry 7\n")
    assert say("key", "rotate").startswith("rotated the producer key, stated in entry 8\n")
    lines = say("key", "ls").splitlines()
    assert len(lines) == 4
    ended = next(line for line in lines if "ended" in line)
    assert say("key", "revoke", ended[:12]).startswith("revoked the key, stated in entry 9\n")


def test_a_ledger_as_a_whole(say: Say) -> None:
    """Status, audit, doctor, copies, export and schemas speak for themselves."""
    assert "  entries        3\n" in say("status")
    audited = say("audit", "--full")
    assert audited.splitlines()[-1].startswith("no damage found; 3 of 3 entries")
    assert "ok    settings" in say("doctor")
    assert say("backup", "shop", "copy").startswith("copied 3 entries to copy\n")
    assert say("recover", "shop").startswith("rebuilt counterfoil.local/shop/")
    assert say("export", "--out", "x.csv", "--format", "csv").startswith("wrote 3 entries as csv")
    assert "mandate" in say("schema")
    Path("shop/tile/0/000.p/3").write_bytes(b"")
    assert say("audit", status=1).startswith("damaged  ")


def test_the_demonstration(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """The story is told in numbered lines, cheats by who caught them, and where to look."""
    monkeypatch.setattr(touring, "FIRST_PAYMENTS", 1_000)
    told = say("demo", "my tour", "--once")
    assert told.startswith("1. A ledger is made")
    assert re.search(r"\n3\. The receipt .*\n.*self-witnessed\.\n   hold, score 0\.\d{3}: ", told)
    assert "\nx the last records cut\n    caught by the ledger's witness: expected" in told
    assert "[witness.rolled-back]" in told
    assert "the log's key signed two histories" in told
    assert "counterfoil verify 'my tour/receipt.json' --policy 'my tour/policy.txt'" in told
    assert max(map(len, told.splitlines())) < 200


def test_an_audit_with_more_than_it_can_list() -> None:
    """What does not fit is counted, and notices are told from damage."""
    finding = Finding("audit.x", "tile/0/000", "32 bytes", "none")
    report = AuditReport(
        "o", 9, "ab" * 32, 9, True, 8, 1, (finding,), 1234, (finding,), 2, "signed", 0.1
    )
    lines = list(audits.audit(Audited(report), PLAIN))
    assert lines[:4] == [
        f"damaged  {finding}",
        "and 1,234 more",
        f"note     {finding}",
        "and 2 more notes",
    ]
    assert lines[-1].startswith("1,235 damaged or wrong")


def test_a_recovery_that_lost_something() -> None:
    """What is lost, and where the old database went, is said plainly."""
    report = RecoverReport(
        "mended", "o", 9, "ab" * 32, 9, 1, (7, 9), ("a", "b"), 0, "old.db", None, ("look",), 0.1
    )
    lines = list(recovery.recover(report, PLAIN))
    assert lines[0] == "mended o"
    assert "  old database       old.db" in lines
    assert lines[-2:] == ["lost  entries 7 to 8", "note  look"]


def test_a_diagnosis_says_what_to_do() -> None:
    """A check that is not well has its hint under it."""
    found = Diagnosis((Check("disk", "ok", "fine", "never shown"), Check("keys", "bad", "x", "do")))
    assert list(health.doctor(found, PLAIN)) == [
        "ok    disk  fine",
        "bad   keys  x",
        "            do",
    ]


def test_a_page_of_many(say: Say) -> None:
    """A page says how to get the next one, how many there are, and what the index says."""
    page = SearchPage((), 17, 20, 20, 1234, "no index here")
    assert list(searches.search(page, PLAIN)) == [
        "no record",
        "1,234 in all",
        "more with --after 17",
        "no index here",
    ]


def test_every_operation_has_its_text() -> None:
    """No command is without words: a function of its name takes its result, and paint."""
    from importlib import import_module
    from inspect import signature

    for operation in OPERATIONS:
        module, _, name = operation.target.removeprefix("counterfoil.ops.").partition(":")
        if load(operation).__annotations__["return"] != "Document":
            words = import_module(f"counterfoil.cli.text.{module}")
            assert name in words.__all__
            taken = list(signature(getattr(words, name)).parameters)
            assert taken[1:] == ["paint"], operation.name
