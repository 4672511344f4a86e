"""Where a package of an extra is missing, everything says so in the same words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from counterfoil import extras
from counterfoil.errors import Unavailable
from counterfoil.ops import ledgers

COMMANDS: dict[str, tuple[list[str], str]] = {
    "account train": (["account", "train", "x.csv", "--out", "m.txt"], "insight"),
    "chain report": (["chain", "report", "chain"], "insight"),
    "chain simulate": (["chain", "simulate", "--out", "made"], "insight"),
    "chain threats": (["chain", "threats", "chain"], "insight"),
    "check quality": (["check", "quality", "x.csv"], "frames,models"),
    "dataset add": (["dataset", "add", "x.csv", "x"], "frames"),
    "dataset diff": (["dataset", "diff", "x.csv", "x.csv"], "frames"),
    "dataset fingerprint": (["dataset", "fingerprint", "x.csv"], "frames"),
    "export": (["export", "--format", "parquet", "--out", "x.parquet"], "frames"),
    "forecast eval": (["forecast", "eval", "x.csv", "--value", "a", "--horizon", "1"], "watch"),
    "forecast run": (["forecast", "run", "x.csv", "--value", "a", "--horizon", "1"], "watch"),
    "mcp": (["mcp"], "agents"),
    "model add": (["model", "add", "m.onnx", "m"], "models"),
    "record batch": (["record", "batch", "x.parquet"], "frames"),
    "watch score": (["watch", "score", "x.csv", "--value", "a"], "watch"),
}

BARE = """
import contextlib, io, json, sys
for name in json.loads(sys.argv[1]):
    sys.modules[name] = None
import counterfoil
from counterfoil.cli.main import main
answers = {}
for name, words in json.loads(sys.argv[2]).items():
    told, shown = io.StringIO(), io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(shown):
        answers[name] = main([*words, "--json"]), told.getvalue()
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run every command where no package of an extra can be imported: name -> (status, told)."""
    folder = tmp_path_factory.mktemp("bare")
    ledger = folder / "shop"
    ledgers.init(ledger, name="shop", organisation="https://shop.example")
    lines = "\n".join(f"{at},{at % 7}" for at in range(300))
    (ledger / "x.csv").write_text(f"a,b\n{lines}\n")
    (ledger / "x.parquet").write_bytes(b"PAR1 and so on PAR1")
    (ledger / "m.onnx").write_bytes(_onnx())
    (ledger / "chain").mkdir()
    (ledger / "chain" / "blocks.csv").write_text("number\n1\n")
    words = {name: line for name, (line, _) in COMMANDS.items()}
    ran = subprocess.run(
        [sys.executable, "-c", BARE, json.dumps(sorted(extras._PACKAGES)), json.dumps(words)],
        cwd=ledger,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return json.loads(ran.stdout)


def _onnx() -> bytes:
    from tests.deciding import onnx_bytes

    return onnx_bytes()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_to_install(answers: Any, name: str) -> None:
    """One code, one status and the line to type, whichever room wanted the package."""
    status, told = answers[name]
    problem = json.loads(told.splitlines()[-1])
    assert problem["code"] == "extra.missing", problem
    assert status == Unavailable.exit_status
    extra = COMMANDS[name][1]
    assert problem["hint"] == f"Install it: pip install 'counterfoil[{extra}]'."


def test_every_extra_is_one_of_the_project() -> None:
    """What is told to be installed can be installed, and brings the package."""
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    known = project["project"]["optional-dependencies"]
    told = {*extras._PACKAGES.values()}
    told |= {one for extra in extras._ROOMS.values() for one in extra.split(",")}
    assert told <= known.keys()


def test_only_what_an_extra_brings_is_told() -> None:
    """A package that no extra brings, and a module of ours, stay what they are."""
    for name in ("nothing_of_ours", "counterfoil.nowhere"):
        with pytest.raises(ModuleNotFoundError), extras.brings("frames"):
            __import__(name)
        assert extras.missing_extra(ModuleNotFoundError("gone", name=name)) is None
    assert extras.missing_extra(ValueError("other")) is None
    told = extras.missing_extra(ModuleNotFoundError("gone", name="skops.io"))
    assert told is not None
    assert told.hint == "Install it: pip install 'counterfoil[models]'."
