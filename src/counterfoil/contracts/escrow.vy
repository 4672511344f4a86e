# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Escrow: payments that verdicts hold, release or return, and that the clock ends
@license Apache-2.0
@notice A payer deposits; verdicts that pass the gate say what becomes of it; what they do not
        decide in time, the clock does. Money is credited, and each account takes its own.

        state     | what may come                                 | becomes
        ----------+-----------------------------------------------+------------------------------
        (none)    | deposit, by the payer or with its signature   | open
        open      | verdict payment.hold                          | held
        open      | the payee waives                              | settled: payer
        open      | clock, from `due` on                          | settled: payee
        open      | clock, from `deadline` on, if there is no due | settled: payer
        held      | clock, from `deadline` on                     | settled: payer
        open/held | verdict payment.release or payment.return     | pending; at once where window 0
        pending   | payer, payee or arbiter appeals in the window | appealed
        pending   | clock, after the window                       | the decided part is credited
        appealed  | the arbiter rules in a second window          | that part, as the arbiter said
        appealed  | clock, after the window                       | that part, as the verdict said
        settled   | nothing                                       |

        A verdict may decide on a part. What is left is open or held as before.
@dev What this contract refuses to do:
     - to have an owner, a pause, an upgrade or a fee: nobody can take money, or stop it.
     - to ask the gate about a refund: what the clock decides needs no gate, registry, log or key.
     - to push money at somebody who cannot be paid, and let others wait for it.
     - to let two things be possible where one was decided: at any moment the clock has one answer.
     - to take a token's word: what arrived counts, and what one token does harms no other.
     What it cannot undo: tokens that are sent here without a deposit belong to nobody, and a token
     whose own owner may take or freeze may do so here. See docs/reference/contracts.md.
