"""A watcher of what a monitor or mirror keeps: proof that a log told two histories, and rollbacks.

The monitor compares and convicts; this turns what it keeps into alerts in a ledger, each once, with
the proof beside the alert. Evidence is verified again, offline, before anything is said. This
module refuses to ask a log anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, InputError, NotFound
from counterfoil.formats.evidence import EVIDENCE_MAX_BYTES
from counterfoil.network.conviction import EVIDENCE_FOLDER
from counterfoil.network.monitor_state import STATE_FILE
from counterfoil.ports.watchers import Noticed, Setting, Sight, Step, WatcherType
from counterfoil.proofs import equivocation
from counterfoil.proofs.equivocation import Equivocated

__all__ = ["EQUIVOCATION", "EvidenceFeed", "Kept"]

_SAYS: Final = ("older ", "unproven ", "refused ")


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that a monitor keeps: a file of evidence, or a word that holds now.

    name: of the file, or the topic of the word. data: the file's bytes; None for a word. word:
    what is said; empty where it holds no more.
    """

    name: str
    data: bytes | None
    word: str = ""


class _Cursor(msgspec.Struct):
    """names: of evidence that was read. topics: that hold and were told. count: of both so far."""

    names: list[str] = []
    topics: list[str] = []
    count: int = 0


class EvidenceFeed:
    """Feeds a watcher with what stands in the folder of a monitor or mirror.

    Raises NotFound with code watch.folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise NotFound(
                "watch.folder",
                f"expected the folder of a monitor or mirror at {folder}, found none",
                hint="Name the --state of `counterfoil monitor run`, or a mirror.",
            )
        self._folder = folder
        self.origin = _origin(folder)

    def poll(self) -> bool:
        """Say that there may be more: a folder is cheap to read."""
        return True

    def steps(self, cursor: Any, limit: int) -> Iterator[Step]:
        """Read evidence that was not read yet, and words that hold anew or no more."""
        at = _Cursor() if cursor is None else msgspec.convert(cursor, _Cursor)
        for kept in islice(self._new(at, self._topics()), limit):
            if kept.data is not None:
                at.names.append(kept.name)
            elif kept.word:
                at.topics.append(kept.name)
            else:
                at.topics.remove(kept.name)
            at.count += 1
            yield Step(kept, msgspec.to_builtins(at), at.count - 1, self._time_of(kept))

    def close(self) -> None:
        """Hold nothing open."""

    def _new(self, at: _Cursor, topics: Mapping[str, str]) -> Iterator[Kept]:
        known = set(at.names)
        for path in sorted((self._folder / EVIDENCE_FOLDER).glob("equivocation-*.json")):
            if path.name not in known:
                with path.open("rb") as file:
                    yield Kept(path.name, file.read(EVIDENCE_MAX_BYTES + 1))
        told = set(at.topics)
        for topic in sorted(told - topics.keys()):
            yield Kept(topic, None)
        for topic, word in topics.items():
            if topic not in told:
                yield Kept(topic, None, word)

    def _topics(self) -> dict[str, str]:
        said = _state(self._folder).get("said", {})
        if not isinstance(said, dict):
            return {}
        return {topic: str(word) or "-" for topic, word in said.items() if topic.startswith(_SAYS)}

    def _time_of(self, kept: Kept) -> int:
        name = Path(EVIDENCE_FOLDER) / kept.name if kept.data is not None else Path(STATE_FILE)
        try:
            return (self._folder / name).stat().st_mtime_ns // 1_000_000
        except OSError:
            return 0


class State(msgspec.Struct):
    """Nothing: a proof needs no memory."""


class _Equivocation:
    def start(self) -> State:
        return State()

    def see(self, state: State, event: Kept) -> tuple[State, Sequence[Noticed]]:
        if event.data is None:
            return state, [_word(event)] if event.word else []
        try:
            proven = equivocation.verify(event.data)
        except CounterfoilError as err:
            return state, [_no_proof(event, event.data, err)]
        return state, [_proof(event.data, proven)]


def _proof(data: bytes, proven: Equivocated) -> Noticed:
    first, second = proven.first, proven.second
    where = "" if proven.index is None else f" They differ at entry {proven.index}."
    return Noticed(
        kind="equivocation",
        group=first.origin,
        title=f"{first.origin[:150]} signed two histories",
        why=f"It signed {first.size} entries with the root {first.root.hex()} and {second.size} "
        f"with {second.root.hex()}; they exclude each other ({proven.way}).{where} Anybody can "
        "check that: counterfoil evidence verify.",
        severity="high",
        evidence=[Sight(digest=sha256(data).hexdigest(), name="evidence of equivocation")],
        measured={"first_size": first.size, "second_size": second.size},
        keep=data,
    )


def _no_proof(event: Kept, data: bytes, err: CounterfoilError) -> Noticed:
    return Noticed(
        kind="bad-evidence",
        group=event.name,
        title=f"{event.name[:120]} is kept as evidence and proves nothing",
        why=f"{err.message} [{err.code}]",
        severity="low",
        evidence=[Sight(digest=sha256(data).hexdigest(), name=event.name[:255])],
    )


def _word(event: Kept) -> Noticed:
    what, _, source = event.name.partition(" ")
    told = {
        "older": "serves an older state than before: a cache, or a rollback",
        "unproven": "is a state that the log signed and nobody's tiles prove",
        "refused": "is refused by the policy",
    }
    return Noticed(
        kind="rollback" if what == "older" else what,
        group=source,
        title=f"{source[:120]} {told[what]}"[:255],
        why=f"The monitor says: {event.word}. It is no proof; look at what the monitor printed.",
        severity="medium" if what != "refused" else "low",
    )


def _origin(folder: Path) -> str:
    found = _state(folder).get("origin")
    return str(found) if isinstance(found, str) and found else f"monitor {folder.name}"


def _state(folder: Path) -> dict[str, Any]:
    try:
        found = msgspec.json.decode((folder / STATE_FILE).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise InputError(
            "watch.monitor-state",
            f"expected to read {folder / STATE_FILE}, but: {err}",
            hint="`counterfoil monitor run` says what is wrong with it.",
        ) from err
    return found if isinstance(found, dict) else {}


def _make(_: Mapping[str, Setting]) -> _Equivocation:
    return _Equivocation()


EQUIVOCATION: Final = WatcherType(
    name="equivocation",
    version="1",
    summary="A monitor or mirror keeps proof that a log signed two histories, or saw a rollback.",
    state=State,
    settings={},
    make=_make,
    feed=lambda where: EvidenceFeed(Path(where)),
)
