"""The policy that a brand publishes: whose logs count for its products, and who witnesses them.

One for all logs of a chain, made of what each ledger says itself. It asks for no more witnesses
than the laxest of them does, or nothing would verify, and cannot say whose log a witness must not
vouch for: a brand that asks for more writes its own. This module refuses to invent keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from counterfoil.apps.supply.shopper.gathering import Source
from counterfoil.errors import InputError
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import NONE, Group, Log, Policy, Witness
from counterfoil.ledger import Ledger
from counterfoil.proofs.trust import OWN_WITNESS

__all__ = ["policy_of"]

_GROUP: Final = "witnesses"


def policy_of(sources: Sequence[Source]) -> bytes:
    """Make one policy of the ledgers' own.

    Each log counts, and each witness; as many of these have to have signed as the least of the
    ledgers' own policies asks for. Raises InputError with code label.policy without a ledger, or a
    code policy.* where policies contradict each other.
    """
    found = [one.policy for one in sources if isinstance(one, Ledger)]
    if not found:
        raise InputError(
            "label.policy",
            "expected a policy, found receipts only",
            hint="Give the brand's policy, with the logs of all whose receipts you show.",
        )
    if len(found) == 1:
        return policies.format(found[0])
    logs = {log.key: Log(log.key) for one in found for log in one.logs}
    witnesses: dict[bytes, Witness] = {}
    for one in found:
        for witness in one.witnesses:
            name = f"{OWN_WITNESS}-{_origin(one)}" if witness.name == OWN_WITNESS else witness.name
            witnesses.setdefault(witness.key.public, Witness(name, witness.key))
    counted = {key for one in found for key in _counted(one)}
    members = tuple(one.name for key, one in witnesses.items() if key in counted)
    least = min(len(members), *(_asked(one) for one in found))
    groups = (Group(_GROUP, least, members),) if least else ()
    everyone = tuple(witnesses.values())
    made = Policy(tuple(logs.values()), everyone, groups, _GROUP if least else NONE)
    return policies.format(made)


def _members(one: Policy) -> tuple[str, ...] | None:
    """Tell the witnesses among whom a policy counts; None where it nests groups."""
    names = {witness.name for witness in one.witnesses}
    if one.quorum in names:
        return (one.quorum,)
    found = next((group.members for group in one.groups if group.name == one.quorum), ())
    return found if names.issuperset(found) else None


def _counted(one: Policy) -> set[bytes]:
    """Tell the keys of the witnesses that may count for a policy's quorum."""
    members = _members(one)
    named = {witness.name: witness.key.public for witness in one.witnesses}
    return set(named.values()) if members is None else {named[name] for name in members}


def _asked(one: Policy) -> int:
    """Tell how many witnesses a policy asks for at least."""
    if one.quorum == NONE:
        return 0
    if not _members(one):
        return 1
    return next((group.threshold for group in one.groups if group.name == one.quorum), 1)


def _origin(one: Policy) -> str:
    return one.logs[0].key.name if one.logs else NONE
