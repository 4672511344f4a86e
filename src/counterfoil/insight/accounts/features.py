"""Make features of accounts: what they did, and how it relates to itself.

Trees split one number at a time, so what only a division shows is divided here: shares, rates,
how even amounts are. Where the divisor is 0 a ratio is -1, a value that no ratio has. This module
refuses to say whether a value was blank: in the public data that alone tells the label.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from counterfoil.insight.accounts.table import COLUMNS
from counterfoil.insight.extra import need

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Column = Callable[[str], Floats]

__all__ = ["FEATURES", "RATIOS", "feature_rows", "features"]

_DAY_MIN: Final = 1440.0

RATIOS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "share_sent": (("sent",), ("sent", "received")),
    "payers_each": (("payers",), ("received",)),
    "payees_each": (("payees",), ("sent",)),
    "share_payers": (("payers",), ("payers", "payees")),
    "rate": (("sent", "received"), ("active_min",)),
    "rate_sent": (("sent",), ("active_min",)),
    "rate_received": (("received",), ("active_min",)),
    "kept": (("balance_ether",), ("received_ether",)),
    "passed_on": (("sent_ether",), ("received_ether",)),
    "top_received": (("received_most",), ("received_ether",)),
    "top_sent": (("sent_most",), ("sent_ether",)),
    "even_received": (("received_least",), ("received_most",)),
    "even_sent": (("sent_least",), ("sent_most",)),
    "mean_received": (("received_mean",), ("received_most",)),
    "mean_sent": (("sent_mean",), ("sent_most",)),
    "most_sent_received": (("sent_most",), ("received_most",)),
    "mean_sent_received": (("sent_mean",), ("received_mean",)),
    "gaps": (("sent_gap_min",), ("received_gap_min",)),
    "token_share": (("token_transfers",), ("token_transfers", "sent", "received")),
    "token_contracts_each": (("token_contracts",), ("token_transfers",)),
    "token_kinds_each": (("token_kinds_received",), ("token_transfers",)),
    "token_payers_each": (("token_payers",), ("token_transfers",)),
    "token_payees_each": (("token_payees",), ("token_transfers",)),
    "token_passed_on": (("token_sent_sum",), ("token_received_sum",)),
    "token_top_received": (("token_received_most",), ("token_received_sum",)),
    "token_even_received": (("token_received_least",), ("token_received_most",)),
    "token_kinds_contracts": (("token_kinds_received",), ("token_contracts",)),
    "token_received_each": (("token_received_sum",), ("token_transfers",)),
}
"""Name -> the columns whose sum is divided, and those whose sum divides."""

_PRODUCTS: Final = {
    "busy_sent": ("sent_gap_min", "sent"),
    "busy_received": ("received_gap_min", "received"),
}

FEATURES: Final = (*COLUMNS, *RATIOS, *_PRODUCTS, "ether_a_day")
"""The features of an account, in the order of `features`."""


def features(values: Floats) -> Floats:
    """Make the features of accounts.

    values: (n, len(COLUMNS)), as `AccountTable` has them. Returns (n, len(FEATURES)) float64;
    a ratio of a blank is blank, too.
    """
    np = need("numpy")

    def column(name: str) -> Floats:
        found: Floats = values[:, COLUMNS.index(name)]
        return found

    def total(names: tuple[str, ...]) -> Floats:
        found: Floats = np.sum([column(name) for name in names], axis=0)
        return found

    made = [column(name) for name in COLUMNS]
    for above, below in RATIOS.values():
        made.append(_ratio(total(above), total(below)))
    for gap, count in _PRODUCTS.values():
        made.append(_ratio(column(gap) * column(count), column("active_min")))
    moved = column("sent_ether") + column("received_ether")
    made.append(_ratio(moved * _DAY_MIN, column("active_min")))
    found: Floats = np.column_stack(made)
    return found


def feature_rows(values: Floats) -> list[dict[str, float | None]]:
    """Make the features of accounts by name, as a decision takes them; None where blank.

    values: as for `features`.
    """
    return [
        {
            name: None if one != one else float(one)  # NaN
            for name, one in zip(FEATURES, row, strict=True)
        }
        for row in features(values)
    ]


def _ratio(above: Floats, below: Floats) -> Floats:
    np = need("numpy")
    whole = np.where(below > 0, below, 1.0)
    found: Floats = np.where(below <= 0, -1.0, above / whole)
    return found
