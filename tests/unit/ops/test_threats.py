"""The command that searches a chain's tables for attacks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from counterfoil.cli import main
from counterfoil.testing.chain_attacks import CHAIN_ATTACKS
from counterfoil.testing.chain_scene import Scene, quiet_chain, write_chain


def test_attacks_in_a_folder_of_tables_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All attacks in one folder: each kind is found, as JSON and in words."""
    scene = Scene(quiet_chain(3000, 5, 3), 8)
    made = {name: put(scene, scene.first + 300) for name, put in CHAIN_ATTACKS.items()}
    write_chain(tmp_path / "chain", scene.tables())
    listed = tmp_path / "known.csv"
    known = {account: label for one in made.values() for account, label in one.known.items()}
    lines = [f"{account},{label}" for account, label in known.items()]
    listed.write_text("\n".join(["address,label", *lines]))
    words = ["chain", "threats", str(tmp_path / "chain")]
    assert main([*words, "--known", str(listed), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    guilty = {account for one in made.values() for account in one.accounts} | set(known)
    assert {one["account"] for one in said["findings"]} <= guilty
    assert {one["kind"] for one in said["findings"]} == {one.kind for one in made.values()}
    assert (said["known"], said["met"]) == (1, 1)
    assert said["notes"][0] == "the data is simulated"
    assert main([*words, "--only", "drain", "--least", "90", "--text"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[0].startswith("0.90  drain")
    assert "1 findings in" in shown
    assert main([*words, "--least", "0", "--only", "wash-trade", "--json"]) == 0
    weak = json.loads(capsys.readouterr().out)["findings"]
    assert min(one["score"] for one in weak) < 0.5


def test_what_cannot_be_asked_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A score above all, a detector that is none, and one that lacks its list have errors."""
    tables = tmp_path / "transactions.csv"
    tables.write_text("hash,from_address,to_address,value,block_number,gas_price\n")
    given = ["chain", "threats", str(tables)]
    for more, code in (
        (["--least", "101"], "threats.least"),
        (["--only", "magic"], "threats.detector"),
        (["--only", "bad-neighbour"], "threats.detector"),
    ):
        assert main([*given, *more]) == 2
        assert code in capsys.readouterr().err
