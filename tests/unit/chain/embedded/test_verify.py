"""Executing a chain again: it passes as it was made, and every flipped byte is found and named."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from counterfoil.chain import faucet_of, transact
from counterfoil.chain.embedded.verify import ChainReport, verify_chain
from counterfoil.chain.embedding import create_embedded
from counterfoil.errors import CounterfoilError, NotFound, VerificationError
from counterfoil.ports import ChainCall
from counterfoil.testing.chains import probe_code

BLOCKS = 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a chain with the probe, counted four times."""
    path = tmp_path_factory.mktemp("made") / "chain.db"
    chain = create_embedded(path)
    faucet = faucet_of(path)
    probe = transact(chain, faucet, ChainCall(None, probe_code())).contract
    for _ in range(BLOCKS - 1):
        transact(chain, faucet, ChainCall(probe))
    assert verify_chain(path).blocks == BLOCKS  # beside its owner
    chain.close()
    return path


def contents(path: Path) -> dict[str, list[Any]]:
    """Read everything that a chain's file says."""
    connection = sqlite3.connect(path)
    try:
        return {
            table: list(connection.execute(f"SELECT * FROM {table}"))  # noqa: S608  # our tables
            for table in ("meta", "node", "log")
        }
    finally:
        connection.close()


def test_it_passes(made: Path) -> None:
    """A chain as it was made passes, and the replay says what it holds."""
    steps: list[tuple[int, int | None, str]] = []
    report = verify_chain(made, lambda *step: steps.append(step))
    assert report == ChainReport(
        report.chain_id, BLOCKS, report.head, transactions=BLOCKS, logs=BLOCKS - 1
    )
    assert [(done, total) for done, total, _ in steps] == [
        (n, BLOCKS) for n in range(1, BLOCKS + 1)
    ]


def test_every_row(made: Path, tmp_path: Path) -> None:
    """One changed bit in any row is found and named: with its block, or the one built on it."""
    path = tmp_path / "chain.db"
    choice = random.Random(7)
    rows = [("node", key, block) for key, _, block in contents(made)["node"]]
    choice.shuffle(rows)
    for _, key, block in rows[:25]:
        shutil.copy(made, path)
        with sqlite3.connect(path) as connection:
            (value,) = connection.execute("SELECT value FROM node WHERE key = ?", (key,)).fetchone()
            wrong = bytearray(value or b"\0")
            wrong[choice.randrange(len(wrong))] ^= 1 << choice.randrange(8)
            connection.execute("UPDATE node SET value = ? WHERE key = ?", (bytes(wrong), key))
        connection.close()
        with pytest.raises(VerificationError) as caught:
            verify_chain(path)
        assert caught.value.code == "chain.damaged"
        named = [int(n) for n in re.findall(r"block (\d+)", caught.value.message)]
        assert named, caught.value.message
        assert min(named) <= block + 1, (block, caught.value.message)


def replaced(old: str, new: str) -> str:
    """Change the text of every note."""
    new_text = f"replace(CAST(value AS TEXT), '{old}', '{new}')"
    return f"UPDATE meta SET value = CAST({new_text} AS BLOB)"  # noqa: S608  # a test's own


CHANGES = [
    "UPDATE log SET data = x'00' WHERE block = 3",
    "UPDATE log SET tx_index = 1 WHERE block = 3",
    "DELETE FROM log WHERE block = 3",
    "INSERT INTO log SELECT block, 9, address, topics, data, tx_hash, 0 FROM log WHERE block = 3",
    "UPDATE log SET position = 1 WHERE block = 3",
    "INSERT INTO node VALUES (x'00', x'00', 3)",
    "UPDATE node SET block = 3 WHERE block = 5",
    "DELETE FROM node WHERE block = 3",
    "UPDATE meta SET value = CAST('5 00' AS BLOB) WHERE name = 'head'",
    "INSERT INTO meta VALUES ('more', x'00')",
    "DELETE FROM meta WHERE name = 'genesis'",
    replaced('"chain_id":', '"chain_id": '),
    replaced('"chain_id":', '"chain_id":-'),
    replaced('time_s":1', 'time_s":2'),
    replaced("{", "["),
    replaced("0x", "0y"),
    "DROP TABLE log",
]


@pytest.mark.parametrize("change", CHANGES, ids=range(len(CHANGES)))
def test_changed_tables(made: Path, tmp_path: Path, change: str) -> None:
    """Events, notes and keys that are changed, missing or too many are found."""
    path = tmp_path / "chain.db"
    shutil.copy(made, path)
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    with pytest.raises(CounterfoilError) as caught:
        verify_chain(path)
    assert caught.value.code in ("chain.damaged", "chain.missing", "chain.disk")
    if "3" in change and "log" in change:
        assert "block 3" in caught.value.message


def test_any_byte_of_the_file(made: Path, tmp_path: Path) -> None:
    """A flipped bit anywhere in the file is found, unless nothing that is read came of it."""
    path = tmp_path / "chain.db"
    data, before = made.read_bytes(), contents(made)
    choice = random.Random(11)
    found = 0
    for at in choice.sample(range(len(data)), 60):
        wrong = bytearray(data)
        wrong[at] ^= 1 << choice.randrange(8)
        path.write_bytes(wrong)
        for more in ("-wal", "-shm"):
            path.with_name(path.name + more).unlink(missing_ok=True)
        try:
            verify_chain(path)
        except CounterfoilError as err:
            found += err.code in ("chain.damaged", "chain.disk")
        else:
            assert contents(path) == before, at
    assert found > 10


def test_what_is_not_there(tmp_path: Path) -> None:
    """A missing chain is missing, not damaged."""
    with pytest.raises(NotFound):
        verify_chain(tmp_path / "chain.db")
