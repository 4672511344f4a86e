"""Go on with a witness that has no memory of the ledger, and say so in the ledger.

A memory that was lost and one that was removed look the same. So the operator must ask for it,
and readers find the statement that he did. This module refuses to change a memory that is there:
what it remembers was checked when the ledger was opened.
"""

from __future__ import annotations

from dataclasses import replace

from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy, Witness
from counterfoil.formats.vkey import VerifierKey
from counterfoil.ledger.opening import Reading, Writing
from counterfoil.ledger.policy_file import read_policy
from counterfoil.ledger.policy_history import change_policy
from counterfoil.ledger.statement_writer import record_statement
from counterfoil.ports import Said
from counterfoil.proofs.trust import OWN_WITNESS

__all__ = ["record_new_witness", "with_own_witness"]


def record_new_witness(reading: Reading, writing: Writing) -> None:
    """Record that the ledger goes on with a new memory, if it does; put its key into the policy.

    Raises as recording does, and Unavailable with code copy.write.
    """
    own = writing.witnesses.newcomer
    if own is None:
        return
    policy = with_own_witness(read_policy(reading.layout), own)
    record_statement(
        writing.writer,
        Said(
            "policy",
            {
                "members": (reading.config.organisation,),
                "policy": policies.format(policy).decode("utf-8", "replace"),
                "why": f"the witness {own.name} has no memory of this log before entry "
                f"{writing.log.head.size}; its operator accepted that",
            },
        ),
        None,
        None,
    ).result()
    change_policy(reading.layout, writing.log.head.size, policy)
    writing.log.wait_published(writing.log.head.size)


def with_own_witness(policy: Policy, own: VerifierKey) -> Policy:
    """Put a key in the place of the policy's own witness; add it, and ask for it, if none is."""
    witness = Witness(OWN_WITNESS, own)
    if any(known.name == OWN_WITNESS for known in policy.witnesses):
        witnesses = tuple(witness if w.name == OWN_WITNESS else w for w in policy.witnesses)
        return replace(policy, witnesses=witnesses)
    quorum = OWN_WITNESS if policy.quorum == policies.NONE else policy.quorum
    return replace(policy, witnesses=(*policy.witnesses, witness), quorum=quorum)
