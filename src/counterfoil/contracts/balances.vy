# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Balances whose issuer answers for them
@license Apache-2.0
@notice ERC-20, and what ERC-7943 adds for an issuer with duties: freezing, barring, forced
        transfers, each with its event.
@dev What ERC-7943 names an error is that error; other refusals are words.
"""

from ethereum.ercs import IERC20


event ForcedTransfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256


event Frozen:
    account: indexed(address)
    amount: uint256


event Barred:
    account: indexed(address)
    barred: bool


event OwnershipOffered:
    owner: indexed(address)
    to: indexed(address)


event OwnershipTransferred:
    previous: indexed(address)
    owner: indexed(address)


owner: public(address)
offered_to: public(address)
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
# May exceed the balance: then what comes later is frozen, too.
getFrozenTokens: public(HashMap[address, uint256])
is_barred: public(HashMap[address, bool])


@deploy
def __init__(owner: address):
    assert owner != empty(address), "zero account"
    self.owner = owner
    log OwnershipTransferred(previous=empty(address), owner=owner)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Pay from the sender's account.
    @dev Reverts: "balance", "zero account", and the errors of ERC-7943.
    """
    self._transfer(msg.sender, receiver, amount)
    return True


@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Pay from an account that allowed it; an allowance of 2^256 - 1 is never used up.
    @dev Reverts like `transfer`, and: "allowance".
    """
    allowed: uint256 = self.allowance[sender][msg.sender]
    if allowed != max_value(uint256):
        assert allowed >= amount, "allowance"
        self._approve(sender, msg.sender, unsafe_sub(allowed, amount))
    self._transfer(sender, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let another account pay up to `amount` from the sender's.
    """
    self._approve(msg.sender, spender, amount)
    return True


@external
def mint(account: address, amount: uint256):
    """
    @notice Make new money. Reverts: "not the owner", "zero account", `ERC7943CannotReceive`.
    """
    self._require_owner()
    self._require_receives(account)
    self.totalSupply += amount
    self.balanceOf[account] = unsafe_add(self.balanceOf[account], amount)
    log IERC20.Transfer(sender=empty(address), receiver=account, value=amount)


@external
def burn(amount: uint256):
    """
    @notice Destroy money of the sender's own that is not frozen. Reverts: "balance", and the errors
            of ERC-7943.
    """
    self._require_sends(msg.sender, amount)
    self.balanceOf[msg.sender] = unsafe_sub(self.balanceOf[msg.sender], amount)
    self.totalSupply = unsafe_sub(self.totalSupply, amount)
    log IERC20.Transfer(sender=msg.sender, receiver=empty(address), value=amount)


@external
def setFrozenTokens(account: address, amount: uint256) -> bool:
    """
    @notice Freeze this much of an account's money, now and to come; overwrites what was frozen.
    @dev Reverts: "not the owner".
    """
    self._require_owner()
    self._freeze(account, amount)
    return True


@external
def forcedTransfer(sender: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Move an account's money without it, frozen or not, as its owner's duty may be.
    @dev Reverts: "not the owner", "balance", "zero account", `ERC7943CannotReceive`.
    """
    self._require_owner()
    self._require_receives(receiver)
    held: uint256 = self.balanceOf[sender]
    assert held >= amount, "balance"
    after: uint256 = unsafe_sub(held, amount)
    if self.getFrozenTokens[sender] > after:
        self._freeze(sender, after)
    self._move(sender, receiver, amount)
    log ForcedTransfer(sender=sender, receiver=receiver, amount=amount)
    return True


@external
def set_barred(account: address, barred: bool):
    """
    @notice Bar an account from sending and receiving, or let it again. Reverts: "not the owner".
    """
    self._require_owner()
    self.is_barred[account] = barred
    log Barred(account=account, barred=barred)


@external
def offer_ownership(to: address):
    """
    @notice Offer this token to another account, which has to accept; zero takes the offer back.
    @dev Reverts: "not the owner".
    """
    self._require_owner()
    self.offered_to = to
    log OwnershipOffered(owner=msg.sender, to=to)


@external
def accept_ownership():
    """
    @notice Become the owner, as was offered. Reverts: "not offered".
    """
    assert msg.sender == self.offered_to, "not offered"
    log OwnershipTransferred(previous=self.owner, owner=msg.sender)
    self.owner = msg.sender
    self.offered_to = empty(address)


@external
@view
def canSend(account: address) -> bool:
    """
    @notice Whether this account may pay at all.
    """
    return not self.is_barred[account]


@external
@view
def canReceive(account: address) -> bool:
    """
    @notice Whether this account may be paid at all.
    """
    return account != empty(address) and not self.is_barred[account]


@external
@view
def canTransfer(sender: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Whether rules allow this payment. Whether the balance suffices is not asked, but where
            something is frozen, whether the rest does.
    """
    if self.is_barred[sender] or self.is_barred[receiver] or receiver == empty(address):
        return False
    return self.getFrozenTokens[sender] == 0 or amount <= self._unfrozen(sender)


@internal
def _transfer(sender: address, receiver: address, amount: uint256):
    self._require_sends(sender, amount)
    self._require_receives(receiver)
    self._move(sender, receiver, amount)


@internal
def _move(sender: address, receiver: address, amount: uint256):
    # the sum of all balances is the total supply, so none overflows
    self.balanceOf[sender] = unsafe_sub(self.balanceOf[sender], amount)
    self.balanceOf[receiver] = unsafe_add(self.balanceOf[receiver], amount)
    log IERC20.Transfer(sender=sender, receiver=receiver, value=amount)


@internal
def _approve(owner: address, spender: address, amount: uint256):
    self.allowance[owner][spender] = amount
    log IERC20.Approval(owner=owner, spender=spender, value=amount)


@internal
def _freeze(account: address, amount: uint256):
    self.getFrozenTokens[account] = amount
    log Frozen(account=account, amount=amount)


@internal
@view
def _unfrozen(account: address) -> uint256:
    held: uint256 = self.balanceOf[account]
    return unsafe_sub(held, min(held, self.getFrozenTokens[account]))


@internal
@view
def _require_owner():
    assert msg.sender == self.owner, "not the owner"


@internal
@view
def _require_sends(sender: address, amount: uint256):
    assert self.balanceOf[sender] >= amount, "balance"
    if self.is_barred[sender]:
        raw_revert(abi_encode(sender, method_id=method_id("ERC7943CannotSend(address)")))
    unfrozen: uint256 = self._unfrozen(sender)
    if amount > unfrozen:
        raw_revert(
            abi_encode(
                sender,
                amount,
                unfrozen,
                method_id=method_id(
                    "ERC7943InsufficientUnfrozenBalance(address,uint256,uint256)"
                ),
            )
        )


@internal
@view
def _require_receives(receiver: address):
    assert receiver != empty(address), "zero account"
    if self.is_barred[receiver]:
        raw_revert(abi_encode(receiver, method_id=method_id("ERC7943CannotReceive(address)")))
