"""Draw an inclusion proof as a tally stick, split lengthwise, with a notch for each level.

The stock is one half, the foil the other; a notch is on the side from which that level's sibling
joins. Only the halves of one stick fit, as only the hashes of one path lead to one root. This
module refuses to verify: `proofs.verify` does, and `state` says what it found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from counterfoil.drawing.svg import path, picture, text

__all__ = ["Grade", "proof_path", "sides_of"]

Grade = Literal["ok", "wait", "bad"]

_LEVEL: Final = 30
_HALF: Final = 18
_END: Final = 40
_SHOWN: Final = 12
_MIDDLE: Final = 160


def proof_path(
    index: int,
    size: int,
    hashes: Sequence[bytes],
    *,
    state: Grade = "ok",
    root: bytes | None = None,
    leaf: bytes | None = None,
) -> str:
    """Draw the way from entry `index` up to the root of `size` entries.

    hashes: the siblings, leaf to root, 32 bytes each. state: `bad` draws the halves apart, `wait`
    is for what nobody checked. root, leaf: shown beside the ends. Returns one `<svg>`.
    Source of the sides: RFC 9162, 2.1.3.2.
    """
    sides = sides_of(index, size, len(hashes))
    height = len(sides) * _LEVEL + 2 * _END
    parts = []
    for level, (side, sibling) in enumerate(zip(sides, hashes, strict=False)):
        sign = -1 if side == "left" else 1
        y = 20 + _level_y(height, level)
        shown = sibling.hex()
        parts.append(path(f"M{_MIDDLE + sign * 22} {y:g}h{sign * 20}", "grid"))
        anchor = "end" if sign < 0 else "start"
        parts.append(text(_MIDDLE + sign * 48, y + 4, shown[:_SHOWN], anchor, "mono"))
    parts += [_half(sides, "left", height, apart=False)]
    parts += [_half(sides, "right", height, apart=state == "bad")]
    parts.append(text(_MIDDLE, 12, _named("root", root), "middle", "name"))
    parts.append(text(_MIDDLE, height + 36, _named(f"entry {index:,}", leaf), "middle", "name"))
    words = {"ok": "checked", "wait": "not checked", "bad": "does not hold"}[state]
    label = f"Proof that entry {index:,} stands in the log of {size:,} entries: {words}"
    steps = [
        f"level {level + 1}: {sibling.hex()[:_SHOWN]} from the {side}"
        for level, (side, sibling) in enumerate(zip(sides, hashes, strict=False))
    ]
    about = "; ".join(steps) or "The entry alone is the whole log."
    return picture(label, parts, 320, height + 44, about=about, kind=f"drawing stick {state}")


def sides_of(index: int, size: int, most: int) -> list[Literal["left", "right"]]:
    """Tell for each level, leaf to root, from which side its sibling joins; at most `most`."""
    sides: list[Literal["left", "right"]] = []
    node, last = index, size - 1
    while last > 0 and len(sides) < most:
        if node & 1 or node == last:
            sides.append("left")
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            sides.append("right")
        node, last = node >> 1, last >> 1
    return sides


def _half(sides: Sequence[str], side: str, height: int, *, apart: bool) -> str:
    """Draw a half. The left one, the stock, is longer: it had the handle."""
    sign, top = (-1, 4) if side == "left" else (1, 16)
    x, outer, up = _MIDDLE, sign * _HALF, 20
    shift, rise = (7, -14) if apart else (0, 0)
    notches = ""
    for level, one in enumerate(sides):
        if one == side:
            y = up + rise + _level_y(height, level)
            notches += (
                f"L{x + shift + outer} {y + 6:g}L{x + shift + outer / 2:g} {y:g}"
                f"L{x + shift + outer} {y - 6:g}"
            )
    bottom = up + rise + height - 4
    return path(
        f"M{x + shift + sign} {bottom}H{x + shift + outer}{notches}"
        f"L{x + shift + outer} {up + rise + top}H{x + shift + sign}Z",
        "half",
    )


def _level_y(height: int, level: int) -> float:
    return height - _END - (level + 0.5) * _LEVEL


def _named(name: str, digest: bytes | None) -> str:
    return name if digest is None else f"{name} {digest.hex()[:_SHOWN]}"
