"""What a suite asks of data is counted, and what breaks it is named by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from counterfoil.errors import InputError
from counterfoil.provenance.checks import (
    ColumnRule,
    Quality,
    Suite,
    Table,
    check_quality,
    read_table,
    suggest_suite,
)
from tests.checked_data import adult, german, heart, number, text, with_column

SMALL = Table(
    (
        number("age", [20, 30, np.nan, 150]),
        text("sex", [0, 1, 1, -1], ("f", "m")),
        text("code", [0, 1, 2, 2], ("A1", "A2", "x")),
    )
)


def failed(
    table: Table, suite: Suite, reference: Table | None = None
) -> dict[str, tuple[int, ...]]:
    report = check_quality(table, suite, reference)
    return {item.name: item.where for item in report.failed}


def test_each_rule_names_the_rows_that_break_it() -> None:
    """Ranges, categories, patterns, missing values, uniqueness, types, columns."""
    rules = {
        "age": ColumnRule("number", low=0, high=120, missing_at_most=0.1),
        "sex": ColumnRule("text", categories=("m",), missing_at_most=0.5),
        "code": ColumnRule("text", pattern="A[0-9]", unique=True),
        "gone": ColumnRule("text"),
    }
    assert failed(SMALL, Suite(columns=rules)) == {
        "columns-missing": (),
        "missing/age": (2,),
        "range/age": (3,),
        "category/sex": (0,),
        "pattern/code": (2, 3),
        "unique/code": (3,),
    }
    other = {"age": ColumnRule("text"), "sex": ColumnRule("text")}
    assert set(failed(SMALL, Suite(columns=other))) == {"columns-extra", "columns-type"}
    whole = Table((number("n", [1.5, 2.0]),))
    assert failed(whole, Suite(columns={"n": ColumnRule("number", whole=True)})) == {
        "whole/n": (0,)
    }


def test_without_a_suite_the_obvious_is_seen() -> None:
    """Repeated rows, constant and empty columns, infinity, texts among numbers."""
    table = Table(
        (
            number("same", [1] * 10),
            number("empty", [np.nan] * 10),
            number("endless", [np.inf, *range(9)]),
            text("mixed", [*range(9), 9], (*map(str, range(9)), "many")),
        )
    )
    assert failed(table, Suite()) == {
        "constant/same": (),
        "missing/empty": tuple(range(10)),
        "constant/empty": (),
        "infinite/endless": (0,),
        "mixed/mixed": (9,),
    }
    twice = SMALL.take(np.array([0, 1, 2, 3, 1]))
    assert failed(twice, Suite(keys=("code",))) == {"duplicates": (4,), "duplicate-keys": (3, 4)}
    spelt = Table((text("sex", [0, 1, 2], ("F", "M", "m")), number("n", [1, 2, 3])))
    assert "M = m" in check_quality(spelt, Suite()).item("spelling/sex").found
    twins = Table((number("a", [1, 2]), number("b", [1, 2])))
    assert check_quality(twins, Suite()).item("columns-equal").found == "Found a = b."


def test_rows_of_the_training_set_are_found_where_asked() -> None:
    """A test set must not hold what a model learnt from."""
    suite = Suite(quality=Quality(overlap_at_most=0.0))
    assert failed(SMALL, suite, SMALL.take(np.array([1])))["overlap"] == (1,)


@pytest.mark.parametrize("source", [adult, german, heart])
def test_a_suggested_suite_passes_its_own_data_and_its_other_half(source: object) -> None:
    """And is broken by a value out of range and by a new category."""
    table: Table = source()  # type: ignore[operator]
    half = np.random.default_rng(0).random(table.rows) < 0.5
    suite = suggest_suite(table.take(half))
    assert not failed(table.take(half), suite)
    other = check_quality(table.take(~half), suite)
    assert {item.name.partition("/")[0] for item in other.failed} <= {"range"}
    assert all((item.value or 0) < 0.01 for item in other.failed)
    first = next(column for column in table.columns if column.kind == "number")
    bad = with_column(table, number(first.name, np.r_[[-1e9], first.numbers[1:]]))
    assert failed(bad, suggest_suite(table)) == {f"range/{first.name}": (0,)}


def test_files_are_read_as_they_are(tmp_path: Path) -> None:
    """Numbers are numbers, question marks are nothing, 007 stays a text, quotes are honoured."""
    path = tmp_path / "a.csv"
    path.write_text('n,id,s,b\n1, 007,"a,b",true\n?,008, c ,false\n-2.5e3,009,NA,true\n')
    table = read_table(path)
    assert [column.kind for column in table.columns] == ["number", "text", "text", "text"]
    assert table["n"].numbers[2] == -2500
    assert table["n"].missing.tolist() == [False, True, False]
    assert table["s"].labels == ("a,b", "c")
    named = read_table(path, ["a", "b", "c", "d"])
    assert named.rows == 4
    path.write_text("n;s\n1;x\n")
    assert [column.name for column in read_table(path).columns] == ["n", "s"]
    for content, code in (("a,a\n1,2\n", "data"), ("a\n", "data"), ("a,b\n1\n", "unreadable")):
        path.write_text(content)
        with pytest.raises(InputError) as caught:
            read_table(path)
        assert caught.value.code.endswith(code)
