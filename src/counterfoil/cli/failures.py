"""Say what went wrong, in one line that names it and one that says what to do.

Standard error is for people; with --json it gets one problem object (RFC 9457) instead. This
module refuses to show a traceback, unless COUNTERFOIL_DEBUG=1 asks for it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Final

from counterfoil.cli.paint import Paint
from counterfoil.errors import CounterfoilError
from counterfoil.extras import missing_extra

__all__ = ["DEBUG_VARIABLE", "INTERRUPTED", "report", "report_interrupt", "report_unforeseen"]

DEBUG_VARIABLE: Final = "COUNTERFOIL_DEBUG"
"""Environment variable that, set to 1, shows where an unforeseen error came from."""

INTERRUPTED: Final = 130
"""Exit status after Ctrl-C: 128 and the number of the signal."""

_SYSTEM: Final = 5
_BUG: Final = 70


def report(err: CounterfoilError, *, as_json: bool) -> int:
    """Report an error of ours; gives its exit status."""
    _show_trace(err)
    _say(type(err).__name__, err.code, err.message, err.hint, as_json=as_json)
    return err.exit_status


def report_interrupt(err: KeyboardInterrupt) -> None:
    """Say that the user stopped the work, and what is left of it."""
    said = f": {err}" if str(err) else ""
    _write(f"interrupted{said}")


def report_unforeseen(err: Exception, *, as_json: bool) -> int:
    """Report an error that nobody foresaw; gives its exit status.

    5 for the system's and for what is not installed, else 70.
    """
    if (known := missing_extra(err)) is not None:
        return report(known, as_json=as_json)
    _show_trace(err)
    if isinstance(err, OSError):
        where = f": {err.filename}" if err.filename else ""
        what = f"expected the system to serve, but: {err.strerror or err}{where}"
        hint = "Check the path, its permissions and the space of the disk."
        _say("Unavailable", "system.error", what, hint, as_json=as_json)
        return _SYSTEM
    what = f"something in Counterfoil is wrong: {type(err).__name__}: {err}"
    hint = f"Please report it; {DEBUG_VARIABLE}=1 shows where it was."
    _say("Bug", "internal.error", " ".join(what.split()), hint, as_json=as_json)
    return _BUG


def _say(title: str, code: str, message: str, hint: str, *, as_json: bool) -> None:
    if as_json:
        kind = f"urn:counterfoil:error:{code}"
        problem = {"type": kind, "title": title, "code": code, "detail": message, "hint": hint}
        _write(json.dumps(problem))
        return
    paint = Paint(sys.stderr)
    _write(f"{paint.bad('error:')} {message} {paint.quiet(f'[{code}]')}")
    if hint:
        _write(f"{paint.strong('hint:')} {hint}")


def _show_trace(err: Exception) -> None:
    if os.environ.get(DEBUG_VARIABLE) == "1":
        import traceback

        traceback.print_exception(err)


def _write(line: str) -> None:
    print(line.encode("utf-8", "backslashreplace").decode(), file=sys.stderr, flush=True)
