"""What this machine remembers of a ledger beside the ledger: its witness's memory, what was seen.

Everything that opens a ledger asks here first. This module refuses to change what is remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from counterfoil.errors import CounterfoilError, FatalLogError
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import NONE, Policy
from counterfoil.formats.vkey import VerifierKey
from counterfoil.ledger.backup_marker import read_marker
from counterfoil.ledger.config import Config
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.policy_file import own_keys, read_policy
from counterfoil.ledger.self_witness import SelfWitness
from counterfoil.ledger.signer import NoteOpener
from counterfoil.ledger.state import state_folder
from counterfoil.ledger.witnesses import LedgerWitnesses, remote_witnesses
from counterfoil.log import TileEdge, check_remembered, published_edge
from counterfoil.ports import Clock, LogStore, SystemClock, TileStore
from counterfoil.ports.witness import Cosigner
from counterfoil.storage import SeenStates

__all__ = [
    "OWN_MEMORY",
    "SEEN_FILE",
    "open_witnesses",
    "recalled",
    "remembered_state",
    "require_remembered",
    "seen_states",
    "witness_note",
]

SEEN_FILE = "seen.db"

OWN_MEMORY = "the witness's memory"
"""Where a state that the user's own witness saw is said to stand."""


def seen_states() -> SeenStates:
    """Open what this user's readers have seen."""
    return SeenStates(state_folder() / SEEN_FILE)


def open_witnesses(
    layout: Layout,
    config: Config,
    signer: NoteOpener,
    clock: Clock,
    cosigners: Sequence[Cosigner] = (),
    *,
    accept_new: bool,
) -> LedgerWitnesses:
    """Open the witnesses of a ledger that is to be written.

    cosigners: beside those of the policy's addresses. accept_new: make this user's witness where
    there is none, and let it begin with the ledger as it is. Raises FatalLogError with code
    witness.missing or log.policy, Unavailable with code witness.state or seen.unreadable.
    """
    try:
        policy = read_policy(layout)
    except CounterfoilError:
        policy = Policy((), (), (), NONE)  # readers have none either; writing goes on
    own = None
    if config.witness:
        if accept_new:
            SelfWitness.establish(state_folder())
        own = SelfWitness(state_folder(), signer.keys, clock)
    try:
        return LedgerWitnesses(
            policy,
            signer,
            own,
            [*remote_witnesses(policy, config.witness_timeout_s), *cosigners],
            accept_new=accept_new,
            timeout_s=config.witness_timeout_s,
        )
    except BaseException:
        if own is not None:
            own.close()
        raise


def remembered_state(layout: Layout, config: Config) -> tuple[NoteOpener, list[Checkpoint]] | None:
    """Tell what the witness remembers of a ledger that is to be read; None where nothing is.

    Where a ledger is only read, a missing memory is no fault: it may be a copy for readers. What
    readers saw stops nobody here: a thief of the log's key could else stop the true ledger by a
    receipt that somebody verified. `audit` compares it.
    """
    if read_marker(layout.folder) is not None:
        return None
    try:
        opener = own_keys(layout, config.origin)
    except CounterfoilError:
        return None
    signed = witness_note(opener.keys) if config.witness else None
    return None if signed is None else (opener, [opener.open(signed)])


def recalled(
    config: Config, log_keys: Sequence[VerifierKey], opener: NoteOpener
) -> dict[str, Checkpoint]:
    """List what is remembered of a log: in whose words -> state."""
    found: dict[str, Checkpoint] = {}
    if config.witness and (signed := witness_note(log_keys)) is not None:
        found[OWN_MEMORY] = opener.open(signed)
    for number, state in enumerate(_seen(config.origin, opener)):
        found[f"checkpoint {number + 1} seen here"] = state
    return found


def witness_note(log_keys: Sequence[VerifierKey]) -> bytes | None:
    """Read the newest checkpoint that this user's witness cosigned; None where it has none."""
    try:
        with closing(SelfWitness(state_folder(), log_keys, SystemClock())) as own:
            return own.note()
    except CounterfoilError:
        return None


def require_remembered(
    remembered: tuple[NoteOpener, list[Checkpoint]] | None, store: LogStore, tiles: TileStore
) -> None:
    """Check a ledger that is to be read against what is remembered of it.

    A damaged tree is not judged here: who reads it will hear.
    Raises FatalLogError with code witness.rolled-back or witness.forked.
    """
    if remembered is None:
        return
    opener, states = remembered
    try:
        edge = published_edge(tiles, opener.open)
    except FatalLogError:
        edge = TileEdge()
    check_remembered(states, store, tiles, edge, tail=False)


def _seen(origin: str, opener: NoteOpener) -> list[Checkpoint]:
    """List the states that readers here saw and that the log itself signed."""
    states = []
    for seen in seen_states().of(origin):
        try:
            states.append(opener.open(seen.note))
        except CounterfoilError:
            continue  # signed by another key of that name: no word of this log
    return states
