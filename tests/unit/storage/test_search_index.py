"""The file of a search index: terms, zones and watermark change together, or not at all."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.errors import Unavailable
from counterfoil.storage import (
    TERM_SEPARATOR,
    IndexState,
    SearchIndex,
    discard_index,
    index_lock,
    quote_term,
)
from tests.log_rig import raises_code

EDGE = (b"\x01" * 32,)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SearchIndex]:
    made = SearchIndex(tmp_path / "index.db", create=True)
    yield made
    made.close()


def find(index: SearchIndex, expression: str, **bounds: int) -> list[int]:
    first, end = bounds.get("first", 0), bounds.get("end", 1 << 40)
    return index.find(expression, first, end, newest_first=False, limit=bounds.get("limit", 100))


def test_state_is_kept(index: SearchIndex) -> None:
    """A new index covers nothing; what `add` says is what the next opener reads."""
    assert index.state() == IndexState("", 0, ())
    state = IndexState("log.example/1", 3, (b"\x01" * 32, b"\x02" * 32))
    index.add([(0, "a"), (1, "b"), (2, "a")], [], [], state)
    index.close()
    again = SearchIndex(index.path)
    assert again.state() == state
    assert find(again, quote_term("a")) == [0, 2]
    again.close()


def test_order_bounds_and_limit(index: SearchIndex) -> None:
    """Rows come in the order asked for, within bounds, no more than asked."""
    index.add([(at, "x") for at in range(100)], [], [], IndexState("o", 100, EDGE * 3))
    term = quote_term("x")
    assert index.find(term, 10, 90, newest_first=True, limit=3) == [89, 88, 87]
    assert index.find(term, 10, 90, newest_first=False, limit=3) == [10, 11, 12]
    assert index.find(term, 10, 10, newest_first=False, limit=3) == []


PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)


SYNTAX = st.sampled_from(["AND", 'a"b', "NEAR(", "x*", "^", "a b", "-", "''", "{a}:", "\x7f\x01"])


@settings(max_examples=40)
@given(st.lists(PRINTABLE | SYNTAX))
def test_no_term_is_syntax(terms: list[str]) -> None:
    """Whatever a term holds, it is found by itself, and quotes and operators mean nothing."""
    with tempfile.TemporaryDirectory() as folder:
        index = SearchIndex(Path(folder) / "index.db", create=True)
        rows = [(0, TERM_SEPARATOR.join(terms)), (1, "\x02other")]
        index.add(rows, [], [], IndexState("o", 2, EDGE))
        for term in terms:
            assert find(index, quote_term(term)) == [0]
            assert find(index, quote_term(term[:1], prefix=True)) == [0]
        index.close()


def test_a_failed_add_changes_nothing(index: SearchIndex) -> None:
    """When the entries cannot all be added, none is, and the watermark stays."""

    def failing() -> Iterator[tuple[int, str]]:
        yield 0, "a"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.add(failing(), [], [], IndexState("o", 1, EDGE))
    assert index.state() == IndexState("", 0, ())
    assert find(index, quote_term("a")) == []
    index.add([(0, "a")], [], [], IndexState("o", 1, EDGE))
    assert find(index, quote_term("a")) == [0]


def test_zones_join_and_bound(index: SearchIndex) -> None:
    """Zones of one block grow together; a range finds the blocks that may hold a value."""
    state = IndexState("o", 1, EDGE)
    index.add([], [("number", 7, 0, 1.0, 5.0), ("text", 7, 0, "b", "d")], [], state)
    index.add([], [("number", 7, 0, -1.0, 2.0), ("number", 7, 1, 9.0, 9.0)], [3], state)
    assert index.blocks("number", 7, 5.0, None, 0, 10) == {0, 1, 3}
    assert index.blocks("number", 7, 5.5, None, 0, 10) == {1, 3}
    assert index.blocks("number", 7, None, -1.0, 0, 10) == {0, 3}
    assert index.blocks("number", 7, None, None, 1, 3) == {1}
    assert index.blocks("text", 7, "d", None, 0, 3) == {0}
    assert index.blocks("text", 7, "e", None, 0, 3) == set()
    assert index.blocks("number", 8, None, None, 0, 3) == set()


def test_one_writes_at_a_time(tmp_path: Path) -> None:
    """Who asks second for the lock is told so at once, also within one process."""
    path = tmp_path / "index.db"
    with index_lock(path) as first, index_lock(path) as second:
        assert (first, second) == (True, False)
    with index_lock(path) as third:
        assert third


def test_faults_are_named(tmp_path: Path) -> None:
    """A file that is missing, foreign, of another version or damaged is refused by its code."""
    path = tmp_path / "index.db"
    with raises_code("index.missing", Unavailable):
        SearchIndex(path)
    path.write_bytes(b"no database at all" * 100)
    for create in (False, True):
        with raises_code("index.damaged", Unavailable):
            SearchIndex(path, create=create)
    path.unlink()
    with sqlite3.connect(path) as foreign:
        foreign.execute("CREATE TABLE mine (a)")
    foreign.close()
    with raises_code("index.damaged", Unavailable):
        SearchIndex(path, create=True)
    path.unlink()
    path.mkdir()
    with raises_code("index.unavailable", Unavailable):
        SearchIndex(path, create=True)
    with raises_code("index.unavailable", Unavailable):
        discard_index(path)
    with raises_code("index.unavailable", Unavailable), index_lock(tmp_path / "no" / "index.db"):
        pass


def test_damage_is_found(index: SearchIndex) -> None:
    """`faults` names pages that SQLite cannot follow; a whole index has none."""
    rows = [(at, TERM_SEPARATOR.join(f"{at}-{n}" for n in range(20))) for at in range(2000)]
    index.add(rows, [], [], IndexState("o", 2000, EDGE * 6))
    assert index.faults() == []
    index.close()
    data = bytearray(index.path.read_bytes())
    page = 4096
    for at in range(len(data) // page // 2, len(data) // page // 2 + 8):
        data[at * page : (at + 1) * page] = bytes(page)
    index.path.write_bytes(data)
    again = SearchIndex(index.path)
    assert again.faults()
    again.close()


def test_watermark_that_is_not_whole(index: SearchIndex) -> None:
    """A watermark whose hashes do not fit its size is damage."""
    index.add([], [], [], IndexState("o", 3, EDGE))
    with raises_code("index.damaged", Unavailable):
        index.state()


def test_a_full_disk_is_named(index: SearchIndex) -> None:
    """When there is no space, the error says so and the index stays as it was."""
    index._connection.execute("PRAGMA max_page_count = 20")
    rows = [(at, TERM_SEPARATOR.join(f"{at}-{n}" for n in range(50))) for at in range(2000)]
    with raises_code("index.full", Unavailable):
        index.add(rows, [], [], IndexState("o", 2000, EDGE * 6))
    assert index.state().size == 0
    assert find(index, quote_term("7-7")) == []


def test_killed_while_adding(tmp_path: Path) -> None:
    """Kill -9 in the midst of a transaction leaves what was committed, and the next goes on."""
    path = tmp_path / "index.db"
    code = """
        import os, signal, sys
        from pathlib import Path
        from counterfoil.storage import IndexState, SearchIndex
        index = SearchIndex(Path(sys.argv[1]), create=True)
        index._connection.execute("PRAGMA cache_size = 10")  # so that pages reach the file early
        index.add([(at, f"a {at}") for at in range(500)], [], [], IndexState("o", 1, (b"1" * 32,)))
        def rows():
            for at in range(500, 20_000):
                yield at, " ".join(f"b{at}-{n}" for n in range(20))
            os.kill(os.getpid(), signal.SIGKILL)
        index.add(rows(), [], [], IndexState("o", 2, (b"2" * 32,)))
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(code), path], check=False)
    assert ran.returncode == -signal.SIGKILL
    journal = path.with_name("index.db-journal")
    assert journal.stat().st_size > 0, "the kill came too early to test anything"
    index = SearchIndex(path)
    assert index.state() == IndexState("o", 1, (b"1" * 32,))
    assert find(index, quote_term("b600-1", prefix=True)) == []
    assert index.faults() == []
    index.close()
