# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Signatures that count for this contract on this chain only
@license Apache-2.0
@notice EIP-712 with the domain (name, version, chain id, contract), told as EIP-5267 asks.
@dev No storage. What is signed, and that it cannot be used twice, is the caller's business.
"""

# Above half the group order, a second valid signature exists for each one.
MAX_S: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)

NAME: constant(String[18]) = "Counterfoil Anchor"
VERSION: constant(String[1]) = "1"
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


@external
@view
def eip712Domain() -> (
    bytes1, String[18], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice The domain that signatures are made for (EIP-5267).
    @return Which fields count, name, version, chain id, this contract, no salt, no extensions.
    """
    return 0x0f, NAME, VERSION, chain.id, self, empty(bytes32), []


@internal
@view
def _signer(statement: bytes32, signature: Bytes[65]) -> address:
    """
    @dev The account that signed an EIP-712 struct hash here. One signature has one form: 65
         bytes, v 27 or 28, low s; and a signature of nobody is none.
    """
    assert len(signature) == 65, "signature"
    s: uint256 = extract32(signature, 32, output_type=uint256)
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    assert s <= MAX_S and (v == 27 or v == 28), "signature"
    # made anew each time: after a fork of the chain, the chain id is another
    domain: bytes32 = keccak256(
        abi_encode(DOMAIN_TYPE, keccak256(NAME), keccak256(VERSION), chain.id, self)
    )
    digest: bytes32 = keccak256(concat(0x1901, domain, statement))
    signer: address = ecrecover(
        digest, v, extract32(signature, 0, output_type=uint256), s
    )
    assert signer != empty(address), "signature"
    return signer
