# pragma version 0.4.3
# pragma evm-version cancun
"""
@title As much of an ERC-721 as looks like money: for tests
@license Apache-2.0
"""

balanceOf: public(HashMap[address, uint256])
ownerOf: public(HashMap[uint256, address])
getApproved: public(HashMap[uint256, address])


@external
def mint(account: address, token_id: uint256):
    self.ownerOf[token_id] = account
    self.balanceOf[account] += 1


@external
def approve(account: address, token_id: uint256):
    self.getApproved[token_id] = account


@external
def transferFrom(sender: address, receiver: address, token_id: uint256):
    assert self.ownerOf[token_id] == sender and self.getApproved[token_id] == msg.sender
    self.balanceOf[sender] -= 1
    self.balanceOf[receiver] += 1
    self.ownerOf[token_id] = receiver
