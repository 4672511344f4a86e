# pragma version 0.4.3
# pragma evm-version cancun
"""
@title Asks many things at once, and signs whatever it is asked to (ERC-1271): for tests
@license Apache-2.0
"""

from ethereum.ercs import IERC20


interface IEscrow:
    def credit_of(token: address, account: address) -> uint256: view


@external
@view
def money(
    escrow: address, tokens: DynArray[address, 4], accounts: DynArray[address, 16]
) -> DynArray[uint256, 128]:
    """
    @notice For each token and account, its credit and its balance; the escrow's comes first.
    """
    told: DynArray[uint256, 128] = []
    for token: address in tokens:
        told.append(staticcall IERC20(token).balanceOf(escrow))
        for account: address in accounts:
            told.append(staticcall IEscrow(escrow).credit_of(token, account))
            told.append(staticcall IERC20(token).balanceOf(account))
    return told


@external
@view
def balances(account: address, tokens: DynArray[address, 4]) -> DynArray[uint256, 4]:
    told: DynArray[uint256, 4] = []
    for token: address in tokens:
        told.append(staticcall IERC20(token).balanceOf(account))
    return told


@external
@view
def isValidSignature(hash: bytes32, signature: Bytes[1024]) -> bytes4:
    return 0x1626ba7e
