"""Compiled contracts are data of the package, read without anything heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256

import pytest

from counterfoil.contracts import NAMES, load_artifact, read_source


@pytest.mark.parametrize("name", NAMES)
def test_loading(name: str) -> None:
    """A contract has its name, its bytes, unique names in its ABI, and digests that are right."""
    artifact = load_artifact(name)
    assert artifact.name == name
    assert artifact.runtime in artifact.bytecode
    assert (artifact.compiler, artifact.evm_version) == ("vyper 0.4.3", "cancun")
    names = [entry["name"] for entry in artifact.abi if entry["type"] == "function"]
    assert len(set(names)) == len(names)
    abi = json.dumps(artifact.abi, separators=(",", ":"), sort_keys=True)
    assert artifact.abi_sha256 == sha256(abi.encode()).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_sources(name: str) -> None:
    """The sources travel with the package, and are those that were compiled."""
    artifact = load_artifact(name)
    digests = {file: sha256(read_source(file).encode()).hexdigest() for file in artifact.sources}
    assert digests == artifact.sources
    lines = "".join(f"{digest}  {file}\n" for file, digest in sorted(digests.items()))
    assert artifact.source_sha256 == sha256(lines.encode()).hexdigest()


def test_unknown_names() -> None:
    """A contract or source that there is not is a mistake of the caller."""
    with pytest.raises(KeyError):
        load_artifact("../errors")
    with pytest.raises(KeyError):
        read_source("../py.typed")
    with pytest.raises(KeyError):
        read_source("anchor.json")


def test_loading_is_light() -> None:
    """Reading a contract imports no compiler, no web3 and no EVM."""
    heavy = ["boa", "eth", "eth_abi", "eth_tester", "msgspec", "vyper", "web3"]
    code = (
        "import sys; from counterfoil.contracts import load_artifact; load_artifact('anchor');"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
