"""One organisation's process in a network: its log is served, its witness answers, others mirrored.

Peers are files, `<name>.txt`, each a C2SP tlog-policy that names one other log's key, its address
and whose word it takes; the witness follows exactly these logs. This module refuses to decide who
is a peer, and to serve anything but logs and cosignatures.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import NONE, Policy
from counterfoil.network.log_app import LogApp
from counterfoil.network.mirror import Mirror, MirrorEvent
from counterfoil.network.sources import open_source
from counterfoil.witness import Witness
from counterfoil.witness.app import WitnessApp

__all__ = ["WITNESS_PREFIX", "MemberApp", "Peer", "PeerMirrors", "followed_logs", "read_peers"]

WITNESS_PREFIX: Final = "/witness"
"""Path under which a member's witness answers, beside its log."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Hear = Callable[[str, MirrorEvent], None]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another organisation's log. name: what we call it. policy: how far we trust it."""

    name: str
    policy: Policy

    @property
    def url(self) -> str:
        """Where the log is served."""
        return next(log.url for log in self.policy.logs if log.url is not None)


def read_peers(folder: Path) -> list[Peer]:
    """Read the peers of a member, by name; none where the folder is not there.

    Raises InputError with code network.peer for a file that is no policy of one log with an
    address, naming it.
    """
    peers = []
    for path in sorted(folder.glob("*.txt")):
        try:
            policy = policies.parse(path.read_bytes())
        except InputError as err:
            raise InputError(
                "network.peer", f"expected a policy in {path.name}, but: {err.message}"
            ) from err
        origins = {log.key.name for log in policy.logs}
        if len(origins) != 1 or not any(log.url for log in policy.logs):
            raise InputError(
                "network.peer",
                f"expected the keys of one log, and its address, in {path.name}, found "
                f"{len(origins)} logs",
                hint="Write one `log <vkey> <url>` line.",
            )
        peers.append(Peer(path.stem, policy))
    return peers


def followed_logs(peers: list[Peer]) -> bytes:
    """Write the policy that a member's witness follows: all logs of its peers."""
    logs = tuple(log for peer in peers for log in peer.policy.logs)
    return policies.format(Policy(logs, (), (), NONE))


class MemberApp:
    """An ASGI application: a ledger's log at `/`, a witness at `/witness`."""

    def __init__(self, ledger: Path, witness: Witness, origins: Callable[[], list[str]]) -> None:
        self._log = LogApp(ledger, "all")
        self._witness = WitnessApp(witness, prefix=WITNESS_PREFIX, origins=origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or the server's start and stop."""
        path = str(scope.get("path", ""))
        if path == WITNESS_PREFIX or path.startswith(f"{WITNESS_PREFIX}/"):
            await self._witness(scope, receive, send)
        else:
            await self._log(scope, receive, send)


class PeerMirrors:
    """Mirrors of all peers, each in a thread of its own until `close`.

    folder: each mirror is `<name>` in it. hear: is told of each round that changed something, in
    the mirror's thread. interval_s: seconds between two rounds.
    """

    def __init__(self, peers: list[Peer], folder: Path, hear: Hear, interval_s: float) -> None:
        self._folder, self._hear, self._interval_s = folder, hear, interval_s
        self._closing = threading.Event()
        self._threads = {
            peer.name: threading.Thread(
                target=self._follow, args=(peer,), name=f"mirror-{peer.name}", daemon=True
            )
            for peer in peers
        }
        for thread in self._threads.values():
            thread.start()

    @property
    def alive(self) -> Mapping[str, bool]:
        """Tell which mirrors run, by their peers' names."""
        return {name: thread.is_alive() for name, thread in self._threads.items()}

    def close(self) -> None:
        """End all mirrors after the round that they are in."""
        self._closing.set()
        for thread in self._threads.values():
            thread.join()

    def _follow(self, peer: Peer) -> None:
        try:
            source = open_source(peer.url)
            with contextlib.closing(source):
                mirror = Mirror(self._folder / peer.name, peer.policy, source, "all")
                with mirror:
                    self._rounds(peer, mirror)
        except CounterfoilError as err:
            self._hear(peer.name, _stopped(peer, err))

    def _rounds(self, peer: Peer, mirror: Mirror) -> None:
        last = ("", "")
        while not self._closing.is_set():
            try:
                event = mirror.round()
            except CounterfoilError as err:
                event = mirror.failed(err)
            word = (event.event, event.message)
            if event.entries or (event.event != "unchanged" and word != last):
                self._hear(peer.name, event)
            last = word
            self._closing.wait(self._interval_s)


def _stopped(peer: Peer, err: CounterfoilError) -> MirrorEvent:
    return MirrorEvent(
        "refused",
        0,
        peer.url,
        peer.policy.logs[0].key.name,
        0,
        "",
        code=err.code,
        message=err.message,
    )
