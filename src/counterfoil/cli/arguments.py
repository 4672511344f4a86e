"""Turn the words of a command line into an operation's parameters.

cyclopts parses and suggests; what each parameter is, the operation's signature says. This module
refuses to round, to guess an encoding, and to take an empty path for the current folder.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import (
    App,
    CycloptsError,
    MissingArgumentError,
    Parameter,
    UnusedCliTokensError,
)

from counterfoil.errors import InputError
from counterfoil.ops.signature import Field
from counterfoil.ports import Operation

__all__ = ["bind"]

# The parser takes a lone hyphen for an option. No argument of a process can hold a NUL, so this
# stands for it while it parses.
_HYPHEN: Final = "\0-"

_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,15})")


def bind(operation: Operation, fields: Sequence[Field], words: Sequence[str]) -> dict[str, Any]:
    """Parse the words after a command's name; give the parameters that were named.

    Raises InputError with code usage.arguments or usage.value.
    """

    def take(**given: Any) -> dict[str, Any]:
        return given

    places = [_parameter(field) for field in fields]
    take.__signature__ = inspect.Signature(places)  # type: ignore[attr-defined]  # read by cyclopts
    take.__annotations__ = {place.name: place.annotation for place in places}
    app = App(name=f"counterfoil {operation.name}", help_flags=[], version_flags=[])
    app.default(take)
    try:
        _, bound, _ = app.parse_args(
            [_HYPHEN if word == "-" else word for word in words],
            print_error=False,
            exit_on_error=False,
            verbose=False,
        )
    except CycloptsError as err:
        hint = f"`counterfoil {operation.name} --help` shows how it is used."
        if "--" in words:
            hint = "What follows -- are values, not options."
        raise InputError("usage.arguments", _explain(err, fields), hint=hint) from err
    for field in fields:
        loose = field.positional and field.many and field.required
        if loose and not bound.arguments.get(field.name):
            raise InputError(
                "usage.arguments",
                f"expected {field.shown_value}, found none",
                hint=f"`counterfoil {operation.name} --help` shows how it is used.",
            )
    by_name = {field.name: field for field in fields}
    return {name: _converted(by_name[name], value) for name, value in bound.arguments.items()}


class _Word(str):
    """A word as it was given: what it means is for `_one` to say.

    The parser's library has pydantic judge what is of a plain type, defaults too, once anything
    else in the process has loaded that.
    """

    __slots__ = ()


def _parameter(field: Field) -> inspect.Parameter:
    loose = field.positional and field.many
    places = inspect.Parameter
    fixed = places.POSITIONAL_ONLY if field.positional else places.KEYWORD_ONLY
    kind: Any = Literal[field.choices] if field.choices else bool if field.kind == "flag" else _Word
    if field.choices and field.default is None and not field.required:
        kind = kind | None
    names = [f"--{field.plain_name}", *([f"-{field.short}"] if field.short else [])]
    return inspect.Parameter(
        field.name,
        places.VAR_POSITIONAL if loose else fixed,
        default=places.empty if field.required or loose else field.default,
        annotation=Annotated[
            tuple[kind, ...] if field.many and not loose else kind,
            Parameter(
                name=None if field.positional else names,
                negative=None if field.option.startswith("--no-") else "",
            ),
        ],
    )


def _converted(field: Field, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_one(field, one) for one in value)
    return _one(field, value)


def _one(field: Field, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = "-" if value == _HYPHEN else str(value)
    if field.kind == "path":
        if not text:
            raise _bad_value(field, "a path", "an empty text", "Is a variable of the shell empty?")
        return Path(text)
    if field.kind == "integer":
        if not _WHOLE.fullmatch(text):
            raise _bad_value(field, "a whole number", f"{text[:80]!a}")
        return int(text)
    try:
        text.encode()
    except UnicodeEncodeError as err:
        raise _bad_value(field, "UTF-8 text", f"{text[:80]!a}") from err
    return text


def _bad_value(field: Field, expected: str, found: str, hint: str = "") -> InputError:
    name = field.shown_value if field.positional else field.option
    return InputError("usage.value", f"{name}: expected {expected}, found {found}", hint=hint)


def _explain(err: CycloptsError, fields: Sequence[Field]) -> str:
    """Say in our words what the parser says in its own."""
    if isinstance(err, UnusedCliTokensError) and err.unused_tokens:
        return f"expected no more words, found {err.unused_tokens[0].replace(_HYPHEN, '-')!a}"
    if isinstance(err, MissingArgumentError) and err.argument is not None:
        missing = {field.name: field for field in fields}[err.argument.field_info.name]
        name = "" if missing.positional else f"{missing.option} "
        return f"expected {name}{missing.shown_value}, found none"
    plain = " ".join(str(err).replace(_HYPHEN, "-").split()).rstrip(".")
    return plain[:1].lower() + plain[1:]
