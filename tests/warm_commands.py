"""Run `counterfoil` as a process that has imported what commands need: forked, not started anew.

The documents run some eight hundred commands, each of which would import the same modules again
for longer than it works. Here one process imports them and forks for each command, which then has
its own streams, folder, variables and exit status, as a program that a shell starts. What begins
with the program itself, its imports and its signals is for the journeys to promise; a campaign, and
a run that measures coverage, start the program for each command.
"""

from __future__ import annotations

import array
import atexit
import importlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, NoReturn

__all__ = ["warm_folder"]

_STREAMS: Final = 3
_HEAVY: Final = ("counterfoil.chain.embedded", "lightgbm", "pyarrow.parquet")
"""Modules that the chosen operations import later on, and that take longest."""

_PROGRAM: Final = """\
#!{python} -IS
import _socket, os, sys
forks = _socket.socket(_socket.AF_UNIX)
forks.connect({address!r})
said = [os.getcwdb(), b"%d" % len(sys.argv), *map(os.fsencode, sys.argv)]
said += [name + b"=" + value for name, value in os.environb.items()]
streams = b"".join(n.to_bytes(4, sys.byteorder) for n in range(3))
forks.sendmsg([b"\\0"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
said = b"\\0".join(said)
while said:
    said = said[forks.send(said):]
forks.shutdown(_socket.SHUT_WR)
status = forks.recv(1)
os._exit(status[0] if status else 137)
"""
"""What stands on PATH as `counterfoil`: it hands over all that a process has, and waits."""


@cache
def warm_folder() -> Path | None:
    """Give the folder to put first on PATH; None where each command is to be a process anew.

    The first call starts what forks, which ends with this process.
    """
    measured = any(name.startswith("COVERAGE_PROCESS") for name in os.environ)
    if measured or os.environ.get("COUNTERFOIL_CAMPAIGN") == "full" or sys.platform != "linux":
        return None
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-warm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address = str(folder / "socket")
    program = folder / "counterfoil"
    program.write_text(_PROGRAM.format(python=sys.executable, address=address), encoding="utf-8")
    program.chmod(0o755)
    here = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "tests.warm_commands", address]
    server = subprocess.Popen(command, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    atexit.register(_end, server)
    return folder


def _end(server: subprocess.Popen[bytes]) -> None:
    server.kill()
    server.communicate()


def _serve(address: str) -> NoReturn:
    """Import what commands need, then fork for each that asks, until killed or left alone."""
    limit = sys.getrecursionlimit()
    from counterfoil.ops.registry import OPERATIONS, load

    importlib.import_module("counterfoil.cli.arguments")
    for operation in OPERATIONS:
        with suppress(Exception):  # the command that wants it says what is wrong
            load(operation)
    for name in _HEAVY:
        with suppress(ImportError):
            importlib.import_module(name)
    sys.setrecursionlimit(limit)
    waiting: dict[int, socket.socket] = {}
    signal.signal(signal.SIGCHLD, lambda *_: _tell(waiting))
    threading.Thread(target=_until_left_alone, daemon=True).start()
    with socket.socket(socket.AF_UNIX) as asked:
        asked.bind(address)
        asked.listen()
        os.write(1, b"ready\n")
        while True:
            one, _ = asked.accept()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
            if (number := os.fork()) == 0:
                asked.close()
                _become(one)
            waiting[number] = one
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _tell(waiting: dict[int, socket.socket]) -> None:
    """Tell each who waits for a fork that ended its status, as a shell gives it."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            code = os.waitstatus_to_exitcode(ended[1])
            with waiting.pop(ended[0]) as one, suppress(OSError):
                one.sendall(bytes([code if code >= 0 else 128 - code]))


def _until_left_alone() -> NoReturn:
    """End with who started this: its end of the pipe closes, whatever becomes of it."""
    sys.stdin.buffer.read()
    os._exit(0)


def _become(one: socket.socket) -> NoReturn:
    """Become the process that was asked for."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    _, rights, _, _ = one.recvmsg(1, socket.CMSG_SPACE(_STREAMS * 4))
    streams = array.array("i", rights[0][2])
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    said = b"".join(iter(lambda: one.recv(65536), b"")).split(b"\0")
    one.close()
    count = int(said[1])
    os.chdir(said[0])
    words = [os.fsdecode(word) for word in said[2 : 2 + count]]
    os.environb.clear()
    os.environb.update(pair.partition(b"=")[::2] for pair in said[2 + count :])
    status = 70
    try:
        status = _run(words)
    finally:
        os._exit(status & 255)


def _run(words: Sequence[str]) -> int:
    """Do what the program does from its first line to its last."""
    sys.argv = list(words)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 (the process's own)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = io.TextIOWrapper(
        open(2, "wb", closefd=False),  # noqa: SIM115
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=True,
    )
    from counterfoil.cli import main

    try:
        status = main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the interpreter does
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    _serve(sys.argv[1])
