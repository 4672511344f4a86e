# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Signatures in their one form, over what counts for one contract on one chain
@license Apache-2.0
@notice EIP-712 digests for the domain (name, version "1", chain id, contract), and their signer.
@dev No storage. The contract's name is the caller's; what is signed, and that it cannot be used
     twice, is the caller's business too.
"""

# Above half the group order, a second valid signature exists for each one.
MAX_S: constant(uint256) = (
    57896044618658097711785492504343953926418782139537452191302581570759080747168
)

VERSION: constant(String[1]) = "1"
DOMAIN_TYPE: constant(bytes32) = keccak256(
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


@internal
@view
def _digest(name_hash: bytes32, statement: bytes32) -> bytes32:
    """
    @dev The domain is made anew each time: after a fork of the chain, the chain id is another.
    """
    domain: bytes32 = keccak256(
        abi_encode(DOMAIN_TYPE, name_hash, keccak256(VERSION), chain.id, self)
    )
    return keccak256(concat(0x1901, domain, statement))


@internal
@view
def _signer_of(digest: bytes32, signature: Bytes[65]) -> address:
    """
    @dev Zero for a signature of nobody, and for one that is not in its one form: 65 bytes, v 27
         or 28, low s.
    """
    if len(signature) != 65:
        return empty(address)
    s: uint256 = extract32(signature, 32, output_type=uint256)
    v: uint256 = convert(slice(signature, 64, 1), uint256)
    if s > MAX_S or (v != 27 and v != 28):
        return empty(address)
    return ecrecover(digest, v, extract32(signature, 0, output_type=uint256), s)
