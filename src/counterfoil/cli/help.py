"""Help, made from the registry and from the operations' own signatures.

Listing commands loads no operation, so that the first page comes at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.ops.registry import GROUPS, OPERATIONS
from counterfoil.ops.signature import Field
from counterfoil.ports import Operation

__all__ = [
    "SHELL_OPTIONS",
    "command_help",
    "group_help",
    "option_row",
    "root_help",
    "usage_of",
]

SHELL_OPTIONS: Final = (
    ("--json", "Print JSON; so it is when standard output is no terminal."),
    ("--text", "Print text for people, also into a file or pipe."),
    ("--help, -h", "Show help."),
)
"""Options of every command, which the shell itself reads."""

_WIDTH: Final = 96
_SYNOPSIS: Final = "Record statements, and prove them offline, for ever."


def root_help(paint: Paint) -> Iterator[str]:
    """List all commands."""
    yield f"{paint.strong('counterfoil')}: {_SYNOPSIS[0].lower()}{_SYNOPSIS[1:]}"
    yield ""
    yield "usage: counterfoil COMMAND [ARGUMENT...] [OPTION...]"
    yield ""
    alone = [operation for operation in OPERATIONS if len(operation.words) == 1]
    yield from _table([(operation.name, operation.summary) for operation in alone], paint)
    for group, about in GROUPS.items():
        yield ""
        yield about
        yield from _table(_members(group), paint)
    yield ""
    yield from _table([*SHELL_OPTIONS, ("--version", "Show the version.")], paint)
    yield ""
    yield "First contact: counterfoil demo. A command's own help: counterfoil COMMAND --help."


def group_help(group: str, paint: Paint) -> Iterator[str]:
    """List the commands that share a first word."""
    yield GROUPS[group]
    yield ""
    yield f"usage: counterfoil {group} COMMAND [ARGUMENT...] [OPTION...]"
    yield ""
    yield from _table(_members(group), paint)


def command_help(operation: Operation, fields: Sequence[Field], paint: Paint) -> Iterator[str]:
    """Show how one command is used."""
    places = [field for field in fields if field.positional]
    options = [field for field in fields if not field.positional]
    yield operation.summary
    yield ""
    yield f"usage: {usage_of(operation, fields)}"
    if places:
        yield ""
        yield from _table([(f.shown_value, f.help) for f in places], paint)
    yield ""
    yield from _table([*(option_row(field) for field in options), *SHELL_OPTIONS], paint)
    yield ""
    yield "For example:"
    for example in operation.examples:
        yield f"  $ {example}"


def usage_of(operation: Operation, fields: Sequence[Field]) -> str:
    """Show how a command is written, on one line."""
    placed = sorted(fields, key=lambda field: not field.positional)
    return " ".join(["counterfoil", *operation.words, *map(_usage, placed)])


def _members(group: str) -> list[tuple[str, str]]:
    return [
        (operation.name, operation.summary)
        for operation in OPERATIONS
        if operation.words[0] == group and len(operation.words) > 1
    ]


def _usage(field: Field) -> str:
    shown = field.shown_value
    if field.positional:
        return f"[{shown}...]" if field.many else shown if field.required else f"[{shown}]"
    named = f"{field.option} {shown}".rstrip()
    return named if field.required else f"[{named}]..." if field.many else f"[{named}]"


def option_row(field: Field) -> tuple[str, str]:
    """Name an option as help does, and say what it is for."""
    short = f", -{field.short}" if field.short else ""
    name = f"{field.option}{short} {field.shown_value}".rstrip()
    default = f" Default: {field.default}." if _has_default(field) else ""
    repeat = " May be given several times." if field.many else ""
    return name, f"{field.help}{repeat}{default}"


def _has_default(field: Field) -> bool:
    return field.kind != "flag" and field.default not in (None, (), "") and not field.required


def _table(rows: Iterable[tuple[str, str]], paint: Paint) -> Iterator[str]:
    rows = list(rows)
    left = min(max(len(name) for name, _ in rows), 26)
    for name, text in rows:
        lines = wrap(text, _WIDTH - left - 4) or [""]
        if len(name) > left:
            yield f"  {paint.strong(name)}"
        else:
            yield f"  {paint.strong(name)}{' ' * (left - len(name))}  {lines.pop(0)}"
        for line in lines:
            yield f"  {' ' * left}  {line}"
