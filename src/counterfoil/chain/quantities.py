"""Read and write the values of Ethereum's JSON-RPC: quantities, data, hashes, addresses.

One place for both sides: what a node is asked, and what it answers. Refuses whatever is not
exactly of its form, with a `ValueError` that the caller turns into an error of its own.
Source: Ethereum execution API specification, base types.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "address_of",
    "bytes_of",
    "checksum",
    "data_text",
    "hash_of",
    "integer_of",
    "keccak",
    "object_of",
    "quantity",
]

_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}")


def quantity(value: int) -> str:
    """Write an integer: `0x`, then hexadecimal digits without leading zeros."""
    return hex(value)


def data_text(value: bytes) -> str:
    """Write bytes: `0x`, then two hexadecimal digits each."""
    return "0x" + value.hex()


def integer_of(value: object, bits: int = 256) -> int:
    """Read a quantity of at most `bits` bits; leading zeros, which some nodes send, may pass."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise ValueError(f"expected a quantity, found {_shown(value)}")
    number = int(value, 16)
    if number >> bits:
        raise ValueError(f"expected a quantity of {bits} bits, found {value[:70]}")
    return number


def bytes_of(value: object) -> bytes:
    """Read data of any length."""
    if not isinstance(value, str) or not _DATA.fullmatch(value):
        raise ValueError(f"expected data in hexadecimal, found {_shown(value)}")
    return bytes.fromhex(value[2:])


def hash_of(value: object) -> bytes:
    """Read a hash of 32 bytes."""
    found = bytes_of(value)
    if len(found) != 32:
        raise ValueError(f"expected 32 bytes, found {len(found)}")
    return found


def address_of(value: object) -> str:
    """Read an address, and write it with its checksum; a wrong checksum is refused (EIP-55)."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        found = ascii(value[:60]) if isinstance(value, str) else _shown(value)
        raise ValueError(f"expected an address of 20 bytes, found {found}")
    right = checksum(bytes.fromhex(value[2:]))
    if value not in (right, value.lower(), "0x" + value[2:].upper()):
        raise ValueError(f"expected the address {right}, found the checksum of {value}")
    return right


def object_of(value: object) -> Mapping[str, Any]:
    """Read a JSON object."""
    if not isinstance(value, dict):
        raise ValueError(f"expected an object, found {_shown(value)}")
    return value


def checksum(address: bytes) -> str:
    """Write an address of 20 bytes with its checksum (EIP-55)."""
    text = address.hex()
    digest = keccak(text.encode()).hex()
    mixed = (c.upper() if int(d, 16) > 7 else c for c, d in zip(text, digest, strict=False))
    return "0x" + "".join(mixed)


def keccak(data: bytes) -> bytes:
    """Compute Keccak-256, the hash of the EVM (not SHA3-256): 32 bytes."""
    from eth_hash.auto import keccak as compute

    return bytes(compute(data))


def _shown(value: object) -> str:
    return f"{type(value).__name__} {str(value)[:60]!a}"
