"""The policy that a brand publishes: whose logs count for its products, and who witnesses them.

One for all logs of a chain, made of what each ledger says itself. It asks for no more than the
laxest of them does, or nothing would verify. This module refuses to invent keys.
"""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.apps.supply.shopper.gathering import Source
from counterfoil.errors import InputError
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import NONE, Group, Log, Policy, Witness
from counterfoil.ledger import Ledger

__all__ = ["policy_of"]


def policy_of(sources: Sequence[Source]) -> bytes:
    """Make one policy of the ledgers' own.

    Each log counts, and each witness. One witness has to have signed, where every ledger's own
    policy asks for some; else none has to. Raises InputError with code label.policy without a
    ledger, or a code policy.* where policies contradict each other.
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
            name = witness.name if witness.name != "self" else f"self-{_origin(one)}"
            witnesses.setdefault(witness.key.public, Witness(name, witness.key))
    listed = tuple(witnesses.values())
    asked = bool(listed) and all(one.quorum != NONE for one in found)
    groups = (Group("any-of-them", 1, tuple(one.name for one in listed)),) if asked else ()
    quorum = "any-of-them" if asked else NONE
    return policies.format(Policy(tuple(logs.values()), listed, groups, quorum))


def _origin(one: Policy) -> str:
    return one.logs[0].key.name if one.logs else NONE
