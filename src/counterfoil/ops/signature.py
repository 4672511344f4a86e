"""Read from an operation's function what its parameters are, for every shell alike.

Parameters are text, integers, paths, flags or one of some words, each perhaps many times; what a
shell gives by itself (progress, standard streams) is told apart. This module refuses others: a
shell could not offer them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from counterfoil.ports import Channel, Holds, Param, Progress

__all__ = ["Field", "Kind", "fields_of", "given_by_shell"]

Kind = Literal["text", "integer", "path", "flag", "choice"]

_KINDS: Final[dict[Any, Kind]] = {str: "text", int: "integer", Path: "path", bool: "flag"}
_GIVEN: Final[dict[Any, str]] = {Progress: "progress", Channel: "channel"}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter that people give.

    name: in Python. kind: of one value. choices: the words of a choice. many: any number of
    values, as a tuple. positional: known by its place. required: has no `default`. help, value,
    short: see `Param`.
    """

    name: str
    kind: Kind
    choices: tuple[str, ...]
    many: bool
    positional: bool
    required: bool
    default: Any
    help: str
    value: str
    short: str
    holds: Holds
    ending: str

    @property
    def plain_name(self) -> str:
        """The name as people write it: `from` for `from_`, `last-known` for `last_known`."""
        return self.name.strip("_").replace("_", "-")

    @property
    def option(self) -> str:
        """The name as an option; `--no-...` for a flag that is on by default."""
        on = self.kind == "flag" and self.default is True
        return f"--no-{self.plain_name}" if on else f"--{self.plain_name}"

    @property
    def shown_value(self) -> str:
        """What people call the value; empty for a flag."""
        if self.kind == "flag":
            return ""
        return self.value or ("|".join(self.choices) if self.choices else self.name.upper())


def fields_of(function: Callable[..., Any]) -> tuple[Field, ...]:
    """List what people give to an operation, in the order of its parameters.

    Raises TypeError for a parameter that no shell could offer.
    """
    hints = get_type_hints(function, include_extras=True)
    parameters = inspect.signature(function).parameters.values()
    return tuple(_field(p, hints[p.name]) for p in parameters if hints[p.name] not in _GIVEN)


def given_by_shell(function: Callable[..., Any]) -> dict[str, str]:
    """Tell which parameters a shell gives by itself: name -> `progress` or `channel`."""
    hints = get_type_hints(function, include_extras=True)
    names = inspect.signature(function).parameters
    return {name: _GIVEN[hints[name]] for name in names if hints[name] in _GIVEN}


def _field(parameter: inspect.Parameter, hint: Any) -> Field:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{parameter.name}: expected Annotated[..., Param(...)], found {hint}")
    kind, *extras = get_args(hint)
    param = next(extra for extra in extras if isinstance(extra, Param))
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    many = get_origin(kind) is tuple
    if many:
        kind = get_args(kind)[0]
    choices = get_args(kind) if get_origin(kind) is Literal else ()
    if not choices and kind not in _KINDS:
        raise TypeError(f"{parameter.name}: expected a type that shells know, found {kind}")
    return Field(
        name=parameter.name,
        kind="choice" if choices else _KINDS[kind],
        choices=choices,
        many=many,
        positional=parameter.kind is parameter.POSITIONAL_OR_KEYWORD,
        required=parameter.default is parameter.empty,
        default=None if parameter.default is parameter.empty else parameter.default,
        help=param.help,
        value=param.value,
        short=param.short,
        holds=param.holds or ("machine" if kind is Path else ""),
        ending=param.ending,
    )
