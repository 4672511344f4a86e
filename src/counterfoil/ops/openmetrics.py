"""Write counters and gauges as OpenMetrics text, for Prometheus and what collects files for it.

The text has the form of OpenMetrics 1.0: a family's lines together, its unit in its name, `_total`
behind each sample's, `# EOF` at the end. Node exporter's textfile collector knows only the older
form of Prometheus, to which the same lines are samples without a type. This module refuses to
write times, which that collector does not take, and any other kind of metric.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Counter", "Gauge", "format_metrics"]

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


@dataclass(frozen=True, slots=True)
class Gauge:
    """A family of values that go up and down; as `Counter`."""

    name: str
    help: str
    values: Mapping[tuple[tuple[str, str], ...], float]
    unit: str = ""


def format_metrics(families: Iterable[Counter | Gauge], labels: Mapping[str, str]) -> bytes:
    """Write families, each value with these labels besides its own; empty ones are left out."""
    lines: list[str] = []
    for one in families:
        if not one.values:
            continue
        kind, suffix = ("counter", "_total") if isinstance(one, Counter) else ("gauge", "")
        lines.append(f"# TYPE {one.name} {kind}")
        if one.unit:
            lines.append(f"# UNIT {one.name} {one.unit}")
        lines.append(f"# HELP {one.name} {one.help.translate(_ESCAPED)}")
        for own, value in one.values.items():
            pairs = [*labels.items(), *own]
            shown = ",".join(f'{name}="{text.translate(_ESCAPED)}"' for name, text in pairs)
            lines.append(f"{one.name}{suffix}{{{shown}}} {value!r}")
    return "\n".join([*lines, "# EOF\n"]).encode()
