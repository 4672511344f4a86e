"""One payment as the features see it, whatever the columns of its file were called.

This module refuses to read files: `reading` does.
"""

from __future__ import annotations

import msgspec

__all__ = ["Payment"]


class Payment(msgspec.Struct, frozen=True, array_like=True):
    """A payment.

    id: as its system knows it. at_ms: when, Unix ms. amount: in the data's own unit, finite; below
    0 for money that goes back. card: whose money; None where it is not known. terminal: who is
    paid. label: 1 fraud, 0 genuine, None not known (yet). known_ms: when the label became known;
    None: after the delay of the settings. numbers, words: further columns, in the order of
    `Columns`; None where a value is missing.
    """

    id: str
    at_ms: int
    amount: float
    card: str | None = None
    terminal: str | None = None
    label: int | None = None
    known_ms: int | None = None
    numbers: tuple[float | None, ...] = ()
    words: tuple[str | None, ...] = ()
