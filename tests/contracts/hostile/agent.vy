# pragma version 0.4.3
# pragma evm-version cancun
"""
@title An account with code that does what it is told, and refuses coins: for tests
@license Apache-2.0
"""

# what it answers in the midst of being called back: the same call once more
callee: public(address)
calldata: public(Bytes[4096])


@external
def act(callee: address, calldata: Bytes[4096]) -> Bytes[128]:
    return raw_call(callee, calldata, max_outsize=128)


@external
def set_echo(callee: address, calldata: Bytes[4096]):
    self.callee = callee
    self.calldata = calldata


@external
def __default__():
    if self.callee != empty(address):
        raw_call(self.callee, self.calldata)
