"""One organisation of the network demo: its folders, and its process while it runs.

This module refuses to wait for ever: what does not come within a limit is said.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import Unavailable
from counterfoil.ledger.state import STATE_ENVIRONMENT
from counterfoil.ops.serving import listen_on

__all__ = ["LIMIT_S", "DemoMember", "free_address", "unexpected", "wait_until"]

LIMIT_S: Final = 90.0
"""Longest wait for anything that a demo expects, seconds."""

_LOOK_AGAIN_S: Final = 0.05
_COMMAND: Final = (
    sys.executable,
    "-c",
    "import sys; from counterfoil.cli import main; sys.exit(main())",
)


@dataclass(slots=True)
class DemoMember:
    """An organisation. home: of its ledger and its state. address: `host:port` of its process.

    told: what its process said, one object a line.
    """

    name: str
    home: Path
    address: str
    told: list[dict[str, Any]] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None

    @property
    def ledger(self) -> Path:
        """Its ledger's folder."""
        return self.home / "ledger"

    @property
    def state(self) -> Path:
        """Its state folder, as another machine's."""
        return self.home / "state"

    @property
    def url(self) -> str:
        """Where its log is served; its witness is below, at `/witness`."""
        return f"http://{self.address}"

    def run(self, *words: str) -> str:
        """Run a command as this organisation, to its end; give what it printed.

        Raises Unavailable with code network.demo when it fails.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [*_COMMAND, *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise unexpected(f"`counterfoil {words[0]}` to succeed", done.stderr)
        return done.stdout

    def start(self) -> None:
        """Start its process, and wait until it serves. Raises as `run`."""
        self.told.clear()
        words = ["network", "run", "--ledger", str(self.ledger), "--listen", self.address]
        process = subprocess.Popen(
            [*_COMMAND, *words, "--interval", "1"],
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._process = process
        threading.Thread(target=self._listen, args=(process,), daemon=True).start()

        def serves() -> bool:
            if process.poll() is not None:
                said = process.stderr.read() if process.stderr else ""
                raise unexpected(f"the {self.name}'s process to serve", said)
            return bool(self.told)

        wait_until(f"the {self.name}'s process to serve", serves)

    def stop(self) -> None:
        """Ask its process to end, and wait for it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(LIMIT_S)

    def kill(self) -> None:
        """Kill its process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(LIMIT_S)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, STATE_ENVIRONMENT: str(self.state), "COUNTERFOIL_OUTPUT": "json"}

    def _listen(self, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.told.append(json.loads(line))


def wait_until(what: str, holds: Callable[[], bool]) -> None:
    """Wait for an outcome. Raises Unavailable with code network.demo when it does not come."""
    end = time.monotonic() + LIMIT_S
    while not holds():
        if time.monotonic() > end:
            raise unexpected(what, f"nothing of it within {LIMIT_S:g} s")
        time.sleep(_LOOK_AGAIN_S)


def free_address() -> str:
    """Find a free address of this machine."""
    listener = listen_on("127.0.0.1:0")
    listener.socket.close()
    return listener.address


def unexpected(what: str, found: str) -> Unavailable:
    """Say that the demo did not go as it should."""
    lines = found.strip().splitlines() or ["nothing"]
    said = next((line for line in reversed(lines) if line.startswith("error")), lines[-1])
    return Unavailable(
        "network.demo",
        f"expected {what}, found {said}",
        hint="Run it again; on a slow machine it may need more time.",
    )
