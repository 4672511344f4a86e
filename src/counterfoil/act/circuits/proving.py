"""Prove that a circuit gives a score for inputs that are not shown, and say what the proof allows.

Inputs and witness stand in a folder that only its owner can read, and are deleted afterwards. A
proof that was made is checked before it is given. This module refuses to choose a score.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from counterfoil.act.circuits.circuit import Circuit
from counterfoil.act.circuits.runs import run
from counterfoil.act.circuits.values import (
    FIELD,
    nonce_of,
    score_text,
    subject_of_inputs,
)
from counterfoil.errors import InputError

__all__ = ["Proof", "compute_scores", "parse_proof", "prove"]


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof, and what it shows.

    circuit: digest of the compiled circuit. values: public ones, of inputs and then the score, as
    field elements.
    """

    circuit: str
    proof: bytes
    values: tuple[int, ...]

    @property
    def nonce(self) -> bytes:
        """The nonce of the one verdict that it is good for."""
        return nonce_of(self.values)

    @property
    def subject(self) -> bytes:
        """The subject that it is about; zero where inputs are not shown."""
        return subject_of_inputs(self.values) or bytes(32)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print, and `parse_proof` reads."""
        return {
            "circuit": self.circuit,
            "proof": f"0x{self.proof.hex()}",
            "values": [f"0x{one:064x}" for one in self.values],
        }

    def encoded(self) -> bytes:
        """Give it as the verifier contract takes it: ABI-encoded `(bytes, uint256[])`."""
        from eth_abi.abi import encode

        return encode(["bytes", "uint256[]"], [self.proof, list(self.values)])


def prove(folder: Path, circuit: Circuit, row: Sequence[float]) -> Proof:
    """Prove the score of one row of inputs.

    folder: where circuits are. Raises InputError with code circuit.row, and as `runs.run`.
    """
    place = (folder / circuit.name).resolve()
    job = {
        "circuit": str(place / "circuit.ezkl"),
        "proving": str(place / "proving.key"),
        "verification": str(place / "verification.key"),
        "settings": str(place / "settings.json"),
        "srs": str(place / "srs"),
        "row": _row(circuit, row),
    }
    with tempfile.TemporaryDirectory(dir=folder, prefix=".proving-") as scratch:
        found = run(Path(scratch), "prove", job)
    values = tuple(_element(text) for text in found["values"])
    return Proof(circuit.digest, bytes.fromhex(found["proof"].removeprefix("0x")), values)


def compute_scores(folder: Path, circuit: Circuit, rows: Sequence[Sequence[float]]) -> list[str]:
    """Compute what the circuit gives for rows, without a proof; decimal text. Errors as `prove`."""
    job = {
        "circuit": str((folder / circuit.name / "circuit.ezkl").resolve()),
        "rows": [_row(circuit, row) for row in rows],
    }
    with tempfile.TemporaryDirectory(dir=folder, prefix=".scoring-") as scratch:
        found = run(Path(scratch), "score", job)
    return [score_text(_element(text), circuit.scale) for text in found["outputs"]]


def parse_proof(said: Mapping[str, Any]) -> Proof:
    """Read a proof as `Proof.to_json` writes it. Raises InputError with code circuit.proof-file."""
    try:
        values = tuple(int(one, 16) for one in said["values"])
        found = Proof(str(said["circuit"]), bytes.fromhex(said["proof"][2:]), values)
        good = bool(values) and all(0 <= one < FIELD for one in values)
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        raise InputError(
            "circuit.proof-file",
            "expected a proof with circuit, proof and values, found something else",
            hint="`counterfoil circuit prove` writes one.",
        )
    return found


def _row(circuit: Circuit, row: Sequence[float]) -> list[float]:
    found = [float(one) for one in row]
    if len(found) != circuit.features or not all(map(math.isfinite, found)):
        raise InputError(
            "circuit.row",
            f"expected {circuit.features} finite numbers, found {len(found)} inputs",
            hint="In the model's own order, as one list.",
        )
    return found


def _element(text: str) -> int:
    """Read a field element as EZKL writes it: 32 bytes, the least first."""
    return int.from_bytes(bytes.fromhex(text), "little")
