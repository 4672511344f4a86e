# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Transfers and allowances by signature
@license Apache-2.0
@notice What a holder signed, anybody may bring: allowances (EIP-2612, in order) and single
        transfers (ERC-3009, by random nonces).
@dev This module moves nothing: it says that a signature counts, and never a second time.
"""

import typed_data

uses: typed_data


event AuthorizationUsed:
    authorizer: indexed(address)
    nonce: indexed(bytes32)


event AuthorizationCanceled:
    authorizer: indexed(address)
    nonce: indexed(bytes32)


PERMIT_TYPEHASH: public(constant(bytes32)) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
TRANSFER_WITH_AUTHORIZATION_TYPEHASH: public(constant(bytes32)) = keccak256(
    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
RECEIVE_WITH_AUTHORIZATION_TYPEHASH: public(constant(bytes32)) = keccak256(
    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
)
CANCEL_AUTHORIZATION_TYPEHASH: public(constant(bytes32)) = keccak256(
    "CancelAuthorization(address authorizer,bytes32 nonce)"
)

# The next permit's number of a holder.
nonces: public(HashMap[address, uint256])
# Whether a holder's authorization was used or cancelled.
authorizationState: public(HashMap[address, HashMap[bytes32, bool]])


# One ERC-3009 transfer, as it is signed.
struct Authorization:
    sender: address
    receiver: address
    amount: uint256
    valid_after: uint256
    valid_before: uint256
    nonce: bytes32


@internal
@pure
def _parts(signature: Bytes[65]) -> (uint8, bytes32, bytes32):
    """
    @dev v, r and s of a signature of 65 bytes.
    """
    assert len(signature) == 65, "signature"
    return (
        convert(convert(slice(signature, 64, 1), uint256), uint8),
        extract32(signature, 0),
        extract32(signature, 32),
    )


@internal
def _use_permit(
    owner: address,
    spender: address,
    amount: uint256,
    deadline: uint256,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    assert block.timestamp <= deadline, "deadline"
    nonce: uint256 = self.nonces[owner]
    statement: bytes32 = keccak256(
        abi_encode(PERMIT_TYPEHASH, owner, spender, amount, nonce, deadline)
    )
    typed_data._require_signed(owner, statement, v, r, s)
    self.nonces[owner] = unsafe_add(nonce, 1)


@internal
def _use(kind: bytes32, told: Authorization, v: uint8, r: bytes32, s: bytes32):
    """
    @dev kind: one of the two type hashes of ERC-3009.
    """
    assert block.timestamp > told.valid_after, "too early"
    assert block.timestamp < told.valid_before, "deadline"
    assert not self.authorizationState[told.sender][told.nonce], "used"
    typed_data._require_signed(told.sender, keccak256(abi_encode(kind, told)), v, r, s)
    self.authorizationState[told.sender][told.nonce] = True
    log AuthorizationUsed(authorizer=told.sender, nonce=told.nonce)


@internal
def _cancel(authorizer: address, nonce: bytes32, v: uint8, r: bytes32, s: bytes32):
    assert not self.authorizationState[authorizer][nonce], "used"
    statement: bytes32 = keccak256(abi_encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce))
    typed_data._require_signed(authorizer, statement, v, r, s)
    self.authorizationState[authorizer][nonce] = True
    log AuthorizationCanceled(authorizer=authorizer, nonce=nonce)
