"""Help, made from the registry and from the operations' own signatures.

Listing commands loads no operation, so that the first page comes at once. Pages fit the terminal;
this module refuses to fill it before anybody asked for help.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from shutil import get_terminal_size
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.ops.registry import GROUPS, OPERATIONS, all_groups, all_operations
from counterfoil.ops.signature import Field
from counterfoil.ports import Operation

__all__ = [
    "SHELL_OPTIONS",
    "command_help",
    "first_page",
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
_NARROW: Final = 66
_FIRST: Final = ("demo", "init", "record add", "record search", "receipt get", "verify", "audit")
_SYNOPSIS: Final = "Record statements, and prove them offline, for ever."


def first_page(paint: Paint) -> Iterator[str]:
    """Show where to begin, and how to see the rest: what fits in a small window."""
    yield f"{paint.strong('counterfoil')}: {_SYNOPSIS[0].lower()}{_SYNOPSIS[1:]}"
    yield ""
    yield "usage: counterfoil COMMAND [ARGUMENT...] [OPTION...]"
    yield ""
    found = {operation.name: operation.summary for operation in OPERATIONS}
    yield from _table([(name, found[name]) for name in _FIRST], paint)
    yield ""
    more = ", ".join(GROUPS)
    yield from _wrap(f"More: {more}.", _width())
    yield ""
    last = "All commands: counterfoil --help. One group's: counterfoil record --help."
    yield from _wrap(last, _width())


def root_help(paint: Paint) -> Iterator[str]:
    """List all commands."""
    yield f"{paint.strong('counterfoil')}: {_SYNOPSIS[0].lower()}{_SYNOPSIS[1:]}"
    yield ""
    yield "usage: counterfoil COMMAND [ARGUMENT...] [OPTION...]"
    yield ""
    every = all_operations()
    alone = [operation for operation in every if len(operation.words) == 1]
    yield from _table([(operation.name, operation.summary) for operation in alone], paint)
    for group, about in all_groups().items():
        yield ""
        yield from _wrap(about, _width())
        members = [one for one in every if one.words[0] == group and len(one.words) > 1]
        yield from _table([(one.name, one.summary) for one in members], paint)
    yield ""
    yield from _table([*SHELL_OPTIONS, ("--version", "Show the version.")], paint)
    yield ""
    last = "First contact: counterfoil demo. A command's own help: counterfoil COMMAND --help."
    yield from _wrap(last, _width())


def group_help(group: str, about: str, members: Sequence[Operation], paint: Paint) -> Iterator[str]:
    """List the commands that share a first word; about: what they are about."""
    yield from _wrap(about, _width())
    yield ""
    yield f"usage: counterfoil {group} COMMAND [ARGUMENT...] [OPTION...]"
    yield ""
    yield from _table([(one.name, one.summary) for one in members], paint)


def command_help(operation: Operation, fields: Sequence[Field], paint: Paint) -> Iterator[str]:
    """Show how one command is used."""
    places = [field for field in fields if field.positional]
    options = [field for field in fields if not field.positional]
    yield from _wrap(operation.summary, _width())
    yield ""
    yield from _wrapped("usage: ", operation, fields)
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
    return " ".join([f"counterfoil {operation.name}", *_usages(fields)])


def _usages(fields: Sequence[Field]) -> Iterator[str]:
    return map(_usage, sorted(fields, key=lambda field: not field.positional))


def _wrapped(before: str, operation: Operation, fields: Sequence[Field]) -> Iterator[str]:
    """Show how a command is written; no option is parted from its value."""
    line = f"{before}counterfoil {operation.name}"
    indent = " " * (len(before) + 4)
    for part in _usages(fields):
        if len(line) + len(part) + 1 > _width():
            yield line
            line = f"{indent}{part}"
        else:
            line = f"{line} {part}"
    yield line


def _width() -> int:
    """Tell how wide a page is: as the terminal, within what reads well."""
    return min(max(get_terminal_size((_WIDTH, 24)).columns, _NARROW), _WIDTH)


def _usage(field: Field) -> str:
    shown = field.shown_value
    if field.positional:
        shown = f"{shown}..." if field.many else shown
        return shown if field.required else f"[{shown}]"
    named = f"{field.option} {shown}".rstrip()
    if field.required:
        return f"{named} [{named}]..." if field.many else named
    return f"[{named}]..." if field.many else f"[{named}]"


def option_row(field: Field) -> tuple[str, str]:
    """Name an option as help does, and say what it is for."""
    short = f", -{field.short}" if field.short else ""
    name = f"{field.option}{short} {field.shown_value}".rstrip()
    default = f" Default: {_default(field)}." if _has_default(field) else ""
    repeat = " May be given several times." if field.many else ""
    return name, f"{field.help}{repeat}{default}"


def _default(field: Field) -> str:
    return ", ".join(map(str, field.default)) if field.many else str(field.default)


def _has_default(field: Field) -> bool:
    return field.kind != "flag" and field.default not in (None, (), "") and not field.required


def _table(rows: Iterable[tuple[str, str]], paint: Paint) -> Iterator[str]:
    rows = list(rows)
    left = min(max(len(name) for name, _ in rows), 26)
    for name, text in rows:
        lines = _wrap(text, _width() - left - 4) or [""]
        if len(name) > left:
            yield f"  {paint.strong(name)}"
        else:
            yield f"  {paint.strong(name)}{' ' * (left - len(name))}  {lines.pop(0)}"
        for line in lines:
            yield f"  {' ' * left}  {line}"


def _wrap(text: str, width: int) -> list[str]:
    """Break a text into lines, never inside a word such as an option's name."""
    return textwrap.wrap(text, width, break_on_hyphens=False)