"""

import batches
import credits
import payments
import terms
from . import IDecisionGate

initializes: credits
initializes: payments[credits := credits]
initializes: batches[credits := credits]

exports: (
    terms.payment_id,
    terms.hold_action,
    terms.release_action,
    terms.return_action,
    terms.batch_action,
    payments.standing_of,
    payments.settle,
    payments.appeal,
    payments.rule,
    payments.waive,
    payments.MAX_TERM,
    payments.MAX_WINDOW,
    credits.credit_of,
    credits.withdraw,
    credits.withdraw_to,
    credits.push,
    credits.DORMANCY,
    batches.batch_left,
    batches.is_applied,
    batches.apply_chunk,
    batches.claim,
    batches.close_batch,
)


interface IAuthorized:
    def receiveWithAuthorization(
        sender: address,
        receiver: address,
        amount: uint256,
        valid_after: uint256,
        valid_before: uint256,
        nonce: bytes32,
        v: uint8,
        r: bytes32,
        s: bytes32,
    ): nonpayable


HOLD_SCOPE: constant(bytes32) = keccak256("payment.hold")
RELEASE_SCOPE: constant(bytes32) = keccak256("payment.release")
RETURN_SCOPE: constant(bytes32) = keccak256("payment.return")
MAX_PACKED: constant(uint256) = 4096

GATE: public(immutable(IDecisionGate))


@deploy
def __init__(gate: IDecisionGate):
    """
    @notice Make an escrow whose verdicts pass this gate; it can never be another.
    @param gate The gate.
    """
    assert gate.address.is_contract, "no contract"
    GATE = gate


@external
def deposit(told: terms.Terms) -> uint256:
    """
    @notice Pay in, as the payer, what the token allows this contract.
    @dev Reverts: "not the payer", "exists", "payee", "arbiter", "amount", "window", "due",
         "deadline", "allowance", "token".
    @param told The payment's terms.
    @return What arrived: less than the amount where the token takes a fee.
    """
    return self._deposit(told)


@external
def deposit_with_permit(
    told: terms.Terms, permit_deadline: uint256, v: uint8, r: bytes32, s: bytes32
) -> uint256:
    """
    @notice Pay in, as the payer, with an allowance that is signed (EIP-2612).
    @dev A permit that somebody else brought first has done its work: it is not required to pass,
         the allowance is. Reverts like `deposit`.
    @param told The payment's terms; the permit is over their amount, for this contract.
    @param permit_deadline Of the permit.
    @return What arrived.
    """
    brought: bool = raw_call(
        told.token,
        abi_encode(
            told.payer,
            self,
            told.amount,
            permit_deadline,
            v,
            r,
            s,
            method_id=method_id(
                "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
            ),
        ),
        revert_on_failure=False,
    )
    return self._deposit(told)


@external
def deposit_with_authorization(
    told: terms.Terms, valid_after: uint256, valid_before: uint256, v: uint8, r: bytes32, s: bytes32
) -> uint256:
    """
    @notice Bring a payment that its payer signed (ERC-3009, `ReceiveWithAuthorization`); anybody
            may.
    @dev The authorization's nonce is the payment's id, so whoever brings it cannot change a term.
         Reverts like `deposit`, but for "not the payer" and "allowance", and as the token does.
    @param told The payment's terms.
    @param valid_after Of the authorization.
    @param valid_before Of the authorization.
    @return What arrived.
    """
    payment_id: bytes32 = terms._payment_id(told)
    payments._require_terms(told, payment_id)
    before: uint256 = credits._balance(told.token)
    extcall IAuthorized(told.token).receiveWithAuthorization(
        told.payer, self, told.amount, valid_after, valid_before, payment_id, v, r, s
    )
    arrived: uint256 = credits._arrived(told.token, before)
    payments._open(told, payment_id, arrived)
    return arrived


@external
def hold(told: terms.Terms, packed: Bytes[MAX_PACKED]):
    """
    @notice Hold a payment by a verdict of scope payment.hold: the clock no longer gives it to the
            payee. Counts as moving all that is left, so that a stolen key cannot hold everything.
    @dev Reverts: "unknown payment", "settled", "pending", "too late", "held", and as the gate does.
    @param told The payment's terms.
    @param packed The verdict, as the gate takes it; its action is `hold_action`.
    """
    payment_id: bytes32 = terms._payment_id(told)
    amount: uint256 = payments._left_to_decide(told, payment_id)
    decision: bytes32 = self._pass(HOLD_SCOPE, terms._hold_action(told), amount, packed)
    payments._hold(payment_id, decision)


@external
def release(told: terms.Terms, amount: uint256, left: uint256, packed: Bytes[MAX_PACKED]):
    """
    @notice Release a payment, or a part of it, to its payee by a verdict of scope payment.release.
    @dev Reverts: "payee" for a payment to many, "unknown payment", "settled", "pending", "too late",
         "amount", "left", and as the gate does.
    @param told The payment's terms.
    @param amount How much.
    @param left What is then left.
    @param packed The verdict; its action is `release_action`.
    """
    assert told.payee != empty(address), "payee"
    self._judged(terms.RELEASE_TYPE, RELEASE_SCOPE, told, amount, left, packed)


@external
def return_(told: terms.Terms, amount: uint256, left: uint256, packed: Bytes[MAX_PACKED]):
    """
    @notice Return a payment, or a part of it, to its payer by a verdict of scope payment.return.
    @dev Reverts like `release`, but for "payee".
    @param told The payment's terms.
    @param amount How much.
    @param left What is then left.
    @param packed The verdict; its action is `return_action`.
    """
    self._judged(terms.RETURN_TYPE, RETURN_SCOPE, told, amount, left, packed)


@external
def release_batch(told: terms.Terms, batch: terms.Batch, packed: Bytes[MAX_PACKED]):
    """
    @notice Release a payment to many, or a part of it, to those whom a batch names, by one verdict
            of scope payment.release.
    @dev Reverts: "payee" for a payment to one, "unknown payment", "settled", "too late", "amount",
         "left", "root", "until", and as the gate does.
    @param told The payment's terms.
    @param batch Root, chunks, total, what is then left, and until when rows can be claimed.
    @param packed The verdict; its action is `batch_action`.
    """
    assert told.payee == empty(address), "payee"
    payment_id: bytes32 = terms._payment_id(told)
    self._require_left(told, payment_id, batch.total, batch.left)
    assert batch.root != empty(bytes32) and batch.chunks != 0, "root"
    now: uint64 = convert(block.timestamp, uint64)
    assert batch.until > now and batch.until <= now + payments.MAX_TERM, "until"
    batch_id: bytes32 = terms._batch_action(told, batch)
    decision: bytes32 = self._pass(RELEASE_SCOPE, batch_id, batch.total, packed)
    payments._spend(payment_id, batch.total)
    batches._open(payment_id, batch_id, batch, decision)


@internal
def _deposit(told: terms.Terms) -> uint256:
    assert msg.sender == told.payer, "not the payer"
    payment_id: bytes32 = terms._payment_id(told)
    payments._require_terms(told, payment_id)
    arrived: uint256 = credits._pull(told.token, told.payer, told.amount)
    payments._open(told, payment_id, arrived)
    return arrived


@internal
def _judged(
    kind: bytes32,
    scope: bytes32,
    told: terms.Terms,
    amount: uint256,
    left: uint256,
    packed: Bytes[MAX_PACKED],
):
    payment_id: bytes32 = terms._payment_id(told)
    self._require_left(told, payment_id, amount, left)
    action: bytes32 = terms._move_action(kind, told, amount, left)
    decision: bytes32 = self._pass(scope, action, amount, packed)
    payments._decide(told, payment_id, amount, kind == terms.RELEASE_TYPE, decision)


@internal
@view
def _require_left(told: terms.Terms, payment_id: bytes32, amount: uint256, left: uint256):
    now: uint256 = payments._left_to_decide(told, payment_id)
    assert amount != 0 and amount <= now, "amount"
    assert unsafe_sub(now, amount) == left, "left"


@internal
def _pass(
    scope: bytes32, action: bytes32, amount: uint256, packed: Bytes[MAX_PACKED]
) -> bytes32:
    """
    @dev Use a verdict up at the gate; gives the leaf of the decision that it tells of.
    """
    verdict: IDecisionGate.Verdict = extcall GATE.consume(scope, action, amount, packed)
    return verdict.decision
