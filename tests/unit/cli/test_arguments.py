"""From words to parameters: nothing is guessed, rounded or swallowed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from counterfoil.cli.arguments import bind
from counterfoil.errors import InputError
from counterfoil.ops.signature import fields_of
from counterfoil.ports import Operation, Param

OPERATION = Operation(("try", "it"), "nowhere:nothing", "Try it.", False, ())


def tried(
    file: Annotated[Path, Param("A file.", "FILE")],
    terms: Annotated[tuple[str, ...], Param("Words.", "TERM")] = (),
    *,
    last: Annotated[int, Param("How many.", "N", short="n")] = 10,
    name: Annotated[str | None, Param("A name.")] = None,
    also: Annotated[tuple[Path, ...], Param("More files.")] = (),
    form: Annotated[Literal["json", "html"], Param("A form.")] = "json",
    check: Annotated[bool, Param("No check.")] = True,
    loud: Annotated[bool, Param("Loud.")] = False,
) -> None:
    """Do nothing."""


def bound(*words: str) -> dict[str, Any]:
    return bind(OPERATION, fields_of(tried), words)


def test_every_kind_of_parameter_is_read() -> None:
    """Places, options, flags, their opposites, repeats and short names are all understood."""
    assert bound("f", "a", "b=1", "-n", "3", "--also", "x", "--also=y", "--no-check", "--loud") == {
        "file": Path("f"),
        "terms": ("a", "b=1"),
        "last": 3,
        "also": (Path("x"), Path("y")),
        "check": False,
        "loud": True,
    }
    assert bound("f", "--form", "html", "--name=") == {
        "file": Path("f"),
        "form": "html",
        "name": "",
    }


def test_a_lone_hyphen_is_a_value() -> None:
    """`-` is standard input or output wherever a file may stand."""
    assert bound("-", "--also", "-") == {"file": Path("-"), "also": (Path("-"),)}


def test_after_two_hyphens_all_are_values() -> None:
    """What follows `--` is never an option."""
    assert bound("--", "f", "--loud") == {"file": Path("f"), "terms": ("--loud",)}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), "usage.arguments", "expected FILE, found none"),
        (("f", "--lost", "3"), "usage.arguments", "--last"),
        (("f", "--last"), "usage.arguments", "expected --last N, found none"),
        (("f", "--last", "1", "--last", "2"), "usage.arguments", "multiple times"),
        (("f", "--last", "1.5"), "usage.value", "--last: expected a whole number, found '1.5'"),
        (("f", "--last", "0x10"), "usage.value", "whole number"),
        (("f", "--last", "1e3"), "usage.value", "whole number"),
        (("f", "--last", "9" * 17), "usage.value", "whole number"),
        (("f", "--form", "htm"), "usage.arguments", "html"),
        (("f", "--no-loud"), "usage.arguments", "--loud"),
        (("",), "usage.value", "FILE: expected a path, found an empty text"),
        (("f", "--name", "\udcff"), "usage.value", "--name: expected UTF-8 text"),
    ],
)
def test_wrong_words_are_explained(words: tuple[str, ...], code: str, says: str) -> None:
    """The message names the parameter, what was expected and what came, or what was meant."""
    with pytest.raises(InputError) as found:
        bound(*words)
    assert found.value.code == code
    assert says in found.value.message
    assert "\0" not in found.value.message + found.value.hint


def test_words_too_many_are_named() -> None:
    """A word that has no place is named, also the lone hyphen."""

    def nothing() -> None:
        """Do nothing."""

    for word in ("x", "-"):
        with pytest.raises(InputError, match=f"'{word}'|-"):
            bind(OPERATION, fields_of(nothing), [word])
    with pytest.raises(InputError) as found:
        bind(OPERATION, fields_of(nothing), ["--", "--ledger", "x"])
    assert found.value.hint == "What follows -- are values, not options."
