# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Reorder desk: a proven decision places one order, and its money waits in the escrow
@license Apache-2.0
@notice A buyer's money lies here. A verdict of scope supply.order that passes the gate places one
        order, within what governance agreed on with the supplier, and pays for it into the escrow:
        this desk is the payer, the supplier the payee. What becomes of that money is the escrow's
        to say: a delivery releases it or a part, a breach returns it, and so does the deadline.
@dev What this contract refuses to do:
     - to place two orders for one decision, whatever verdicts are made of it.
     - to order beyond an agreement, of a supplier without one, or for a decision whose outcome is
       another one than the agreement says.
     - to let its funder take back what was ordered: that money is in the escrow.
     - to keep an account of anybody else: all that it has of a token is the funder's.
     - to decide on a delivery: the escrow asks the same gate for that.
     The registry's owner makes agreements, and can take no money; the funder takes what is not
     ordered, and can change no agreement.
"""

from ethereum.ercs import IERC20

import agreements
import terms
from . import IDecisionGate

initializes: agreements

exports: (agreements.agreement_of, agreements.ordered_of)


interface IEscrow:
    def GATE() -> IDecisionGate: view
    def deposit(told: terms.Terms) -> uint256: nonpayable
    def appeal(told: terms.Terms): nonpayable
    def withdraw(token: address) -> uint256: nonpayable
    def withdraw_to(token: address, to: address, amount: uint256): nonpayable


interface IGoverned:
    def REGISTRY() -> IOwned: view


interface IOwned:
    def owner() -> address: view


event AgreementMade:
    item: indexed(bytes32)
    supplier: indexed(bytes32)
    agreement: agreements.Agreement


event AgreementEnded:
    item: indexed(bytes32)
    supplier: indexed(bytes32)


event Ordered:
    decision: indexed(bytes32)
    payment_id: indexed(bytes32)
    supplier: indexed(bytes32)
    order: agreements.Order
    amount: uint256


event Withdrawn:
    token: indexed(address)
    to: indexed(address)
    amount: uint256


event Collected:
    token: indexed(address)
    to: indexed(address)
    amount: uint256


SCOPE: constant(bytes32) = keccak256("supply.order")
# The call without its verdict: the hash of the function's signature.
PLACE: constant(bytes32) = keccak256("place((bytes32,bytes32,uint64,uint128,uint64))")
MAX_PACKED: constant(uint256) = 4096

ESCROW: public(immutable(IEscrow))
GATE: public(immutable(IDecisionGate))
REGISTRY: public(immutable(IOwned))
FUNDER: public(immutable(address))

# Leaf of a decision -> id of the payment that its order made, on the escrow.
order_of: public(HashMap[bytes32, bytes32])


@deploy
def __init__(escrow: IEscrow, funder: address):
    """
    @notice Make a desk for one funder. Gate and registry are the escrow's, so that one governance
            allows who orders and who releases.
    @param escrow The escrow that its orders are paid into.
    @param funder Whose money it is.
    """
    assert escrow.address.is_contract, "no contract"
    assert funder != empty(address) and funder != escrow.address, "funder"
    ESCROW = escrow
    GATE = staticcall escrow.GATE()
    REGISTRY = staticcall IGoverned(GATE.address).REGISTRY()
    FUNDER = funder


@external
@view
def place_action(order: agreements.Order) -> bytes32:
    """
    @notice What a verdict has to name as its action so that `place` takes it.
    @param order The order.
    @return keccak256(abi.encode(keccak256("place(...)"), chain id, this contract, order)).
    """
    return self._place_action(order)


@external
@view
def terms_of(order: agreements.Order, decision: bytes32) -> terms.Terms:
    """
    @notice On which terms an order would be paid into the escrow, by the agreement as it is now.
    @dev Reverts: "no agreement", "quantity", "price", "deadline".
    @param order The order.
    @param decision Leaf of the decision; it is the payment's salt.
    """
    return self._terms(order, agreements._within(order), decision)


@external
def place(order: agreements.Order, packed: Bytes[MAX_PACKED]) -> bytes32:
    """
    @notice Place an order, if a proven decision says so. Anybody may bring the proof.
    @dev Reverts: "no agreement", "quantity", "price", "deadline", "outcome", "ordered",
         "period quantity", "budget", "funds", "token", and as the gate and the escrow do.
    @param order Item, supplier, quantity, price and delivery deadline.
    @param packed The verdict, as the gate takes it; its action is `place_action`.
    @return The id of the payment, on the escrow.
    """
    agreed: agreements.Agreement = agreements._within(order)
    amount: uint256 = self._amount(order)
    verdict: IDecisionGate.Verdict = extcall GATE.consume(
        SCOPE, self._place_action(order), amount, packed
    )
    assert verdict.outcome == agreed.outcome, "outcome"
    # another verdict of the same decision, by any key, model or log
    assert self.order_of[verdict.decision] == empty(bytes32), "ordered"
    agreements._count(order, agreed, amount)
    told: terms.Terms = self._terms(order, agreed, verdict.decision)
    payment_id: bytes32 = keccak256(
        abi_encode(terms.PAYMENT_TYPE, chain.id, ESCROW.address, told)
    )
    self.order_of[verdict.decision] = payment_id
    self._pay(told)
    log Ordered(
        decision=verdict.decision,
        payment_id=payment_id,
        supplier=order.supplier,
        order=order,
        amount=amount,
    )
    return payment_id


@external
def agree(item: bytes32, supplier: bytes32, agreement: agreements.Agreement):
    """
    @notice Say what may be ordered of a supplier, and how far; the registry's owner only.
    @dev Orders that were placed stay as they are. Reverts: "not the owner", "payee", "token",
         "outcome", "period", "term", "window", "arbiter".
    @param item keccak256 of the item's name.
    @param supplier keccak256 of the supplier's name.
    @param agreement Who is paid, in what, and how much at most.
    """
    self._require_owner()
    agreements._agree(item, supplier, agreement, ESCROW.address, FUNDER)
    log AgreementMade(item=item, supplier=supplier, agreement=agreement)


@external
def end(item: bytes32, supplier: bytes32):
    """
    @notice Let nothing more be ordered under an agreement; the registry's owner only.
    @dev Reverts: "not the owner", "no agreement".
    @param item keccak256 of the item's name.
    @param supplier keccak256 of the supplier's name.
    """
    self._require_owner()
    agreements._end(item, supplier)
    log AgreementEnded(item=item, supplier=supplier)


@external
def withdraw(token: address, to: address, amount: uint256):
    """
    @notice Take out what was not ordered; the funder only.
    @dev Reverts: "not the funder", "recipient", "funds", "token".
    @param token The token.
    @param to Who gets it.
    @param amount How much.
    """
    assert msg.sender == FUNDER, "not the funder"
    assert to != empty(address) and to != self, "recipient"
    assert amount != 0 and self._balance(token) >= amount, "funds"
    assert extcall IERC20(token).transfer(to, amount, default_return_value=True), "token"
    log Withdrawn(token=token, to=to, amount=amount)


@external
def collect(token: address) -> uint256:
    """
    @notice Take back here what the escrow returned to this desk; anybody may.
    @dev Reverts as the escrow's `withdraw`: "nothing" where nothing was returned, "token".
    @param token The token.
    @return How much the escrow paid out.
    """
    amount: uint256 = extcall ESCROW.withdraw(token)
    log Collected(token=token, to=self, amount=amount)
    return amount


@external
def collect_to(token: address, to: address, amount: uint256):
    """
    @notice Take what the escrow returned to another account; the funder only. A token that bars
            this desk locks nothing.
    @dev Reverts: "not the funder", and as the escrow's `withdraw_to`.
    @param token The token.
    @param to Who gets it.
    @param amount How much.
    """
    assert msg.sender == FUNDER, "not the funder"
    extcall ESCROW.withdraw_to(token, to, amount)
    log Collected(token=token, to=to, amount=amount)


@external
def appeal(told: terms.Terms):
    """
    @notice Object to a verdict on an order's money before it takes effect, as its payer; the funder
            only.
    @dev Reverts: "not the funder", and as the escrow's `appeal`.
    @param told The terms of the order's payment.
    """
    assert msg.sender == FUNDER, "not the funder"
    extcall ESCROW.appeal(told)


@internal
@view
def _require_owner():
    assert msg.sender == staticcall REGISTRY.owner(), "not the owner"


@internal
@view
def _place_action(order: agreements.Order) -> bytes32:
    return keccak256(abi_encode(PLACE, chain.id, self, order))


@internal
@pure
def _amount(order: agreements.Order) -> uint256:
    """
    @dev At most 2^192: the escrow refuses what is above 2^128.
    """
    return convert(order.quantity, uint256) * convert(order.unit_price, uint256)


@internal
@view
def _terms(
    order: agreements.Order, agreed: agreements.Agreement, decision: bytes32
) -> terms.Terms:
    return terms.Terms(
        payer=self,
        payee=agreed.payee,
        token=agreed.token,
        amount=self._amount(order),
        arbiter=agreed.arbiter,
        window=convert(agreed.window, uint64),
        due=0,  # never the supplier's without a verdict
        deadline=order.deadline + convert(agreed.grace, uint64),
        salt=decision,
    )


@internal
def _pay(told: terms.Terms):
    """
    @dev Pay exactly the order's money into the escrow: not less arrives, and not more leaves.
    """
    token: IERC20 = IERC20(told.token)
    before: uint256 = self._balance(told.token)
    assert before >= told.amount, "funds"
    assert extcall token.approve(ESCROW.address, told.amount, default_return_value=True), "token"
    arrived: uint256 = extcall ESCROW.deposit(told)
    assert arrived == told.amount, "token"
    assert self._balance(told.token) + told.amount >= before, "token"


@internal
@view
def _balance(token: address) -> uint256:
    return staticcall IERC20(token).balanceOf(self)
