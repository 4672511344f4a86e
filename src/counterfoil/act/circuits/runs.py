"""Start EZKL in a process of its own, without a network, and give its answer.

Only PATH, a home that is empty, and proxies that lead nowhere are passed on: whatever a
library would fetch, it cannot. A job that is interrupted takes its process with it. This module
refuses to go on where EZKL did not answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from counterfoil import extras
from counterfoil.errors import Refused, Unavailable

__all__ = ["run"]

_NOWHERE: Final = "http://127.0.0.1:1"
_WORKER: Final = Path(__file__).with_name("worker.py")
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


def run(folder: Path, do: str, job: Mapping[str, Any]) -> dict[str, Any]:
    """Have EZKL do a job of `worker` in a folder, which has its files.

    Raises Unavailable with code extra.missing, or circuit.tool where it does not answer (killed,
    out of memory); Refused with code circuit.refused where it says why not.
    """
    extras.require("zk", "ezkl")
    asked = json.dumps({**job, "do": do}).encode()
    try:
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run(
                [sys.executable, "-I", str(_WORKER)],
                input=asked,
                capture_output=True,
                cwd=folder,
                env=_environment(home),
                check=False,
            )
    except OSError as err:
        raise _silent(str(err)) from err
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [""]
        raise _silent(f"it ended with {done.returncode}: {told[0][:200]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "failed" in answer:
        raise Refused(
            "circuit.refused",
            f"expected EZKL to {do} the circuit, but: {answer['failed'][:300]!a}",
            hint="Inputs beyond what the circuit was made for, or an operator that it does not "
            "know: make it with other samples, or a simpler model.",
        )
    found: dict[str, Any] = answer["done"]
    return found


def _environment(home: str) -> dict[str, str]:
    kept = {"PATH": os.environ.get("PATH", os.defpath), "HOME": home}
    for name in _PROXIES:
        kept[name] = kept[name.upper()] = _NOWHERE
    return kept


def _silent(why: str) -> Unavailable:
    return Unavailable(
        "circuit.tool",
        f"expected an answer of EZKL, but {why}",
        hint="Proving takes memory: some GB for a circuit of 2^17 rows. Try a smaller one.",
    )
