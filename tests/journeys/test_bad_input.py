"""Whatever a command is given: a clear error, its status, and nothing half-written."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from counterfoil.cli import main
from counterfoil.ops import ledgers, receipts, records
from counterfoil.ops.registry import OPERATIONS, load
from counterfoil.ops.signature import fields_of
from counterfoil.ports import Channel, Operation
from tests.journeys.command_line import PROGRAM, counterfoil, environment
from tests.shared_data import program, require

Capture = pytest.CaptureFixture[str]

EMPTY_DATABASE = "a database without tables"
REPORTS = ("audit", "doctor")
STATUSES = frozenset({1, 2, 3, 4, 5})
NEEDS_LEDGER = [
    operation
    for operation in OPERATIONS
    if any(field.name == "ledger" for field in fields_of(load(operation)))
    and operation.name != "verify"  # holds one to a receipt; its example names none
]
FILES_ALONE = ("serve", "witness ls", "witness add", "anchor ls", "energy", "watch ls")
"""Operations that read or serve single files of a ledger, and open none."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a ledger with one record, and good files beside it, once."""
    folder = tmp_path_factory.mktemp("good")
    ledger = folder / "shop"
    ledgers.init(ledger, name="shop")
    records.add('{"n":1}', ledger=ledger, channel=Channel(io.BytesIO(), io.BytesIO()))
    receipts.get("3", out=folder / "receipt.json", ledger=ledger)
    shutil.copyfile(ledger / "policy.txt", folder / "policy.txt")
    (folder / "payment.json").write_text('{"n":2}')
    return folder


