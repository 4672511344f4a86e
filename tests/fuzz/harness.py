"""Run one check under atheris, in a process of its own: python -m tests.fuzz.harness NAME ...

Arguments after the name go to libFuzzer. The check `planted` has a bug on purpose: a fuzzer that
does not find it finds nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import atheris

__all__ = ["main"]


def _planted(data: bytes) -> None:
    if data[:1] == b"{" and data[1:2] == b'"' and data[2:3] == b"k" and data[3:4] == b"x":
        raise KeyError("this bug was planted")


def check_named(name: str) -> Callable[[bytes], None]:
    """Load a check with its coverage counted."""
    if name == "planted":
        planted: Callable[[bytes], None] = atheris.instrument_func(_planted)
        return planted
    with atheris.instrument_imports(include=["counterfoil"]):
        from tests.fuzz.checks import CHECKS
    return CHECKS[name]


def main(arguments: list[str]) -> None:
    """Fuzz until the runs or the time that libFuzzer was given are over; exits the process."""
    name, *options = arguments
    atheris.Setup([name, *options], check_named(name))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
