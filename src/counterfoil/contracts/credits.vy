# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
# pragma nonreentrancy on
"""
@title Credits: what each account may take out, of each token
@license Apache-2.0
@notice Money leaves only by its account's own call, to wherever that account says. So an account
        that cannot be paid blocks nobody but itself. What nobody took for `DORMANCY`, anybody may
        send to the account that it belongs to.
@dev What each token holds is kept apart, and a token is asked before and after it moves: one that
     takes a fee, lies or calls back can harm those who chose it, and nobody else.
"""

from ethereum.ercs import IERC20


BY_VERDICT: constant(uint8) = 1
BY_CLOCK: constant(uint8) = 2
BY_ARBITER: constant(uint8) = 3
BY_PAYEE: constant(uint8) = 4
BY_BATCH: constant(uint8) = 5


event Credited:
    token: indexed(address)
    account: indexed(address)
    payment_id: indexed(bytes32)
    amount: uint256
    by: uint8  # who decided: see above


event Withdrawn:
    token: indexed(address)
    account: indexed(address)
    to: indexed(address)
    amount: uint256


# After which an account's credit may be sent to it without its call, seconds.
DORMANCY: public(constant(uint256)) = 30 * 24 * 60 * 60

# No amount that comes in is larger, so that no sum of them overflows.
MAX_AMOUNT: constant(uint256) = 2**128 - 1

SINCE_AT: constant(uint256) = 192
AMOUNT_MASK: constant(uint256) = 2**192 - 1

# token -> account -> since when it is more than nothing (64 bits), amount (192), from the top
_credits: HashMap[address, HashMap[address, uint256]]


@external
@view
def credit_of(token: address, account: address) -> uint256:
    """
    @notice What an account may withdraw.
    @param token The token.
    @param account The account.
    """
    return self._credits[token][account] & AMOUNT_MASK


@external
def withdraw(token: address) -> uint256:
    """
    @notice Take all of the sender's credit.
    @dev Reverts: "nothing", and "token" if the token takes more than it is told to.
    @param token The token.
    @return How much.
    """
    return self._take_all(token, msg.sender)


@external
def withdraw_to(token: address, to: address, amount: uint256):
    """
    @notice Take a part of the sender's credit, to any account: where the own one cannot be paid, or
            the token does not pay so much at once.
    @dev Reverts like `withdraw`, and: "credit", "recipient".
    @param token The token.
    @param to Who gets it.
    @param amount How much.
    """
    self._take(token, msg.sender, to, amount)


@external
def push(token: address, account: address) -> uint256:
    """
    @notice Send a credit that nobody took for `DORMANCY` to the account that it belongs to; anybody
            may. An account that cannot call here is not locked out.
    @dev Reverts like `withdraw`, and: "too early".
    @param token The token.
    @param account Whose credit, and who gets it.
    @return How much.
    """
    since: uint256 = self._credits[token][account] >> SINCE_AT
    assert block.timestamp >= since + DORMANCY, "too early"
    return self._take_all(token, account)


@internal
def _credit(
    token: address, account: address, amount: uint256, payment_id: bytes32, by: uint8
):
    """
    @dev amount: of money that was taken in, so that the sum of all stays below 2^192.
    """
    word: uint256 = self._credits[token][account]
    if word == 0:
        word = block.timestamp << SINCE_AT
    self._credits[token][account] = word + amount
    log Credited(
        token=token, account=account, payment_id=payment_id, amount=amount, by=by
    )


@internal
def _take_all(token: address, account: address) -> uint256:
    amount: uint256 = self._credits[token][account] & AMOUNT_MASK
    self._take(token, account, account, amount)
    return amount


@internal
def _take(token: address, account: address, to: address, amount: uint256):
    assert amount != 0, "nothing"
    assert to != empty(address) and to != self, "recipient"
    word: uint256 = self._credits[token][account]
    held: uint256 = word & AMOUNT_MASK
    assert amount <= held, "credit"
    if amount == held:
        self._credits[token][account] = 0
    else:
        self._credits[token][account] = word - amount
    before: uint256 = self._balance(token)
    # a token may return nothing; one that says false did not pay
    assert extcall IERC20(token).transfer(to, amount, default_return_value=True), "token"
    # one that takes more than it is told to would take it from others
    assert self._balance(token) + amount >= before, "token"
    log Withdrawn(token=token, account=account, to=to, amount=amount)


@internal
def _pull(token: address, payer: address, amount: uint256) -> uint256:
    """
    @dev Take in what a payer allowed; gives what arrived. An NFT knows no such allowance.
    """
    assert staticcall IERC20(token).allowance(payer, self) >= amount, "allowance"
    before: uint256 = self._balance(token)
    assert extcall IERC20(token).transferFrom(
        payer, self, amount, default_return_value=True
    ), "token"
    return self._arrived(token, before)


@internal
@view
def _arrived(token: address, before: uint256) -> uint256:
    after: uint256 = self._balance(token)
    assert after > before and after - before <= MAX_AMOUNT, "token"
    return after - before


@internal
@view
def _balance(token: address) -> uint256:
    return staticcall IERC20(token).balanceOf(self)
