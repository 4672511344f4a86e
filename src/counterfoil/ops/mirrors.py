"""Keep verified copies of other parties' logs, serve them, and make receipts from them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from counterfoil.errors import CounterfoilError, FatalLogError, InputError
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.network.mirror import Mirror, MirrorEvent
from counterfoil.network.sources import open_source
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file, shown, write_file
from counterfoil.ops.receipts import Saved
from counterfoil.ports import STANDARD_STREAM, Document, Param, Progress, no_progress

__all__ = ["Interval", "MirrorStarted", "receipt", "run"]

Interval = Annotated[int, Param("Seconds between two rounds, 1 to 86400.", "S")]
"""The parameter of everything that asks again and again."""

PolicyFile = Annotated[
    Path,
    Param("Whom you trust: a C2SP tlog-policy that you did not get there.", "FILE", holds="file"),
]

_INTERVAL_MAX_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class MirrorStarted:
    """A mirror began to serve. url: where."""

    event: Literal["serving"]
    url: str


def run(
    source: Annotated[
        str, Param("Address or folder of the log, or of a mirror of it.", "URL", holds="machine")
    ],
    folder: Annotated[
        Path, Param("The mirror's folder; made if it is not there.", "DIR", holds="machine")
    ],
    *,
    policy: PolicyFile,
    mode: Annotated[
        Literal["hashes", "entries", "ciphertext", "all"],
        Param(
            "Hash tiles alone; entries too; those and sealed payloads (none exist yet, so the same "
            "as entries); or all payloads too."
        ),
    ] = "entries",
    check: Annotated[
        bool, Param("First prove again all that is here, and mend what is damaged.")
    ] = False,
    once: Annotated[bool, Param("Copy once and end.")] = False,
    listen: Annotated[
        str | None, Param("Serve the copy there while it runs.", "HOST:PORT", holds="machine")
    ] = None,
    interval: Interval = 10,
    progress: Progress = no_progress,
) -> Iterator[MirrorEvent | MirrorStarted]:
    """Keep a verified full copy of a log, and tell of each round that changed something.

    Raises as `network.mirror`; without `once` a round that fails is told of, and tried again.
    """
    pause_s = checked_interval(interval)
    trust = policies.parse(read_file(policy, POLICY_MAX_BYTES))
    log = open_source(source)
    with contextlib.ExitStack() as stack:
        stack.callback(log.close)
        mirror = stack.enter_context(
            Mirror(folder, trust, log, mode, mend=check, progress=progress)
        )
        if listen is not None:
            from counterfoil.network.log_app import LogApp
            from counterfoil.ops.serving import serving

            url = stack.enter_context(serving(LogApp(folder, mode), listen))
            yield MirrorStarted("serving", url)
        if check:
            yield mirror.check()
        yield from _follow(mirror, pause_s, once=once)


def receipt(
    index: Annotated[int, Param("The entry's index.", "INDEX")],
    folder: Annotated[Path, Param("The mirror's folder.", "DIR", holds="machine")],
    *,
    out: Annotated[
        Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="machine")
    ],
    row: Annotated[int | None, Param("A row of a block statement, from 0.", "N")] = None,
) -> Saved | Document:
    """Write the receipt of an entry from a mirror alone, also when the log is gone.

    Raises as `network.mirror_receipts` and `write_file`.
    """
    from counterfoil.log import parse_signed
    from counterfoil.network.mirror_receipts import mirrored_receipt

    made = mirrored_receipt(folder, index, row)
    data = receipts.format(made) + b"\n"
    if out == STANDARD_STREAM:
        return Document([data], "application/json")
    write_file(out, data)
    size = parse_signed(made.checkpoint.encode()).size
    return Saved(index, row, size, "json", shown(out), len(data))


def checked_interval(interval_s: int) -> int:
    """Check a pause between rounds. Raises InputError with code usage.interval."""
    if not 1 <= interval_s <= _INTERVAL_MAX_S:
        raise InputError(
            "usage.interval", f"expected 1 to {_INTERVAL_MAX_S} seconds, found {interval_s}"
        )
    return interval_s


def _follow(mirror: Mirror, pause_s: int, *, once: bool) -> Iterator[MirrorEvent]:
    last = ("", "")
    while True:
        try:
            event = mirror.round()
        except CounterfoilError as err:
            if once or isinstance(err, FatalLogError):  # the mirror itself is damaged
                raise
            event = mirror.failed(err)
        if once:
            yield event
            return
        word = (event.event, event.message)
        if event.entries or (event.event != "unchanged" and word != last):
            yield event
        last = word
        time.sleep(pause_s)
