"""Read what a signed transaction says of itself: its chain, its nonce, its hash.

Enough to refuse one that is signed for another chain before anybody else sees it, without loading
an EVM. Refuses to check the signature: the chain does.
Source: EIP-155 (legacy), EIP-2718 (typed), Ethereum yellow paper, appendix B (RLP).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from counterfoil.chain.quantities import keccak
from counterfoil.errors import InputError

__all__ = ["SignedTransaction", "contract_address", "parse_signed"]

_MAX_BYTES: Final = 1 << 20
_LEGACY_FIELDS: Final = 9
_FIRST_LIST_BYTE: Final = 0xC0

_Item = bytes | list["_Item"]


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A signed transaction. raw: its bytes. hash: 32 bytes. chain_id: None when it names none."""

    raw: bytes
    hash: bytes
    chain_id: int | None
    nonce: int


def parse_signed(raw: bytes) -> SignedTransaction:
    """Read a signed transaction. Raises InputError with code chain.transaction."""
    try:
        if not raw or len(raw) > _MAX_BYTES:
            raise ValueError(f"{len(raw)} bytes")
        legacy = raw[0] >= _FIRST_LIST_BYTE
        item, end = _decode(raw, 0 if legacy else 1)
        if end != len(raw) or not isinstance(item, list):
            raise ValueError("bytes after its end")
        if legacy:
            if len(item) != _LEGACY_FIELDS:
                raise ValueError(f"{len(item)} fields")
            v = _integer(item[6])
            chain_id = (v - 35) // 2 if v >= 35 else None
            return SignedTransaction(raw, keccak(raw), chain_id, _integer(item[0]))
        if len(item) < 2:
            raise ValueError(f"{len(item)} fields")
        return SignedTransaction(raw, keccak(raw), _integer(item[0]), _integer(item[1]))
    except (ValueError, RecursionError) as err:
        raise InputError(
            "chain.transaction", f"expected a signed transaction, found {str(err)!a:.100}"
        ) from err


def contract_address(maker: bytes, nonce: int) -> bytes:
    """Compute where a contract will stand: of its maker (20 bytes) and the maker's nonce."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    encoded = number if len(number) == 1 and number[0] < 0x80 else bytes([0x80 + len(number)])
    if len(number) > 1 or (number and number[0] >= 0x80):
        encoded += number
    body = bytes([0x80 + len(maker)]) + maker + encoded
    return keccak(bytes([_FIRST_LIST_BYTE + len(body)]) + body)[12:]


def _integer(item: _Item) -> int:
    if isinstance(item, list) or len(item) > 32 or item[:1] == b"\0":
        raise ValueError("a field that is no integer")
    return int.from_bytes(item, "big")


def _decode(data: bytes, at: int, depth: int = 0) -> tuple[_Item, int]:
    """Decode the RLP item that starts at `at`; gives it and where it ends."""
    if at >= len(data) or depth > 8:
        raise ValueError("an item cut short")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    base = _FIRST_LIST_BYTE if first >= _FIRST_LIST_BYTE else 0x80
    start, size = at + 1, first - base
    if size > 55:
        width = size - 55
        head = data[start : start + width]
        size = int.from_bytes(head, "big")
        start += width
        if len(head) != width or head[0] == 0 or size <= 55:
            raise ValueError("a length that is not the shortest")
    end = start + size
    if end > len(data):
        raise ValueError("an item cut short")
    if base == 0x80:
        if size == 1 and data[start] < 0x80:
            raise ValueError("a byte that is not the shortest")
        return data[start:end], end
    items: list[_Item] = []
    while start < end:
        item, start = _decode(data, start, depth + 1)
        items.append(item)
    if start != end:
        raise ValueError("a list that is longer than it says")
    return items, end
