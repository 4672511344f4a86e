"""Draw what adds up: the contributions to a score, and energy by what used it.

This module refuses to hide the rest: what is left out is drawn as one bar of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Final

from counterfoil.drawing.scale import number
from counterfoil.drawing.svg import WIDTH, path, picture, rect, text

__all__ = ["contributions", "energy_bars"]

_ROW: Final = 24
_NAME: Final = 190
_VALUE: Final = 70
_LETTERS: Final = 27


def contributions(
    title: str,
    values: Mapping[str, float],
    *,
    inputs: Mapping[str, str] | None = None,
    unit: str = "",
    most: int = 12,
) -> str:
    """Draw what each input added to a score: to the right what raised it, the strongest first.

    values: input -> contribution, in `unit`; those that are not finite are left out. inputs:
    input -> its value as text, shown by a pointer. most: bars; what is weaker is summed up in
    one more.
    """
    known = [(name, value) for name, value in values.items() if isfinite(value)]
    ranked = sorted(known, key=lambda one: (-abs(one[1]), one[0]))
    shown, rest = ranked[:most], ranked[most:]
    if rest:
        shown = [*shown, (f"{len(rest)} others", sum(value for _, value in rest))]
    strongest = max((abs(value) for _, value in shown), default=0.0) or 1.0
    half = (WIDTH - _NAME - _VALUE) / 2
    middle = _NAME + half
    height = _ROW * max(len(shown), 1) + 8
    parts = [path(f"M{middle:.1f} 0V{height}", "axis")]
    for at, (name, value) in enumerate(shown):
        width = max(abs(value) / strongest * half, 1)
        given = (inputs or {}).get(name)
        told = f"{name}{'' if given is None else f' = {given}'}: {value:+.4g} {unit}".rstrip()
        parts += _row(at, name, f"{value:+.3g}")
        x, kind = (middle, "bar bad") if value >= 0 else (middle - width, "bar")
        parts.append(rect(x, 4 + _ROW * at + 4, width, _ROW - 8, kind, told))
    about = "; ".join(f"{name} {value:+.3g}" for name, value in shown) or "No contributions."
    return picture(title, parts, WIDTH, height, about=f"{about} {unit}".rstrip())


def energy_bars(
    title: str, rows: Sequence[tuple[str, float, bool]], *, unit: str = "J", most: int = 20
) -> str:
    """Draw energy by what used it, in the order given.

    rows: (name, amount >= 0, whether it was measured); what is estimated is drawn hollow and says
    so. unit: of the amounts. most: bars; those behind are summed up, as an estimate if one is.
    """
    shown = [row for row in rows if isfinite(row[1])]
    if len(shown) > most:
        rest = shown[most:]
        total = sum(amount for _, amount, _ in rest)
        measured = all(sure for _, _, sure in rest)
        shown = [*shown[:most], (f"{len(rest)} others", total, measured)]
    largest = max((amount for _, amount, _ in shown), default=0.0) or 1.0
    space = WIDTH - _NAME - _VALUE
    height = _ROW * max(len(shown), 1) + 8
    parts = [path(f"M{_NAME} 0V{height}", "axis")]
    said = []
    for at, (name, amount, sure) in enumerate(shown):
        how = "measured" if sure else "estimated"
        said.append(f"{name} {number(amount)} {unit} {how}")
        parts += _row(at, name, number(amount))
        kind = "bar" if sure else "bar hollow"
        width = max(amount, 0) / largest * space
        parts.append(rect(_NAME, 4 + _ROW * at + 4, width, _ROW - 8, kind, said[-1]))
    return picture(title, parts, WIDTH, height, about="; ".join(said) or "Nothing was counted.")


def _row(at: int, name: str, value: str) -> list[str]:
    y = 4 + _ROW * (at + 0.5) + 4
    short = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
    return [text(_NAME - 10, y, short, "end", "name"), text(WIDTH - 4, y, value, "end")]
