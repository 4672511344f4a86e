"""Run EZKL's steps in a process of their own; a script, started by `runs`, never imported by us.

EZKL prints to standard output, takes gigabytes and cannot be interrupted inside, so it is kept out
of our process. A job comes as JSON on standard input; one line of JSON goes back. Nothing here asks
the network: `runs` takes it away, and `get_srs` is never called. Imports nothing of ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["main"]


def main() -> int:
    """Do one job in the current folder; 0 where it was done, and its answer on standard output."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what EZKL prints is no answer
    job = json.loads(sys.stdin.buffer.read())
    do: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "make": _make,
        "keys": _keys,
        "score": _score,
        "prove": _prove,
    }
    try:
        answer: dict[str, Any] = {"done": do[job["do"]](job)}
    except (RuntimeError, ValueError, OSError) as err:
        answer = {"failed": str(err)[:2000]}
    os.write(answers, json.dumps(answer).encode() + b"\n")
    return 0


def _make(job: dict[str, Any]) -> dict[str, Any]:
    """Compile model.onnx; gives the circuit's own view of itself."""
    ezkl: Any = import_module("ezkl")

    asked = ezkl.PyRunArgs()
    for name, given in job["arguments"].items():
        setattr(asked, name, tuple(given) if name == "lookup_range" else given)
    asked.variables = [(name, 1) for name in job["variables"]]
    ezkl.gen_settings("model.onnx", "settings.json", py_run_args=asked)
    if job["samples"]:
        Path("samples.json").write_text(json.dumps({"input_data": job["samples"]}))
        ezkl.calibrate_settings(
            "samples.json", "model.onnx", "settings.json", "resources", scales=[job["scale"]]
        )
    ezkl.compile_circuit("model.onnx", "circuit.ezkl", "settings.json")
    settings: dict[str, Any] = json.loads(Path("settings.json").read_text())
    return {
        "logrows": settings["run_args"]["logrows"],
        "scales": settings["model_output_scales"],
        "version": settings["version"],
    }


def _keys(job: dict[str, Any]) -> dict[str, Any]:
    """Make keys, and the verifier's source."""
    ezkl: Any = import_module("ezkl")

    if job["make_srs"]:
        ezkl.gen_srs("srs", job["logrows"])
    ezkl.setup("circuit.ezkl", "verification.key", "proving.key", "srs")

    async def write() -> None:
        await ezkl.create_evm_verifier(
            "verification.key", "settings.json", "verifier.sol", "verifier.abi", "srs"
        )

    try:
        asyncio.run(write())
    except RuntimeError as err:
        # EZKL writes the source, and then would fetch a compiler to describe it: we have our own
        if "svm error" not in str(err) or not Path("verifier.sol").exists():
            raise
    return {}


def _score(job: dict[str, Any]) -> dict[str, Any]:
    """Compute the circuit's outputs for rows of inputs; field elements, little-endian."""
    ezkl: Any = import_module("ezkl")

    found: list[str] = []
    for row in job["rows"]:
        Path("input.json").write_text(json.dumps({"input_data": [row]}))
        witness = ezkl.gen_witness("input.json", job["circuit"], "witness.json")
        found.append(witness["outputs"][0][0])
    return {"outputs": found}


def _prove(job: dict[str, Any]) -> dict[str, Any]:
    ezkl: Any = import_module("ezkl")

    _score({**job, "rows": [job["row"]]})
    ezkl.prove("witness.json", job["circuit"], job["proving"], "proof.json", job["srs"])
    if not ezkl.verify("proof.json", job["settings"], job["verification"], job["srs"]):
        raise ValueError("the proof that was made does not hold")
    proof: dict[str, Any] = json.loads(Path("proof.json").read_text())
    return {"proof": proof["hex_proof"], "values": proof["instances"][0]}


if __name__ == "__main__":
    os._exit(main())  # the answer is out; EZKL's threads do not always survive an orderly end
