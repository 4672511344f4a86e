"""Write counters as OpenMetrics text, for Prometheus and what collects files for it.

The text has the form of OpenMetrics 1.0: a family's lines together, its unit in its name, `_total`
behind each sample's, `# EOF` at the end. Node exporter's textfile collector knows only the older
form of Prometheus, to which the same lines are samples without a type. This module refuses to
write times, which that collector does not take, and anything but counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Counter", "format_counters"]

_ESCAPED: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Counter:
    """A family of counters that only grow.

    name: without `_total`; it ends with its unit where it has one. help: one sentence. values:
    labels, as pairs of name and value, -> value, at least 0.
    """

    name: str
    help: str
    values: Mapping[tuple[tuple[str, str], ...], float]
    unit: str = ""


def format_counters(counters: Iterable[Counter], labels: Mapping[str, str]) -> bytes:
    """Write counters, each with these labels besides its own; families without any are left out."""
    lines: list[str] = []
    for one in counters:
        if not one.values:
            continue
        lines.append(f"# TYPE {one.name} counter")
        if one.unit:
            lines.append(f"# UNIT {one.name} {one.unit}")
        lines.append(f"# HELP {one.name} {one.help.translate(_ESCAPED)}")
        for own, value in one.values.items():
            pairs = [*labels.items(), *own]
            shown = ",".join(f'{name}="{text.translate(_ESCAPED)}"' for name, text in pairs)
            lines.append(f"{one.name}_total{{{shown}}} {value!r}")
    return "\n".join([*lines, "# EOF\n"]).encode()
