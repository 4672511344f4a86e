"""Compile the generated verifier with Solidity's compiler in WebAssembly, run by Node.js.

The compiler is one file, `soljson.js` of the npm package `solc`, which the caller names: nothing is
fetched. This module refuses code that no chain takes (EIP-170), and a compiler that answers with
errors. Source: Solidity's standard JSON interface; EIP-170.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import NotFound, Refused, Unavailable

__all__ = ["CODE_MAX_BYTES", "Compiled", "compile_verifier"]

CODE_MAX_BYTES: Final = 24_576
"""Longest code that a contract may have (EIP-170)."""

_CONTRACT: Final = "Halo2Verifier"
_GLUE: Final = """
const fs = require("fs");
const solc = require(process.argv[1]);
const go = () => {
  const compile = solc.cwrap("solidity_compile", "string", ["string", "number", "number"]);
  const version = solc.cwrap("solidity_version", "string", []);
  const answer = compile(fs.readFileSync(0, "utf8"), 0, 0);
  fs.writeSync(1, JSON.stringify({ version: version(), answer: JSON.parse(answer) }));
};
if (solc.calledRun) go(); else solc.onRuntimeInitialized = go;
"""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A generated verifier, compiled; has the form of `chain.Artifact`.

    name: under which it is deployed. compiler: `solc` and its version.
    """

    name: str
    bytecode: bytes
    runtime: bytes
    abi_sha256: str
    source_sha256: str
    compiler: str


def compile_verifier(name: str, source: bytes, compiler: Path) -> Compiled:
    """Compile what EZKL generated.

    name: to deploy it under. compiler: `soljson.js`. Raises NotFound with code circuit.compiler,
    Unavailable with code circuit.node or circuit.compile, Refused with code circuit.size.
    """
    node = shutil.which("node")
    if node is None:
        raise Unavailable(
            "circuit.node",
            "expected the program node, which runs Solidity's compiler, found none",
            hint="Install Node.js 18 or later: apt-get install nodejs.",
        )
    if not compiler.is_file():
        raise NotFound(
            "circuit.compiler",
            f"expected Solidity's compiler as a file, found none at {str(compiler)[:200]!a}",
            hint="`npm pack solc` fetches it; the file is package/soljson.js in the archive.",
        )
    answer = _ask(node, compiler, _job(source))
    found = answer["answer"].get("contracts", {}).get("verifier.sol", {}).get(_CONTRACT)
    if found is None:
        errors = answer["answer"].get("errors") or [{}]
        raise _failed(str(errors[0].get("message", "no contract"))[:200])
    code = found["evm"]
    runtime = bytes.fromhex(code["deployedBytecode"]["object"])
    if len(runtime) > CODE_MAX_BYTES:
        raise Refused(
            "circuit.size",
            f"expected a verifier of at most {CODE_MAX_BYTES} bytes, found {len(runtime)}",
            hint="Make a smaller circuit: fewer layers, hidden inputs, or more rows per column.",
        )
    abi = json.dumps(found["abi"], separators=(",", ":"), sort_keys=True).encode()
    return Compiled(
        name=name,
        bytecode=bytes.fromhex(code["bytecode"]["object"]),
        runtime=runtime,
        abi_sha256=sha256(abi).hexdigest(),
        source_sha256=sha256(source).hexdigest(),
        compiler=f"solc {answer['version']}",
    )


def _job(source: bytes) -> bytes:
    settings = {
        "evmVersion": "cancun",
        "optimizer": {"enabled": True, "runs": 1},
        "metadata": {"bytecodeHash": "none", "appendCBOR": False},
        "outputSelection": {
            "*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}
        },
    }
    sources = {"verifier.sol": {"content": source.decode()}}
    job = {"language": "Solidity", "sources": sources, "settings": settings}
    return json.dumps(job).encode()


def _ask(node: str, compiler: Path, job: bytes) -> dict[str, Any]:
    try:
        done = subprocess.run(  # the program that was found, and the file named
            [node, "-e", _GLUE, str(compiler.resolve())],
            input=job,
            capture_output=True,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (OSError, ValueError) as err:
        raise _failed(str(err)[:200]) from err
    return answer


def _failed(why: str) -> Unavailable:
    return Unavailable(
        "circuit.compile",
        f"expected Solidity's compiler to answer with a contract, but: {why!a}",
        hint="The file has to be soljson.js of the npm package solc, 0.8.20 or later.",
    )
