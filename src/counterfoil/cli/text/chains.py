"""Text of `ops.chains`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, plain
from counterfoil.ops.chains import FigureChecked, Reported, Simulated, SyncedFolder

__all__ = ["check", "report", "simulate", "sync"]


def check(done: FigureChecked, paint: Paint) -> Iterator[str]:
    """Show which figure holds, by whose log."""
    yield f"{paint.good('holds')}: {plain(done.title)}, made again from the data"
    yield from facts(
        [
            ("figure", done.figure),
            ("recorded", f"row {done.row} of entry {done.index} of {done.origin}"),
            ("trust", done.grade),
            ("data", brief(done.data_sha256)),
            ("result", f"{brief(done.result_sha256)}, {number(done.rows)} rows"),
        ],
        paint,
    )


def report(done: Reported, paint: Paint) -> Iterator[str]:
    """Show what was made of what, and where it is recorded."""
    results = done.report.results
    lacking = [one.figure.name for one in results if one.missing]
    yield f"{paint.strong(number(len(results)))} figures" + (
        f" in {plain(done.out)}" if done.out else ""
    )
    recorded = {(one.index, one.origin) for one in done.proofs.values()}
    yield from facts(
        [
            ("data", brief(done.report.digest)),
            ("recorded", ", ".join(f"entry {at} of {origin}" for at, origin in recorded)),
            ("not in the data", ", ".join(lacking)),
        ],
        paint,
    )
    for note in done.report.notes:
        yield paint.quiet(plain(note))


def simulate(done: Simulated, paint: Paint) -> Iterator[str]:
    """Show how many rows were written where."""
    first, last = done.blocks
    yield f"simulated blocks {number(first)} to {number(last)} in {plain(done.out)}"
    yield from facts([(name, number(count)) for name, count in done.rows.items()], paint)


def sync(done: SyncedFolder, paint: Paint) -> Iterator[str]:
    """Show which blocks the folder holds, and what this run did."""
    if done.first is None or done.last is None:
        yield f"no blocks in {plain(done.out)}"
    else:
        blocks = f"blocks {number(done.first)} to {number(done.last)}"
        yield f"{paint.strong(blocks)} in {plain(done.out)}"
    yield from facts(
        [
            ("chain", done.chain_id),
            ("read now", number(done.read) if done.asked else None),
            ("replaced", number(done.replaced) if done.replaced else None),
            ("final up to", None if done.final is None else number(done.final)),
            *((name, number(count)) for name, count in done.rows.items()),
        ],
        paint,
    )
    for note in done.notes:
        yield paint.quiet(plain(note))
