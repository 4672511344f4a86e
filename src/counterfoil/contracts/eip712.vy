# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Signatures that count for this contract on this chain only
@license Apache-2.0
@notice EIP-712 with the anchor's domain (name, version, chain id, contract), told as EIP-5267 asks.
@dev No storage. What is signed, and that it cannot be used twice, is the caller's business.
"""

import signatures

NAME: constant(String[18]) = "Counterfoil Anchor"


@external
@view
def eip712Domain() -> (
    bytes1, String[18], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice The domain that signatures are made for (EIP-5267).
    @return Which fields count, name, version, chain id, this contract, no salt, no extensions.
    """
    return 0x0f, NAME, signatures.VERSION, chain.id, self, empty(bytes32), []


@internal
@view
def _signer(statement: bytes32, signature: Bytes[65]) -> address:
    """
    @dev The account that signed an EIP-712 struct hash here; a signature of nobody is none.
    """
    digest: bytes32 = signatures._digest(keccak256(NAME), statement)
    signer: address = signatures._signer_of(digest, signature)
    assert signer != empty(address), "signature"
    return signer
