"""Make a ledger, and say how one stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from counterfoil.errors import CounterfoilError, NotFound
from counterfoil.ledger import Ledger, create_ledger, open_ledger
from counterfoil.ledger.energy import read_spent
from counterfoil.ledger.state import state_folder
from counterfoil.log import parse_signed
from counterfoil.ops.files import shown
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ports import Param, SystemClock
from counterfoil.proofs.trust import evaluate
from counterfoil.proofs.verify import grade

__all__ = ["Made", "Status", "init", "status"]


@dataclass(frozen=True, slots=True)
class Made:
    """A new ledger.

    folder, policy, keys, recovery_key: paths. origin: the log's identity. organisation: URI.
    witness: folder of your own witness's memory; None for a ledger without.
    """

    folder: str
    name: str
    origin: str
    organisation: str
    post_quantum: bool
    policy: str
    keys: str
    recovery_key: str
    witness: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """How a ledger stands.

    size: committed entries. published_size, root (hexadecimal): of the published checkpoint;
    None before the first. at_ms: when the last kept checkpoint was signed, by the ledger's clock.
    checkpoints: kept. sources: numbered series. statements: numbered, in all of them.
    keys_in_force: that may sign the next entry. grade: in words, who vouches for the published
    checkpoint. witnesses: of the ledger's policy. cpu_s_per_entry: CPU seconds of the processes
    that owned it, for each entry that they recorded; None where that was not counted.
    """

    folder: str
    name: str
    origin: str
    organisation: str
    size: int
    published_size: int
    root: str | None
    at_ms: int | None
    checkpoints: int
    sources: int
    statements: int
    keys_in_force: int
    grade: str
    witnesses: tuple[str, ...]
    cpu_s_per_entry: float | None = None


def init(
    folder: Annotated[
        Path, Param("Folder to make; it must be empty or not there.", "DIR", holds="machine")
    ],
    *,
    name: Annotated[
        str | None, Param("What people call the ledger; else the folder's name.", "NAME")
    ] = None,
    organisation: Annotated[
        str | None,
        Param("Who owns it, for example https://example.org; else a random URN.", "URI"),
    ] = None,
    post_quantum: Annotated[
        bool, Param("Sign checkpoints with ML-DSA-44 too (2.4 KB each).")
    ] = False,
    no_witness: Annotated[
        bool, Param("Do without your own witness: nobody notices a ledger that was put back.")
    ] = False,
) -> Made:
    """Make a new ledger: its log, its keys and the trust policy for its readers.

    Raises InputError with code ledger.exists or config.malformed, Unavailable with code
    ledger.create.
    """
    create_ledger(
        folder,
        SystemClock(),
        name=name,
        organisation=organisation,
        post_quantum=post_quantum,
        witness=not no_witness,
    )
    with open_ledger(folder, read_only=True) as made:
        layout, config = made.layout, made.config
    return Made(
        folder=shown(layout.folder),
        name=config.name,
        origin=config.origin,
        organisation=config.organisation,
        post_quantum=post_quantum,
        policy=shown(layout.policy),
        keys=shown(layout.keys),
        recovery_key=shown(layout.keys / "recovery.key"),
        witness=None if no_witness else shown(state_folder() / "witness"),
    )


def status(*, ledger: LedgerFolder = None) -> Status:
    """Say how a ledger stands: its size, last checkpoint, sources and keys.

    Nothing is checked: `audit` and `doctor` do. Raises as `open_ledger`.
    """
    with open_for_reading(ledger) as opened:
        try:
            published = parse_signed(opened.published())
        except NotFound:
            published = None
        spent = read_spent(opened.layout)
        size, sources, kept = opened.size, opened.sources(), opened.checkpoints()
        return Status(
            folder=shown(opened.layout.folder),
            name=opened.config.name,
            origin=opened.origin,
            organisation=opened.config.organisation,
            size=size,
            published_size=published.size if published else 0,
            root=published.root.hex() if published else None,
            at_ms=kept[-1].at_ms if kept else None,
            checkpoints=len(kept),
            sources=len(sources),
            statements=sum(count for _, _, count in sources),
            keys_in_force=sum(
                period.first <= size and (period.end is None or size < period.end)
                for period in opened.keys
            ),
            grade=_grade(opened),
            witnesses=tuple(witness.name for witness in opened.policy.witnesses),
            cpu_s_per_entry=spent.process_cpu_s / spent.entries
            if spent and spent.entries
            else None,
        )


def _grade(ledger: Ledger) -> str:
    try:
        return grade(evaluate(ledger.policy, ledger.published()))
    except CounterfoilError as err:
        return f"not yet what the policy asks for: {err.message}"
