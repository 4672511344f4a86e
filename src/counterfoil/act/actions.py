"""Name what a verdict can do with an escrowed payment: hold, release or return it, or pay many.

The same hashes as `contracts/terms.vy`: a payment's id is that of its terms, an action's that of
the exact call on one escrow on one chain. This module refuses to sign, to send and to judge.
Source: Solidity's contract ABI specification; EIP-2612 and ERC-3009 for what a payer signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.act.call import Call
from counterfoil.chain.quantities import address_of, keccak
from counterfoil.errors import InputError

__all__ = [
    "HOLD_SCOPE",
    "NOBODY",
    "RELEASE_SCOPE",
    "RETURN_SCOPE",
    "Batch",
    "PaymentTerms",
    "authorization_of",
    "hold",
    "release",
    "release_batch",
    "return_",
]

HOLD_SCOPE: Final = "payment.hold"
RELEASE_SCOPE: Final = "payment.release"
RETURN_SCOPE: Final = "payment.return"

NOBODY: Final = "0x" + "00" * 20
"""The zero address: as payee, many whom a batch names; as arbiter, no appeal."""

_TERMS: Final = "(address,address,address,uint256,address,uint64,uint64,uint64,bytes32)"
_BATCH: Final = "(bytes32,uint64,uint256,uint256,uint64)"
_PAYMENT_TYPE: Final = keccak(
    b"Payment(address payer,address payee,address token,uint256 amount,address arbiter,"
    b"uint64 window,uint64 due,uint64 deadline,bytes32 salt)"
)
_MAX_AMOUNT: Final = (1 << 128) - 1
_MAX_TIME: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """What is agreed on for a payment; `contracts/terms.vy` says the same.

    payer, payee, token, arbiter: addresses; payee `NOBODY` for many, arbiter `NOBODY` for no
    appeal. amount: in the token's smallest unit, 1 to 2^128 - 1. window_s: seconds for an appeal,
    and again for the arbiter's ruling. due_s: POSIX seconds from which it is the payee's unless it
    was held before; 0: never without a verdict. deadline_s: from which what is left is the
    payer's. salt: 32 bytes, random.
    Raises InputError with code act.terms.
    """

    payer: str
    payee: str
    token: str
    amount: int
    deadline_s: int
    salt: bytes
    arbiter: str = NOBODY
    window_s: int = 0
    due_s: int = 0

    def __post_init__(self) -> None:
        for name in ("payer", "payee", "token", "arbiter"):
            try:
                object.__setattr__(self, name, address_of(getattr(self, name)))
            except ValueError as err:
                raise InputError(
                    "act.terms",
                    f"for the {name}: {err}",
                    hint="An address is 0x and 40 hexadecimal digits; of one in capitals and small "
                    "letters, these are its checksum.",
                ) from err
        times = (self.window_s, self.due_s, self.deadline_s)
        if not 0 < self.amount <= _MAX_AMOUNT or not all(0 <= time <= _MAX_TIME for time in times):
            raise InputError(
                "act.terms",
                f"expected an amount from 1 to 2^128 - 1 and times of 64 bits, found "
                f"{self.amount} and {times}",
            )
        if len(self.salt) != 32:
            raise InputError("act.terms", f"expected a salt of 32 bytes, found {len(self.salt)}")

    @property
    def words(self) -> tuple[Any, ...]:
        """Give the fields in the contract's order."""
        return (
            *(self.payer, self.payee, self.token, self.amount, self.arbiter),
            *(self.window_s, self.due_s, self.deadline_s, self.salt),
        )

    @classmethod
    def of_words(cls, words: Sequence[Any]) -> PaymentTerms:
        """Read what a contract gives: the fields in its order. Raises as the class."""
        payer, payee, token, amount, arbiter, window_s, due_s, deadline_s, salt = words
        return cls(
            payer=payer,
            payee=payee,
            token=token,
            amount=amount,
            arbiter=arbiter,
            window_s=window_s,
            due_s=due_s,
            deadline_s=deadline_s,
            salt=salt,
        )

    def payment_id(self, chain_id: int, escrow: str) -> bytes:
        """Compute the payment's id on an escrow, 32 bytes; also the nonce that pays it by ERC-3009.

        keccak256(abi.encode(keccak256("Payment(...)"), chain id, escrow, terms)).
        """
        from eth_abi.abi import encode

        kinds = ("bytes32", "uint256", "address", _TERMS)
        return keccak(encode(kinds, (_PAYMENT_TYPE, chain_id, escrow, self.words)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one verdict pays to many, out of one payment.

    root: over chunks of rows, 32 bytes. chunks: leaves of that tree. total: that the rows add up
    to. left: what stays of the payment. until_s: POSIX seconds until which rows can be claimed.
    """

    root: bytes
    chunks: int
    total: int
    left: int
    until_s: int

    @property
    def words(self) -> tuple[Any, ...]:
        """Give the fields in the contract's order."""
        return (self.root, self.chunks, self.total, self.left, self.until_s)


def hold(escrow: str, terms: PaymentTerms) -> Call:
    """Name the call that holds a payment; a verdict of `HOLD_SCOPE` has to name its hash.

    The verdict's amount_max has to be what is left of the payment, or more.
    """
    return Call(address_of(escrow), f"hold({_TERMS},bytes)", (terms.words,))


def release(escrow: str, terms: PaymentTerms, amount: int, left: int = 0) -> Call:
    """Name the call that releases `amount` to the payee; a verdict of `RELEASE_SCOPE`.

    left: what is then left of the payment, so that no second verdict can do the same again.
    """
    return _move("release", escrow, terms, amount, left)


def return_(escrow: str, terms: PaymentTerms, amount: int, left: int = 0) -> Call:
    """Name the call that returns `amount` to the payer; a verdict of `RETURN_SCOPE`."""
    return _move("return_", escrow, terms, amount, left)


def release_batch(escrow: str, terms: PaymentTerms, batch: Batch) -> Call:
    """Name the call that pays many; a verdict of `RELEASE_SCOPE`. Its hash is the batch's id."""
    function = f"release_batch({_TERMS},{_BATCH},bytes)"
    return Call(address_of(escrow), function, (terms.words, batch.words))


def authorization_of(
    terms: PaymentTerms,
    chain_id: int,
    escrow: str,
    token_domain: tuple[str, str],
    *,
    valid_after_s: int = 0,
    valid_before_s: int | None = None,
) -> dict[str, Any]:
    """Give the EIP-712 document by which a payer pays without a transaction (ERC-3009).

    token_domain: the token's name and version, as its EIP-712 domain has them. valid_before_s:
    POSIX seconds, the payment's deadline unless given. The nonce is the payment's id: who brings
    the signature can change nothing of the terms.
    """
    kinds = {"from": "address", "to": "address", "value": "uint256"}
    kinds |= {"validAfter": "uint256", "validBefore": "uint256", "nonce": "bytes32"}
    domain = {"name": "string", "version": "string", "chainId": "uint256"}
    domain["verifyingContract"] = "address"
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in domain.items()],
            "ReceiveWithAuthorization": [
                {"name": name, "type": kind} for name, kind in kinds.items()
            ],
        },
        "primaryType": "ReceiveWithAuthorization",
        "domain": {
            "name": token_domain[0],
            "version": token_domain[1],
            "chainId": chain_id,
            "verifyingContract": terms.token,
        },
        "message": {
            "from": terms.payer,
            "to": address_of(escrow),
            "value": terms.amount,
            "validAfter": valid_after_s,
            "validBefore": terms.deadline_s if valid_before_s is None else valid_before_s,
            "nonce": "0x" + terms.payment_id(chain_id, escrow).hex(),
        },
    }


def _move(name: str, escrow: str, terms: PaymentTerms, amount: int, left: int) -> Call:
    function = f"{name}({_TERMS},uint256,uint256,bytes)"
    return Call(address_of(escrow), function, (terms.words, amount, left))
