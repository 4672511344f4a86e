"""Turn what a node refuses into errors of ours: reverted, underfunded, nonce, fee, another chain.

Nodes have no common codes for most of it, so their words are read; what nobody knows is refused
under one code. A node's text is foreign: it is shown escaped and short. Refuses to retry.
Source: EIP-838 and Solidity's ABI for revert reasons; geth's and anvil's messages.
"""

from __future__ import annotations

from typing import Final

from counterfoil.chain.transport import (
    INTERNAL_ERROR,
    LIMIT_EXCEEDED,
    METHOD_NOT_FOUND,
    REVERTED,
    RpcError,
)
from counterfoil.errors import CounterfoilError, Refused, Unavailable, VerificationError

__all__ = [
    "error_text",
    "is_busy",
    "is_known_already",
    "is_missing_method",
    "is_used_nonce",
    "refusal",
    "revert_reason",
]

_ERROR_STRING: Final = bytes.fromhex("08c379a0")
_PANIC: Final = bytes.fromhex("4e487b71")
_PANICS: Final = {
    0x01: "an assertion failed",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x32: "index out of bounds",
}
_KNOWN: Final = ("already known", "known transaction", "already imported", "already exists")
_FUNDS: Final = ("insufficient funds", "insufficient balance", "lack of funds")
_NONCE: Final = ("nonce too low", "nonce too high", "invalid nonce", "nonce is too")
_CHAIN: Final = ("invalid chain id", "wrong chain id", "invalid sender", "chain id mismatch")
_FEE: Final = (
    "underpriced",
    "max fee per gas less than",
    "fee cap less than",
    "gas price too low",
    "feetoolow",
    "tip higher than",
)
_REVERTED: Final = ("revert", "execution failed", "vm exception", "out of gas", "invalid opcode")
_BUSY: Final = ("rate limit", "too many requests", "timeout", "timed out", "capacity", "try again")


def is_known_already(err: RpcError) -> bool:
    """Tell whether a node says that it has a transaction already."""
    return _has(err, _KNOWN)


def is_used_nonce(err: RpcError) -> bool:
    """Tell whether a node says that a transaction's nonce is used: it may stand in a block."""
    return "nonce too low" in err.message.lower()


def is_missing_method(err: RpcError) -> bool:
    """Tell whether a node does not know a method."""
    return err.code == METHOD_NOT_FOUND or "not supported" in err.message.lower()


def is_busy(err: RpcError) -> bool:
    """Tell whether a node says to come again later, or for less."""
    return err.code in (LIMIT_EXCEEDED, 429) or _has(err, _BUSY)


def refusal(err: RpcError, shown: str) -> CounterfoilError:
    """Make the error of ours for what the node at `shown` refuses."""
    said = f"{err.message[:200]!a}"
    if err.code == REVERTED or err.data or _has(err, _REVERTED):
        return Refused(
            "chain.reverted",
            f"expected the contract to accept it, but it was reverted: {revert_reason(err)}",
            hint="The contract's words say which of its rules was not met.",
        )
    if _has(err, _FUNDS):
        return Refused(
            "chain.underfunded",
            f"expected coins enough for the transaction on the chain at {shown}, but: {said}",
            hint="Send coins to the account's address; what waits is sent then.",
        )
    if _has(err, _NONCE):
        return Refused(
            "chain.nonce",
            f"expected the account's next nonce, but: {said}",
            hint="Another transaction of this account came first: read its nonce and sign anew.",
        )
    if _has(err, _CHAIN):
        return VerificationError(
            "chain.wrong-network",
            f"expected a transaction for the chain at {shown}, but: {said}",
            hint="It is signed for another chain; check the address of the node.",
        )
    if _has(err, _FEE):
        return Refused(
            "chain.fee",
            f"expected a fee that the chain at {shown} takes now, but: {said}",
            hint="Read the fees again and sign anew with higher ones.",
        )
    if err.code in (INTERNAL_ERROR, LIMIT_EXCEEDED, METHOD_NOT_FOUND) or _has(err, _BUSY):
        return Unavailable(
            "chain.unreachable",
            f"expected a chain to answer at {shown}, found error {err.code}: {said}",
            hint="Try again later, or use another node of the same chain.",
        )
    return Refused(
        "chain.refused",
        f"expected the chain at {shown} to take it, but: error {err.code}: {said}",
        hint="The node's words say why.",
    )


def revert_reason(err: RpcError) -> str:
    """Say why a call was reverted: the contract's own text, escaped, at most 200 characters."""
    selector, body = err.data[:4], err.data[4:]
    if (text := error_text(err.data)) is not None:
        return f"{text!a}"
    if selector == _PANIC and len(body) == 32:
        code = int.from_bytes(body, "big")
        return _PANICS.get(code, f"panic {code:#x}")
    if err.data:
        return f"error 0x{err.data[:68].hex()}"
    said = err.message.removeprefix("execution reverted").strip(" :")
    return f"{said[:200]!a}" if said else "without a reason"


def error_text(data: bytes) -> str | None:
    """Read the text of `Error(string)`, at most 200 bytes of it; None for another error."""
    body = data[4:]
    if data[:4] != _ERROR_STRING or len(body) < 64:
        return None
    start = int.from_bytes(body[:32], "big")
    size = int.from_bytes(body[start : start + 32], "big") if start <= len(body) - 32 else 0
    return body[start + 32 : start + 32 + min(size, 200)].decode("utf-8", "replace")


def _has(err: RpcError, words: tuple[str, ...]) -> bool:
    said = err.message.lower()
    return any(word in said for word in words)
