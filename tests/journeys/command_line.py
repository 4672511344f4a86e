"""Run the command line as people do: a process, its streams, and its exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from counterfoil.ledger.state import STATE_ENVIRONMENT
from tests.warm_commands import warm_folder

__all__ = ["PROGRAM", "Ran", "counterfoil", "environment", "forked", "start"]

PROGRAM = Path(sys.executable).with_name("counterfoil")


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ended: its status and what it wrote."""

    status: int
    out: bytes
    err: str

    def json(self) -> Any:
        """Read standard output as one JSON document; the command must have succeeded."""
        assert self.status == 0, self.err
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        """Read standard output as NDJSON; the command must have succeeded."""
        assert self.status == 0, self.err
        return [json.loads(line) for line in self.out.splitlines()]

    def clean(self) -> Ran:
        """Check that nothing looks like a crash."""
        assert "Traceback" not in self.err
        assert self.status != 70, self.err
        return self


def environment(**more: str) -> dict[str, str]:
    """Give the variables of a shell in which nothing is set for Counterfoil."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("COUNTERFOIL_") or name == STATE_ENVIRONMENT
    }
    return {**plain, **more}


def counterfoil(
    *words: str | Path, stdin: bytes | IO[bytes] | None = None, cwd: Path | None = None, **more: str
) -> Ran:
    """Run one command to its end; keywords are environment variables."""
    return _run(PROGRAM, words, stdin, cwd, more)


def forked(
    *words: str | Path, stdin: bytes | IO[bytes] | None = None, cwd: Path | None = None, **more: str
) -> Ran:
    """Run one command as `counterfoil` does, where no promise is about how a program starts."""
    folder = warm_folder()
    return _run(folder / PROGRAM.name if folder else PROGRAM, words, stdin, cwd, more)


def _run(
    program: Path,
    words: Sequence[str | Path],
    stdin: bytes | IO[bytes] | None,
    cwd: Path | None,
    more: dict[str, str],
) -> Ran:
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL if stdin is None else stdin}
    if isinstance(stdin, bytes):
        given = {"input": stdin}
    ran = subprocess.run(
        [program, *words],
        capture_output=True,
        check=False,
        cwd=cwd,
        env=environment(**more),
        **given,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr.decode()).clean()


def start(*words: str | Path, **more: str) -> subprocess.Popen[bytes]:
    """Start one command; who started it ends it."""
    return subprocess.Popen(
        [PROGRAM, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(**more),
        preexec_fn=_hear_ctrl_c,
    )


def _hear_ctrl_c() -> None:
    """Undo what a test runner in the background leaves behind: an ignored Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