@pytest.fixture
def shop(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand beside a copy of that ledger, in a shell where nothing is set."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    for name in ("LEDGER", "OUTPUT", "DEBUG"):
        monkeypatch.delenv(f"COUNTERFOIL_{name}", raising=False)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    return tmp_path / "shop"


def state(folder: Path) -> dict[str, str]:
    """Tell what a failed command must leave alone: every file's digest, and the log's head.

    Of a sound database only the head counts: to open and close it may move its pages.
    """
    passing = re.compile(r"owner\.lock|index\..*|.*-(shm|wal)")
    found = {
        str(path.relative_to(folder)): _head(path) or sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not passing.fullmatch(path.name)
    }
    return {name: digest for name, digest in found.items() if digest != EMPTY_DATABASE}


def _head(path: Path) -> str:
    if path.name != "ledger.db":
        return ""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        try:
            return str(database.execute("SELECT size, note FROM head").fetchone())
        except sqlite3.Error as err:
            return EMPTY_DATABASE if "no such table" in str(err) else ""


def refused(words: list[str], capsys: Capture) -> str:
    """Run a command that must fail, and give its error line."""
    capsys.readouterr()
    status = main(words)
    said = capsys.readouterr()
    assert status in STATUSES, said
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines[0].startswith("error: ")
    assert lines[0].endswith("]")
    assert len(lines) <= 2
    assert "Traceback" not in said.err
    return lines[0]


def example_words(operation: Operation, folder: str) -> list[str]:
    """Give the words of an operation's first example, on another ledger."""
    words = shlex.split(operation.examples[0].partition(" < ")[0])[1:]
    return [folder if word == "shop" else word for word in words]


BAD_FOLDERS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "a file": lambda path: path.write_text("x"),
    "an empty folder": lambda path: path.mkdir(),
    "a loop": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("bad", BAD_FOLDERS)
@pytest.mark.parametrize("operation", NEEDS_LEDGER, ids=lambda one: one.name)
def test_a_folder_that_is_no_ledger(
    operation: Operation, bad: str, shop: Path, capsys: Capture
) -> None:
    """Every command on a ledger says that there is none, and makes none."""
    BAD_FOLDERS[bad](Path("bad"))
    before = sorted(shop.parent.iterdir())
    refused(example_words(operation, "bad"), capsys)
    assert sorted(shop.parent.iterdir()) == before


BROKEN: dict[str, Callable[[Path], object]] = {
    "settings that are no TOML": lambda folder: (folder / "counterfoil.toml").write_text("= ="),
    "settings that are binary": lambda folder: (folder / "counterfoil.toml").write_bytes(b"\xff\0"),
    "an unknown setting": lambda folder: (folder / "counterfoil.toml").write_text(
        (folder / "counterfoil.toml").read_text() + "batch_menbers = 3\n"
    ),
    "a database that is none": lambda folder: (folder / "ledger.db").write_bytes(b"x" * 5000),
    "an empty database": lambda folder: (folder / "ledger.db").write_bytes(b""),
    "no database": lambda folder: (folder / "ledger.db").unlink(),
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize(
    "operation",
    [one for one in NEEDS_LEDGER if one.name not in (*REPORTS, *FILES_ALONE)],
    ids=lambda one: one.name,
)
def test_a_broken_ledger(operation: Operation, broken: str, shop: Path, capsys: Capture) -> None:
    """Every command on a broken ledger names what is broken, and changes nothing."""
    BROKEN[broken](shop)
    before = state(shop)
    refused(example_words(operation, "shop"), capsys)
    assert state(shop) == before


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("command", REPORTS)
def test_a_report_on_a_broken_ledger(
    command: str, broken: str, shop: Path, capsys: Capture
) -> None:
    """Audit and doctor report what is broken, or say why they cannot begin; never content."""
    BROKEN[broken](shop)
    assert main([command, "--ledger", "shop"]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err


FILES: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 20),
    "text": lambda path: path.write_text("hello\n"),
    "a folder": lambda path: path.mkdir(),
    "half a receipt": lambda path: path.write_bytes(Path("receipt.json").read_bytes()[:900]),
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
}

TAKES_FILE = {
    "record add": ["record", "add", "bad", "--ledger", "shop"],
    "record batch": ["record", "batch", "bad", "--ledger", "shop"],
    "record batch csv": ["record", "batch", "bad.csv", "--ledger", "shop"],
    "record batch ndjson": ["record", "batch", "bad.ndjson", "--ledger", "shop", "--block"],
    "record batch parquet": ["record", "batch", "bad.parquet", "--ledger", "shop"],
    "verify": ["verify", "bad", "--policy", "policy.txt"],
    "verify policy": ["verify", "receipt.json", "--policy", "bad"],
    "receipt show": ["receipt", "show", "bad"],
    "audit against": ["audit", "--against", "bad", "--ledger", "shop"],
    "audit policy": ["audit", "--policy", "bad", "--ledger", "shop"],
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("command", TAKES_FILE)
def test_a_file_that_is_not_what_it_must_be(
    command: str, kind: str, shop: Path, capsys: Capture
) -> None:
    """Every command that reads a file says what is wrong with it, and records nothing."""
    words = TAKES_FILE[command]
    path = next(Path(word) for word in words if word.startswith("bad"))
    FILES[kind](path)
    before = state(shop)
    refused(words, capsys)
    assert state(shop) == before


WRONG_WORDS = [
    ["record", "get", "-1", "--ledger", "shop"],
    ["record", "get", "4", "--ledger", "shop"],
    ["record", "get", "99999999999999999999", "--ledger", "shop"],
    ["record", "get", "9999999999999999", "--ledger", "shop"],
    ["record", "get", "f" * 64, "--ledger", "shop"],
    ["record", "get", "\udcff", "--ledger", "shop"],
    ["record", "tail", "-n", "-1", "--ledger", "shop"],
    ["record", "search", "amount>", "--ledger", "shop"],
    ["record", "search", "--limit", "0", "--ledger", "shop"],
    ["record", "add", '{"a":"\udcff"}', "--ledger", "shop"],
    ["record", "add", '{"a":' * 100, "--ledger", "shop"],
    ["record", "add", "{}", "--source", "\x1b[31m", "--ledger", "shop"],
    ["record", "add", "{}", "--number", "1", "--ledger", "shop"],
    ["record", "add", "{}", "--source", "s", "--number", "-1", "--ledger", "shop"],
    ["record", "add", "{}", "--expect", "a=b=c", "--ledger", "shop"],
    ["record", "add", "{}", "--corrects", "77", "--ledger", "shop"],
    ["record", "batch", "payment.json", "--source", "", "--ledger", "shop"],
    ["record", "batch", "payment.json", "--source", "sha256:1", "--ledger", "shop"],
    ["receipt", "get", "3", "--ledger", "shop"],
    ["receipt", "get", "3", "--out", "none/x", "--ledger", "shop"],
    ["receipt", "get", "3", "--out", "shop", "--ledger", "shop"],
    ["receipt", "get", "3", "--out", "", "--ledger", "shop"],
    ["receipt", "get", "3", "--row", "0", "--out", "x", "--ledger", "shop"],
    ["checkpoint", "get", "-1", "--ledger", "shop"],
    ["checkpoint", "get", "three", "--ledger", "shop"],
    ["prove", "inclusion", "3", "--size", "99", "--ledger", "shop"],
    ["prove", "consistency", "9", "1", "--ledger", "shop"],
    ["key", "new", "../x", "--ledger", "shop"],
    ["key", "new", "x", "--role", "king", "--ledger", "shop"],
    ["key", "revoke", "", "--ledger", "shop"],
    ["export", "--out", "x", "--format", "xml", "--ledger", "shop"],
    ["export", "--out", "x", "--from", "5", "--until", "1", "--ledger", "shop"],
    ["export", "--out", "none/x", "--ledger", "shop"],
    ["backup", "shop", "shop"],
    ["backup", "nothing", "copy"],
    ["recover", "nothing"],
    ["recover", "shop", "--from", "nothing"],
    ["recover", "shop", "--successor"],
    ["recover", "shop", "--last-known", "payment.json"],
    ["schema", "payment"],
    ["init", "shop"],
    ["init", "receipt.json"],
    ["init", "receipt.json/x"],
    ["init", "new", "--organisation", "not a uri"],
    ["init", "new", "--name", "\x07"],
    ["init", "x" * 300],
    ["demo", "shop"],
    ["verify", "receipt.json"],
    ["verify", "receipt.json", "--policy", "policy.txt", "--entry", "none"],
    ["status", "--ledger", "shop", "more"],
    ["status", "--ledger"],
    ["status", "--leger", "shop"],
    ["no-such-command"],
]


@pytest.mark.parametrize("words", WRONG_WORDS, ids=lambda words: " ".join(words)[:60])
def test_words_that_cannot_be_meant(words: list[str], shop: Path, capsys: Capture) -> None:
    """Indices, names, options and places that are wrong are explained; nothing appears."""
    before, beside = state(shop), sorted(shop.parent.iterdir())
    refused(words, capsys)
    assert state(shop) == before
    assert sorted(shop.parent.iterdir()) == beside


@pytest.mark.parametrize(
    "words",
    [
        ["record", "add", "-", "--ledger", "shop"],
        ["record", "batch", "-", "--source", "s", "--ledger", "shop"],
        ["verify", "-", "--policy", "policy.txt"],
        ["receipt", "show", "-"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_stream_without_end(words: list[str], shop: Path) -> None:
    """A line that never ends is given up at its limit, in little memory."""
    before = state(shop)
    with Path("/dev/zero").open("rb") as zeros:
        ran = counterfoil(*words, stdin=zeros, cwd=shop.parent)
    assert ran.status in STATUSES
    assert ran.err.startswith("error: ")
    assert state(shop) == before


def test_a_line_of_a_gigabyte(shop: Path) -> None:
    """A file whose one line is a gigabyte is refused after a megabyte, and held by nobody."""
    with Path("huge.ndjson").open("wb") as file:
        file.write(b'{"a":"')
        os.truncate(file.fileno(), 1 << 30)
    said = in_little_memory(
        "record", "batch", "huge.ndjson", "--source", "s", "--ledger", "shop", cwd=shop.parent
    )
    assert "line 1: expected at most 1,048,576 bytes, found more [source.line-too-long]" in said
    for words in (["verify", "huge.ndjson", "--policy", "policy.txt"],
                  ["record", "add", "huge.ndjson", "--ledger", "shop"]):  # fmt: skip
        said = in_little_memory(*words, cwd=shop.parent)
        assert "bytes in huge.ndjson, found more [" in said


def in_little_memory(*words: str, cwd: Path) -> str:
    """Run a command that fails with at most 500 MB of memory of its own; gives what it said."""
    limited = ["sh", "-c", 'ulimit -d 500000 && exec "$0" "$@"', str(PROGRAM), *words]
    ran = subprocess.run(limited, cwd=cwd, env=environment(), check=False, capture_output=True)
    said = ran.stderr.decode()
    assert ran.returncode in (1, 2), said
    assert "MemoryError" not in said
    return said


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """Make a ledger on a disk of its own, and take away the right to write to it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount, umount = program("mount"), program("umount")
    made = subprocess.run([mount, "-t", "tmpfs", "none", disk], check=False, capture_output=True)
    require(made.returncode == 0, "needs the right to mount a file system")
    try:
        ledgers.init(disk / "shop", name="shop")
        channel = Channel(io.BytesIO(), io.BytesIO())
        records.add('{"n":1}', ledger=disk / "shop", channel=channel)
        gc.collect()  # a file that is open for writing keeps the disk writable
        subprocess.run([mount, "-o", "remount,ro", disk], check=True, capture_output=True)
        yield disk
    finally:
        subprocess.run([umount, "--lazy", disk], check=True, capture_output=True)


@pytest.mark.root
def test_a_disk_that_cannot_be_written(read_only: Path, capsys: Capture) -> None:
    """Every command that writes says so, with the status of the disk, and leaves what was there."""
    shop, before = str(read_only / "shop"), state(read_only)
    for words in (
        ["init", str(read_only / "new")],
        ["demo", str(read_only / "tour")],
        ["record", "add", "{}", "--ledger", shop],
        ["record", "batch", __file__, "--ledger", shop],
        ["key", "rotate", "--ledger", shop],
        ["key", "new", "x", "--ledger", shop],
        ["receipt", "get", "3", "--out", str(read_only / "r.json"), "--ledger", shop],
        ["export", "--out", str(read_only / "x.csv"), "--ledger", shop],
        ["backup", shop, str(read_only / "copy")],
    ):
        refused(words, capsys)
    assert state(read_only) == before


@pytest.mark.root
def test_a_disk_that_cannot_be_written_is_read(read_only: Path) -> None:
    """A ledger on a read-only medium is read, proven and audited, and is not called damaged."""
    shop = str(read_only / "shop")
    for words in (
        ["status", "--ledger", shop],
        ["record", "get", "3", "--ledger", shop],
        ["record", "search", "n=1", "--ledger", shop],
        ["receipt", "get", "3", "--out", "-", "--ledger", shop],
        ["audit", "--full", "--ledger", shop],
    ):
        ran = counterfoil(*words, cwd=read_only)
        assert ran.status == 0, (words, ran.err)
