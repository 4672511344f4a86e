"""What shells learn of an operation's parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest

from counterfoil.ops.signature import fields_of, given_by_shell
from counterfoil.ports import Channel, Param, Progress, no_progress


def operation(
    file: Annotated[Path, Param("A file.", "FILE")],
    rest: Annotated[tuple[str, ...], Param("More.")] = (),
    *,
    from_: Annotated[int | None, Param("Where.", "INDEX", short="f")] = None,
    form: Annotated[Literal["a", "b"], Param("Form.")] = "a",
    check: Annotated[bool, Param("No check.")] = True,
    loud: Annotated[bool, Param("Loud.")] = False,
    progress: Progress = no_progress,
    channel: Channel,
) -> None:
    """Do nothing."""


def test_fields_say_all_that_a_shell_needs() -> None:
    """Kind, place, default, choices and names of each parameter follow from its annotation."""
    file, rest, start, form, check, loud = fields_of(operation)
    assert (file.kind, file.positional, file.required, file.shown_value) == (
        "path",
        True,
        True,
        "FILE",
    )
    assert (rest.kind, rest.many, rest.required, rest.default) == ("text", True, False, ())
    assert (start.option, start.short, start.kind, start.default) == (
        "--from",
        "f",
        "integer",
        None,
    )
    assert (form.kind, form.choices, form.shown_value) == ("choice", ("a", "b"), "a|b")
    assert (check.option, check.shown_value) == ("--no-check", "")
    assert (loud.option, loud.default) == ("--loud", False)


def test_what_a_shell_gives_is_told_apart() -> None:
    """Progress and standard streams are no arguments that people type."""
    assert given_by_shell(operation) == {"progress": "progress", "channel": "channel"}
    assert {field.name for field in fields_of(operation)}.isdisjoint({"progress", "channel"})


def test_a_parameter_that_no_shell_could_offer_is_refused() -> None:
    """A type or an annotation that shells do not know is an error of the programmer, at once."""

    def unknown(value: Annotated[bytes, Param("Bytes.")]) -> None: ...

    def bare(value: int) -> None: ...

    for wrong in (unknown, bare):
        with pytest.raises(TypeError, match="value: expected"):
            fields_of(wrong)
