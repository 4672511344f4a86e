"""Run anvil, a second EVM that shares no code with ours, on a free port, and stop it again.

`./dev test` puts the program into `.dev/npm`; without it a test skips with the reason, or fails
where everything is required. Tests that want the `anvil` fixture import it from here.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import urllib3

from counterfoil.chain import Account, account_of
from tests.shared_data import ROOT, require

__all__ = ["Anvil", "anvil", "anvil_program", "running_anvil"]

LISTENING = re.compile(r"Listening on (\S+:\d+)")
CHAIN_ID = 31_337


def anvil_program() -> str:
    """Give the path of anvil."""
    __tracebackhide__ = True
    found = sorted((ROOT / ".dev" / "npm").glob("anvil-*/anvil"))
    require(found, "anvil is not installed: ./dev test gets it where npm is there")
    return str(found[-1])


class Anvil:
    """A running anvil. url: its address. account: one of its own, with 10,000 coins."""

    def __init__(self, url: str, account: Account, process: subprocess.Popen[str]) -> None:
        self.url = url
        self.account = account
        self.process = process
        self._pool = urllib3.PoolManager(timeout=10.0, retries=False)

    def rpc(self, method: str, *params: object) -> Any:
        """Ask it something, mostly one of its own `anvil_...` and `evm_...` methods."""
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = json.loads(self._pool.request("POST", self.url, json=asked).data)
        assert "error" not in answer, answer
        return answer["result"]

    def signal(self, number: int) -> None:
        """Send a signal to it; after SIGSTOP it hangs, with each of its threads."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        until = time.monotonic() + 60
        while number == signal.SIGSTOP and not self._stopped() and time.monotonic() < until:
            time.sleep(0.001)

    def _stopped(self) -> bool:
        """Tell whether no thread of it runs (Linux, the one system that it is pinned for)."""
        states = Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        return all(state.read_text().rpartition(")")[2].split()[0] == "T" for state in states)

    def stop(self) -> None:
        """End it. Calling it again does nothing."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)
        self.process.wait(30)
        self._pool.clear()


@contextlib.contextmanager
def running_anvil(
    *options: str, hardfork: str = "prague", chain_id: int = CHAIN_ID
) -> Iterator[Anvil]:
    """Run an anvil with fresh keys until the end of the block. options: more of its own."""
    with tempfile.TemporaryDirectory() as folder:
        facts = Path(folder) / "facts.json"
        command: Sequence[str] = [
            *(anvil_program(), "--port", "0", "--hardfork", hardfork, "--accounts", "1"),
            *("--chain-id", str(chain_id), "--mnemonic-random", "--config-out", str(facts)),
            *options,
        ]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env={"HOME": folder, "PATH": os.defpath, "NO_COLOR": "1"},
        )
        try:
            assert process.stdout is not None
            address = _listening(process.stdout)
            threading.Thread(target=_drain, args=(process.stdout,), daemon=True).start()
            private = bytes.fromhex(json.loads(facts.read_bytes())["private_keys"][0][2:])
            found = Anvil(f"http://{address}", account_of(private), process)
            try:
                yield found
            finally:
                found.stop()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)
            if process.stdout is not None:
                process.stdout.close()


def _drain(output: Any) -> None:
    """Read what it says until it ends; it would stop where nobody reads."""
    with contextlib.suppress(ValueError):  # closed meanwhile
        for _ in output:
            pass


def _listening(output: Any) -> str:
    """Read what it says until it says where it listens."""
    said = []
    for line in output:
        said.append(line)
        if match := LISTENING.search(line):
            return match[1]
    raise AssertionError(f"expected anvil to listen, it said: {''.join(said)}")


@pytest.fixture(scope="module")
def anvil() -> Iterator[Anvil]:
    """Run an anvil for the tests of one file."""
    with running_anvil() as found:
        yield found
