# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Who signed a verdict
@license Apache-2.0
@notice EIP-712 with the gate's domain (name, version, chain id, contract), told as EIP-5267 asks; by
        an account's key, or by a contract (ERC-1271).
@dev No storage. Whether the signer may say so is governance's to tell.
"""

import signatures

NAME: constant(String[16]) = "Counterfoil Gate"
VERDICT_TYPE: constant(bytes32) = keccak256(
    "Verdict(bytes32 type_word,uint256 chain_id,address gate,bytes32 log_id,bytes32 organisation,bytes32 scope,uint8 maker_kind,bytes32 maker,bytes32 decision,bytes32 subject,bytes32 outcome,int256 score,address consumer,bytes32 action_hash,uint256 amount_max,uint64 seq,bytes32 nonce,uint64 decided_at,uint64 not_before,uint64 expiry,address signer)"
)
IS_VALID: constant(bytes4) = 0x1626ba7e


@external
@view
def eip712Domain() -> (
    bytes1, String[16], String[1], uint256, address, bytes32, DynArray[uint256, 1]
):
    """
    @notice The domain that verdicts are signed for (EIP-5267).
    @return Which fields count, name, version, chain id, this contract, no salt, no extensions.
    """
    return 0x0f, NAME, signatures.VERSION, chain.id, self, empty(bytes32), []


@internal
@view
def _require_signed(signer: address, words: Bytes[672], signature: Bytes[4096]):
    """
    @dev 65 bytes are an account's; any other length is for the contract that stands there to
         judge (ERC-1271), so that who reads the log alone knows which. A contract that reverts or
         answers anything else refuses.
    """
    digest: bytes32 = signatures._digest(
        keccak256(NAME), keccak256(concat(VERDICT_TYPE, words))
    )
    if len(signature) == 65:
        found: address = signatures._signer_of(digest, slice(signature, 0, 65))
        assert found == signer and found != empty(address), "signature"
        return
    assert signer.is_contract, "signature"
    answered: bool = False
    answer: Bytes[32] = b""
    answered, answer = raw_call(
        signer,
        abi_encode(digest, signature, method_id=method_id("isValidSignature(bytes32,bytes)")),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    assert answered and len(answer) == 32, "signature"
    assert convert(answer, bytes32) == convert(IS_VALID, bytes32), "signature"
