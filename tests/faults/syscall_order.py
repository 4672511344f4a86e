"""Read strace's lines, and say where durability was claimed before it was asked for.

A kill does not notice a missing fsync; only the order of the system calls shows it. Lines are
read as strace writes them with `-f -y`: a call that another thread interrupts comes in two parts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["Call", "parse_trace", "unsynced_acknowledgements", "unsynced_publications"]

_WHOLE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|\?)")
_BEGUN = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+|\?)")
_FILE = re.compile(r"^-?\d+<([^>]*)>")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SYNCS = ("fsync", "fdatasync")


@dataclass(frozen=True, slots=True)
class Call:
    """A call that succeeded: it began at line `start` and ended at line `end`.

    path: of its file or, where it names paths, the last of them. text: its arguments.
    """

    name: str
    path: str
    text: str
    start: int
    end: int


def parse_trace(lines: Sequence[str]) -> list[Call]:
    """Read the calls that succeeded, in the order in which they began."""
    calls: list[Call] = []
    begun: dict[str, tuple[str, str, int]] = {}
    for at, line in enumerate(lines):
        if match := _BEGUN.match(line):
            begun[match[1]] = match[2], match[3], at
            continue
        if match := _RESUMED.match(line):
            name, text, start = begun.pop(match[1])
            text, result = text + match[3], match[4]
        elif match := _WHOLE.match(line):
            name, text, start, result = match[2], match[3], at, match[4]
        else:
            continue
        if not result.startswith("-") and result != "?":
            file = _FILE.match(text)
            quoted = _QUOTED.findall(text)
            path = file[1] if file else quoted[-1] if quoted else ""
            calls.append(Call(name, path, text, start, at))
    return sorted(calls, key=lambda call: call.start)


def unsynced_acknowledgements(calls: Sequence[Call]) -> list[str]:
    """Name acknowledgements that were sent before the WAL's last write was synced.

    An entry's commit must write to the WAL, so one without a write is named too.
    """
    wrong = []
    before = 0
    for ack in calls:
        if ack.name != "sendto" or r"\"ack\"" not in ack.text:
            continue
        writes = [c for c in calls if _is_wal_write(c) and before <= c.start < ack.start]
        if not writes:
            wrong.append(f"line {ack.start}: acknowledged without a write to the WAL")
        elif not _synced(calls, writes[-1].path, writes[-1].end, ack.start):
            wrong.append(f"line {ack.start}: acknowledged before the WAL was synced")
        before = ack.start
    return wrong


def unsynced_publications(calls: Sequence[Call]) -> list[str]:
    """Name publications of a checkpoint before which something that it needs was not synced.

    Every file that is renamed into place must be synced before, its folder after, and so every
    folder above it, once in the life of the process; the checkpoint's own folder after it.
    """
    wrong = []
    renames = [call for call in calls if call.name == "rename"]
    for shown in renames:
        written = shown.path + ".new"
        writes = [c for c in calls if c.name == "write" and c.path == written]
        last = max((c.end for c in writes if c.end < shown.start), default=-1)
        if last < 0 or not _synced(calls, written, last, shown.start):
            wrong.append(f"line {shown.start}: {shown.path} shown before it was synced")
    published = [call for call in renames if call.path.endswith("/checkpoint")]
    for at, checkpoint in enumerate(published):
        root = PurePosixPath(checkpoint.path).parent
        nothing = checkpoint.end + 1_000_000
        until = published[at + 1].start if at + 1 < len(published) else nothing
        if not _synced(calls, str(root), checkpoint.end, until):
            wrong.append(f"line {checkpoint.end}: the checkpoint's folder is not synced after it")
        for tile in renames:
            folder = PurePosixPath(tile.path).parent
            if folder == root or tile.end > checkpoint.start:
                continue
            if not _synced(calls, str(folder), tile.end, checkpoint.start):
                wrong.append(f"line {checkpoint.start}: published, but {folder} was not synced")
            for above in folder.parents[: len(folder.parents) - len(root.parents)]:
                if not _synced(calls, str(above), 0, checkpoint.start):
                    wrong.append(f"line {checkpoint.start}: published, but {above} never synced")
    return wrong


def _is_wal_write(call: Call) -> bool:
    return call.name in ("pwrite64", "write") and call.path.endswith("-wal")


def _synced(calls: Sequence[Call], path: str, after: int, before: int) -> bool:
    return any(
        call.name in _SYNCS and call.path == path and after <= call.start and call.end < before
        for call in calls
    )
