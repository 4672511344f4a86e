"""The contracts: Vyper sources, and what the compiler made of them, as data of this package.

Sources and compiled forms are committed together, and a test compiles anew and compares, so that
nobody has to trust a build, nor have a compiler. This module reads them, and refuses to compile,
to deploy or to know a chain. It imports nothing of ours and nothing heavy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

__all__ = ["NAMES", "Artifact", "load_artifact", "read_source"]

NAMES: Final = (
    "anchor",
    "circuit_verifier",
    "decision_gate",
    "escrow",
    "example_switch",
    "model_registry",
    "reorder_desk",
    "token",
)
"""The contracts that can be loaded."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract.

    name: for example `anchor`. abi: its entries, as JSON has them. bytecode: what makes the
    contract, without constructor arguments; runtime: what then stands at its address.
    compiler, evm_version: what made them. sources: SHA-256 of each source by file name;
    source_sha256: of the lines `<sha256>  <file>` of all of them, sorted by file; abi_sha256: of
    the ABI in compact JSON with sorted keys; 64 hexadecimal digits each.
    """

    name: str
    abi: tuple[dict[str, Any], ...]
    bytecode: bytes
    runtime: bytes
    compiler: str
    evm_version: str
    sources: dict[str, str]
    source_sha256: str
    abi_sha256: str


def load_artifact(name: str) -> Artifact:
    """Read a compiled contract of `NAMES`.

    Raises KeyError for another name: a mistake of the program, never of a user.

    >>> load_artifact("anchor").evm_version
    'cancun'
    """
    if name not in NAMES:
        raise KeyError(name)
    data = json.loads(files(__name__).joinpath(f"{name}.json").read_bytes())
    return Artifact(
        name=data["name"],
        abi=tuple(data["abi"]),
        bytecode=bytes.fromhex(data["bytecode"].removeprefix("0x")),
        runtime=bytes.fromhex(data["runtime"].removeprefix("0x")),
        compiler=data["compiler"],
        evm_version=data["evm_version"],
        sources=data["sources"],
        source_sha256=data["source_sha256"],
        abi_sha256=data["abi_sha256"],
    )


def read_source(file: str) -> str:
    """Read a source by its file name, for example `anchor.vy` or `IAnchor.vyi`.

    Raises KeyError for a name that is none of a source.
    """
    if not file.endswith((".vy", ".vyi")) or "/" in file:
        raise KeyError(file)
    return files(__name__).joinpath(file).read_text(encoding="utf-8")
