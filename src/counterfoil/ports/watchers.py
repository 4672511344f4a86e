"""How a package brings in a watcher: a fold over what it reads, and what it may notice.

Registered through the entry point group `counterfoil.watchers`, as a `WatcherType`; those of
`counterfoil.watch` are, too. A watcher says what it saw and records nothing: whoever runs it saves
its state, groups what it says and records it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

__all__ = [
    "Feed",
    "Noticed",
    "Setting",
    "Severity",
    "Sight",
    "Step",
    "WatchedEntry",
    "Watcher",
    "WatcherType",
]

Severity = Literal["low", "medium", "high"]
"""How much it matters if it is real."""

Setting = int | float | str
"""A value that whoever runs a watcher may choose."""

S = TypeVar("S")
E = TypeVar("E", contravariant=True)
E_co = TypeVar("E_co", covariant=True)


@dataclass(frozen=True, slots=True)
class WatchedEntry:
    """An entry of a log, as a watcher sees it.

    index, leaf: its place and leaf hash (64 hexadecimal digits). size: bytes. kind: as of a
    record's view. claimed_ms: when, by its signer's clock. after_ms, before_ms: it came into the
    log between these times of the log's own clock, as far as that is known. at_ms: the claimed
    time held within them, the best guess of when it came. All Unix ms. signed_by: key ids. said:
    what was recorded; of other statements the predicate. on_behalf_of: as the header says.
    """

    index: int
    leaf: str
    size: int
    kind: str
    issuer: str | None
    source: str | None
    number: int | None
    claimed_ms: int | None
    after_ms: int | None
    before_ms: int | None
    at_ms: int
    signed_by: tuple[str, ...]
    said: Mapping[str, Any]

    @property
    def sight(self) -> Sight:
        """Name it as evidence."""
        return Sight(self.index, self.leaf)


@dataclass(frozen=True, slots=True)
class Sight:
    """Something that shows what was noticed: an entry of the watched log, or a file's digest."""

    index: int | None = None
    leaf: str | None = None
    digest: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a watcher saw.

    kind: what it is, such as `odd-hours`. group: what is noticed of one group within a while is
    one alert. title: one line; why: the reasons, for people. score: how odd, on the watcher's own
    scale; p: how often it comes as odd on quiet data, 0 to 1. measured: figures by name. keep:
    bytes that are to be kept beside the ledger with the alert.
    """

    kind: str
    group: str
    title: str
    why: str
    severity: Severity = "medium"
    score: float | None = None
    p: float | None = None
    evidence: Sequence[Sight] = ()
    measured: Mapping[str, float] | None = None
    keep: bytes | None = None


class Watcher(Protocol[S, E]):
    """A fold: a state and an event give a state and findings, and nothing else matters.

    The state is a `msgspec.Struct`, so that it is saved as JSON; it may be changed in place. Where
    it holds more than its fields say, its method `freeze()` is called before it is saved. An event
    is judged by the state from before it, and learned after.
    """

    def start(self) -> S:
        """Make the state before any event."""

    def see(self, state: S, event: E) -> tuple[S, Sequence[Noticed]]:
        """Judge an event, then learn it."""


@dataclass(frozen=True, slots=True)
class Step:
    """An event and where it stands.

    cursor: reading goes on after it from here; plain JSON. place: a number that grows from event
    to event, below 2^46; the same event has the same one whenever it is read. at_ms: Unix ms.
    """

    event: Any
    cursor: Any
    place: int
    at_ms: int


class Feed(Protocol):
    """Something that can be read from a place on, again and again.

    origin: what is read, as an alert names it: a log's origin, a folder, a chain.
    """

    origin: str

    def poll(self) -> bool:
        """Look whether there is more than before; what came is read by `steps`."""

    def steps(self, cursor: Any, limit: int) -> Iterator[Step]:
        """Read what `poll` found after a cursor (None: from the beginning), at most `limit`."""

    def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class WatcherType:
    """A kind of watcher.

    name: 1 to 48 lower-case letters, digits and hyphens. version: changes whenever it would say
    something else. summary: one line. state: type of its state. settings: name -> default; the
    type of the default is the setting's. make: gives a watcher for all settings. feed: opens what
    it reads from what the user named; None for a log. sees_alerts: alerts of other watchers, too;
    two that notice single alerts would answer each other for ever.
    """

    name: str
    version: str
    summary: str
    state: type[Any]
    settings: Mapping[str, Setting]
    make: Callable[[Mapping[str, Setting]], Watcher[Any, Any]]
    feed: Callable[[str], Feed] | None = None
    sees_alerts: bool = False
