"""Another organisation mirrors a log over HTTP: it proves records, and restores a lost origin."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.ledger.audit import audit
from tests.journeys.command_line import Ran, start
from tests.journeys.command_line import forked as counterfoil_command
from tests.ledgers import copy_ledger, prove
from tests.logs_on_disk import policy_of

ROWS = [b'{"meter":"M-%d","energy_wh":%d}' % (n % 7, n) for n in range(900)]


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no other test's ledger, of the same origin, be remembered here."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))


def command(*words: str | Path) -> Ran:
    """Run one command with the test's own state folder."""
    return counterfoil_command(*words, COUNTERFOIL_STATE=os.environ["COUNTERFOIL_STATE"])


def fill(folder: Path) -> tuple[int, int, int]:
    """Record rows, a block and something large; returns their first indices."""
    with counterfoil.open(folder) as ledger:
        rows = ledger.record_rows(ROWS, "meters", 0).result().indices
        block = ledger.record_block(ROWS[:50], source="quarter-hour", number=0)
        large = ledger.record({"text": "x" * 60_000})
        ledger.publish()
        return rows[0], block.index, large.index


@contextmanager
def running(*words: str | Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Start a command that serves; gives the process and its first event."""
    process = start(*words, COUNTERFOIL_STATE=os.environ["COUNTERFOIL_STATE"])
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert b"Traceback" not in err


def test_a_mirror_serves_receipts_when_the_log_is_gone(tmp_path: Path) -> None:
    """Receipts of any kind, made from a copy alone, verify under the reader's own policy."""
    shop, copy, policy = tmp_path / "shop", tmp_path / "copy", tmp_path / "policy.txt"
    copy_ledger(shop)
    first, block, large = fill(shop)
    shutil.copy(shop / "policy.txt", policy)
    with running("serve", "--ledger", shop, "--listen", "127.0.0.1:0") as (process, served):
        mirror: list[str | Path] = [
            "mirror",
            "run",
            served["url"],
            copy,
            "--policy",
            policy,
            "--mode",
            "all",
        ]
        done = command(*mirror, "--once").lines()[0]
        assert (done["event"], done["missing"]) == ("copied", 0)
        assert done["entries"] == done["size"] > 900
        assert done["payloads"] == 2
        again = command(*mirror, "--once").lines()[0]
        assert (again["event"], again["entries"]) == ("unchanged", 0)
    assert process.returncode == 0
    shutil.rmtree(shop)
    for index, row in ((first, None), (first + 899, None), (block, 7), (large, None), (0, None)):
        out = tmp_path / "receipt.json"
        words: list[str | Path] = ["mirror", "receipt", str(index), copy, "--out", out]
        command(*words, *([] if row is None else ["--row", str(row)])).json()
        proven = command("verify", out, "--policy", policy).json()
        assert (proven["index"], proven["row"]) == (index, row)


def test_a_lost_log_goes_on_from_a_mirror(tmp_path: Path) -> None:
    """From a mirror, the keys and a kept receipt the log comes back, and goes on; nothing forks."""
    shop, copy, policy = tmp_path / "shop", tmp_path / "copy", tmp_path / "policy.txt"
    copy_ledger(shop)
    first, block, _ = fill(shop)
    shutil.copy(shop / "policy.txt", policy)
    with counterfoil.open(shop, read_only=True) as ledger:
        kept = receipts.format(ledger.receipt(first + 3))
    mirror: list[str | Path] = [
        "mirror",
        "run",
        shop,
        copy,
        "--policy",
        policy,
        "--mode",
        "all",
        "--once",
    ]
    size = command(*mirror).lines()[0]["size"]
    for path in [path for path in shop.iterdir() if path.name != "keys"]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (tmp_path / "kept.json").write_bytes(kept)
    refused = command("recover", shop, "--from", copy)
    assert (refused.status, "recover.nothing-known" in refused.err) == (4, True)
    words: list[str | Path] = [
        "recover",
        shop,
        "--from",
        copy,
        "--last-known",
        tmp_path / "kept.json",
    ]
    report = command(*words).json()
    assert (report["way"], report["size"]) == ("restored", size)
    with counterfoil.open(shop) as ledger:
        index = ledger.record({"after": "the loss"}).index
        assert index == size
        assert prove(ledger, index).index == index
        assert prove(ledger, block, 7).row == 7
        assert (ledger.config.organisation, ledger.config.name) == ("https://org.example", "test")
        ledger.publish()
    assert not audit(shop, full=True).damaged
    assert counterfoil.verify(kept, policy.read_bytes()).index == first + 3
    followed = command(*mirror).lines()[0]
    assert (followed["event"], followed["entries"]) == ("copied", 1)


def test_a_mirror_of_a_mirror_over_http(tmp_path: Path) -> None:
    """A running mirror serves what it has; whoever copies from it needs no origin."""
    shop, policy = tmp_path / "shop", tmp_path / "shop" / "policy.txt"
    copy_ledger(shop)
    fill(shop)
    words: list[str | Path] = ["mirror", "run", shop, tmp_path / "copy", "--policy", policy]
    with running(*words, "--listen", "127.0.0.1:0") as (process, served):
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "copied"
        again: list[str | Path] = [
            "mirror",
            "run",
            served["url"],
            tmp_path / "second",
            "--policy",
            policy,
        ]
        done = command(*again, "--once").lines()[0]
        assert done["entries"] > 900
    assert process.returncode == 130
    second = tmp_path / "second"
    names = [path.relative_to(second) for path in (second / "tile").rglob("*") if path.is_file()]
    assert len(names) > 6
    for name in (*names, Path("checkpoint")):
        assert (second / name).read_bytes() == (shop / name).read_bytes()


def test_a_mirror_cannot_stand_for_another_log(tmp_path: Path) -> None:
    """Nothing is copied under a policy that does not name the log; hashes restore nothing."""
    shop = tmp_path / "shop"
    copy_ledger(shop)
    other = tmp_path / "policy.txt"
    other.write_bytes(policies.format(policy_of()))
    words: list[str | Path] = [
        "mirror",
        "run",
        shop,
        tmp_path / "copy",
        "--policy",
        other,
        "--once",
    ]
    refused = command(*words)
    assert (refused.status, "trust.unknown-log" in refused.err) == (1, True)
    words = [
        "mirror",
        "run",
        shop,
        tmp_path / "copy",
        "--policy",
        shop / "policy.txt",
        "--once",
    ]
    command(*words, "--mode", "hashes").json()
    for refused in (
        command("recover", tmp_path / "new", "--from", tmp_path / "copy"),
        command("mirror", "receipt", "0", tmp_path / "copy", "--out", "-"),
    ):
        assert refused.status in (3, 4)
        assert "hashes only" in refused.err
    missing = command("mirror", "receipt", "0", shop, "--out", "-")
    assert (missing.status, "mirror.missing" in missing.err) == (3, True)
