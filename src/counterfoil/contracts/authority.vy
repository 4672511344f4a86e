# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Who may speak for a log
@license Apache-2.0
@notice A log's id holds whoever owns it; and its anchor key may sign what anybody relays.
"""

import eip712

ANCHOR_TYPE: constant(bytes32) = keccak256(
    "Anchor(bytes32 log_id,uint64 old_size,uint64 new_size,bytes32 new_root,uint256 deadline)"
)


@internal
@view
def _log_id(owner: address, origin_hash: bytes32, log_key_hash: bytes32) -> bytes32:
    return keccak256(abi_encode(chain.id, self, owner, origin_hash, log_key_hash))


@internal
@view
def _require_signed(
    anchor_key: address,
    log_id: bytes32,
    old_size: uint64,
    new_size: uint64,
    new_root: bytes32,
    deadline: uint256,
    signature: Bytes[65],
):
    """
    @dev The signer is never zero, so a frozen log has none. Old and new size are signed, so one
         signature works once: sizes only grow.
    """
    assert block.timestamp <= deadline, "deadline"
    statement: bytes32 = keccak256(
        abi_encode(ANCHOR_TYPE, log_id, old_size, new_size, new_root, deadline)
    )
    signer: address = eip712._signer(statement, signature)
    assert signer == anchor_key, "not the anchor key"
