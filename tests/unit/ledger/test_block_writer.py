"""Tables as one statement: every row can be proven alone, and the table is recorded once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from counterfoil.errors import Conflict, NotFound
from counterfoil.formats.predicates import Block
from counterfoil.formats.predicates.records import ROWS_MAX
from counterfoil.ledger import Ledger
from counterfoil.ledger.block_writer import record_block
from counterfoil.ledger.opening import Writing
from counterfoil.storage import PayloadFiles
from tests.ledgers import OWNER, prove
from tests.statements import refused

Stall = Callable[[], AbstractContextManager[None]]


def block_at(ledger: Ledger, index: int) -> Block:
    """Read the block statement at an index through its receipt."""
    predicate = prove(ledger, index).predicate
    assert isinstance(predicate, Block)
    return predicate


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 1000])
def test_every_row_is_proven(ledger: Ledger, count: int) -> None:
    """The first, the last and any other row of a table has a receipt of its own."""
    rows = [{"meter": n, "energy_wh": 5 * n} for n in range(count)]
    recorded = ledger.record_block(rows, source="meters")
    for row in {0, 1 % count, count // 2, count - 1}:
        verified = prove(ledger, recorded.index, row)
        assert verified.row == row
        assert verified.content == b'{"meter":%d,"energy_wh":%d}' % (row, 5 * row)
    block = block_at(ledger, recorded.index)
    assert (block.rows, block.columns, block.number) == (count, ("meter", "energy_wh"), 0)
    assert block.at_ms is not None
    with refused("block.row-number", NotFound):
        ledger.receipt(recorded.index, count)


def test_equal_rows_have_different_leaves(ledger: Ledger) -> None:
    """Rows are salted: a sibling's hash in a receipt does not tell what the sibling says."""
    recorded = ledger.record_block([{"pin": 1234}] * 8)
    leaves = {ledger.receipt(recorded.index, row).row for row in range(8)}
    salts = {found.salt for found in leaves if found is not None}
    assert len(salts) == 8
    first, second = (ledger.receipt(recorded.index, row).row for row in (0, 1))
    assert first is not None
    assert second is not None
    assert first.path[0] != second.path[0]


def test_the_same_table_again(ledger: Ledger) -> None:
    """The same rows under the same number get their first receipt, salts and all."""
    rows = [{"a": n} for n in range(5)]
    first = ledger.record_block(rows, source="t", number=3)
    again = ledger.record_block(list(map(dict, rows)), source="t", number=3)
    assert (again.index, again.leaf, again.duplicate) == (first.index, first.leaf, True)
    assert len(list(ledger.layout.payloads.glob("??/*"))) == 1
    other_rows: list[Any] = [rows[:4], [*rows, {"a": 5}], rows[::-1], [{"a": 0.0}, *rows[1:]]]
    for other in other_rows:
        with refused("record.number-taken", Conflict):
            ledger.record_block(other, source="t", number=3)
    assert ledger.size == first.index + 1


def test_a_number_that_something_else_has(ledger: Ledger) -> None:
    """A table cannot take the number of a record, nor a record that of a table."""
    ledger.record({"a": 0}, source="t", number=0)
    with refused("record.number-taken", Conflict):
        ledger.record_block([{"a": 0}], source="t", number=0)
    ledger.record_block([{"a": 0}], source="t", number=1)
    with refused("record.number-taken", Conflict):
        ledger.record({"a": 0}, source="t", number=1)


def test_a_table_whose_rows_were_erased(ledger: Ledger) -> None:
    """Without its rows nobody can tell that a table is the same: it is refused, not recorded."""
    recorded = ledger.record_block([{"a": 0}], source="t", number=0)
    for path in ledger.layout.payloads.glob("??/*"):
        path.unlink()
    with refused("record.number-taken", Conflict):
        ledger.record_block([{"a": 0}], source="t", number=0)
    assert prove(ledger, recorded.index).content is None
    with refused("payload.missing", NotFound):
        ledger.receipt(recorded.index, 0)


def test_twins_in_the_queue(writing: Writing, stalled: Stall) -> None:
    """A table that is sent twice before it is recorded is recorded once."""
    with stalled():
        first, again = (record_block(writing.writer, [b"{}"], "t", 0, 5) for _ in range(2))
        other = record_block(writing.writer, [b'{"a":1}'], "t", 0, 5)
    assert (first.result().duplicate, again.result().duplicate) == (False, True)
    assert first.result().index == again.result().index
    with refused("record.number-taken", Conflict):
        other.result()


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        ({}, ()),
        ({"a": 1, "b": {"c": 2}, "d": None}, ("a", "b", "d")),
        ({"\n": 1, "a": 2}, ()),
        ({"": 1}, ()),
        ({"x" * 256: 1}, ()),
        ({"x" * 255: 1}, ("x" * 255,)),
        ({f"k{n}": n for n in range(300)}, tuple(f"k{n}" for n in range(256))),
        ({f"{n:03}" + "\u20ac" * 200: n for n in range(100)}, ()),
        ({f"{n:03}" + '"' * 57: n for n in range(256)}, None),
    ],
    ids=["none", "nested", "control", "empty", "long", "longest", "many", "heavy", "quotes"],
)
def test_columns(ledger: Ledger, row: dict[str, Any], columns: tuple[str, ...] | None) -> None:
    """The first row's keys are the columns, as far as a statement can hold them."""
    recorded = ledger.record_block([row, {"other": 1}])
    assert prove(ledger, recorded.index, 1).content == b'{"other":1}'
    expected = tuple(row) if columns is None else columns
    assert block_at(ledger, recorded.index).columns == expected


def test_own_series(ledger: Ledger) -> None:
    """A table without a source is the next statement of the producer's own series."""
    ledger.record({})
    assert ledger.record_block([{}]).number == 1
    assert ledger.record_block([{}], source="t", number=8).number == 8
    assert (OWNER, "t", 1) in ledger.sources()


class _Endless(list[bytes]):
    def __len__(self) -> int:
        return ROWS_MAX + 1


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "block.rows"),
        ([{"x": "y" * (1 << 20)}], "block.row"),
        ([{}, {"x": float("inf")}], "json.number"),
        ([5], "record.content"),
    ],
    ids=["none", "large", "infinite", "no row"],
)
def test_bad_tables_record_nothing(untouched: Ledger, rows: list[Any], code: str) -> None:
    """No rows, a row that is too large or that is none: one clear error, and nothing recorded."""
    with refused(code):
        untouched.record_block(rows)


def test_too_many_rows(writing: Writing) -> None:
    """A table of more than 1,048,576 rows is refused before anything is written."""
    with refused("block.rows"):
        record_block(writing.writer, _Endless(), "t", 0, 0)


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"source": "\ud800"}, "record.source"),
        ({"source": "a\n", "number": 1}, "record.source"),
        ({"source": "s", "number": -1}, "record.number"),
        ({"number": 1}, "record.source"),
    ],
    ids=str,
)
def test_bad_places_record_nothing(untouched: Ledger, place: dict[str, Any], code: str) -> None:
    """A source or number that no statement can hold is refused before a row is written."""
    with refused(code):
        untouched.record_block([{"a": 1}], **place)
    assert list(untouched.layout.payloads.iterdir()) == []


def test_rows_are_durable_first(ledger: Ledger) -> None:
    """The rows lie beside the log under their digest, which the statement names."""
    recorded = ledger.record_block([{"a": 1}, {"a": 2}])
    reference = block_at(ledger, recorded.index).payload
    assert len(PayloadFiles(ledger.layout.payloads).get(reference.sha256)) == reference.size
