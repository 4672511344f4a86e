"""Public EVM networks by chain id: their names, and who runs them, in words.

Only so that a grade of trust can say where an anchor stands; nothing is decided by it, and no
address of a node is in it. An id that is not here is no fault. Refuses to guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["NETWORKS", "Network", "run_by_words"]


@dataclass(frozen=True, slots=True)
class Network:
    """A public network: its name, and who runs it. test: its coins are worth nothing."""

    name: str
    run_by: str
    test: bool = False


_VALIDATORS: Final = "its public set of validators"

NETWORKS: Final = MappingProxyType(
    {
        1: Network("Ethereum", _VALIDATORS),
        10: Network("OP Mainnet", "one sequencer, settled on Ethereum"),
        56: Network("BNB Smart Chain", _VALIDATORS),
        100: Network("Gnosis", _VALIDATORS),
        130: Network("Unichain", "one sequencer, settled on Ethereum"),
        137: Network("Polygon PoS", _VALIDATORS),
        324: Network("ZKsync Era", "one sequencer, settled on Ethereum"),
        480: Network("World Chain", "one sequencer, settled on Ethereum"),
        1101: Network("Polygon zkEVM", "one sequencer, settled on Ethereum"),
        5000: Network("Mantle", "one sequencer, settled on Ethereum"),
        8453: Network("Base", "one sequencer, settled on Ethereum"),
        42161: Network("Arbitrum One", "one sequencer, settled on Ethereum"),
        42170: Network("Arbitrum Nova", "one sequencer, settled on Ethereum"),
        42220: Network("Celo", "one sequencer, settled on Ethereum"),
        43114: Network("Avalanche C-Chain", _VALIDATORS),
        59144: Network("Linea", "one sequencer, settled on Ethereum"),
        81457: Network("Blast", "one sequencer, settled on Ethereum"),
        534352: Network("Scroll", "one sequencer, settled on Ethereum"),
        1313161554: Network("Aurora", "the validators of NEAR"),
        1666600000: Network("Harmony", _VALIDATORS),
        97: Network("BNB Smart Chain Testnet", _VALIDATORS, test=True),
        10200: Network("Chiado", _VALIDATORS, test=True),
        17000: Network("Holesky", _VALIDATORS, test=True),
        43113: Network("Avalanche Fuji", _VALIDATORS, test=True),
        80002: Network("Polygon Amoy", _VALIDATORS, test=True),
        84532: Network("Base Sepolia", "one sequencer, settled on Sepolia", test=True),
        421614: Network("Arbitrum Sepolia", "one sequencer, settled on Sepolia", test=True),
        560048: Network("Hoodi", _VALIDATORS, test=True),
        11155111: Network("Sepolia", _VALIDATORS, test=True),
        11155420: Network("OP Sepolia", "one sequencer, settled on Sepolia", test=True),
        # What development tools give themselves: anybody's, and never the same chain twice.
        1337: Network("a development chain", "whoever started it", test=True),
        31337: Network("a development chain", "whoever started it", test=True),
        131277322940537: Network("a development chain", "whoever started it", test=True),
    }
)
"""Chain id -> network."""


def run_by_words(chain_id: int, shown_url: str) -> str:
    """Say who runs the chain that answers at an address, in words that follow "run by"."""
    network = NETWORKS.get(chain_id)
    if network is None:
        return f"whoever answers at {shown_url}"
    kind = "test network " if network.test and network.name[0].isupper() else ""
    return f"{network.run_by} ({kind}{network.name}), as told by {shown_url}"
