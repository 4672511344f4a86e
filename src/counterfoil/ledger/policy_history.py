"""Keep every policy that a ledger gave its readers, each with the size from which it holds.

A receipt is verified under the policy of its time: whoever cosigned then may have left since. So
`policy-<size>.txt` stands beside `policy.txt` for each change: for checkpoints of that size and
more, up to the next. This module refuses to change a policy that was kept.
"""

from __future__ import annotations

import re
from typing import Final

from counterfoil.errors import InputError, NotFound
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.policy_file import format_policy, read_policy, replace_policy
from counterfoil.log import parse_signed
from counterfoil.storage import TileFiles
from counterfoil.storage.folder_copy import replace_file

__all__ = ["change_policy", "policy_at", "policy_sizes"]

_NAME: Final = re.compile(r"policy-(0|[1-9][0-9]{0,18})\.txt")


def policy_sizes(layout: Layout) -> list[int]:
    """List the sizes from which the kept policies hold, ascending."""
    found = (_NAME.fullmatch(path.name) for path in layout.folder.glob("policy-*.txt"))
    return sorted(int(match[1]) for match in found if match)


def change_policy(layout: Layout, size: int, policy: Policy) -> None:
    """Give readers another policy, for checkpoints of at least `size` entries.

    The first change keeps the policy so far, from size 0 on. Raises InputError with code
    policy.history when another was kept for that size and a checkpoint was given under it,
    Unavailable with code copy.write.
    """
    if not policy_sizes(layout):
        replace_file(layout.folder / "policy-0.txt", format_policy(read_policy(layout)))
    target = layout.folder / f"policy-{size}.txt"
    other = target.exists() and policies.parse(target.read_bytes()) != policy
    if other and _published_size(layout) >= size:
        raise InputError(
            "policy.history",
            f"expected no other policy from size {size} on, found {target.name}",
            hint="Receipts were given with it: record something, then change the policy.",
        )
    replace_file(target, format_policy(policy))
    replace_policy(layout, policy)


def _published_size(layout: Layout) -> int:
    signed = TileFiles(layout.folder).published()
    return parse_signed(signed).size if signed is not None else 0


def policy_at(layout: Layout, size: int) -> Policy:
    """Find the policy for a checkpoint of `size` entries: the last that holds from there or before.

    Raises FatalLogError with code log.policy, NotFound with code policy.history.
    """
    sizes = policy_sizes(layout)
    if not sizes:
        return read_policy(layout)
    before = [first for first in sizes if first <= size]
    if not before:
        raise NotFound(
            "policy.history", f"expected a policy for size {size}, found none before {sizes[0]}"
        )
    return policies.parse((layout.folder / f"policy-{before[-1]}.txt").read_bytes())
