"""Contracts that act on proven decisions: verdicts, the gate, governance, and the loop closed.

    with counterfoil.open("shop") as ledger, Actor(ledger) as actor:
        call = make_call(escrow, "release(uint256,address,uint256,bytes)", [7, payee, 100])
        actor.act(decision, Wanted(call, "payment.release", "fraud", amount=100))

This room needs the extra `chain`. It refuses to decide, and to hold money.
"""

from counterfoil.act.acted import Acted
from counterfoil.act.actor import Actor
from counterfoil.act.approvals import Approval, Governed, Limits
from counterfoil.act.call import Call, make_call
from counterfoil.act.governor import Governor
from counterfoil.act.verdicts import Wanted

__all__ = [
    "Acted",
    "Actor",
    "Approval",
    "Call",
    "Governed",
    "Governor",
    "Limits",
    "Wanted",
    "make_call",
]
