"""Compile the contracts to the JSON files beside them: ABI, bytecode, and the digests of both.

Run as `./dev python -m tools.build_contracts` after any change of a source; a test compares. Each
module that a contract imports is compiled from the same folder, and nothing else is looked at.
"""

from __future__ import annotations

import json
import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from counterfoil.contracts import NAMES

__all__ = ["FOLDER", "build", "compile_contract", "main"]

FOLDER = Path(__file__).resolve().parents[1] / "src" / "counterfoil" / "contracts"

EVM_VERSION = re.compile(r"^# pragma evm-version (\w+)$", re.MULTILINE)
IMPORT = re.compile(r"^(?:from \. )?import (\w+)$", re.MULTILINE)


def build(name: str, folder: Path = FOLDER) -> str:
    """Compile one contract; gives the text of its JSON file, the same for the same sources."""
    found = compile_contract(folder / f"{name}.vy")
    sources = {
        path.name: sha256(path.read_bytes()).hexdigest() for path in _sources(folder, f"{name}.vy")
    }
    lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(sources.items()))
    abi = json.dumps(found["abi"], separators=(",", ":"), sort_keys=True)
    artifact = {
        "name": name,
        "compiler": f"vyper {found['compiler']}",
        "evm_version": found["evm_version"],
        "sources": dict(sorted(sources.items())),
        "source_sha256": sha256(lines.encode()).hexdigest(),
        "abi_sha256": sha256(abi.encode()).hexdigest(),
        "abi": found["abi"],
        "bytecode": found["bytecode"],
        "runtime": found["bytecode_runtime"],
    }
    return json.dumps(artifact, indent=1, sort_keys=True) + "\n"


def compile_contract(path: Path) -> dict[str, Any]:
    """Compile a source with the settings that stand in it.

    Gives abi, bytecode and bytecode_runtime (hexadecimal, with 0x), compiler and evm_version.
    """
    import vyper
    from vyper.compiler import compile_from_file_input
    from vyper.compiler.input_bundle import FilesystemInputBundle

    version = EVM_VERSION.search(path.read_text(encoding="utf-8"))
    if version is None:
        raise ValueError(f"expected an evm-version in {path.name}, found none")
    bundle = FilesystemInputBundle([path.parent])
    formats = ["abi", "bytecode", "bytecode_runtime"]
    made = compile_from_file_input(
        bundle.load_file(path.name), input_bundle=bundle, output_formats=formats
    )
    return {**made, "compiler": vyper.__version__, "evm_version": version[1]}


def _sources(folder: Path, file: str) -> list[Path]:
    """Give a contract's source and all that it imports, straight or through others."""
    found = [file]
    for each in found:  # grows while it is walked
        for module in IMPORT.findall((folder / each).read_text(encoding="utf-8")):
            name = next(f for f in (f"{module}.vy", f"{module}.vyi") if (folder / f).exists())
            found += [name] if name not in found else []
    return [folder / each for each in found]


def main() -> int:
    """Write each contract's JSON file. Exit status 0."""
    for name in NAMES:
        (FOLDER / f"{name}.json").write_text(build(name), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
