"""The order desk: have contracts do what decisions say about orders and their money.

Placing, releasing and returning are by keys of their own, which governance allows for that scope
alone. Each step is recorded before it is sent and found again after a crash, so that asking again
never does it twice. This module refuses to place a second order for a decision, and to act on a
decision that does not name the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from counterfoil.act import actions, reorder_contract
from counterfoil.act.actor import Actor
from counterfoil.act.deploying import address_of_contract
from counterfoil.act.escrow_contract import EscrowContract, PaymentState, Standing
from counterfoil.act.gate import reason_of
from counterfoil.act.reorder_contract import ORDER_SCOPE, Order, ReorderContract
from counterfoil.act.token_contract import TokenContract
from counterfoil.act.verdicts import Wanted
from counterfoil.apps.supply.orders.cold_chain import decide_cold
from counterfoil.apps.supply.orders.delivering import decide_as_person, decide_receipt, owed
from counterfoil.apps.supply.orders.placed import (
    RELEASE,
    RETURNS,
    Placed,
    find_order,
    moves_of,
    order_of_decision,
)
from counterfoil.apps.supply.orders.placing import record_order, require_said
from counterfoil.apps.supply.orders.replaying import is_by_rule, replay
from counterfoil.chain import transact
from counterfoil.contracts import load_artifact
from counterfoil.errors import Conflict, CounterfoilError, InputError, Refused

if TYPE_CHECKING:
    from counterfoil.act.acted import Acted
    from counterfoil.apps.supply.orders.records import ColdChain
    from counterfoil.ledger import Ledger
    from counterfoil.ledger.decisions import FoundDecision
    from counterfoil.ports import ChainCall
    from counterfoil.provenance.statements.parts import Accountable

__all__ = [
    "ORDER_DECIDER",
    "RELEASE_DECIDER",
    "RETURN_DECIDER",
    "Order",
    "OrderDesk",
    "OrderStanding",
]

ORDER_DECIDER: Final = "supply-orders"
"""Name of the key that signs verdicts to place orders."""

RELEASE_DECIDER: Final = "supply-deliveries"
"""Name of the key that signs verdicts to release an order's money."""

RETURN_DECIDER: Final = "supply-returns"
"""Name of the key that signs verdicts to return an order's money."""

_RULE: Final = "rule"
_WAIT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """Where an order's money is.

    state: the escrow's, or `none` where the order is not on the chain. amount: of the order, left:
    that is not decided on yet, in the token's smallest unit. until_s: from then on what is left
    returns to the desk, POSIX seconds. open_units: that are not counted as arrived.
    """

    state: PaymentState
    amount: int
    left: int
    until_s: int
    open_units: int

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "state": self.state.value,
            "amount": str(self.amount),
            "left": str(self.left),
            "until_s": self.until_s,
            "open_units": self.open_units,
        }


