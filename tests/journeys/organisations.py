"""Organisations that witness and mirror each other's logs, each on a machine of its own.

Each has its own log, witness and mirrors in one process, and another process that records without
a pause. A checkpoint needs two of the three organisations' witnesses.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import CounterfoilError
from counterfoil.formats import policy as policies
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Group, Log, Policy, Witness
from counterfoil.formats.vkey import VerifierKey
from counterfoil.ledger import Layout
from counterfoil.ledger.policy_file import read_policy, replace_policy
from counterfoil.log import parse_signed
from counterfoil.ops.member import PUBLIC_WITNESS
from counterfoil.ops.witnesses import establish_witness, load_signers
from counterfoil.proofs.trust import evaluate
from tests.journeys.command_line import PROGRAM, Ran, counterfoil, environment
from tests.journeys.namespaces import Machines, addresses

__all__ = ["PORT", "Organisation", "copy_of", "found", "goes_on", "has", "until", "vouched"]

PORT: Final = 8420
_LIMIT_S: Final = 120.0
_RECORDER: Final = """
import sys, time
import counterfoil
with counterfoil.open(sys.argv[1]) as ledger:
    number = 0
    while True:
        done = ledger.record({"from": sys.argv[2], "number": number}, source=sys.argv[2])
        print(f'{{"index": {done.index}, "leaf": "{done.leaf}"}}', flush=True)
        number += 1
        time.sleep(0.05)
"""


@dataclass
class Organisation:
    """An organisation: its folder, and its processes while they run.

    told: what its member's process said. recorded: what its recorder was acknowledged.
    """

    name: str
    home: Path
    machines: Machines
    told: list[dict[str, Any]] = field(default_factory=list)
    recorded: list[dict[str, Any]] = field(default_factory=list)
    processes: list[tuple[subprocess.Popen[bytes], threading.Thread]] = field(default_factory=list)

    @property
    def ledger(self) -> Path:
        """Its ledger's folder."""
        return self.home / "ledger"

    @property
    def url(self) -> str:
        """Where its log is."""
        return f"http://{self.machines.addresses[self.name]}:{PORT}"

    @property
    def policy(self) -> Policy:
        """The policy that it gives to readers of its log."""
        return read_policy(Layout(self.ledger))

    def mirror_of(self, other: str) -> Path:
        """Give the folder of its mirror of another's log."""
        return self.home / "state" / "mirrors" / other

    def command(self, *words: str | Path) -> Ran:
        """Run one command on its machine to the end."""
        ran = subprocess.run(self._words(words), env=self._variables(), capture_output=True)
        return Ran(ran.returncode, ran.stdout, ran.stderr.decode()).clean()

    def start(self, port: int = PORT) -> None:
        """Start the process of its log, witness and mirrors; does not wait."""
        listen = f"{self.machines.addresses[self.name]}:{port}"
        words = ("network", "run", "--ledger", self.ledger, "--listen", listen, "--interval", "1")
        self.told = []
        self.spawn(self._words(words), self.told)

    def start_recording(self) -> None:
        """Wait until its process serves, and start the one that records."""
        until(f"the {self.name} serves", bool, self.told)
        recorder = (sys.executable, "-c", _RECORDER, str(self.ledger), self.name)
        self.spawn([*self.machines.command(self.name), *recorder], self.recorded)

    def serve(self, folder: Path, port: int) -> str:
        """Serve a mirror beside the log; gives its address."""
        listen = f"{self.machines.addresses[self.name]}:{port}"
        heard: list[dict[str, Any]] = []
        self.spawn(self._words(("serve", "--ledger", folder, "--listen", listen)), heard)
        until(f"{self.name} serves {folder.name}", bool, heard)
        return f"http://{listen}"

    def spawn(self, words: Sequence[str | Path], heard: list[dict[str, Any]]) -> None:
        """Start a process and hear the JSON lines that it writes."""
        process = subprocess.Popen(words, env=self._variables(), stdout=subprocess.PIPE)
        listener = threading.Thread(target=_listen, args=(process, heard), daemon=True)
        listener.start()
        self.processes.append((process, listener))

    def stop(self, how: int = signal.SIGINT) -> None:
        """End all its processes, the recorder first."""
        while self.processes:
            process, listener = self.processes.pop()
            with process:
                process.send_signal(how)
                process.wait(_LIMIT_S)
                listener.join(_LIMIT_S)

    def kill(self) -> None:
        """Kill all its processes at once."""
        for process, _ in self.processes:
            process.kill()
        self.stop(signal.SIGKILL)

    def record(self, text: str) -> int:
        """Record one thing through its process; gives the index."""
        words = ("record", "add", json.dumps({"said": text}), "--ledger", self.ledger)
        return int(self.command(*words).json()["index"])

    def published(self) -> Checkpoint:
        """Read what its log has published."""
        return parse_signed((self.ledger / "checkpoint").read_bytes())

    def mirrored(self, other: Organisation) -> Checkpoint | None:
        """Read what its mirror of another's log has."""
        path = self.mirror_of(other.name) / "checkpoint"
        return parse_signed(path.read_bytes()) if path.exists() else None

    def _words(self, words: Sequence[str | Path]) -> list[str | Path]:
        return [*self.machines.command(self.name), PROGRAM, *words]

    def _variables(self) -> dict[str, str]:
        return environment(COUNTERFOIL_STATE=str(self.home / "state"))


