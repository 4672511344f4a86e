"""Run one organisation's side of a network in one process, until a signal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Annotated, Final, Literal

from counterfoil.formats.vkey import format_vkey
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.state import state_folder
from counterfoil.network.mirror import MirrorEvent
from counterfoil.network.node import (
    WITNESS_PREFIX,
    MemberApp,
    Peer,
    PeerMirrors,
    followed_logs,
    read_peers,
)
from counterfoil.network.seat import final_sizes
from counterfoil.ops.mirrors import Interval, checked_interval
from counterfoil.ops.place import LedgerFolder, find_ledger
from counterfoil.ops.serving import listen_on, serving, until_signal
from counterfoil.ops.witnesses import establish_witness, load_signers
from counterfoil.ports import Param, SystemClock
from counterfoil.storage.folder_copy import replace_file
from counterfoil.witness import Witness, WitnessMemory
from counterfoil.witness.followed import FollowedLogs

__all__ = ["PUBLIC_WITNESS", "MemberStarted", "PeerEvent", "open_public_witness", "run"]

PUBLIC_WITNESS: Final = "public-witness"
"""Folder, among the state, of the witness that an organisation runs for others."""

_LOOK_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class MemberStarted:
    """A member's process serves. url: its log's address; witness_url: its witness's prefix.

    vkey: the witness's verifier key. peers: whose logs it witnesses and mirrors.
    """

    event: Literal["serving"]
    url: str
    witness_url: str
    vkey: str
    peers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeerEvent:
    """A round of a peer's mirror. peer: its name here."""

    peer: str
    mirror: MirrorEvent


def open_public_witness(
    ledger: Path, peers: Sequence[Peer], stack: ExitStack
) -> tuple[Witness, Callable[[], list[str]]]:
    """Open the witness that a member of a network runs for its peers; gives what it follows, too.

    ledger: the member's folder. Its key and memory are in the state folder, made when first asked
    for. Raises as `establish_witness` and `WitnessMemory`.
    """
    state = state_folder() / PUBLIC_WITNESS
    establish_witness(state, None, post_quantum=False)
    followed = state / "logs.txt"
    replace_file(followed, followed_logs(list(peers)))
    memory = WitnessMemory(state / "witness.db")
    stack.callback(memory.close)
    logs = FollowedLogs(followed)
    ends = final_sizes(Layout(ledger))
    return Witness(memory, load_signers(state), logs, SystemClock(), ends), logs.origins


def run(
    *,
    ledger: LedgerFolder = None,
    peers: Annotated[
        Path | None,
        Param(
            "Policies of the others' logs, one a file; else `peers` in the ledger.",
            "DIR",
            holds="machine",
        ),
    ] = None,
    listen: Annotated[
        str, Param("Where to answer.", "HOST:PORT", holds="machine")
    ] = "127.0.0.1:8420",
    interval: Interval = 2,
) -> Iterator[MemberStarted | PeerEvent]:
    """Own a ledger and serve it, witness the peers' logs, and mirror them, until a signal.

    Other processes on the machine record through it. The witness's key and memory, and the
    mirrors, are in the state folder. Raises as opening the ledger, `read_peers` and `listen_on`.
    """
    pause_s = checked_interval(interval)
    folder = find_ledger(ledger)
    known = read_peers(peers if peers is not None else folder / "peers")
    told: SimpleQueue[PeerEvent] = SimpleQueue()
    with ExitStack() as stack:
        stack.enter_context(open_ledger(folder))
        witness, origins = open_public_witness(folder, known, stack)
        ended = stack.enter_context(until_signal())
        url = stack.enter_context(serving(MemberApp(folder, witness, origins), listen_on(listen)))
        yield MemberStarted(
            "serving",
            url,
            url + WITNESS_PREFIX,
            format_vkey(witness.key),
            tuple(peer.name for peer in known),
        )
        mirrors = PeerMirrors(
            known,
            state_folder() / "mirrors",
            lambda name, event: told.put(PeerEvent(name, event)),
            pause_s,
        )
        stack.callback(mirrors.close)
        while not ended(_LOOK_S):
            try:
                while True:
                    yield told.get_nowait()
            except Empty:
                continue
