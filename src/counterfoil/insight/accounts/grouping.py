"""Put rows that say the same into one group, and groups into folds, whatever the order of rows.

A copy of a row in the training part would be an answer given away: rows with the same numbers,
and rows of the same address, stay together. Which fold a group is in follows from a hash of its
numbers, never from its place in the file. This module refuses to use an address for anything else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from counterfoil.insight.extra import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

__all__ = ["folds", "group_rows", "keys_of"]


def keys_of(values: Floats) -> list[bytes]:
    """Hash each row's numbers: 32 bytes that know nothing of its place."""
    rows = need("numpy").ascontiguousarray(values, dtype="<f8") + 0.0  # -0.0 is 0.0
    return [hashlib.sha256(row.tobytes()).digest() for row in rows]


def group_rows(values: Floats, addresses: Sequence[str] = ()) -> list[bytes]:
    """Name the group of each row: rows of one group share numbers or an address, or a third row.

    values: (n, d). addresses: one a row, or none at all. Returns the least hash in its group.
    """
    keys = keys_of(values)
    parent = list(range(len(keys)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    seen: dict[bytes | str, int] = {}
    for at, key in enumerate(keys):
        for name in (key, addresses[at]) if addresses else (key,):
            parent[root(at)] = root(seen.setdefault(name, at))
    least: dict[int, bytes] = {}
    for at, key in enumerate(keys):
        top = root(at)
        least[top] = min(key, least.get(top, key))
    return [least[root(at)] for at in range(len(keys))]


def folds(groups: Sequence[bytes], labels: Bools, count: int, seed: int) -> Ints:
    """Give each row its fold, 0 to count - 1; one group is in one fold.

    Groups with a positive and those without are dealt out apart, so folds have about the same
    share of either. seed: another one deals anew.
    """
    np = need("numpy")
    positive: dict[bytes, bool] = {}
    for group, label in zip(groups, labels, strict=True):
        positive[group] = positive.get(group, False) or bool(label)
    salt = str(seed).encode() + b":"
    dealt: dict[bytes, int] = {}
    for side in (True, False):
        ours = [group for group, one in positive.items() if one is side]
        ours.sort(key=lambda group: hashlib.sha256(salt + group).digest())
        dealt |= {group: at % count for at, group in enumerate(ours)}
    found: Ints = np.array([dealt[group] for group in groups], dtype=np.int64)
    return found
