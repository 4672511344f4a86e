"""A command that is forked is, for whoever runs it, the program."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.journeys.command_line import PROGRAM, environment
from tests.warm_commands import warm_folder


def forked() -> Path:
    """Give the program that is forked; where none is, the program itself."""
    return (warm_folder() or PROGRAM.parent) / PROGRAM.name


def ran(program: Path, words: list[str], folder: Path, **more: str) -> tuple[int, bytes, bytes]:
    """Run a command in a folder with something on stdin: its status and what it wrote."""
    done = subprocess.run(
        [program, *words],
        cwd=folder,
        env=environment(**more),
        input=b'{"n":1}',
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "words",
    [["--version"], ["nonsense"], ["record", "add", "-"], ["receipt", "show", "grün"]],
    ids=" ".join,
)
def test_it_is_the_program(words: list[str], tmp_path: Path) -> None:
    """Status, output and error are those of the program, for right and for wrong words."""
    assert ran(forked(), words, tmp_path) == ran(PROGRAM, words, tmp_path)


def test_it_has_the_callers_folder_variables_and_streams(tmp_path: Path) -> None:
    """It works where the caller stands, with the caller's variables and standard input."""
    assert ran(forked(), ["init", "shop"], tmp_path)[0] == 0
    status, out, _ = ran(forked(), ["record", "add", "-"], tmp_path, COUNTERFOIL_LEDGER="shop")
    assert (status, b'"index":3' in out) == (0, True)
    assert (tmp_path / "shop" / "checkpoint").exists()


def test_nothing_stays_from_one_to_the_next(tmp_path: Path) -> None:
    """A variable of one command is not the next one's; commands at the same time are apart."""
    assert ran(forked(), ["status"], tmp_path, COUNTERFOIL_LEDGER="a")[2].find(b" a,") > 0
    assert ran(forked(), ["status"], tmp_path, COUNTERFOIL_LEDGER="b")[2].find(b" b,") > 0
    both = [
        subprocess.Popen(
            [forked(), "status", "--ledger", name],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env=dict(os.environ),
        )
        for name in ("one", "two")
    ]
    said = [process.communicate()[1] for process in both]
    assert (b" one," in said[0], b" two," in said[1]) == (True, True)
