# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A token with every bad habit, each to be switched on: for tests
@license Apache-2.0
@notice Says nothing or false, takes a fee from what arrives or from who pays, bars accounts, loses
        balances, and calls back whenever it moves.
"""

balances: HashMap[address, uint256]
allowance: public(HashMap[address, HashMap[address, uint256]])
taken: public(uint256)  # fees

silent: public(bool)  # returns nothing
lying: public(bool)  # returns false, and moves nothing
fee_percent: public(uint256)  # kept back from what arrives
toll: public(uint256)  # taken from who pays, beside the amount
barred: public(HashMap[address, bool])
callee: public(address)  # whom it calls in the midst of a transfer
calldata: public(Bytes[4096])
called: public(uint256)  # how often that passed


@external
def set_habits(silent: bool, lying: bool, fee_percent: uint256, toll: uint256):
    self.silent = silent
    self.lying = lying
    self.fee_percent = fee_percent
    self.toll = toll


@external
def set_barred(account: address, barred: bool):
    self.barred[account] = barred


@external
def set_call(callee: address, calldata: Bytes[4096]):
    self.callee = callee
    self.calldata = calldata


@external
def mint(account: address, amount: uint256):
    self.balances[account] += amount


@external
def lose(account: address, amount: uint256):
    self.balances[account] -= amount
    self.taken += amount


@external
@view
def balanceOf(account: address) -> uint256:
    return self.balances[account]


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
@raw_return
def transfer(receiver: address, amount: uint256) -> Bytes[32]:
    self._move(msg.sender, receiver, amount)
    return self._answer()


@external
def give(receiver: address, amount: uint256):
    self._move(msg.sender, receiver, amount)


@external
@raw_return
def transferFrom(sender: address, receiver: address, amount: uint256) -> Bytes[32]:
    self.allowance[sender][msg.sender] -= amount
    self._move(sender, receiver, amount)
    return self._answer()


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert not self.barred[sender] and not self.barred[receiver], "barred"
    if self.lying:
        return
    fee: uint256 = amount * self.fee_percent // 100
    toll: uint256 = self.toll
    self.balances[sender] -= amount + toll
    self.taken += fee + toll
    self._call()
    self.balances[receiver] += amount - fee


@internal
def _call():
    callee: address = self.callee
    if callee == empty(address):
        return
    self.callee = empty(address)
    passed: bool = raw_call(callee, self.calldata, revert_on_failure=False)
    if passed:
        self.called += 1
    self.callee = callee


@internal
@view
def _answer() -> Bytes[32]:
    if self.silent:
        return b""
    answer: uint256 = 1
    if self.lying:
        answer = 0
    return slice(abi_encode(answer), 0, 32)
