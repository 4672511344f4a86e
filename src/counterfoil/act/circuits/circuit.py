"""Know a circuit by its folder: what it is of, and the digests of all that it is made of.

`circuit.json` says what the folder holds; a circuit that is opened is held against it, so that a
proof is made with the keys that governance approved. This module refuses to make circuits.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from counterfoil.act.circuits.solidity import Compiled
from counterfoil.act.circuits.values import score_text, signed
from counterfoil.errors import NotFound, VerificationError

__all__ = [
    "Circuit",
    "Visibility",
    "digests_of",
    "list_circuits",
    "load_circuit",
    "load_verifier",
    "write_circuit",
]

Visibility = Literal["public", "hashed", "private"]
"""What a proof shows of a model's inputs: all, their Poseidon hash, or nothing."""

_FILE: Final = "circuit.json"
_VERIFIER: Final = "verifier.json"
_PARTS: Final = {
    "model": "model.onnx",
    "digest": "circuit.ezkl",
    "verification_key": "verification.key",
    "proving_key": "proving.key",
    "srs": "srs",
    "verifier_source": "verifier.sol",
    "verifier": _VERIFIER,
}
_Hex64 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Circuit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A circuit that was made; what has 64 hexadecimal digits is the SHA-256 of a file.

    model: of the ONNX file. digest: of the compiled circuit, the maker that verdicts name.
    features: inputs of the model. inputs: public values of them. scale: of the score. threshold,
    units: in decimal, and in units of 2^-scale. srs_kind: `ceremony`, or `local`: made here, whose
    maker can forge proofs. code_bytes: of the verifier on a chain, at most 24,576.
    """

    name: str
    model: _Hex64
    digest: _Hex64
    verification_key: _Hex64
    proving_key: _Hex64
    srs: _Hex64
    srs_kind: Literal["ceremony", "local"]
    verifier_source: _Hex64
    verifier: _Hex64
    code_bytes: int
    visibility: Visibility
    features: int
    inputs: int
    scale: int
    logrows: int
    threshold: str
    units: int
    outcome_from: str
    outcome_below: str
    tool: str
    compiler: str

    def outcome(self, value: int) -> str:
        """Tell the outcome of a score, as the field element that a proof shows."""
        return self.outcome_from if signed(value) >= self.units else self.outcome_below

    def score(self, value: int) -> str:
        """Write a score exactly, as decimal text."""
        return score_text(value, self.scale)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


def load_circuit(folder: Path, name: str) -> Circuit:
    """Open the circuit `name` in `folder`, and hold its files against what it says of them.

    Raises NotFound with code circuit.unknown, VerificationError with code circuit.differs.
    """
    place = folder / name
    try:
        circuit = msgspec.json.decode((place / _FILE).read_bytes(), type=Circuit)
        found = digests_of(place)
    except (FileNotFoundError, NotADirectoryError) as err:
        raise NotFound(
            "circuit.unknown",
            f"expected a circuit with all its files, found none called {name[:60]!a}",
            hint="`counterfoil circuit ls` lists them; `counterfoil circuit add` makes one.",
        ) from err
    except (OSError, ValueError, msgspec.MsgspecError) as err:
        raise _differs(name, _FILE) from err
    for field, digest in found.items():
        if getattr(circuit, field) != digest:
            raise _differs(name, _PARTS[field])
    return circuit


def list_circuits(folder: Path) -> Iterator[Circuit]:
    """Open all circuits of a folder, by name. Errors as `load_circuit`."""
    for path in sorted(folder.glob(f"*/{_FILE}")):
        if not path.parent.name.startswith("."):
            yield load_circuit(folder, path.parent.name)


def load_verifier(folder: Path, circuit: Circuit) -> Compiled:
    """Read a circuit's compiled verifier. Raises VerificationError with code circuit.differs."""
    try:
        return msgspec.json.decode((folder / circuit.name / _VERIFIER).read_bytes(), type=Compiled)
    except (OSError, msgspec.MsgspecError) as err:
        raise _differs(circuit.name, _VERIFIER) from err


def write_circuit(place: Path, circuit: Circuit) -> None:
    """Write what a folder's circuit is."""
    (place / _FILE).write_bytes(msgspec.json.format(msgspec.json.encode(circuit)) + b"\n")


def digests_of(place: Path) -> dict[str, str]:
    """Compute the SHA-256 of each of a circuit's files, by its field."""
    found = {}
    for field, file in _PARTS.items():
        with (place / file).open("rb") as stream:
            found[field] = file_digest(stream, "sha256").hexdigest()
    return found


def _differs(name: str, file: str) -> VerificationError:
    return VerificationError(
        "circuit.differs",
        f"expected {file} of circuit {name[:60]!a} as it was made, found another",
        hint="Put its folder back from a copy, or make the circuit anew under another name.",
    )
