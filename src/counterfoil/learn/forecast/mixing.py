"""Shares of members in a mix: chosen on trials, then moved by how each member did since.

Members are chosen one by one, with replacement, each time the one that makes the mean better most;
this is done again on blocks of the trials drawn at random, for one stretch of trials chooses too
boldly, and the mean of the shares counts. Steps near and far get shares of their own, half-way.
Afterwards each member's share falls exponentially with what it has erred by more than others.

This module refuses to move a share by an outcome that was not known.

Sources: Caruana, Niculescu-Mizil, Crew and Ksikes, Ensemble selection from libraries of models,
ICML 2004; Cesa-Bianchi and Lugosi, Prediction, learning, and games, 2006, 2.2 (exponential
weights).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from counterfoil.learn.forecast.features import Floats, Ints

__all__ = ["MEMORY", "moved", "parts", "shares"]

MEMORY: Final = 100
"""The last forecasts of each member whose outcome moves its share."""

_BAGS: Final = 7
_BLOCKS: Final = 10
_PICKS: Final = 20
_PARTS: Final = 3
_PARTS_FROM: Final = 6  # steps ahead from which near and far ones are told apart
_STEPS: Final = 48  # steps ahead, at most, that are looked at
_RATE: Final = 0.2  # how fast a share falls, for each half horizon
_WORST: Final = 5.0  # one outcome counts no more than so many usual errors


def parts(horizon: int) -> list[Ints]:
    """Cut the steps ahead into those that share their shares: near, middle, far."""
    return np.array_split(np.arange(horizon), _PARTS if horizon >= _PARTS_FROM else 1)


def shares(told: Floats, actual: Floats) -> Floats:
    """Choose shares of members on trials. told: (m, k, horizon). actual: (k, horizon).

    Returns (m, parts), >= 0; each column sums to 1. Always the same for the same trials.
    """
    horizon = actual.shape[1]
    some = np.unique(np.linspace(0, horizon - 1, min(horizon, _STEPS)).astype(int))
    whole = _bagged(told[:, :, some], actual[:, some])
    cut = parts(horizon)
    if len(cut) == 1:
        return whole[:, None]
    columns = []
    for part in cut:
        inner = np.intersect1d(some, part)
        columns.append(0.5 * whole + 0.5 * _bagged(told[:, :, inner], actual[:, inner]))
    return np.column_stack(columns)


def moved(
    first: Floats,
    told: Floats,
    actual: Floats,
    made: Ints,
    now: int,
    unit: Sequence[float],
) -> Floats:
    """Move shares by the outcomes that are known at `now`. first: (m, parts), as chosen.

    told: (m, k, horizon), made from `made`, (k,) rising and even, before `now`. actual: (k,
    horizon), read only where known. unit: the usual error of each part, > 0. Returns as `first`.
    """
    horizon = actual.shape[1]
    known = np.searchsorted(made, now - 1 - np.arange(horizon), side="right")
    lately = np.arange(len(made)) >= np.searchsorted(made, now) - MEMORY
    counts = (np.arange(len(made))[:, None] < known) & lately[:, None]
    gap = int(made[1] - made[0]) if len(made) > 1 else 1
    rate = _RATE * gap / max(1.0, horizon / 2)
    found = np.empty_like(first)
    for at, part in enumerate(parts(horizon)):
        inner = counts[:, part]
        errors = np.abs(told[:, :, part][:, inner] - actual[:, part][inner])
        lost = np.minimum(errors / unit[at], _WORST).sum(axis=1) / len(part)
        grown = first[:, at] * np.exp(-rate * (lost - lost.min(initial=np.inf)))
        found[:, at] = grown / grown.sum()
    return found


def _bagged(told: Floats, actual: Floats) -> Floats:
    """Choose on several draws of blocks of the trials, and take the mean: (m,)."""
    random = np.random.default_rng(1)
    blocks = [block for block in np.array_split(np.arange(len(actual)), _BLOCKS) if len(block)]
    found = np.zeros(len(told))
    for _ in range(_BAGS):
        drawn = np.concatenate([blocks[at] for at in random.integers(0, len(blocks), len(blocks))])
        found += _selected(told[:, drawn], actual[drawn]) / _BAGS
    return found


def _selected(told: Floats, actual: Floats) -> Floats:
    """Choose members one by one; gives the shares of the best mix on the way."""
    picks = np.zeros(len(told))
    total = np.zeros_like(actual)
    best, kept = float("inf"), picks
    for count in range(1, _PICKS + 1):
        errors = np.abs((total + told) / count - actual).mean(axis=(1, 2))
        chosen = int(np.argmin(errors))
        picks[chosen] += 1
        total = total + told[chosen]
        if errors[chosen] < best:
            best, kept = float(errors[chosen]), picks.copy()
    return kept / kept.sum() if kept.any() else np.full(len(told), 1 / len(told))
