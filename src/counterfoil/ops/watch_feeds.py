"""Choose watchers, with their settings, and open what they watch.

This module refuses to watch another log without a policy: whoever watches what it cannot verify
alarms by what a server says.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

from counterfoil.errors import InputError
from counterfoil.formats import policy as policies
from counterfoil.ledger import Ledger
from counterfoil.network.log_wakes import LogWakes
from counterfoil.network.remote_log import RemoteLog
from counterfoil.network.sources import open_source
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file
from counterfoil.ports import Param
from counterfoil.ports.watchers import Feed
from counterfoil.watch import Chosen, LedgerLog, LogFeed, choose, watcher_types

__all__ = [
    "ALL",
    "FromPlace",
    "LogPlace",
    "Names",
    "PolicyOf",
    "Settings",
    "Watched",
    "WindowS",
    "chosen_by",
    "open_feeds",
    "state_folder_of",
]

ALL: Final = "all"
"""In the place of names: every watcher that reads a log."""

Names = Annotated[
    tuple[str, ...], Param("Watchers by name (see `watch ls`), or all that read a log.", "NAME")
]
LogPlace = Annotated[
    str | None,
    Param("Watch this log instead: an address, or the folder of a log.", "URL", holds="machine"),
]
PolicyOf = Annotated[
    Path | None, Param("Whom you trust for --log: a C2SP tlog-policy.", "FILE", holds="file")
]
FromPlace = Annotated[
    str | None,
    Param(
        "What a watcher reads that reads no log: a monitor's folder, FILE.csv#TIMES.",
        "WHERE",
        holds="machine",
    ),
]
Settings = Annotated[
    tuple[str, ...],
    Param("A setting: NAME.SETTING=VALUE, or SETTING=VALUE for all that have it.", "SET"),
]
WindowS = Annotated[
    int, Param("Seconds without a repeat after which an alert is closed, 1 to 86400.", "S")
]


@dataclass(frozen=True, slots=True)
class Watched:
    """A watcher, and what it watches.

    at_hand: that is the ledger itself, which is quick to ask. wakes: tell when to ask another log.
    """

    chosen: Chosen
    feed: Feed
    at_hand: bool
    wakes: LogWakes | None = None


def chosen_by(names: Sequence[str], settings: Sequence[str], window_s: int) -> list[Chosen]:
    """Choose watchers by name.

    Raises NotFound with code watch.unknown, InputError with code watch.setting or watch.none.
    """
    kinds = watcher_types()
    wanted = list(dict.fromkeys(names))
    if ALL in wanted:
        wanted = [name for name, kind in kinds.items() if kind.feed is None or name in wanted]
    if not wanted:
        raise InputError(
            "watch.none",
            "expected at least one watcher, found none",
            hint="`counterfoil watch ls` lists them; `all` is every one that reads a log.",
        )
    given: dict[str, dict[str, str]] = {name: {} for name in wanted}
    for text in settings:
        named, equals, value = text.partition("=")
        only, dot, key = named.rpartition(".")
        about = [only] if dot else [n for n in wanted if n in kinds and key in kinds[n].settings]
        if not equals or not about or about[0] not in given:
            raise InputError(
                "watch.setting",
                f"expected NAME.SETTING=VALUE of a chosen watcher, found {text[:80]!a}",
                hint="For example --set odd-hours.per_week=0.5; `watch ls` lists settings.",
            )
        for name in about:
            given[name][key] = value
    return [choose(name, given[name], window_s=window_s) for name in wanted]


def open_feeds(
    chosen: Sequence[Chosen],
    ledger: Ledger,
    log: str | None,
    policy: Path | None,
    where: str | None,
    stack: contextlib.ExitStack,
    *,
    bell: threading.Event | None = None,
) -> list[Watched]:
    """Open what each watcher reads; those that read one log share it.

    bell: for who follows; it is set when a log behind an address says that there is more.
    Raises InputError with code watch.policy or watch.from, and as the source does.
    """
    reads_log = any(one.kind.feed is None for one in chosen)
    shared: Feed | None = None
    if reads_log and log is None:
        shared = LogFeed(LedgerLog(ledger))
    elif reads_log and log is not None:
        shared = _remote(log, policy)
    if shared is not None:
        stack.callback(shared.close)
    wakes: LogWakes | None = None
    if shared is not None and log is not None and "://" in log and bell is not None:
        wakes = LogWakes(log, bell)
        stack.callback(wakes.close)
    watched = []
    for one in chosen:
        if one.kind.feed is None and shared is not None:
            watched.append(Watched(one, shared, log is None, wakes))
            continue
        if one.kind.feed is None or where is None:
            raise InputError(
                "watch.from",
                f"expected --from with what {one.kind.name} reads, found none",
                hint="For equivocation the --state folder of `counterfoil monitor run`; for stream "
                "a CSV file and its column of times: load.csv#at.",
            )
        own = one.kind.feed(where)
        stack.callback(own.close)
        watched.append(Watched(one, own, at_hand=False))
    return watched


def state_folder_of(folder: Path, watched: Watched) -> Path:
    """Name a watcher's folder: by its name, and by what it watches if not the ledger itself."""
    origin = watched.feed.origin
    name = watched.chosen.kind.name
    if not watched.at_hand:
        name = f"{name}-{sha256(origin.encode()).hexdigest()[:8]}"
    return folder / name


def _remote(log: str, policy: Path | None) -> Feed:
    if policy is None:
        raise InputError(
            "watch.policy",
            "expected --policy with --log, found none",
            hint="Name a policy that you got from somebody whom you trust, not from that log.",
        )
    trust = policies.parse(read_file(policy, POLICY_MAX_BYTES))
    return LogFeed(RemoteLog(open_source(log), trust))
