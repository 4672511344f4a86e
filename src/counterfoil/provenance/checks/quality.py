"""Check the quality of data: schema, ranges, missing values, duplicates, constant columns.

Every figure is a plain count; nothing here is estimated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from counterfoil.errors import InputError
from counterfoil.provenance.checks.results import Item, Report, first_rows
from counterfoil.provenance.checks.suite import ColumnRule, Suite
from counterfoil.provenance.checks.table import Column, Table

__all__ = ["check_quality"]


def check_quality(table: Table, suite: Suite, reference: Table | None = None) -> Report:
    """Check a table against a suite's rules.

    reference: asked for rows that both hold, where the suite limits these. Raises InputError with
    code check.pattern for a pattern that is no regular expression.
    """
    items = [*_schema(table, suite)]
    for column in table.columns:
        items += _column(column, suite.columns.get(column.name), suite)
    items += _duplicates(table, suite)
    if reference is not None and suite.quality.overlap_at_most is not None:
        items.append(_overlap(table, reference, suite.quality.overlap_at_most))
    return Report("quality", tuple(items), table.rows, suite.digest, _NOTE)


_MOSTLY = 0.8
_SPELT_MAX = 1000
_NOTE = "Rows are numbered from 0; a header is not counted."


def _schema(table: Table, suite: Suite) -> Iterator[Item]:
    if not suite.columns:
        return
    missing = [n for n, rule in suite.columns.items() if rule.required and n not in table]
    yield _counted("columns-missing", missing, "columns that the suite requires and are not there")
    extra = [name for name in table.names if name not in suite.columns]
    if not suite.quality.extra_columns:
        yield _counted("columns-extra", extra, "columns that the suite does not know")
    wrong = [
        f"{name} is {table[name].kind}, not {rule.type}"
        for name, rule in suite.columns.items()
        if name in table and (table[name].kind != rule.type) and not table[name].missing.all()
    ]
    yield _counted("columns-type", wrong, "columns of another type than the suite's")


def _counted(name: str, found: list[str], method: str) -> Item:
    return Item(
        name=name,
        passed=not found,
        value=float(len(found)),
        at_most=0.0,
        method=f"count of {method}",
        found=f"Found {', '.join(found)[:1000]}." if found else "",
    )


def _column(column: Column, rule: ColumnRule | None, suite: Suite) -> Iterator[Item]:
    limit = suite.quality.missing_at_most if rule is None else rule.missing_at_most
    gone = np.flatnonzero(column.missing)
    yield _share("missing", column, gone, limit, "share of rows without a value", values=False)
    distinct = len(np.unique(column.coded()[0][~column.missing]))
    if not suite.quality.constant:
        yield Item(
            name=f"constant/{column.name}"[:255],
            passed=distinct > 1 or len(column) < 2,
            value=float(distinct),
            at_least=2.0,
            rows=len(column),
            method="number of distinct values",
        )
    if column.kind == "number":
        endless = np.flatnonzero(np.isinf(column.numbers))
        if len(endless):
            yield _share("infinite", column, endless, 0.0, "share of infinite values")
    elif len(column.labels):
        yield from _mixed(column, suite)
    if rule is not None and rule.type == column.kind:
        yield from _ruled(column, rule, suite)


def _mixed(column: Column, suite: Suite) -> Iterator[Item]:
    """Name what is no number in a column of mostly numbers, and categories spelt in two ways."""
    counts = np.bincount(column.codes[~column.missing], minlength=len(column.labels))
    numeric = np.array([*map(_is_number, column.labels)])
    share = float(counts[numeric].sum() / max(1, counts.sum()))
    if _MOSTLY <= share < 1:
        rows = np.flatnonzero(np.array([*~numeric, False])[column.codes])
        limit = suite.quality.outside_at_most
        yield _share("mixed", column, rows, limit, "share of texts in a column of mostly numbers")
    spelt: dict[str, list[str]] = {}
    for text in column.labels if len(column.labels) <= _SPELT_MAX else ():
        spelt.setdefault(text.casefold(), []).append(text)
    twice = [" = ".join(found) for found in spelt.values() if len(found) > 1]
    if twice:
        yield Item(
            name=f"spelling/{column.name}"[:255],
            passed=True,
            value=float(len(twice)),
            method="categories that differ by case only",
            found=f"Found {', '.join(twice)[:1000]}.",
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _ruled(column: Column, rule: ColumnRule, suite: Suite) -> Iterator[Item]:
    limit, there = suite.quality.outside_at_most, ~column.missing
    if column.kind == "number":
        numbers = column.numbers
        if rule.low is not None or rule.high is not None:
            low = -np.inf if rule.low is None else rule.low
            high = np.inf if rule.high is None else rule.high
            out = there & ~((numbers >= low) & (numbers <= high))
            worst = np.flatnonzero(out)
            worst = worst[np.argsort(-np.maximum(low - numbers[worst], numbers[worst] - high))]
            yield _share(
                "range", column, worst, limit, f"share of values outside {low:g} to {high:g}"
            )
        if rule.whole:
            broken = np.flatnonzero(there & (numbers != np.floor(numbers)))
            yield _share("whole", column, broken, limit, "share of values that are not whole")
    else:
        labels = column.labels
        if rule.categories is not None:
            known = set(rule.categories)
            bad = np.array([*(text not in known for text in labels), False])
            strange = np.flatnonzero(bad[column.codes])
            yield _share(
                "category", column, strange, limit, "share of values that are no known category"
            )
        if rule.pattern is not None:
            try:
                pattern = re.compile(rule.pattern)
            except re.error as err:
                raise InputError(
                    "check.pattern",
                    f"expected a regular expression for {column.name[:80]!a}, but: {err}",
                    hint="Mend the pattern in the suite.",
                ) from err
            bad = np.array([*(pattern.fullmatch(text) is None for text in labels), False])
            strange = np.flatnonzero(bad[column.codes])
            yield _share(
                "pattern", column, strange, limit, f"share of values unlike {rule.pattern[:80]}"
            )
    if rule.unique:
        codes = column.coded()[0]
        _, first = np.unique(codes, return_index=True)
        again = np.setdiff1d(np.flatnonzero(there), first)
        yield _share("unique", column, again, 0.0, "share of values that were there before")


def _share(
    what: str, column: Column, rows: np.ndarray, limit: float, method: str, *, values: bool = True
) -> Item:
    of = int((~column.missing).sum()) if values else len(column)
    share = len(rows) / of if of else 0.0
    shown = ", ".join(sorted({column.show(int(row)) for row in rows[:20]}))[:300]
    return Item(
        name=f"{what}/{column.name}"[:255],
        passed=share <= limit,
        value=share,
        at_most=limit,
        rows=of,
        method=method,
        found=f"Found {shown}." if values and len(rows) else "",
        where=first_rows(rows),
        count=len(rows),
    )


def _duplicates(table: Table, suite: Suite) -> Iterator[Item]:
    names = table.names
    again, groups = _repeats(table.row_keys(names))
    yield Item(
        name="duplicates",
        passed=len(again) / table.rows <= suite.quality.duplicates_at_most,
        value=len(again) / table.rows,
        at_most=suite.quality.duplicates_at_most,
        rows=table.rows,
        method="share of rows that repeat an earlier one in every column",
        found=f"{groups} different rows stand there more than once." if groups else "",
        where=first_rows(again),
        count=len(again),
    )
    if suite.keys:
        again, groups = _repeats(table.row_keys(suite.keys))
        yield Item(
            name="duplicate-keys",
            passed=not again,
            value=len(again) / table.rows,
            at_most=0.0,
            rows=table.rows,
            method=f"share of rows whose {', '.join(suite.keys)[:200]} was there before",
            where=first_rows(again),
            count=len(again),
        )
    same = [
        f"{a.name} = {b.name}"
        for a, b in pairwise(sorted(table.columns, key=_content))
        if _equal(a, b)
    ]
    if same:
        yield Item(
            name="columns-equal",
            passed=True,
            value=float(len(same)),
            method="columns that hold the same in every row",
            found=f"Found {', '.join(same)[:1000]}.",
        )


def _repeats(keys: list[bytes]) -> tuple[list[int], int]:
    seen: dict[bytes, int] = {}
    again = []
    for row, key in enumerate(keys):
        if key in seen:
            again.append(row)
        seen[key] = seen.get(key, 0) + 1
    return again, sum(count > 1 for count in seen.values())


def _overlap(table: Table, reference: Table, limit: float) -> Item:
    names = [name for name in table.names if name in reference]
    held = set(reference.row_keys(names))
    both = [row for row, key in enumerate(table.row_keys(names)) if key in held]
    return Item(
        name="overlap",
        passed=len(both) / table.rows <= limit,
        value=len(both) / table.rows,
        at_most=limit,
        rows=table.rows,
        method="share of rows that the reference holds, too",
        where=first_rows(both),
        count=len(both),
    )


def _content(column: Column) -> bytes:
    return column.coded()[0].tobytes()


def _equal(one: Column, other: Column) -> bool:
    return (
        one.kind == other.kind
        and one.coded()[1] == other.coded()[1]
        and _content(one) == _content(other)
    )
