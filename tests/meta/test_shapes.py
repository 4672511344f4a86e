"""What all commands have in common: the shape of lists, and the names of options."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from counterfoil.ops.registry import OPERATIONS, load
from counterfoil.ops.signature import Field, fields_of
from counterfoil.ports import Operation

SMALL = {"contract ls", "key ls", "witness ls", "watch ls", "anchor ls", "checkpoint ls", "app ls"}
"""Lists without -n: of what people set up, or of states of the log in their order."""


def fields_by_name(operation: Operation) -> dict[str, Field]:
    return {field.plain_name: field for field in fields_of(load(operation))}


def kinds_returned(operation: Operation) -> list[Any]:
    hint = get_type_hints(load(operation))["return"]
    return [hint] if get_origin(hint) is Iterator or not get_args(hint) else list(get_args(hint))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_lists_have_one_shape(operation: Operation) -> None:
    """A list comes one by one; a page says what is next. No command gives an array."""
    for kind in kinds_returned(operation):
        assert get_origin(kind) not in (list, tuple)
        if operation.words[-1] in ("ls", "tail", "search"):
            page = get_type_hints(kind) if get_origin(kind) is not Iterator else {}
            assert get_origin(kind) is Iterator or {"hits", "next", "notice"} <= set(page)
    if operation.words[-1] == "ls" and operation.name not in SMALL:
        assert "limit" in fields_by_name(operation)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_options_are_called_the_same(operation: Operation) -> None:
    """-n is --limit and -o is --out everywhere; a reason is --why, an end is --until."""
    found = fields_by_name(operation)
    for name, short in (("limit", "n"), ("out", "o")):
        assert name not in found or found[name].short == short
    assert {field.short for field in found.values()} <= {"", "n", "o", "f"}
    assert not {"to", "last-n", "reason", "output", "max"} & set(found)
    assert "why" not in found or not found["why"].positional
    assert "limit" in found or all(field.short != "n" for field in found.values())


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_help_says_nothing_twice(operation: Operation) -> None:
    """That an option may be repeated is said by help itself."""
    for field in fields_of(load(operation)):
        assert "several times" not in field.help
        assert "repeated" not in field.help
