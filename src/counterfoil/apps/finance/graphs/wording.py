"""Say in words what a finding is made of, and how seldom chance gives as much.

This module refuses to judge: it tells accounts, payments, amounts and times.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from counterfoil.apps.finance.graphs.network import Network

__all__ = ["say"]


def say(network: Network, pattern: str, payments: Any, chance: float) -> str:
    """Write a finding as one or two sentences."""
    source, target = network.source[payments].tolist(), network.target[payments].tolist()
    amounts, times = network.amount[payments].tolist(), network.at[payments].tolist()
    name = network.accounts
    span = _span(times[-1] - times[0])
    first, last = amounts[0], amounts[-1]
    if pattern == "fan-in":
        hub = name[target[0]]
        said = f"{hub} was paid by {len(set(source))} accounts new to it within {span}"
    elif pattern == "fan-out":
        said = f"{name[source[0]]} paid {len(set(target))} accounts new to it within {span}"
    elif pattern == "cycle":
        way = " to ".join(name[one] for one in [*source, source[0]])
        said = f"{first:,.2f} went from {way} within {span}; {last:,.2f} came back"
    elif pattern == "chain":
        way = " to ".join(name[one] for one in [*source, target[-1]])
        said = f"{first:,.2f} was passed from {way} within {span}; {last:,.2f} arrived"
    elif pattern == "scatter-gather":
        begin = next(one for one in source if one not in target)
        end = next(one for one in target if one not in source)
        between = len(set(source) & set(target))
        said = f"{name[begin]} reached {name[end]} through {between} accounts within {span}"
    else:
        hub = Counter([*source, *target]).most_common(1)[0][0]
        came = sum(amount for one, amount in zip(target, amounts, strict=True) if one == hub)
        left = sum(amount for one, amount in zip(source, amounts, strict=True) if one == hub)
        said = f"{name[hub]} received {came:,.2f} and passed on {left:,.2f} within {span}"
    return f"{said}. By chance this network would give {_often(chance)}."


def _often(chance: float) -> str:
    if chance > 2 / 3:  # else "in 1 times" would be said
        return f"about {max(chance, 1):,.0f} as strong"
    return f"one as strong in {1 / chance:,.0f} times" if chance > 1e-6 else "hardly any as strong"


def _span(seconds: int) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds} seconds"
