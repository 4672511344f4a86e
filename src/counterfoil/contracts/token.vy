# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Token: money of a consortium, and of tests
@license Apache-2.0
@notice ERC-20 that can be paid by signature (EIP-2612, ERC-3009), and whose owner answers for it as
        ERC-7943 has it: mints, freezes, bars accounts, and moves what a court says.
@dev What this contract refuses to do:
     - to look neutral. Its owner can freeze and take; who needs money that nobody can take uses
       another token. Nothing here changes that by itself: no proxy, no upgrade.
     - to count a signature in a second form, a second time, on another chain or contract.
     - to hide a seizure: it emits `ForcedTransfer`, and `Frozen` before it where it thaws.

     Refusals are words, but where ERC-7943 names an error, it is that error.
"""

from ethereum.ercs import IERC20
import authorizations
import balances
import typed_data

implements: IERC20
initializes: balances
initializes: typed_data
initializes: authorizations[typed_data := typed_data]

exports: (
    balances.transfer,
    balances.transferFrom,
    balances.approve,
    balances.mint,
    balances.burn,
    balances.setFrozenTokens,
    balances.forcedTransfer,
    balances.set_barred,
    balances.offer_ownership,
    balances.accept_ownership,
    balances.canSend,
    balances.canReceive,
    balances.canTransfer,
    balances.owner,
    balances.offered_to,
    balances.totalSupply,
    balances.balanceOf,
    balances.allowance,
    balances.getFrozenTokens,
    balances.is_barred,
    typed_data.eip712Domain,
    typed_data.DOMAIN_SEPARATOR,
    authorizations.nonces,
    authorizations.authorizationState,
    authorizations.PERMIT_TYPEHASH,
    authorizations.TRANSFER_WITH_AUTHORIZATION_TYPEHASH,
    authorizations.RECEIVE_WITH_AUTHORIZATION_TYPEHASH,
    authorizations.CANCEL_AUTHORIZATION_TYPEHASH,
)


# ERC-165, ERC-20, EIP-2612 and ERC-7943 for fungible tokens.
INTERFACES: constant(bytes4[4]) = [0x01ffc9a7, 0x36372b07, 0x9d8ff7da, 0x3edbb4c4]

# ERC-3009 as it was first: v, r and s apart. Vyper knows no overloading; `__default__` does it.
TRANSFER_VRS: constant(bytes4) = method_id(
    "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
    output_type=bytes4,
)
RECEIVE_VRS: constant(bytes4) = method_id(
    "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
    output_type=bytes4,
)
CANCEL_VRS: constant(bytes4) = method_id(
    "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)",
    output_type=bytes4,
)

name: public(immutable(String[64]))
symbol: public(immutable(String[16]))
decimals: public(immutable(uint8))


@deploy
def __init__(name_: String[64], symbol_: String[16], decimals_: uint8, owner: address):
    balances.__init__(owner)
    typed_data.__init__(name_)
    name = name_
    symbol = symbol_
    decimals = decimals_


@external
def permit(
    owner: address,
    spender: address,
    amount: uint256,
    deadline: uint256,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice Allow as the holder signed (EIP-2612); anybody may bring it. Reverts: "deadline",
            "signature".
    """
    authorizations._use_permit(owner, spender, amount, deadline, v, r, s)
    balances._approve(owner, spender, amount)


@external
def transferWithAuthorization(
    sender: address,
    receiver: address,
    amount: uint256,
    validAfter: uint256,
    validBefore: uint256,
    nonce: bytes32,
    signature: Bytes[65],
):
    """
    @notice Pay as the holder signed (ERC-3009); anybody may bring it, once.
    @dev Reverts like `transfer`, and: "too early", "deadline", "used", "signature".
    """
    v: uint8 = 0
    r: bytes32 = empty(bytes32)
    s: bytes32 = empty(bytes32)
    v, r, s = authorizations._parts(signature)
    self._pay(
        authorizations.TRANSFER_WITH_AUTHORIZATION_TYPEHASH,
        authorizations.Authorization(
            sender=sender,
            receiver=receiver,
            amount=amount,
            valid_after=validAfter,
            valid_before=validBefore,
            nonce=nonce,
        ),
        v,
        r,
        s,
    )


@external
def receiveWithAuthorization(
    sender: address,
    receiver: address,
    amount: uint256,
    validAfter: uint256,
    validBefore: uint256,
    nonce: bytes32,
    signature: Bytes[65],
):
    """
    @notice Take what a holder signed to pay to the sender of this call (ERC-3009): nobody can take
            the signature from the queue and bring it by another way.
    @dev Reverts like `transferWithAuthorization`, and: "not the receiver".
    """
    v: uint8 = 0
    r: bytes32 = empty(bytes32)
    s: bytes32 = empty(bytes32)
    v, r, s = authorizations._parts(signature)
    self._pay(
        authorizations.RECEIVE_WITH_AUTHORIZATION_TYPEHASH,
        authorizations.Authorization(
            sender=sender,
            receiver=receiver,
            amount=amount,
            valid_after=validAfter,
            valid_before=validBefore,
            nonce=nonce,
        ),
        v,
        r,
        s,
    )


@external
def cancelAuthorization(authorizer: address, nonce: bytes32, signature: Bytes[65]):
    """
    @notice Make an authorization void before it is used. Reverts: "used", "signature".
    """
    v: uint8 = 0
    r: bytes32 = empty(bytes32)
    s: bytes32 = empty(bytes32)
    v, r, s = authorizations._parts(signature)
    authorizations._cancel(authorizer, nonce, v, r, s)


@external
def __default__():
    """
    @notice ERC-3009 with v, r and s apart, as x402 and the oldest tokens call it.
    @dev Reverts: "function" for any other, and like the functions above.
    """
    assert len(msg.data) >= 164, "function"
    called: bytes4 = convert(slice(msg.data, 0, 4), bytes4)
    v: uint8 = 0
    r: bytes32 = empty(bytes32)
    s: bytes32 = empty(bytes32)
    if called == CANCEL_VRS:
        authorizer: address = empty(address)
        nonce: bytes32 = empty(bytes32)
        authorizer, nonce, v, r, s = abi_decode(
            slice(msg.data, 4, 160), (address, bytes32, uint8, bytes32, bytes32)
        )
        authorizations._cancel(authorizer, nonce, v, r, s)
        return
    assert len(msg.data) >= 292, "function"
    assert called == TRANSFER_VRS or called == RECEIVE_VRS, "function"
    told: authorizations.Authorization = empty(authorizations.Authorization)
    told, v, r, s = abi_decode(
        slice(msg.data, 4, 288), (authorizations.Authorization, uint8, bytes32, bytes32)
    )
    kind: bytes32 = authorizations.TRANSFER_WITH_AUTHORIZATION_TYPEHASH
    if called == RECEIVE_VRS:
        kind = authorizations.RECEIVE_WITH_AUTHORIZATION_TYPEHASH
    self._pay(kind, told, v, r, s)


@external
@pure
def supportsInterface(interface_id: bytes4) -> bool:
    """
    @notice ERC-165.
    """
    return interface_id in INTERFACES


@internal
def _pay(
    kind: bytes32, told: authorizations.Authorization, v: uint8, r: bytes32, s: bytes32
):
    if kind == authorizations.RECEIVE_WITH_AUTHORIZATION_TYPEHASH:
        assert msg.sender == told.receiver, "not the receiver"
    authorizations._use(kind, told, v, r, s)
    balances._transfer(told.sender, told.receiver, told.amount)
