"""A command goes to the node that the environment names, and gives what it would give there."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import counterfoil
from counterfoil.cli import main
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Ledger
from tests.ledgers import copy_ledger
from tests.nodes import served


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.chdir(tmp_path)
    with counterfoil.open(copy_ledger(tmp_path / "shop")) as opened, served(opened) as url:
        monkeypatch.setenv("COUNTERFOIL_NODE", url)
        monkeypatch.setenv("COUNTERFOIL_KEY", "operator")
        yield opened


def test_commands_go_to_the_node(
    ledger: Ledger, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Records, searches and receipts are the node's; a file is written here."""
    assert main(["record", "add", '{"n": 1}', "--source", "s"]) == 0
    index = json.loads(capfd.readouterr().out)["index"]
    assert ledger.get(index).content == {"n": 1}
    assert main(["record", "search", "n=1"]) == 0
    assert json.loads(capfd.readouterr().out)["hits"][0]["index"] == index
    assert main(["receipt", "get", str(index), "--out", "receipt.json"]) == 0
    data = (tmp_path / "receipt.json").read_bytes()
    said = json.loads(capfd.readouterr().out)
    assert said == {"file": "receipt.json", "bytes": len(data)}
    receipt = receipts.parse(data)
    assert receipt.record.index == index
    assert main(["checkpoint", "get"]) == 0
    assert capfd.readouterr().out.encode() == ledger.published()


def test_files_are_written_whole(
    ledger: Ledger, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A file that was there is replaced at once and keeps who may read it; a pipe is written to."""
    ask = ["receipt", "get", "0", "--out"]
    target, other = tmp_path / "receipt.json", tmp_path / "other.json"
    target.write_bytes(b"old")
    target.chmod(0o600)
    other.hardlink_to(target)
    assert main([*ask, str(target)]) == 0
    assert receipts.parse(target.read_bytes()).record.index == 0
    assert (other.read_bytes(), stat.S_IMODE(target.stat().st_mode)) == (b"old", 0o600)
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        assert main([*ask, str(pipe)]) == 0
        assert receipts.parse(os.read(reader, 1 << 16)).record.index == 0
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert main([*ask, str(tmp_path / "nowhere" / "a.json")]) == 5
    assert "node.write" in capfd.readouterr().err


def test_files_go_to_the_node(
    ledger: Ledger,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that a command reads is sent, and so is what comes by standard input."""
    rows = tmp_path / "rows.ndjson"
    rows.write_text('{"n": 1}\n{"n": 2}\n')
    assert main(["record", "batch", str(rows)]) == 0
    capfd.readouterr()
    assert len(ledger.search("n>=1").hits) == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"n": 3}')))
    assert main(["record", "add", "-"]) == 0
    (tmp_path / "one.json").write_text('{"n": 4}')
    assert main(["record", "add", "one.json"]) == 0
    assert len(ledger.search("n>=1").hits) == 4


def test_refusals(
    ledger: Ledger, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the node ends the command as one here; what it does not offer is said."""
    assert main(["record", "get", "99999"]) == 3
    assert "entry.index" in capfd.readouterr().err
    assert main(["watch", "run", "habits"]) == 2
    assert "node.command" in capfd.readouterr().err
    monkeypatch.setenv("COUNTERFOIL_KEY", "reader")
    assert main(["record", "add", "{}"]) == 4
    assert "access.role" in capfd.readouterr().err


def test_a_folder_is_meant_by_itself(
    ledger: Ledger, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A command that names a folder, or is about none, is done here."""
    assert main(["record", "tail", "--ledger", str(tmp_path / "shop")]) == 0
    assert main(["schema"]) in (0, 2)
    capfd.readouterr()
