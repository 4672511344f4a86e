"""What is committed as compiled is what the compiler makes of the sources, anywhere."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from eth_abi.abi import encode

from counterfoil.contracts import NAMES, load_artifact
from tests.contracts.bank import Bank
from tests.contracts.rig import DEPLOYER, copy_sources, planted
from tools.build_contracts import FOLDER, build


@pytest.mark.parametrize("name", NAMES)
def test_compiled_anew(name: str, tmp_path: Path) -> None:
    """Compiling anew, in another folder, gives the committed file byte for byte."""
    committed = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    built = build(name, copy_sources(tmp_path / "elsewhere"))
    assert built == committed, "run: ./dev python -m tools.build_contracts"


def test_a_changed_source_shows(tmp_path: Path) -> None:
    """Control: a comment changes the digests, a check that is missing the bytecode too."""
    committed = json.loads((FOLDER / "anchor.json").read_text(encoding="utf-8"))
    comment = planted(tmp_path / "1", "words.vy", "# what an anchor", "# What an anchor")
    built = json.loads(build("anchor", comment.parent))
    assert built["source_sha256"] != committed["source_sha256"]
    assert built["runtime"] == committed["runtime"]
    check = planted(tmp_path / "2", "anchor.vy", '    assert old_size == size, "stale"\n', "")
    assert json.loads(build("anchor", check.parent))["runtime"] != committed["runtime"]


@pytest.mark.parametrize("name", NAMES)
def test_runtime(name: str, bank: Bank) -> None:
    """What stands at the address after deploying is the committed runtime code.

    After it stands what a constructor was given, and nothing else.
    """
    artifact, world = load_artifact(name), bank.world
    inputs = [entry["inputs"] for entry in artifact.abi if entry["type"] == "constructor"]
    made = inputs[0] if inputs else ()
    kinds = [part["type"] for part in made]
    some = {"address": bank.escrow.address, "string": "Some", "uint8": 2}
    # a desk asks its escrow who governs, and its funder is no contract of ours
    some_by_name = {"funder": DEPLOYER}
    hashes = {part["name"]: sha256(part["name"].encode()).digest() for part in made}
    values = [
        hashes[part["name"]]
        if part["type"] == "bytes32"
        else some_by_name.get(part["name"], some.get(part["type"], 1))
        for part in made
    ]
    arguments = encode(kinds, values)
    address, code = world.env.deploy_code(bytecode=artifact.bytecode + arguments)
    assert bytes(world.env.get_code(address)) == bytes(code)
    assert bytes(code).startswith(artifact.runtime)
    kept = bytes(code)[len(artifact.runtime) :]
    assert not kept if not kinds else len(kept) % 32 == 0


def test_interface_file() -> None:
    """What other contracts import, ours have; the compiler checks it by `implements`."""
    for name, interface in [
        ("anchor", "IAnchor"),
        ("decision_gate", "IDecisionGate"),
        ("model_registry", "IModelRegistry"),
    ]:
        assert f"implements: {interface}" in (FOLDER / f"{name}.vy").read_text(encoding="utf-8")
        assert f"{interface}.vyi" in load_artifact(name).sources
