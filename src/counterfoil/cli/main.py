"""The command line's way in: choose the operation, call it, print, and end with its status.

Only the chosen operation is loaded. Whatever goes wrong ends in one line that says so, one that
says what to do, and an exit status from `counterfoil.errors`; a traceback is shown only with
COUNTERFOIL_DEBUG=1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from counterfoil.cli.help import command_help, group_help, root_help
from counterfoil.cli.output import print_lines, print_result, silence
from counterfoil.cli.paint import Paint
from counterfoil.errors import CounterfoilError, InputError
from counterfoil.ops.registry import GROUPS, OPERATIONS, find, load
from counterfoil.ports import Channel, Operation

__all__ = ["main"]

_HELP = ("--help", "-h")
_INTERRUPTED = 130
_BUG = 70


@dataclass(frozen=True, slots=True)
class _Line:
    """A command line, taken apart. words: without the shell's own options."""

    words: tuple[str, ...]
    help: bool
    json: bool
    text: bool
    version: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit status.

    arguments: those of the process when None.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    asked_for_json = "--json" in given
    try:
        status = _run(_take_apart(given))
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        silence()
        return 0
    except KeyboardInterrupt as err:
        said = f": {err}" if str(err) else ""
        _tell(f"interrupted{said}")
        return _INTERRUPTED
    except CounterfoilError as err:
        _report(err, asked_for_json)
        return err.exit_status
    except Exception as err:
        if os.environ.get("COUNTERFOIL_DEBUG") == "1":
            raise
        return _unforeseen(err)
