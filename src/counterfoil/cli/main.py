"""The command line's way in: choose the operation, call it, print, and end with its status.

Only the chosen operation is loaded. Whatever goes wrong ends in one line that says so, one that
says what to do, and an exit status from `counterfoil.errors`; a traceback is shown only with
COUNTERFOIL_DEBUG=1.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.cli.failures import INTERRUPTED, report, report_interrupt, report_unforeseen
from counterfoil.cli.help import command_help, first_page, group_help, root_help
from counterfoil.cli.output import print_lines, print_result, silence
from counterfoil.cli.paint import Paint
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.ops.registry import all_groups, all_operations, find, group_of, load
from counterfoil.ports import Channel, Operation

__all__ = ["OUTPUT_VARIABLE", "main"]

OUTPUT_VARIABLE: Final = "COUNTERFOIL_OUTPUT"
"""Environment variable that chooses `json` or `text` where no option does."""

_USAGE: Final = 2


@dataclass(frozen=True, slots=True)
class _Line:
    """A command line, taken apart. words: all but the shell's own options."""

    words: tuple[str, ...]
    help: bool
    version: bool
    json: bool
    text: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit status.

    arguments: those of the process when None.
    """
    _require_streams()
    line = _take_apart(sys.argv[1:] if arguments is None else arguments)
    as_json = line.json or os.environ.get(OUTPUT_VARIABLE) == "json"
    try:
        status = _run(line)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        silence()
        return 0
    except KeyboardInterrupt as err:
        report_interrupt(err)
        return INTERRUPTED
    except CounterfoilError as err:
        return report(err, as_json=as_json)
    except Exception as err:
        return report_unforeseen(err, as_json=as_json)


def _require_streams() -> None:
    """Stand in for standard streams that were closed before we began."""
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BytesIO())
    sys.stdout = sys.stdout or io.TextIOWrapper(io.BytesIO())
    sys.stderr = sys.stderr or io.TextIOWrapper(io.BytesIO())


def _take_apart(arguments: Sequence[str]) -> _Line:
    own = {"--help": False, "--version": False, "--json": False, "--text": False}
    end = arguments.index("--") if "--" in arguments else len(arguments)
    words: list[str] = []
    for word in arguments[:end]:
        name = "--help" if word == "-h" else word
        if name in own and not (words and name == "--version"):  # which no command has
            own[name] = True
        else:
            words.append(word)
    return _Line(
        (*words, *arguments[end:]), own["--help"], own["--version"], own["--json"], own["--text"]
    )


def _run(line: _Line) -> int:
    sink, paint = sys.stdout.buffer, Paint(sys.stdout)
    operation = find(line.words[:2]) or find(line.words[:1])
    if operation is not None:
        return _help(operation) if line.help else _call(operation, line)
    if line.version and not line.words:
        from counterfoil import __version__

        print_lines([f"counterfoil {__version__}"], sink)
        return 0
    if not line.words:
        page = root_help(paint) if line.help else first_page(paint)
    else:
        group = group_of(line.words[0]) if len(line.words) == 1 else None
        if group is None:
            raise _unknown(line.words)
        page = group_help(line.words[0], *group, paint)
    print_lines(page, sink if line.help else sys.stderr.buffer)
    return 0 if line.help else _USAGE


def _help(operation: Operation) -> int:
    from counterfoil.ops.signature import fields_of

    fields = fields_of(load(operation))
    print_lines(command_help(operation, fields, Paint(sys.stdout)), sys.stdout.buffer)
    return 0


def _call(operation: Operation, line: _Line) -> int:
    from counterfoil.cli.arguments import bind
    from counterfoil.cli.bar import ProgressBar
    from counterfoil.ops.signature import fields_of, given_by_shell

    as_json, asked = _wants_json(line)
    function = load(operation)
    fields = fields_of(function)
    given = bind(operation, fields, line.words[len(operation.words) :])
    sink = sys.stdout.buffer
    if os.environ.get("COUNTERFOIL_NODE"):
        from counterfoil.cli.forwarding import forward, node_for

        node = node_for(fields, given)
        if node is not None:
            forward(node, operation, fields, given, sys.stdin.buffer, sink)
            return 0
    with ProgressBar() as bar:
        shell: dict[str, Any] = {"progress": bar, "channel": Channel(sys.stdin.buffer, sink)}
        for name, kind in given_by_shell(function).items():
            given[name] = shell[kind]
        result = function(**given)
        # What comes bit by bit is worked on while it is printed.
        told = bar.between(result) if isinstance(result, Iterator) else result
        print_result(operation, told, json=as_json, asked_for_json=asked, sink=sink)
    status: int = getattr(result, "exit_status", 0)
    return status


def _wants_json(line: _Line) -> tuple[bool, bool]:
    """Tell whether to print JSON, and whether somebody asked for it."""
    if line.json and line.text:
        raise InputError("usage.output", "expected --json or --text, found both")
    chosen = os.environ.get(OUTPUT_VARIABLE, "")
    if chosen not in ("", "json", "text"):
        raise InputError(
            "usage.output", f"expected json or text in {OUTPUT_VARIABLE}, found {chosen[:80]!a}"
        )
    asked = line.json or (chosen == "json" and not line.text)
    quiet = not line.text and chosen != "text" and not sys.stdout.isatty()
    return asked or quiet, asked


def _unknown(words: Sequence[str]) -> InputError:
    from difflib import get_close_matches

    tried = " ".join(word for word in words[:2] if not word.startswith("-"))
    found = group_of(words[0])
    in_group = found is not None
    if found is not None:  # the group is right, so only its own commands are near
        known = [one.words[1] for one in found[1]]
    else:
        known = [operation.name for operation in all_operations()] + list(all_groups())
    group = f"{words[0]} " if in_group else ""
    close = get_close_matches(words[1] if in_group else tried, known, 1)
    return InputError(
        "usage.command",
        f"expected a command, found {tried or words[0]!a}",
        hint=f"Did you mean `counterfoil {group}{close[0]}`?"
        if close
        else f"`counterfoil {group}--help` lists the commands.",
    )
