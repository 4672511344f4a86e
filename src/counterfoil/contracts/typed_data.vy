# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Typed data of a contract whose name is given when it is made
@license Apache-2.0
@notice EIP-712 with the domain (name, version "1", chain id, contract), told as EIP-5267 asks.
@dev What is signed, and that it cannot be used twice, is the caller's business.
"""

import signatures

NAME: immutable(String[64])
NAME_HASH: immutable(bytes32)


@deploy
def __init__(name: String[64]):
    NAME = name
    NAME_HASH = keccak256(name)


@external
@view
def eip712Domain() -> (
    bytes1, String[64], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice The domain that signatures are made for (EIP-5267).
    @return Which fields count, name, version, chain id, this contract, no salt, no extensions.
    """
    return 0x0f, NAME, signatures.VERSION, chain.id, self, empty(bytes32), []


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    """
    @notice The hash of that domain, as EIP-2612 asks.
    """
    return keccak256(
        abi_encode(
            signatures.DOMAIN_TYPE, NAME_HASH, keccak256(signatures.VERSION), chain.id, self
        )
    )


@internal
@view
def _require_signed(account: address, statement: bytes32, v: uint8, r: bytes32, s: bytes32):
    """
    @dev One signature has one form: v 27 or 28, low s; and a signature of nobody is none.
    """
    digest: bytes32 = signatures._digest(NAME_HASH, statement)
    signer: address = signatures._signer_of(digest, concat(r, s, convert(v, bytes1)))
    assert signer != empty(address) and signer == account, "signature"
