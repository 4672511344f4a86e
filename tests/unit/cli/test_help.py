"""Help is made from the operations themselves."""

from __future__ import annotations

import io
from typing import Annotated

import pytest

from counterfoil.cli.help import command_help, first_page, root_help
from counterfoil.cli.paint import Paint
from counterfoil.ops.registry import GROUPS, OPERATIONS, load
from counterfoil.ops.signature import fields_of
from counterfoil.ports import Operation, Param

PLAIN = Paint(io.StringIO())


def shown(
    place: Annotated[str, Param("The place.")],
    rest: Annotated[tuple[str, ...], Param("The rest.", "TERM")] = (),
    *,
    must: Annotated[str, Param("Needed.", "TEXT")],
    many: Annotated[tuple[int, ...], Param("Numbers.", "N", short="m")] = (),
    size: Annotated[int, Param("A size.", "N")] = 5,
    check: Annotated[bool, Param("Skip the check.")] = True,
) -> None:
    """Do nothing."""


def worded(*, words: Annotated[tuple[str, ...], Param("Words.", "W")] = ("one", "two")) -> None:
    """Do nothing."""


def test_defaults_are_written_as_people_type_them() -> None:
    """Several values are listed; none of Python's signs are shown."""
    operation = Operation(("say",), "x:y", "Say it.", False, ("counterfoil say",))
    page = " ".join(" ".join(command_help(operation, fields_of(worded), PLAIN)).split())
    assert "Words. May be given several times. Default: one, two." in page


def test_a_command_shows_its_use_parameters_and_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Optional, repeated, defaulted and negative options are told apart."""
    operation = Operation(("show", "it"), "x:y", "Show it.", False, ("counterfoil show it x",))
    monkeypatch.setenv("COLUMNS", "120")
    page = "\n".join(command_help(operation, fields_of(shown), PLAIN))
    assert page.startswith(
        "Show it.\n\nusage: counterfoil show it PLACE [TERM...] --must TEXT [--many N]... "
        "[--size N] [--no-check]\n"
    )
    assert "--many, -m N  Numbers. May be given several times." in page
    assert "--size N      A size. Default: 5." in page
    assert "--no-check    Skip the check." in page
    assert page.endswith("For example:\n  $ counterfoil show it x")


def test_no_line_is_wider_than_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Help fits the window, down to 66 columns, except for the longest words and examples."""
    for columns, width in (("200", 96), ("80", 80), ("20", 66)):
        monkeypatch.setenv("COLUMNS", columns)
        pages = [root_help(PLAIN), first_page(PLAIN)]
        pages += [command_help(one, fields_of(load(one)), PLAIN) for one in OPERATIONS]
        for line in (line for page in pages for line in page):
            assert len(line) <= width or line.startswith("  $ ") or " " not in line.strip()


def test_nobody_is_drowned_before_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first page fits a window of 80 by 24, and says how to see the rest."""
    monkeypatch.setenv("COLUMNS", "80")
    page = list(first_page(PLAIN))
    assert len(page) <= 22
    assert all(group in " ".join(page) for group in GROUPS)
    assert "All commands: counterfoil --help." in " ".join(page)
