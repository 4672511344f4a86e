"""A node as a process of its own, as `counterfoil up` runs it: to be killed, and started again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from counterfoil.ops.serving import listen_on
from tests.shared_data import ROOT

__all__ = ["NodeProcess"]

_PROGRAM = "from counterfoil.cli import main; main()"


class NodeProcess:
    """A node of the ledger in a folder, made at the first start, always at one address."""

    def __init__(self, folder: Path) -> None:
        probe = listen_on("127.0.0.1:0")
        self._address = probe.address
        probe.socket.close()
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self.key = ""

    @property
    def url(self) -> str:
        return f"http://{self._address}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["--ledger", str(self._folder), "--create", "--listen", self._address]
        command = [sys.executable, "-c", _PROGRAM, "up", *options, "--watch", "none", "--json"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            if event["event"] == "serving":
                self.key = event["operator_key"] or self.key
                return
        raise AssertionError("the node did not start")

    def kill(self) -> None:
        """Kill it, as a power cut or the kernel does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(60)
            assert process.stdout is not None
            process.stdout.close()
