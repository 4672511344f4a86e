"""Contracts that stand at the same address on nearly every EVM chain, and so on ours.

Multicall3 answers many views in one call; web3 libraries look for it at its address. Its runtime
code is kept beside this module, byte for byte as on the public networks: the code's digest is known
and checked each time it is read. It is the work of the authors of Multicall3 (github.com/mds1/
multicall, MIT licence: no warranty, this notice stays). This module refuses any other code.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from counterfoil.chain.quantities import keccak
from counterfoil.errors import VerificationError

__all__ = ["MULTICALL3", "canonical_contracts"]

MULTICALL3: Final = "0xcA11bde05977b3631167028862bE2a173976CA11"
"""Where Multicall3 stands everywhere."""

_MULTICALL3_KECCAK: Final = "d5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891"


def canonical_contracts() -> Mapping[str, str]:
    """Give the runtime code of each contract in hexadecimal, by its address.

    Raises VerificationError with code chain.canonical when the installed files are not the known
    ones.
    """
    text = (files("counterfoil.chain.embedded") / "multicall3.hex").read_text(encoding="ascii")
    try:
        code = bytes.fromhex("".join(text.split()))
    except ValueError:
        code = b""
    if keccak(code).hex() != _MULTICALL3_KECCAK:
        raise VerificationError(
            "chain.canonical",
            f"expected the code of Multicall3, of digest {_MULTICALL3_KECCAK}, found another",
            hint="The installation is damaged: install Counterfoil again.",
        )
    return MappingProxyType({MULTICALL3: "0x" + code.hex()})
