# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Where each payment stands, and what the clock makes of it
@license Apache-2.0
@notice A payment is open or held; a decision on a part of it may be pending, or under appeal.
        Whatever nobody decides, the clock does, and at any moment it has one answer only.
@dev This module asks no gate and moves no token: so its clock cannot be stopped by either.
"""

import credits
import terms

uses: credits


event Deposited:
    payment_id: indexed(bytes32)
    payer: indexed(address)
    payee: indexed(address)
    terms: terms.Terms
    arrived: uint256


event Held:
    payment_id: indexed(bytes32)
    decision: indexed(bytes32)


event Decided:
    payment_id: indexed(bytes32)
    decision: indexed(bytes32)
    to_payee: bool
    amount: uint256
    until: uint256  # when it takes effect


event Appealed:
    payment_id: indexed(bytes32)
    by: indexed(address)
    until: uint256  # when it takes effect unless the arbiter rules


event Ruled:
    payment_id: indexed(bytes32)
    to_payee: uint256
    to_payer: uint256


# A payment that is longer than this would lock its payer's money by a slip of the pen. Seconds.
MAX_TERM: public(constant(uint64)) = 5 * 365 * 24 * 60 * 60
MAX_WINDOW: public(constant(uint64)) = 30 * 24 * 60 * 60

KNOWN: constant(uint256) = 1 << 255
HELD: constant(uint256) = 1 << 254
TO_PAYEE: constant(uint256) = 1 << 255
APPEALED: constant(uint256) = 1 << 254
UNTIL_AT: constant(uint256) = 128
UNTIL_MASK: constant(uint256) = 2**64 - 1
AMOUNT_MASK: constant(uint256) = 2**128 - 1

# Known (1 bit), held (1), and what is left (128), from the top and the bottom.
_standings: HashMap[bytes32, uint256]
# Of a decision that waits: to the payee (1 bit), appealed (1), until when (64), amount (128).
_pending: HashMap[bytes32, uint256]


@external
@view
def standing_of(payment_id: bytes32) -> (bool, bool, uint256, uint256, bool, bool, uint256):
    """
    @notice Where a payment stands, as was last written; what the clock has decided since, `settle`
            writes.
    @param payment_id The payment.
    @return Whether it is known, whether it is held, what is left of it; of the decision that waits:
            amount (0: none waits), whether it is to the payee, whether it is appealed, and when it
            takes effect.
    """
    word: uint256 = self._standings[payment_id]
    waits: uint256 = self._pending[payment_id]
    return (
        word & KNOWN != 0,
        word & HELD != 0,
        word & AMOUNT_MASK,
        waits & AMOUNT_MASK,
        waits & TO_PAYEE != 0,
        waits & APPEALED != 0,
        (waits >> UNTIL_AT) & UNTIL_MASK,
    )


@external
def settle(told: terms.Terms):
    """
    @notice Do what the clock has decided; anybody may, and nothing else is asked.
    @dev A decision whose window is over takes effect. Then, if something is left, the payee gets it
         from `due` on unless it was held before; else the payer does from `deadline` on.
         Reverts: "unknown payment", "settled", "too early".
    @param told The payment's terms.
    """
    payment_id: bytes32 = terms._payment_id(told)
    word: uint256 = self._known(payment_id)
    waits: uint256 = self._pending[payment_id]
    if waits != 0:
        assert block.timestamp >= (waits >> UNTIL_AT) & UNTIL_MASK, "too early"
        self._pending[payment_id] = 0
        self._move(
            told,
            payment_id,
            waits & AMOUNT_MASK,
            waits & TO_PAYEE != 0,
            credits.BY_VERDICT,
        )
        word = self._standings[payment_id]
    left: uint256 = word & AMOUNT_MASK
    if self._is_due(told, word):
        self._move(told, payment_id, left, True, credits.BY_CLOCK)
    elif block.timestamp >= convert(told.deadline, uint256):
        self._move(told, payment_id, left, False, credits.BY_CLOCK)
    else:
        assert waits != 0, "too early"


@external
def appeal(told: terms.Terms):
    """
    @notice Object to a decision before it takes effect, as payer, payee or arbiter; the arbiter
            then has another window to rule.
    @dev Reverts: "not a party", "nothing waits", "appealed", "too late".
    @param told The payment's terms.
    """
    payment_id: bytes32 = terms._payment_id(told)
    waits: uint256 = self._pending[payment_id]
    assert waits != 0, "nothing waits"
    assert (
        msg.sender == told.payer or msg.sender == told.payee or msg.sender == told.arbiter
    ), "not a party"
    assert waits & APPEALED == 0, "appealed"
    assert block.timestamp < (waits >> UNTIL_AT) & UNTIL_MASK, "too late"
    until: uint256 = block.timestamp + convert(told.window, uint256)
    kept: uint256 = waits & (TO_PAYEE | AMOUNT_MASK)
    self._pending[payment_id] = kept | APPEALED | (until << UNTIL_AT)
    log Appealed(payment_id=payment_id, by=msg.sender, until=until)


@external
def rule(told: terms.Terms, to_payee: uint256):
    """
    @notice Rule on an appeal, as the arbiter: how much of what waits the payee gets; the payer gets
            the rest of it.
    @dev An arbiter who says nothing in time leaves the verdict as it is.
         Reverts: "not the arbiter", "not appealed", "too late", "amount".
    @param told The payment's terms.
    @param to_payee How much the payee gets.
    """
    payment_id: bytes32 = terms._payment_id(told)
    waits: uint256 = self._pending[payment_id]
    assert waits & APPEALED != 0, "not appealed"
    assert msg.sender == told.arbiter, "not the arbiter"
    assert block.timestamp < (waits >> UNTIL_AT) & UNTIL_MASK, "too late"
    amount: uint256 = waits & AMOUNT_MASK
    assert to_payee <= amount, "amount"
    to_payer: uint256 = unsafe_sub(amount, to_payee)
    self._pending[payment_id] = 0
    log Ruled(payment_id=payment_id, to_payee=to_payee, to_payer=to_payer)
    self._move(told, payment_id, to_payee, True, credits.BY_ARBITER)
    self._move(told, payment_id, to_payer, False, credits.BY_ARBITER)


@external
def waive(told: terms.Terms):
    """
    @notice Give back what is left, as the payee; no verdict is needed for that. Not while it is
            held, or a decision waits.
    @dev Reverts: "not the payee", "unknown payment", "settled", "held", "pending".
    @param told The payment's terms.
    """
    payment_id: bytes32 = terms._payment_id(told)
    word: uint256 = self._known(payment_id)
    assert msg.sender == told.payee, "not the payee"
    assert word & HELD == 0, "held"
    assert self._pending[payment_id] == 0, "pending"
    self._move(told, payment_id, word & AMOUNT_MASK, False, credits.BY_PAYEE)


@internal
@view
def _require_terms(told: terms.Terms, payment_id: bytes32):
    """
    @dev Reverts: "exists", "payee", "arbiter", "amount", "window", "due", "deadline".
    """
    now: uint64 = convert(block.timestamp, uint64)
    assert self._standings[payment_id] == 0, "exists"
    assert told.payee != self and told.payee != told.payer, "payee"
    assert told.amount <= credits.MAX_AMOUNT and told.amount != 0, "amount"
    assert told.deadline > now and told.deadline <= now + MAX_TERM, "deadline"
    assert told.window <= MAX_WINDOW, "window"
    assert (told.window == 0) == (told.arbiter == empty(address)), "window"
    if told.arbiter != empty(address):
        assert told.arbiter != told.payer and told.arbiter != told.payee, "arbiter"
    if told.due != 0:
        assert told.due > now and told.due <= told.deadline, "due"
    if told.payee == empty(address):
        # a batch credits at once, and the clock would not know whom to pay
        assert told.window == 0, "window"
        assert told.due == 0, "due"


@internal
def _open(told: terms.Terms, payment_id: bytes32, arrived: uint256):
    self._standings[payment_id] = KNOWN | arrived
    log Deposited(
        payment_id=payment_id, payer=told.payer, payee=told.payee, terms=told, arrived=arrived
    )


@internal
@view
def _known(payment_id: bytes32) -> uint256:
    word: uint256 = self._standings[payment_id]
    assert word != 0, "unknown payment"
    assert word & AMOUNT_MASK != 0, "settled"
    return word


@internal
@view
def _left_to_decide(told: terms.Terms, payment_id: bytes32) -> uint256:
    """
    @dev What is left of a payment on which verdicts still count.
         Reverts: "unknown payment", "settled", "pending", "too late".
    """
    word: uint256 = self._known(payment_id)
    assert self._pending[payment_id] == 0, "pending"
    assert block.timestamp < convert(told.deadline, uint256), "too late"
    assert not self._is_due(told, word), "too late"
    return word & AMOUNT_MASK


@internal
@view
def _is_due(told: terms.Terms, word: uint256) -> bool:
    return (
        told.due != 0
        and word & HELD == 0
        and block.timestamp >= convert(told.due, uint256)
    )


@internal
def _hold(payment_id: bytes32, decision: bytes32):
    word: uint256 = self._standings[payment_id]
    assert word & HELD == 0, "held"
    self._standings[payment_id] = word | HELD
    log Held(payment_id=payment_id, decision=decision)


@internal
def _decide(
    told: terms.Terms, payment_id: bytes32, amount: uint256, to_payee: bool, decision: bytes32
):
    """
    @dev amount: not nothing, and not more than is left.
    """
    until: uint256 = block.timestamp + convert(told.window, uint256)
    log Decided(
        payment_id=payment_id, decision=decision, to_payee=to_payee, amount=amount, until=until
    )
    if told.window == 0:
        self._move(told, payment_id, amount, to_payee, credits.BY_VERDICT)
        return
    direction: uint256 = 0
    if to_payee:
        direction = TO_PAYEE
    self._pending[payment_id] = direction | (until << UNTIL_AT) | amount


@internal
def _move(
    told: terms.Terms, payment_id: bytes32, amount: uint256, to_payee: bool, by: uint8
):
    if amount == 0:
        return
    self._spend(payment_id, amount)
    account: address = told.payer
    if to_payee:
        account = told.payee
    credits._credit(told.token, account, amount, payment_id, by)


@internal
def _spend(payment_id: bytes32, amount: uint256):
    word: uint256 = self._standings[payment_id]
    assert amount <= word & AMOUNT_MASK, "amount"
    self._standings[payment_id] = unsafe_sub(word, amount)
