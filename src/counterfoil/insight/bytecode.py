"""Read from the code of a contract which functions it answers to.

A contract compares the first four bytes of a call with constants; those are pushed right before
the comparison. Data behind the code can look like code: what is found are hints, not proof. This
module refuses to run code.
Source: Ethereum Yellow Paper, appendix H; EIP-20; EIP-721.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["function_sighashes", "is_erc20", "is_erc721"]

_PUSH1: Final = 0x60
_PUSH4: Final = 0x63
_PUSH32: Final = 0x7F
_COMPARISONS: Final = frozenset({0x14, 0x11, 0x10, 0x18, 0x03})  # EQ GT LT XOR SUB
_DUPS: Final = range(0x80, 0x90)
_NO_FUNCTION: Final = frozenset({b"\xff\xff\xff\xff", b"\0\0\0\0"})  # masks

_ERC20: Final = frozenset(
    {"0x18160ddd", "0x70a08231", "0xa9059cbb", "0x23b872dd", "0x095ea7b3", "0xdd62ed3e"}
)
_ERC721: Final = frozenset({"0x70a08231", "0x6352211e", "0x095ea7b3"})
_MOVES: Final = frozenset({"0xa9059cbb", "0x23b872dd"})


def function_sighashes(code: bytes) -> list[str]:
    """List the selectors that code compares with: 0x and 8 digits each, in order, once each.

    >>> function_sighashes(bytes.fromhex("8063a9059cbb14"))
    ['0xa9059cbb']
    """
    found: dict[str, None] = {}
    at, end = 0, len(code)
    while at < end:
        op = code[at]
        if op == _PUSH4 and at + 5 < end:
            after = code[at + 5]
            if after in _DUPS and at + 6 < end:
                after = code[at + 6]
            pushed = code[at + 1 : at + 5]
            if after in _COMPARISONS and pushed not in _NO_FUNCTION:
                found["0x" + pushed.hex()] = None
        at += op - _PUSH1 + 2 if _PUSH1 <= op <= _PUSH32 else 1
    return list(found)


def is_erc20(sighashes: Iterable[str]) -> bool:
    """Tell whether a contract answers to all functions of a token (EIP-20)."""
    return frozenset(sighashes) >= _ERC20


def is_erc721(sighashes: Iterable[str]) -> bool:
    """Tell whether a contract answers to what an NFT must (EIP-721)."""
    held = frozenset(sighashes)
    return held >= _ERC721 and bool(held & _MOVES)
