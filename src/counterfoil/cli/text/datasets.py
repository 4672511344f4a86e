"""Text of `ops.datasets`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import content_line, facts, number, plain
from counterfoil.ops.datasets import Compared, Fingerprinted
from counterfoil.provenance.fingerprint import TableDiff

__all__ = ["diff", "fingerprint"]

_FILES_SHOWN: Final = 20


def fingerprint(done: Fingerprinted, paint: Paint) -> Iterator[str]:
    """Show a fingerprint, and the columns or files under it."""
    said = done.to_json()
    yield f"{paint.strong(said['digest'])}  {plain(done.path)}"
    rows = "files" if done.table is None else "rows"
    yield from facts([("format", said["format"]), (rows, number(said["rows"]))], paint)
    if done.table is not None:
        for one in done.table.columns:
            yield f"  {one.digest[:16]}…  {plain(one.name)}: {plain(one.type)}"
        return
    files = () if done.files is None else done.files.files
    for entry in files[:_FILES_SHOWN]:
        yield f"  {entry.sha256[:16]}…  {plain(entry.path)} ({number(entry.size)} bytes)"
    if len(files) > _FILES_SHOWN:
        yield f"  and {number(len(files) - _FILES_SHOWN)} more"


def diff(done: Compared, paint: Paint) -> Iterator[str]:
    """Say what differs, columns first, then rows and cells."""
    found = done.diff
    if found.same:
        yield f"{paint.good('the same')}: {number(found.rows_before)} rows"
        return
    yield (
        f"{paint.bad('different')}: {number(found.rows_before)} rows before, "
        f"{number(found.rows_after)} after, matched by {found.method}"
    )
    yield from facts(_counts(found), paint)
    for name, count in found.by_column.items():
        yield f"  column {paint.strong(plain(name))}: {number(count)} cells"
    for cell in found.changes:
        row = str(cell.row_before)
        row += "" if cell.row_after == cell.row_before else f" (now {cell.row_after})"
        before, after = content_line(cell.before), content_line(cell.after)
        yield f"  row {row}, {plain(cell.column)}: {before} -> {after}"
    if found.cells_changed > len(found.changes):
        yield f"  and {number(found.cells_changed - len(found.changes))} cells more"


def _counts(found: TableDiff) -> list[tuple[str, object]]:
    retyped = [f"{one.column}: {one.before} -> {one.after}" for one in found.columns_retyped]
    return [
        ("columns added", ", ".join(found.columns_added)),
        ("columns removed", ", ".join(found.columns_removed)),
        ("columns of other types", "; ".join(retyped)),
        ("order of columns", "changed" if found.columns_reordered else None),
        ("order of rows", "changed" if found.rows_reordered else None),
        ("rows changed", number(found.rows_changed)),
        ("rows inserted", _rows(found.rows_inserted, found.inserted)),
        ("rows deleted", _rows(found.rows_deleted, found.deleted)),
    ]


def _rows(count: int, listed: tuple[int, ...]) -> str:
    if not count:
        return "0"
    more = ", …" if count > min(len(listed), 8) else ""
    return f"{number(count)} ({', '.join(map(str, listed[:8]))}{more})"
