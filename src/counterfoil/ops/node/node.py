"""Open all that a node is made of, in order, and close it in the other.

The ledger comes first and goes last: what answers requests is closed before the ledger commits what
waits and lets go. This module refuses to answer requests.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from counterfoil.access import AccessDesk, Guard, open_guard
from counterfoil.errors import Conflict, Refused
from counterfoil.ledger import Ledger
from counterfoil.ledger.state import state_folder
from counterfoil.network.node import WITNESS_PREFIX, Peer, read_peers
from counterfoil.ops.member import open_public_witness
from counterfoil.ops.node import parts
from counterfoil.ops.node.status import NodeStatus, Service
from counterfoil.ops.node.supervisor import Part, Supervisor
from counterfoil.ops.place import lending, open_anchoring
from counterfoil.ops.watch_feeds import ALL, chosen_by
from counterfoil.ports import Clock, SystemClock
from counterfoil.storage.owner_lock import read_owner
from counterfoil.witness.app import WitnessApp

__all__ = ["NO_WATCHERS", "Node", "opened_node", "require_watchers"]

NO_WATCHERS: Final = "none"
"""In the place of names: no watcher."""

_TICK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Node:
    """What runs.

    operator_key: made now, since there was none; it is not kept anywhere. witness: answers the
    other members of its network, if it has any.
    """

    ledger: Ledger
    guard: Guard
    supervisor: Supervisor
    started_ms: int
    operator_key: str | None
    witness: WitnessApp | None = None

    def status(self) -> NodeStatus:
        """Tell how its parts fare, now."""
        return NodeStatus(self.started_ms, (self._log(), *self.supervisor.services()))

    def sign_in_link(self, url: str) -> str:
        """Make a link that signs in once, as an operator whose key counts. url: of the node."""
        keys = self.guard.keys
        named = [one.key_id for one in keys.list() if "operator" in one.roles]
        key_id = next(one for one in named if keys.known(one))  # there was one at the start
        return f"{url}/signin/{self.guard.invitations.make(key_id)}"

    def _log(self) -> Service:
        fatal = self.ledger.fatal
        size, at_ms = self.ledger.committed
        if fatal is not None:
            return Service("log", "failed", at_ms, str(fatal), needed=True)
        return Service("log", "running", self.started_ms, f"{size} entries", needed=True)


@contextlib.contextmanager
def opened_node(
    folder: Path,
    *,
    watchers: Sequence[str],
    heard: Callable[[Service], None],
    clock: Clock | None = None,
) -> Iterator[Node]:
    """Own a ledger and start what runs beside answering, for a block.

    folder: the ledger's. watchers: names, `all`, or NO_WATCHERS. heard: is told of each part that
    changes. Raises Conflict with code node.owned where another process owns the ledger, else as
    `open_ledger`, and as the access book.
    """
    clock = clock or SystemClock()
    with contextlib.ExitStack() as stack:
        ledger = stack.enter_context(open_anchoring(folder))
        _require_own(ledger)
        guard = open_guard(ledger, clock)
        stack.callback(guard.close)
        stack.enter_context(lending(ledger))
        supervisor = Supervisor(clock, heard)
        stack.callback(supervisor.close)
        peers = read_peers(folder / "peers")
        witness = _witness(folder, peers, stack) if peers else None
        first = _first_key(ledger, guard)
        node = Node(ledger, guard, supervisor, clock.now_ms(), first, witness)
        _start(node, watchers, peers)
        yield node


def require_watchers(names: Sequence[str]) -> None:
    """Look whether there are such watchers, before anything is made for a node.

    Raises NotFound with code watch.unknown.
    """
    if named := [name for name in names if name not in (ALL, NO_WATCHERS)]:
        chosen_by(named, (), parts.WINDOW_S)


def _require_own(ledger: Ledger) -> None:
    """Refuse a ledger that is written through its owner: two nodes would do all work twice."""
    try:
        _ = ledger.key_admin
    except Refused as err:
        owner = read_owner(ledger.layout.folder)
        raise Conflict(
            "node.owned",
            f"expected a ledger that no other process owns at {ledger.layout.folder}, found "
            f"process {owner.get('pid', '?')} on {owner.get('host', '?')}",
            hint="A node runs there already, or a program has it open: use that node, or end it.",
        ) from err


def _start(node: Node, watchers: Sequence[str], peers: Sequence[Peer]) -> None:
    ledger, supervisor = node.ledger, node.supervisor
    supervisor.start("access", _ticking(node.guard), needed=True)
    names = [name for name in watchers if name != NO_WATCHERS]
    if names:
        supervisor.start("watchers", _later(lambda: parts.watching(ledger, names)))
    if ledger.config.anchor_chains:
        supervisor.start("actions", parts.acting(ledger))
    supervisor.start("search index", parts.indexing(ledger))
    supervisor.start("retention", parts.retaining(ledger))
    if peers:
        supervisor.start("mirrors", parts.mirroring(peers, state_folder() / "mirrors"))


def _witness(folder: Path, peers: Sequence[Peer], stack: contextlib.ExitStack) -> WitnessApp:
    witness, origins = open_public_witness(folder, peers, stack)
    return WitnessApp(witness, prefix=WITNESS_PREFIX, origins=origins)


def _later(make: Callable[[], Callable[[Part], None]]) -> Callable[[Part], None]:
    """Make work when it begins: what cannot be made is then told as a failure of that part."""
    return lambda part: make()(part)


def _ticking(guard: Guard) -> Callable[[Part], None]:
    def work(part: Part) -> None:
        while not part.wait(_TICK_S):
            guard.tick()

    return work


def _first_key(ledger: Ledger, guard: Guard) -> str | None:
    """Make a key for the operator where nobody has one that counts; the log says so."""
    made = AccessDesk(ledger, guard.keys, "the node").first_operator()
    return None if made is None else made.token
