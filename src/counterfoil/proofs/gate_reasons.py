"""Say in words why a gate lets a verdict not pass: one error for each reason of the contract.

The contract gives a short reason; here each has its code, what was expected, and what to do. This
module refuses to judge: `proofs.gate` and the contract do, in the order of `REASONS`.
Source: `contracts/decision_gate.vy` and what it imports.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from counterfoil.errors import Refused

__all__ = ["REASONS", "refusal"]

_MAKE: Final[dict[str, Callable[[str], Refused]]] = {
    "form": lambda found: _refused(
        "gate.form", "a packed verdict in its form", found, "Pack the recorded entry anew."
    ),
    "kind": lambda found: _refused(
        "gate.kind", "the type word of a verdict", found, "Pack the verdict's entry, no other."
    ),
    "chain": lambda found: _refused(
        "gate.chain", "a verdict for this chain", found, "A verdict works on the chain it names."
    ),
    "gate": lambda found: _refused(
        "gate.gate", "a verdict for this gate", found, "A verdict works at the gate it names."
    ),
    "inclusion": lambda found: _refused(
        "gate.inclusion",
        "an entry under a root that is anchored for its log",
        found,
        "Anchor the log with the verdict in it, then pack it under that root.",
    ),
    "log": lambda found: _refused(
        "gate.log", "a log that governance knows", found, "Have the registry's owner approve it."
    ),
    "organisation": lambda found: _refused(
        "gate.organisation",
        "an organisation that governance knows",
        found,
        "Have the registry's owner approve it.",
    ),
    "signer": lambda found: _refused(
        "gate.signer",
        "a decider that governance knows",
        found,
        "Have the registry's owner approve its key.",
    ),
    "maker": lambda found: _refused(
        "gate.maker",
        "a model, rule or circuit that governance knows",
        found,
        "Have the registry's owner approve this version of it.",
    ),
    "scope unknown": lambda found: _refused(
        "gate.scope-unknown",
        "a scope that governance knows",
        found,
        "Have the registry's owner approve it.",
    ),
    "not approved": lambda found: _refused(
        "gate.not-approved",
        "an approval of this decider, maker and scope together",
        found,
        "Each is known, but not together: have the registry's owner approve it.",
    ),
    "postdated": lambda found: _refused(
        "gate.postdated",
        "a verdict that was decided before it was anchored",
        found,
        "Set the decider's clock: no decision is later than its proof.",
    ),
    "before approval": lambda found: _refused(
        "gate.before-approval",
        "a verdict that was decided while its approval held",
        found,
        "Decide again: what was decided before the approval began does not count.",
    ),
    "after approval": lambda found: _refused(
        "gate.after-approval",
        "a verdict that was anchored while its approval held",
        found,
        "Have the approval renewed, and decide again.",
    ),
    "consumer unknown": lambda found: _refused(
        "gate.consumer-unknown",
        "a verdict for the contract that the approval names",
        found,
        "Have the registry's owner approve it for this contract.",
    ),
    "revoked": lambda found: _refused(
        "gate.revoked",
        "a verdict that was anchored before its approval was revoked",
        found,
        "Find out why it was revoked. Another key can be approved.",
    ),
    "halted": lambda found: _refused(
        "gate.halted",
        "an approval that nobody halted",
        found,
        "Wait until the halt ends, or ask the registry's owner.",
    ),
    "young": lambda found: _refused(
        "gate.young",
        "a root that has been anchored for as long as the approval asks",
        found,
        "Wait and try again.",
    ),
    "signature": lambda found: _refused(
        "gate.signature",
        "the signature of the verdict's signer, in its one form",
        found,
        "Nobody else can sign for it; sign for this chain and gate.",
    ),
    "unproven": lambda found: _refused(
        "gate.unproven",
        "a verdict that its verifier contract was shown the proof of",
        found,
        "Call the gate's `prove` with the proof first.",
    ),
    "consumer": lambda found: _refused(
        "gate.consumer",
        "the contract that the verdict names",
        found,
        "Nobody else can use it, whoever sends the transaction.",
    ),
    "scope": lambda found: _refused(
        "gate.scope", "a verdict for this scope", found, "Use it for what it was decided for."
    ),
    "action": lambda found: _refused(
        "gate.action",
        "the very action that the verdict names",
        found,
        "Recipient, amount, case: nothing may differ from what was decided.",
    ),
    "amount": lambda found: _refused(
        "gate.amount", "an amount up to the verdict's", found, "Decide on the larger amount."
    ),
    "too early": lambda found: _refused(
        "gate.too-early", "a time from the verdict's first second on", found, "Wait."
    ),
    "expired": lambda found: _refused(
        "gate.expired", "a time up to the verdict's last second", found, "Decide again."
    ),
    "replayed": lambda found: _refused(
        "gate.replayed", "a verdict that was never used", found, "It was used: look for its event."
    ),
    "order": lambda found: _refused(
        "gate.order",
        "the next number of its scope",
        found,
        "Use the verdicts before it first; `next_seq` tells the number.",
    ),
    "cap": lambda found: _refused(
        "gate.cap",
        "an amount up to the approval's cap",
        found,
        "The limit is governance's: split the action, or have it raised.",
    ),
    "count": lambda found: _refused(
        "gate.count",
        "no more verdicts in a period than the approval allows",
        found,
        "Wait for the next period.",
    ),
    "rate": lambda found: _refused(
        "gate.rate",
        "no larger sum in a period than the approval allows",
        found,
        "Wait for the next period.",
    ),
    "unannounced": lambda found: _refused(
        "gate.unannounced",
        "a verdict that was announced, since its approval has a veto window",
        found,
        "Call the gate's `announce`, and wait for the window to pass.",
    ),
    "vetoed": lambda found: _refused(
        "gate.vetoed", "a verdict that nobody vetoed", found, "Ask who vetoed it; decide again."
    ),
    "window": lambda found: _refused(
        "gate.window", "a time after the veto window", found, "Wait until the window has passed."
    ),
    "as signature": lambda found: _refused(
        "gate.as-signature",
        "an approval that lets verdicts count as signatures",
        found,
        "No period counts those: governance has to allow it.",
    ),
}

REASONS: Final = tuple(_MAKE)
"""The gate's reasons, in the order in which it asks."""


def refusal(reason: str, found: str = "what the gate refuses") -> Refused:
    """Make the error for a gate's reason, such as `not approved`, with code gate.not-approved.

    found: what is there instead, in words. Raises KeyError for a reason that is none of `REASONS`.
    """
    return _MAKE[reason](found)


def _refused(code: str, expected: str, found: str, hint: str) -> Refused:
    return Refused(code, f"expected {expected}, found {found}", hint=hint)
