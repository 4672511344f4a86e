"""The first block of an embedded chain: an id of its own, one rich account, nothing borrowed.

Stock keys are public, and stock chain ids shared: with them every embedded chain would be the same
chain, and a transaction of one would be good on all. The genesis is kept as canonical JSON, from
which anybody can make block 0 again. This module refuses to make a chain with a known id.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from counterfoil.chain.networks import NETWORKS
from counterfoil.chain.quantities import address_of, bytes_of
from counterfoil.errors import InputError, VerificationError

__all__ = ["FAUCET_WEI", "Genesis", "fresh_chain_id", "parse_genesis", "require_unknown"]

FAUCET_WEI: Final = 10**27
"""What the faucet starts with: a thousand million coins, worth nothing elsewhere."""

_LOWEST_ID: Final = 1 << 30
_MAX_ID: Final = (1 << 63) - 1


class Genesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What block 0 is made of.

    chain_id: EIP-155. time_s: Unix time. faucet: the address that has all coins.
    contracts: address -> runtime code in hexadecimal, there from the start.
    """

    chain_id: int
    time_s: int
    faucet: str
    contracts: dict[str, str] = {}

    def format(self) -> bytes:
        """Write it as JSON with sorted keys."""
        return msgspec.json.encode(self, order="sorted")

    def accounts(self) -> Mapping[bytes, Mapping[str, Any]]:
        """Give every account of block 0, as `Machine.genesis` takes them."""
        none: dict[int, int] = {}
        rich = {"balance": FAUCET_WEI, "nonce": 0, "code": b"", "storage": none}
        found: dict[bytes, Mapping[str, Any]] = {bytes.fromhex(self.faucet[2:]): rich}
        for address, code in self.contracts.items():
            account = {"balance": 0, "nonce": 1, "code": bytes_of(code), "storage": none}
            found[bytes.fromhex(address[2:])] = account
        return found


def fresh_chain_id() -> int:
    """Draw a chain id from 2^30 to 2^31, where few are known, and none that is known."""
    while (drawn := _LOWEST_ID + secrets.randbelow(_LOWEST_ID)) in NETWORKS:
        continue
    return drawn


def parse_genesis(data: bytes) -> Genesis:
    """Read a genesis. Raises VerificationError with code chain.damaged."""
    try:
        found = msgspec.json.decode(data, type=Genesis)
        addresses = [found.faucet, *found.contracts]
        if any(address_of(a) != a for a in addresses):
            raise ValueError("expected addresses with their checksums")
        for code in found.contracts.values():
            bytes_of(code)
        if not 0 < found.chain_id <= _MAX_ID or not 0 < found.time_s <= _MAX_ID:
            raise ValueError("expected a chain id and a time that are positive")
    except ValueError as err:
        raise VerificationError(
            "chain.damaged",
            f"expected the genesis of an embedded chain, but: {str(err)!a:.200}",
            hint="Keep the file; put back a copy, or anchor anew on another chain.",
        ) from err
    return found


def require_unknown(chain_id: int) -> None:
    """Refuse the id of a public network. Raises InputError with code chain.id."""
    if not 0 < chain_id <= _MAX_ID or chain_id in NETWORKS:
        raise InputError(
            "chain.id",
            f"expected a chain id that no public network has, found {chain_id}",
            hint="Leave it out: a fresh one is drawn.",
        )