def found(place: Path, names: Sequence[str]) -> None:
    """Make the folders of organisations that know each other."""
    urls = {name: f"http://{address}:{PORT}" for name, address in addresses(names).items()}
    ledgers = {name: Layout(place / name / "ledger") for name in names}
    keys: dict[str, VerifierKey] = {}
    for name, layout in ledgers.items():
        state = place / name / "state"
        state.mkdir(parents=True)
        words = ("init", layout.folder, "--organisation", f"https://{name}.example")
        counterfoil(*words, COUNTERFOIL_STATE=str(state)).json()
        establish_witness(state / PUBLIC_WITNESS, f"{name}.example/witness", post_quantum=False)
        keys[name] = load_signers(state / PUBLIC_WITNESS)[0].public
    for name, layout in ledgers.items():
        others = [other for other in names if other != name]
        known = read_policy(layout)
        witnesses = (*known.witnesses, *(Witness(o, keys[o], f"{urls[o]}/witness") for o in others))
        group = Group("majority", 2, tuple(witness.name for witness in witnesses))
        logs = tuple(Log(log.key, urls[name]) for log in known.logs)
        policy = Policy(logs, witnesses, (group,), group.name)
        replace_policy(layout, policy)
        for other in others:
            peers = ledgers[other].folder / "peers"
            peers.mkdir(exist_ok=True)
            (peers / f"{name}.txt").write_bytes(policies.format(policy))


@contextmanager
def copy_of(one: Organisation, place: Path) -> Iterator[Organisation]:
    """Copy all that an organisation has, its keys and its witness's memory too; ends it after."""
    shutil.copytree(one.home, place, symlinks=True)
    copy = Organisation(one.name, place, one.machines)
    try:
        yield copy
    finally:
        copy.kill()


def vouched(one: Organisation) -> tuple[int, int]:
    """Tell how much an organisation has published with its quorum, and how many cosigned that."""
    try:
        trusted = evaluate(one.policy, (one.ledger / "checkpoint").read_bytes())
    except CounterfoilError:
        return 0, 0
    return trusted.checkpoint.size, len(trusted.cosigners)


def goes_on(one: Organisation, size: int) -> bool:
    """Tell whether an organisation has published more than `size` entries with its quorum."""
    return vouched(one)[0] > size


def has(one: Organisation, other: Organisation, size: int) -> bool:
    """Tell whether an organisation's mirror of another's log has more than `size` entries."""
    seen = one.mirrored(other)
    return seen is not None and seen.size > size


def until(what: str, holds: Callable[..., object], *arguments: object) -> None:
    """Wait until something holds."""
    end = time.monotonic() + _LIMIT_S
    while not holds(*arguments):
        assert time.monotonic() < end, f"not within {_LIMIT_S:g} s: {what}"
        time.sleep(0.05)


def _listen(process: subprocess.Popen[bytes], heard: list[dict[str, Any]]) -> None:
    for line in process.stdout or ():
        if line.endswith(b"\n"):
            heard.append(json.loads(line))
