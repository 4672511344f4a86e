"""Text of `ops.energy`."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import facts, number, time_of
from counterfoil.ops.energy import Energy

__all__ = ["energy"]


def energy(found: Energy, paint: Paint) -> Iterator[str]:
    """Show what was spent, in all and for each."""
    yield f"since {time_of(found.since_ms)}: {paint.strong(number(found.entries))} entries"
    how = f"{found.joules_are}, {found.watts_per_core:g} W a busy core"
    if not found.joules_are.startswith("an"):
        how = found.joules_are
    yield from facts(
        [
            ("CPU", f"{found.process_cpu_s:.3g} s of the processes that owned it"),
            ("of it the log", None if found.log_cpu_s is None else f"{found.log_cpu_s:.3g} s"),
            ("an entry", _micro(found.cpu_s_per_entry)),
            ("of it the log", _micro(found.log_cpu_s_per_entry)),
            ("an anchor", _micro(found.cpu_s_per_anchor)),
            ("a decision", _micro(found.cpu_s_per_decision)),
            ("anchors", number(found.anchors)),
            ("decisions", number(found.decisions)),
            ("energy", f"{found.joules:.3g} J ({how})"),
            ("an entry", None if found.joules_per_entry is None else _joules(found)),
        ],
        paint,
    )


def _micro(seconds: float | None) -> str | None:
    return None if seconds is None else f"{1e6 * seconds:.4g} µs of CPU"


def _joules(found: Energy) -> str:
    return f"{1e3 * (found.joules_per_entry or 0.0):.3g} mJ"
