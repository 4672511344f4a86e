"""Put witnesses into a trust policy and take them out, with a quorum of more than half.

Our default is that more than half of the witnesses must have cosigned: then no two histories of a
log can both have a quorum unless some witness signed both. This module refuses to change a quorum
that somebody has written otherwise: it cannot know what they meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from counterfoil.errors import InputError, NotFound
from counterfoil.formats.policy import NONE, Group, Log, Policy, Witness
from counterfoil.formats.vkey import VerifierKey
from counterfoil.proofs.trust import OWN_WITNESS

__all__ = ["MAJORITY", "majority_policy", "with_witness", "without_witness"]

MAJORITY: Final = "majority"
"""Name of the group of which more than half must cosign."""


def majority_policy(logs: Sequence[Log], witnesses: Sequence[Witness]) -> Policy:
    """Make the policy that asks for more than half of these witnesses, or for none if none are.

    The log operator's own, named `self`, counts only where it is alone: beside others it would be
    a voice for the log and not about it. Raises InputError with a code policy.*.
    """
    if not witnesses:
        return Policy(tuple(logs), (), (), NONE)
    names = [witness.name for witness in witnesses]
    if names == [OWN_WITNESS]:
        return Policy(tuple(logs), tuple(witnesses), (), OWN_WITNESS)
    members = tuple(name for name in names if name != OWN_WITNESS)
    group = Group(MAJORITY, len(members) // 2 + 1, members)
    return Policy(tuple(logs), tuple(witnesses), (group,), MAJORITY)


def with_witness(policy: Policy, name: str, key: VerifierKey, url: str | None = None) -> Policy:
    """Add a witness, and count it in the majority.

    Raises InputError with code witness.quorum when the policy's quorum is not ours, or with a
    code policy.* when the name or key is taken.
    """
    _require_ours(policy)
    return majority_policy(policy.logs, (*policy.witnesses, Witness(name, key, url)))


def without_witness(policy: Policy, name: str) -> Policy:
    """Take a witness out. Raises NotFound with code witness.name, InputError as `with_witness`."""
    _require_ours(policy)
    kept = tuple(witness for witness in policy.witnesses if witness.name != name)
    if len(kept) == len(policy.witnesses):
        known = ", ".join(ascii(witness.name)[1:-1] for witness in policy.witnesses) or "none"
        raise NotFound("witness.name", f"expected one of the witnesses {known}, found {name!a}")
    return majority_policy(policy.logs, kept)


def _require_ours(policy: Policy) -> None:
    """Know the quorums that may be made anew: none, the only witness, or a majority of all."""
    names = {witness.name for witness in policy.witnesses}
    if not policy.groups and {policy.quorum} == (names or {NONE}):
        return
    names -= {OWN_WITNESS}
    if len(policy.groups) == 1 and policy.quorum == policy.groups[0].name:
        group = policy.groups[0]
        if set(group.members) == names and group.threshold == len(names) // 2 + 1:
            return
    raise InputError(
        "witness.quorum",
        "expected a policy whose quorum is more than half of its witnesses, found another rule",
        hint="Edit the policy file by hand: its quorum was written with a purpose.",
    )
