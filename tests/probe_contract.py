"""A Vyper contract for tests that does what ours do: storage, events, hashes, signatures, proofs.

Compiled once for a test session; refuses to be anything that somebody deploys.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["PROBE", "Probe", "compiled"]

PROBE = """\
# pragma version ==0.4.3
# pragma evm-version prague

event Kept:
    key: indexed(bytes32)
    by: indexed(address)
    amount: uint256
    text: String[32]

struct Pair:
    first: uint64
    second: bytes32

owner: public(address)
values: public(HashMap[bytes32, uint256])
total: public(uint256)

@deploy
def __init__(start: uint256):
    self.owner = msg.sender
    self.total = start

@external
def keep(key: bytes32, amount: uint256, text: String[32]) -> uint256:
    assert amount != 0, "nothing to keep"
    self.values[key] = amount
    self.total += amount
    log Kept(key=key, by=msg.sender, amount=amount, text=text)
    return self.total

@external
def forget(key: bytes32):
    assert msg.sender == self.owner, "not the owner"
    self.values[key] = 0

@external
@view
def root(leaf: bytes32, path: DynArray[bytes32, 64]) -> bytes32:
    found: bytes32 = sha256(concat(b"\\x00", leaf))
    for step: bytes32 in path:
        found = sha256(concat(b"\\x01", found, step))
    return found

@external
def climb(leaf: bytes32, path: DynArray[bytes32, 64]):
    found: bytes32 = leaf
    for step: bytes32 in path:
        found = keccak256(concat(found, step))
    self.values[found] = len(path)

@external
@view
def signer(digest: bytes32, v: uint8, r: bytes32, s: bytes32) -> address:
    return ecrecover(digest, v, r, s)

@external
@view
def pair(first: uint64) -> Pair:
    return Pair(first=first, second=keccak256(convert(first, bytes32)))

@external
@view
def when() -> (uint256, uint256, uint256):
    return block.timestamp, block.number, chain.id
"""


@dataclass(frozen=True)
class Probe:
    """The compiled contract; an `Artifact`."""

    name: str
    abi: list[Any]
    bytecode: bytes
    runtime: bytes
    abi_sha256: str = "0a" * 32
    source_sha256: str = "0b" * 32


@cache
def compiled() -> Probe:
    """Compile it."""
    from vyper import compile_code

    found = compile_code(PROBE, output_formats=["abi", "bytecode", "bytecode_runtime"])
    code, runtime = (bytes.fromhex(found[k][2:]) for k in ("bytecode", "bytecode_runtime"))
    return Probe("probe", found["abi"], code, runtime)
