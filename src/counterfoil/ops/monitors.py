"""Watch a log from several sides, and verify what was found."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from counterfoil.errors import Unavailable
from counterfoil.formats import evidence
from counterfoil.formats import policy as policies
from counterfoil.formats.evidence import EVIDENCE_MAX_BYTES
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES
from counterfoil.formats.vkey import format_vkey
from counterfoil.ledger.evidence import read_evidence
from counterfoil.network.conviction import convict
from counterfoil.network.monitor import BAD_EVENTS, Monitor, MonitorEvent, origin_of
from counterfoil.network.sources import WITNESS_PREFIX, open_source
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file, read_input, write_file
from counterfoil.ops.kinds import told_apart
from counterfoil.ops.mirrors import Interval, PolicyFile, checked_interval
from counterfoil.ports import Channel, Param, Progress, no_progress
from counterfoil.proofs import equivocation

__all__ = ["Convicted", "Events", "make", "run", "verify"]


class Events(Iterator[MonitorEvent]):
    """What a monitor tells, and the exit status that follows from it.

    exit_status: 1 after anything that nobody should rely on, 0 otherwise.
    """

    def __init__(self, inner: Generator[MonitorEvent, None, None]) -> None:
        self._inner = inner
        self.exit_status = 0

    def __next__(self) -> MonitorEvent:
        """Give the next event."""
        event = next(self._inner)
        if event.event in BAD_EVENTS:
            self.exit_status = 1
        return event

    def close(self) -> None:
        """Stop watching, and give the state folder up."""
        self._inner.close()


@dataclass(frozen=True, slots=True)
class Convicted:
    """What evidence proved. way: same-size, fork or prefix; see `proofs.equivocation`.

    first_size, second_size, first_root, second_root (hexadecimal): the two signed states. index:
    of the entry that differs, where the evidence names it. in_policy: whether your policy names
    the key; None without one.
    """

    way: str
    origin: str
    vkey: str
    first_size: int
    first_root: str
    second_size: int
    second_root: str
    index: int | None
    in_policy: bool | None


def run(
    sources: Annotated[
        tuple[str, ...],
        Param(
            "Address or folder of the log or of a mirror, or witness:ADDRESS.",
            "URL",
            holds="machine",
        ),
    ],
    *,
    policy: PolicyFile,
    state: Annotated[
        Path, Param("Folder that keeps what was seen, and evidence.", "DIR", holds="machine")
    ],
    watch_key: Annotated[
        tuple[str, ...], Param("Tell of entries that this key signed.", "KEYID")
    ] = (),
    stalled_after: Annotated[
        int, Param("Seconds without growth after which the log is stalled.", "S")
    ] = 86_400,
    once: Annotated[bool, Param("Ask everybody once and end.")] = False,
    interval: Interval = 60,
    progress: Progress = no_progress,
) -> Events:
    """Watch a log from several sides: one history, witnessed, growing; and who signs.

    Witnesses of the policy that have an address are asked, too. Raises as `network.monitor`;
    with `once` Unavailable with code monitor.nobody where no source answers.
    """
    pause_s = checked_interval(interval)
    trust = policies.parse(read_file(policy, POLICY_MAX_BYTES))
    origin = origin_of(trust)
    named = [f"{WITNESS_PREFIX}{w.url}" for w in trust.witnesses if w.url]
    opened = [open_source(where, origin=origin) for where in dict.fromkeys((*sources, *named))]
    with contextlib.ExitStack() as stack:
        for source in opened:
            stack.callback(source.close)
        monitor = stack.enter_context(
            Monitor(
                state, trust, opened, watch_key, stalled_after_s=stalled_after, progress=progress
            )
        )
        return Events(_follow(monitor, pause_s, stack.pop_all(), once=once))


def verify(
    file: Annotated[Path, Param("Evidence, or - for standard input.", "FILE", holds="file")],
    *,
    policy: Annotated[
        Path | None,
        Param("Your policy: tells whether you trust the convicted key.", "FILE", holds="file"),
    ] = None,
    channel: Channel,
) -> Convicted:
    """Verify evidence that a log signed two histories, offline and whoever made it.

    Raises VerificationError or InputError as `proofs.equivocation.verify`.
    """
    data = read_input(file, channel, EVIDENCE_MAX_BYTES)
    with told_apart(data, "evidence of two histories"):
        proven = equivocation.verify(data)
    known = None
    if policy is not None:
        trust = policies.parse(read_file(policy, POLICY_MAX_BYTES))
        known = proven.key in [log.key for log in trust.logs]
    return _convicted(proven, in_policy=known)


def make(
    first: Annotated[Path, Param("A checkpoint, receipt or tlog-proof.", "FIRST", holds="file")],
    second: Annotated[Path, Param("Another of the same log.", "SECOND", holds="file")],
    *,
    policy: PolicyFile,
    out: Annotated[
        Path, Param("File to write.", "FILE", short="o", holds="output", ending=".json")
    ],
    from_: Annotated[
        tuple[str, ...],
        Param(
            "Address or folder that may have the tiles, where the sizes differ.",
            "URL",
            holds="machine",
        ),
    ] = (),
) -> Convicted:
    """Make evidence of two checkpoints that one log signed and that exclude each other.

    Raises InputError with code evidence.no-tiles where two sizes need tiles that nobody has,
    VerificationError with code evidence.consistent where nothing is wrong, and as `write_file`.
    """
    trust = policies.parse(read_file(policy, POLICY_MAX_BYTES))
    signed = [read_evidence(read_file(path, RECEIPT_MAX_BYTES))[0] for path in (first, second)]
    with contextlib.ExitStack() as stack:
        opened = [open_source(where) for where in from_]
        for source in opened:
            stack.callback(source.close)
        bundle = convict([log.key for log in trust.logs], signed[0], signed[1], opened)
    proven = equivocation.verify(bundle)
    write_file(out, evidence.format(bundle))
    return _convicted(proven, in_policy=True)


def _convicted(proven: equivocation.Equivocated, *, in_policy: bool | None) -> Convicted:
    return Convicted(
        way=proven.way,
        origin=proven.first.origin,
        vkey=format_vkey(proven.key),
        first_size=proven.first.size,
        first_root=proven.first.root.hex(),
        second_size=proven.second.size,
        second_root=proven.second.root.hex(),
        index=proven.index,
        in_policy=in_policy,
    )


def _follow(
    monitor: Monitor, pause_s: int, stack: contextlib.ExitStack, *, once: bool
) -> Generator[MonitorEvent, None, None]:
    with stack:
        while True:
            yield from monitor.round()
            if once:
                if not monitor.reached:
                    raise Unavailable(
                        "monitor.nobody",
                        "expected at least one source to answer, found none",
                        hint="Check the addresses and the network.",
                    )
                return
            time.sleep(pause_s)