class OrderDesk:
    """Places a ledger's orders on one chain, and settles them; see `Actor`.

    Raises NotFound with code act.not-deployed.
    """

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        ledger, chain = actor.ledger, actor.chain
        where = address_of_contract(ledger, chain, "reorder_desk")
        self.contract = ReorderContract(chain, where)
        escrow = address_of_contract(ledger, chain, "escrow")
        self.escrow = EscrowContract(chain, escrow, load_artifact("escrow").abi)

    @property
    def ledger(self) -> Ledger:
        """The ledger that it acts for."""
        return self.actor.ledger

    # Placing -----------------------------------------------------------------------------------

    def place(
        self,
        decision: int | str,
        order: Order,
        *,
        po: str | None = None,
        uom: str | None = None,
        cold_chain: ColdChain | None = None,
        wait_s: float = _WAIT_S,
    ) -> Placed:
        """Record the order of a decision, and have the contract place it and pay for it; once.

        decision: index or leaf, such as of a forecast that says that stock runs out. po: the
        order's name as events have it, a URI; else one that is made of the decision. uom: unit of
        the quantity (UN/ECE 20), None for pieces. cold_chain: at which temperatures the goods have
        to stay. wait_s: seconds, as of `Actor.act`; asked again, it goes on.
        Raises InputError with code supply.quantity for more units than the decision says, where it
        has an input `quantity`; Conflict with code supply.ordered where the decision placed another
        order; Refused with a code gate.*, or act.consumer with the contract's reason; and as
        `record_order` and `Actor.act`.
        """
        found = self.ledger.decisions.get(decision)
        require_said(found, order)
        known = order_of_decision(self.ledger, found.leaf)
        placed = known or record_order(self, found, order, po, uom, cold_chain)
        if not _is_same(placed, self, order, po, uom, cold_chain):
            raise Conflict(
                "supply.ordered",
                f"expected the order of decision {found.index} as entry {placed.index} has it, "
                "found another desk, item, supplier, quantity, unit, price, deadline, cold chain "
                "or name",
                hint="A decision places one order: another one needs another decision.",
            )
        self.actor.act(found.index, self.wanted(found, order), wait_s=wait_s)
        return placed

    def wanted(self, found: FoundDecision, order: Order) -> Wanted:
        """Say what a verdict that places an order allows."""
        return Wanted(
            call=reorder_contract.place(self.contract.address, order),
            scope=ORDER_SCOPE,
            decider=ORDER_DECIDER,
            amount=order.amount,
            maker_kind=_kind_of(found),
        )

    # Its money ---------------------------------------------------------------------------------

    def deliver(self, order: Placed | int | str, event: int, *, wait_s: float = _WAIT_S) -> Acted:
        """Release what an event delivers of an order to its supplier; each event once.

        order: as `place` gave it, or what `find_order` takes. event: index of the entry of a
        receiving event that names the order. Raises InputError with code supply.receipt where the
        goods receipt rule releases nothing, Conflict with code supply.unplaced, and as `place`.
        """
        placed = self._placed(order)
        self._carry_on(placed, wait_s)
        made = decide_receipt(self.ledger, placed, event)
        return self.carry_out(placed, made.index, wait_s=wait_s)

    def breach(
        self, order: Placed | int | str, decision: int | str, *, wait_s: float = _WAIT_S
    ) -> Acted:
        """Return what is left of an order's money to the desk, because a decision found a breach.

        decision: index or leaf; its outcome is one of `RETURNS`, and it is based on the order (role
        `order`). Raises InputError with code supply.breach for another one, and as `deliver`.
        """
        placed = self._placed(order)
        found = self.ledger.decisions.get(decision)
        leaves = [one.get("leaf") for one in found.said.get("based_on") or ()]
        if found.said["outcome"] not in RETURNS or placed.leaf not in leaves:
            raise _other(placed, found)
        return self.carry_out(placed, found.index, wait_s=wait_s)

    def judge_cold(self, order: Placed | int | str, thing: str, until_ms: int | None = None) -> int:
        """Decide that an order's cold chain broke, by the rule; gives the decision for `breach`.

        thing: a lot, item or pallet that an event ties to the order. until_ms: readings up to then,
        Unix ms; None for now. Raises as `decide_cold`.
        """
        placed = order if isinstance(order, Placed) else find_order(self.ledger, order)
        moment = self.actor.now_ms() if until_ms is None else until_ms
        return decide_cold(self.ledger, placed, thing, moment)

    def decide(
        self,
        order: Placed | int | str,
        outcome: str,
        *,
        why: str,
        by: Accountable,
        units: int | None = None,
        wait_s: float = _WAIT_S,
    ) -> Acted:
        """Record what a person decides on an order's money, and have the escrow do it.

        Raises as `decide_as_person` and `carry_out`.
        """
        placed = self._placed(order)
        self._carry_on(placed, wait_s)
        made = decide_as_person(self.ledger, placed, outcome, why=why, by=by, units=units)
        return self.carry_out(placed, made.index, wait_s=wait_s)

    def carry_out(self, placed: Placed, decision: int, *, wait_s: float = _WAIT_S) -> Acted:
        """Have the escrow do what a decision on an order's money says.

        What names a rule of the desk's is computed again before anything is signed: anybody who
        may write could name it. Raises VerificationError with code supply.replay, InputError with
        code supply.breach for a decision on something else, and as `Actor.act`.
        """
        moves = moves_of(self.ledger, placed)
        moved = next((one for one in moves if one.index == decision), None)
        if moved is None:
            raise _other(placed, self.ledger.decisions.get(decision))
        if is_by_rule(moved.decision):
            replay(self.ledger, decision)
        before = [one for one in moves if one.done and one.index != decision]
        if moved.outcome == RELEASE:
            amount, left = moved.amount, int(moved.decision.said["inputs"]["left"])
            move, scope, decider = actions.release, actions.RELEASE_SCOPE, RELEASE_DECIDER
        else:
            amount, left = owed(placed, before).amount, 0
            move, scope, decider = actions.return_, actions.RETURN_SCOPE, RETURN_DECIDER
        wanted = Wanted(
            call=move(self.escrow.address, self.terms(placed), amount, left),
            scope=scope,
            decider=decider,
            amount=amount,
            maker_kind=_kind_of(moved.decision),
        )
        return self.actor.act(decision, wanted, subject=placed.po, wait_s=wait_s)

    def appeal(self, order: Placed | int | str) -> OrderStanding:
        """Object to a verdict on an order's money that waits, by the ledger's own funder.

        Raises Refused with code supply.desk where the contract refuses.
        """
        placed = self._placed(order)
        try:
            call = self.contract.appeal(self.terms(placed))
            transact(self.actor.chain, self.actor.account("funder"), call)
        except Refused as err:
            raise _refused(err) from err
        return self.standing(placed)

    def settle(self, order: Placed | int | str) -> OrderStanding:
        """Do what the clock has decided about an order's money; anybody may. Raises as the chain.

        What falls to the desk is brought back to it.
        """
        placed = self._placed(order)
        terms = self.terms(placed)
        self._send(self.escrow.settle(terms))
        self.collect(terms.token)
        return self.standing(placed)

    def collect(self, token: str) -> int:
        """Bring back to the desk what the escrow returned to it; gives how much that was."""
        amount = self.escrow.credit(token, self.contract.address)
        if amount:
            self._send(self.contract.collect(token))
        return amount

    def has(self, token: str) -> int:
        """Tell what the desk has of a token that was not ordered for, in its smallest unit."""
        return TokenContract(self.actor.chain, token).balance(self.contract.address)

    def pay_in(self, token: str, amount: int, *, made: bool = False) -> int:
        """Pay money into the desk, by the ledger's own funder; gives what the desk has then.

        amount: in the token's smallest unit. made: the money is made for it, by the owner of a
        token of the ledger's own. Raises Refused as the token does, and as `transact`.
        """
        contract, where = TokenContract(self.actor.chain, token), self.contract.address
        call = contract.mint(where, amount) if made else contract.transfer(where, amount)
        transact(self.actor.chain, self.actor.account("owner" if made else "funder"), call)
        return self.has(token)

    def withdraw(self, token: str, to: str, amount: int) -> int:
        """Take out what was not ordered, by the ledger's own funder; gives what is left.

        Raises Refused with code supply.desk where the contract refuses.
        """
        self.collect(token)
        try:
            call = self.contract.withdraw(token, to, amount)
            transact(self.actor.chain, self.actor.account("funder"), call)
        except Refused as err:
            raise _refused(err) from err
        return self.has(token)

    # Looking -----------------------------------------------------------------------------------

    def standing(self, order: Placed | int | str) -> OrderStanding:
        """Ask the contracts where an order's money is."""
        placed = find_order(self.ledger, order) if not isinstance(order, Placed) else order
        amount, open_units = int(placed.said.amount), owed(placed, moves_of(self.ledger, placed))
        if self.contract.order_of(placed.said.decision.leaf or "") is None:
            none = PaymentState.NONE
            return OrderStanding(none, amount, 0, placed.said.payment_deadline_s, open_units.units)
        terms = self.terms(placed)
        found: Standing = self.escrow.standing(terms)
        return OrderStanding(found.state, amount, found.left, terms.deadline_s, open_units.units)

    def terms(self, placed: Placed) -> actions.PaymentTerms:
        """Tell on which terms an order was paid.

        They are those of its statement, unless governance changed the agreement in between: then
        the escrow's event tells them. Raises Conflict with code supply.unplaced.
        """
        payment = self.contract.order_of(placed.said.decision.leaf or "")
        if payment is None:
            raise Conflict(
                "supply.unplaced",
                f"expected order {placed.po[:80]!a} on chain {self.actor.chain.chain_id}, found "
                "that no contract placed it",
                hint="Place it again: it goes on where it was cut off.",
            )
        terms = placed.said.terms
        if self.escrow.payment_id(terms) == payment:
            return terms
        return self.escrow.terms_of(payment)

    # Behind it ---------------------------------------------------------------------------------

    def _placed(self, order: Placed | int | str) -> Placed:
        placed = order if isinstance(order, Placed) else find_order(self.ledger, order)
        self.terms(placed)
        return placed

    def _carry_on(self, placed: Placed, wait_s: float) -> None:
        """Carry out what the desk decided before and was cut off, so that amounts add up."""
        for one in moves_of(self.ledger, placed):
            if one.own and not one.done:
                self.carry_out(placed, one.index, wait_s=wait_s)

    def _send(self, call: ChainCall) -> None:
        transact(self.actor.chain, self.actor.account("actor"), call)


