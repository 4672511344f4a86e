"""Payments as a network in time: who paid whom, when and how much, in arrays.

Accounts are numbered, payments are in order of time. This module refuses payments without a time,
and times that are none; a payment to oneself moves nothing and is left out of every pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterfoil.errors import InputError

__all__ = ["Network", "make_network", "segments"]

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Network:
    """Payments in order of time.

    source, target: (n,) int64, numbers of accounts. at: (n,) int64, seconds. amount: (n,) float64,
    above zero. row: (n,) int64, of the table they were read from. accounts: names by number.
    measured: amounts were told; else all are 1.
    """

    source: Ints
    target: Ints
    at: Ints
    amount: Floats
    row: Ints
    accounts: Sequence[str]
    measured: bool = True

    @property
    def size(self) -> int:
        """How many payments."""
        return len(self.at)

    @property
    def span(self) -> int:
        """Seconds from the first to the last payment, at least one."""
        return max(int(self.at[-1] - self.at[0]), 1) if self.size else 1


def make_network(
    source: Sequence[Any], target: Sequence[Any], at: Any, amount: Any | None
) -> Network:
    """Make a network from columns.

    source, target: names, one a payment. at: seconds. amount: above zero; None where not known.
    Raises InputError with code graph.empty or graph.amount.
    """
    count = len(source)
    if not count:
        raise InputError(
            "graph.empty", "expected payments, found none", hint="Check the file and its columns."
        )
    names, numbers = np.unique(
        np.concatenate([np.asarray(source, dtype=str), np.asarray(target, dtype=str)]),
        return_inverse=True,
    )
    times = np.asarray(at, dtype=np.int64)
    measured = amount is not None
    amounts = np.ones(count) if amount is None else np.asarray(amount, dtype=np.float64)
    if not (np.isfinite(amounts).all() and (amounts > 0).all()):
        bad = int(np.flatnonzero(~(np.isfinite(amounts) & (amounts > 0)))[0])
        raise InputError(
            "graph.amount",
            f"expected an amount above zero in row {bad}, found {amounts[bad]}",
            hint="Name another column with --amount, or none with --amount none.",
        )
    order = np.argsort(times, kind="stable")
    both = numbers.reshape(-1).astype(np.int64)
    return Network(
        source=both[:count][order],
        target=both[count:][order],
        at=times[order],
        amount=amounts[order],
        row=order.astype(np.int64),
        accounts=names.tolist(),
        measured=measured,
    )


def segments(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Write out ranges: for each i all of low[i] to high[i], the end not included.

    Gives (which i, the number), both as long as all ranges together.
    """
    lengths = np.maximum(high - low, 0)
    owner = np.repeat(np.arange(len(low)), lengths)
    ends = np.cumsum(lengths)
    within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    return owner, np.repeat(low, lengths) + within
