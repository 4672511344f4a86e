"""The one table that every shell is made from."""

from __future__ import annotations

import inspect
import os
import shlex
import subprocess
import sys
from importlib import import_module

import pytest

from counterfoil.cli.arguments import bind
from counterfoil.ops.registry import GROUPS, OPERATIONS, find, load
from counterfoil.ops.signature import fields_of
from counterfoil.ports import Operation

HEAVY = ("cryptography", "cyclopts", "msgspec", "nacl", "pyarrow", "rich", "sqlite3")


def name_of(operation: Operation) -> str:
    return operation.name


def test_words_are_unique_and_found() -> None:
    """Each operation has words of its own, and is found by exactly these."""
    assert len({operation.words for operation in OPERATIONS}) == len(OPERATIONS)
    assert all(find(operation.words) is operation for operation in OPERATIONS)
    assert find(("record",)) is None
    grouped = {operation.words[0] for operation in OPERATIONS if len(operation.words) > 1}
    assert grouped == set(GROUPS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
def test_every_operation_is_whole(operation: Operation) -> None:
    """An operation loads, says the same in the table and in its function, and is exported."""
    function = load(operation)
    assert function.__name__ in import_module(function.__module__).__all__
    assert inspect.getdoc(function).startswith(operation.summary)  # type: ignore[union-attr]
    assert all(field.help.endswith(".") for field in fields_of(function))


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
def test_every_example_is_understood(operation: Operation) -> None:
    """The examples in help and documentation are command lines that the parser takes."""
    assert operation.examples
    for example in operation.examples:
        program, *words = shlex.split(example.partition(" < ")[0])
        assert program == "counterfoil"
        assert tuple(words[: len(operation.words)]) == operation.words
        given = bind(operation, fields_of(load(operation)), words[len(operation.words) :])
        assert len(given) >= (len(words) > len(operation.words))


def test_listing_operations_loads_none() -> None:
    """The first page of help costs no import of cryptography, SQLite or a parser."""
    script = (
        "import sys; from counterfoil.cli import main; main(['--help']); "
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    # A measurement of coverage would load modules of its own.
    plain = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=plain
    )
    assert ran.stderr == "[]\n"
