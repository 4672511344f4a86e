"""The smallest circuit that is worth proving, made once in a process: two public inputs, one proof.

Its keys come from a structured reference string that the test makes, which anybody could forge; the
contracts do not know the difference. Where EZKL, Node.js or the compiler is missing, tests say so.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from counterfoil.act.circuits import Circuit, Plan, Proof, make_circuit, prove
from counterfoil.act.circuits.shapes import logistic
from tests.shared_data import ROOT, program, require

__all__ = [
    "NAME",
    "PLAN",
    "ROW",
    "compiler",
    "model",
    "put_circuit",
    "small_circuit",
    "small_proof",
]

NAME = "tiny"
ROW = (1.0, -1.0)
PLAN = Plan(
    threshold="0.5",
    outcome_from="turn on",
    outcome_below="turn off",
    visibility="public",
    scale=3,
    logrows=9,
    decomp_base=128,
    decomp_legs=3,
)


def compiler() -> Path:
    """Give the path of Solidity's compiler."""
    __tracebackhide__ = True
    require_ezkl()
    program("node")
    found = sorted((ROOT / ".dev" / "npm").glob("solc-*/soljson.js"))
    require(found, "solc is not installed: ./dev test gets it where npm is there")
    return found[-1]


def require_ezkl() -> None:
    """Skip the test where EZKL is missing."""
    __tracebackhide__ = True
    require(find_spec("ezkl") and find_spec("onnx"), "the extra zk is not installed")


@cache
def model() -> bytes:
    """Give a logistic regression of two inputs."""
    __tracebackhide__ = True
    require_ezkl()
    return logistic([0.75, -0.5], 0.125)


def small_circuit() -> tuple[Path, Circuit]:
    """Give the circuit, and the folder that it is in."""
    __tracebackhide__ = True
    return _made(compiler())


def put_circuit(folder: Path) -> Circuit:
    """Copy the circuit to another folder."""
    __tracebackhide__ = True
    home, circuit = small_circuit()
    shutil.copytree(home / NAME, folder / NAME)
    return circuit


@cache
def small_proof() -> Proof:
    """Give a proof of the score of `ROW`."""
    folder, circuit = small_circuit()
    return prove(folder, circuit, ROW)


@cache
def _made(solc: Path) -> tuple[Path, Circuit]:
    home = Path(tempfile.mkdtemp(prefix="circuits-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home, make_circuit(home, NAME, model(), PLAN, solc)