def _is_same(
    placed: Placed,
    desk: OrderDesk,
    order: Order,
    po: str | None,
    uom: str | None,
    cold_chain: ColdChain | None,
) -> bool:
    """Tell whether a decision's order is the one that is asked for, at this desk."""
    said = placed.said
    return (
        (said.chain_id, said.desk) == (desk.actor.chain.chain_id, desk.contract.address)
        and said.order == order
        and po in (None, placed.po)
        and uom in (None, said.uom)
        and cold_chain in (None, said.cold_chain)
    )


def _other(placed: Placed, found: FoundDecision) -> InputError:
    return InputError(
        "supply.breach",
        f"expected a decision to {', '.join(RETURNS)} that is based on order "
        f"{placed.po[:80]!a}, found one to {str(found.said['outcome'])[:40]!a}",
        hint="Name the order in what the decision is based on: `Placed.reference`.",
    )


def _refused(err: Refused) -> CounterfoilError:
    reason = reason_of(err)
    if reason is None:
        return err
    return Refused(
        "supply.desk",
        f"expected the desk to do as its funder says, but it refused: {reason[:64]!a}",
        hint="Only its funder takes money out, of what was not ordered for, and appeals in time.",
    )


def _kind_of(found: FoundDecision) -> str:
    model = found.said.get("model") or {}
    return "rule" if model.get("role") == _RULE else "model"
