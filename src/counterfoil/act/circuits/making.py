"""Make the circuit of a small model: compiled, with keys and a verifier, in a folder of its own.

The folder appears whole or not at all. This module refuses operators that circuits cannot hold
(trees of ONNX-ML: see `shapes.tree`), and models of more than one input or value.
Source: EZKL 23 (Halo2 with KZG commitments on BN254).
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.act.circuits.circuit import (
    Circuit,
    Visibility,
    digests_of,
    load_circuit,
    write_circuit,
)
from counterfoil.act.circuits.runs import run
from counterfoil.act.circuits.shape_of import shape_of_model
from counterfoil.act.circuits.solidity import compile_verifier
from counterfoil.act.circuits.values import INPUTS_MAX, threshold_units
from counterfoil.errors import Conflict, InputError, NotFound

__all__ = ["Plan", "make_circuit"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SCALES: Final = range(1, 31)
_ROWS: Final = range(6, 27)
_SHOWN: Final = ("public", "hashed", "private")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to make a circuit.

    threshold: decimal text; from there on the outcome is `outcome_from`, else `outcome_below`.
    visibility: what proofs show of inputs. scale: numbers are multiples of 2^-scale, 1 to 30.
    samples: rows of inputs, from which EZKL chooses rows and ranges; without them there are
    2^logrows rows (6 to 26), and `decomp_base` to the power of `decomp_legs` is the greatest
    number inside. srs: file of a ceremony's structured reference string; None to make one here,
    whose maker can forge proofs.
    """

    threshold: str
    outcome_from: str
    outcome_below: str
    visibility: Visibility = "hashed"
    scale: int = 7
    samples: Sequence[Sequence[float]] = ()
    logrows: int = 15
    decomp_base: int = 16_384
    decomp_legs: int = 2
    srs: Path | None = None


def make_circuit(folder: Path, name: str, model: bytes, plan: Plan, compiler: Path) -> Circuit:
    """Make the circuit of a model in `folder`/`name`; the same one again is found.

    name: a lower-case letter, then letters, digits and underscores, at most 40. model: ONNX with
    one input of shape [1, n] and one value. compiler: see `solidity`.
    Raises Conflict with code circuit.exists for another of that name, InputError with code
    circuit.name, circuit.model, circuit.operator, circuit.plan or circuit.threshold, NotFound with
    code circuit.srs, and as `runs.run` and `solidity.compile_verifier`.
    """
    shape = shape_of_model(model)
    inputs = _check(name, plan, shape.features)
    if (folder / name).exists():
        return _same(load_circuit(folder, name), model, plan)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as scratch:
        place = Path(scratch) / name
        place.mkdir()
        (place / "model.onnx").write_bytes(model)
        made = run(place, "make", _job(plan, shape.variables))
        if plan.srs is not None:
            _copy(plan.srs, place / "srs")
        run(place, "keys", {"make_srs": plan.srs is None, "logrows": made["logrows"]})
        source = (place / "verifier.sol").read_bytes()
        digest = sha256((place / "circuit.ezkl").read_bytes()).hexdigest()
        compiled = compile_verifier(f"ezkl_{digest[:16]}", source, compiler)
        (place / "verifier.json").write_bytes(msgspec.json.encode(compiled))
        scale = int(made["scales"][0])
        circuit = Circuit(
            name=name,
            **digests_of(place),
            srs_kind="local" if plan.srs is None else "ceremony",
            code_bytes=len(compiled.runtime),
            visibility=plan.visibility,
            features=shape.features,
            inputs=inputs,
            scale=scale,
            logrows=int(made["logrows"]),
            threshold=plan.threshold,
            units=threshold_units(plan.threshold, scale),
            outcome_from=plan.outcome_from,
            outcome_below=plan.outcome_below,
            tool=f"ezkl {made['version']}",
            compiler=compiled.compiler,
        )
        write_circuit(place, circuit)
        place.rename(folder / name)
    return circuit


def _job(plan: Plan, variables: Sequence[str]) -> dict[str, Any]:
    span = 1 << (plan.logrows - 2)
    return {
        "arguments": {
            "input_visibility": plan.visibility,
            "output_visibility": "public",
            "param_visibility": "fixed",
            "input_scale": plan.scale,
            "param_scale": plan.scale,
            "logrows": plan.logrows,
            "decomp_base": plan.decomp_base,
            "decomp_legs": plan.decomp_legs,
            "lookup_range": [-span, span],
        },
        "variables": list(variables),
        "samples": [list(row) for row in plan.samples],
        "scale": plan.scale,
    }


def _check(name: str, plan: Plan, features: int) -> int:
    """Check what was asked for; gives the number of public values of inputs."""
    if not _NAME.fullmatch(name):
        raise InputError(
            "circuit.name",
            f"expected a lower-case letter, then letters, digits and _, found {name[:60]!a}",
            hint="For example fraud_v7; at most 40.",
        )
    threshold_units(plan.threshold, plan.scale)
    wrong = None
    if plan.visibility not in _SHOWN:
        wrong = f"inputs that are {', '.join(_SHOWN)}, found {plan.visibility[:40]!a}"
    elif plan.scale not in _SCALES or plan.logrows not in _ROWS:
        wrong = f"a scale of 1 to 30 and 2^6 to 2^26 rows, found {plan.scale} and {plan.logrows}"
    elif plan.outcome_from == plan.outcome_below:
        wrong = f"two outcomes, found {plan.outcome_from[:40]!a} twice"
    elif plan.visibility == "public" and features > INPUTS_MAX:
        wrong = f"at most {INPUTS_MAX} public inputs, found {features}"
    elif any(len(row) != features for row in plan.samples):
        wrong = f"samples of {features} inputs each, found others"
    if wrong is not None:
        raise InputError(
            "circuit.plan", f"expected {wrong}", hint="See `counterfoil circuit add --help`."
        )
    return {"public": features, "hashed": 1, "private": 0}[plan.visibility]


def _same(known: Circuit, model: bytes, plan: Plan) -> Circuit:
    """Give a circuit that is there, where it is the one that is wanted."""
    wanted = (sha256(model).hexdigest(), plan.threshold, plan.outcome_from, plan.outcome_below)
    found = (known.model, known.threshold, known.outcome_from, known.outcome_below)
    if (*wanted, plan.visibility) != (*found, known.visibility):
        raise Conflict(
            "circuit.exists",
            f"expected the circuit {known.name} of this model and threshold, found another one",
            hint="Give it another name: what governance approved stays what it is.",
        )
    return known


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as err:
        raise NotFound(
            "circuit.srs",
            f"expected a structured reference string in {str(source)[:200]!a}, but: {err.strerror}",
            hint="It is a file of a ceremony for KZG on BN254, of at least the circuit's rows.",
        ) from err
