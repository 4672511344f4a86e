"""Machines on one network, each a network namespace: `ip netns`, veth pairs, a bridge and nft.

The bridge has a namespace of its own, so nothing of the machine's network is touched, and to
delete the namespaces deletes all of it. Namespaces are named after the process that made them;
what a killed one left behind is removed by the next.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.shared_data import program, require

__all__ = ["Machines", "addresses"]

_NAME: Final = re.compile(r"cf(\d+)-[0-9a-f]{6}-\w+")
_CUT: Final = """table inet cut {
    chain in { type filter hook input priority 0; policy drop; iif lo accept; }
    chain out { type filter hook output priority 0; policy drop; oif lo accept; }
}
"""
_DETOUR: Final = """table ip detour {{
    chain pre {{
        type nat hook prerouting priority -100;
        ip saddr {source} tcp dport {port} redirect to :{other}
    }}
}}
"""


def addresses(names: Sequence[str]) -> dict[str, str]:
    """Give each machine its address; networks are apart, so all have the same ones."""
    return {name: f"10.77.0.{number}" for number, name in enumerate(names, 1)}


class Machines:
    """Machines by name, all of which reach each other at their `addresses`.

    Skips the test where they cannot be made. Use it as a context manager.
    """

    def __init__(self, *names: str) -> None:
        self._ip, self._nft = program("ip"), program("nft")
        self._prefix = f"cf{os.getpid()}-{secrets.token_hex(3)}-"
        self._names = names
        self.addresses = addresses(names)

    def __enter__(self) -> Machines:
        self._sweep()
        hub = self._prefix + "hub"
        made = subprocess.run(
            [self._ip, "netns", "add", hub], capture_output=True, text=True, check=False
        )
        require(made.returncode == 0, f"network namespaces: {made.stderr.strip()}")
        try:
            self._run("-n", hub, "link", "add", "br0", "type", "bridge")
            self._run("-n", hub, "link", "set", "br0", "up")
            for number, name in enumerate(self._names):
                self._plug_in(hub, f"port{number}", name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in (*self._names, "hub"):
            self._delete(self._prefix + name)

    def command(self, name: str) -> list[str]:
        """Give the words that run a command on a machine."""
        return [self._ip, "netns", "exec", self._prefix + name]

    def cut(self, name: str) -> None:
        """Drop every packet from and to a machine."""
        self._filter(name, _CUT)

    def heal(self, name: str) -> None:
        """Undo `cut`."""
        self._filter(name, "delete table inet cut\n")

    def detour(self, name: str, source: str, port: int, other: int) -> None:
        """Let another process on a machine answer what one other machine asks of a port."""
        self._filter(name, _DETOUR.format(source=self.addresses[source], port=port, other=other))

    def _filter(self, name: str, rules: str) -> None:
        nft = [*self.command(name), self._nft, "-f", "-"]
        subprocess.run(nft, input=rules.encode(), check=True)

    def _plug_in(self, hub: str, port: str, name: str) -> None:
        space = self._prefix + name
        self._run("netns", "add", space)
        self._run("-n", hub, "link", "add", port, "type", "veth", "peer", "eth0", "netns", space)
        self._run("-n", hub, "link", "set", port, "master", "br0", "up")
        self._run("-n", space, "addr", "add", f"{self.addresses[name]}/24", "dev", "eth0")
        for link in ("eth0", "lo"):
            self._run("-n", space, "link", "set", link, "up")

    def _run(self, *words: str) -> None:
        subprocess.run([self._ip, *words], check=True)

    def _sweep(self) -> None:
        """Remove the namespaces of test runs that were killed."""
        listed = subprocess.run(
            [self._ip, "netns", "list"], capture_output=True, text=True, check=False
        )
        for line in listed.stdout.splitlines():
            match = _NAME.match(line)
            if match is not None and not Path(f"/proc/{match[1]}").exists():
                self._delete(match[0])

    def _delete(self, space: str) -> None:
        inside = subprocess.run(
            [self._ip, "netns", "pids", space], capture_output=True, text=True, check=False
        )
        for pid in inside.stdout.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        subprocess.run([self._ip, "netns", "del", space], capture_output=True, check=False)
