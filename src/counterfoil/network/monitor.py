"""Watch one log from several sides, so that it cannot tell each of them another story.

Every source (the log itself, mirrors, witnesses) is asked for its checkpoint; whatever the log's
key signed must be one history, and tiles from any of the sources prove it. What is not is turned
into evidence. This module refuses to call a stale cache or a shrunken answer a proof, and to rely
on any one source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from counterfoil.errors import CounterfoilError, InputError, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Policy
from counterfoil.log import parse_signed
from counterfoil.network.conviction import convict, keep_evidence, nodes_from
from counterfoil.network.mirror_copy import ahead
from counterfoil.network.monitor_scan import scan_entries
from counterfoil.network.monitor_state import MonitorEvent, load_state
from counterfoil.network.proven import ProvenTiles
from counterfoil.network.sources import LogSource
from counterfoil.ports import Clock, Progress, SystemClock, no_progress
from counterfoil.proofs.equivocation import root_at
from counterfoil.proofs.trust import evaluate
from counterfoil.storage import OwnerLock
from counterfoil.units import TILE_WIDTH

__all__ = ["BAD_EVENTS", "Monitor", "MonitorEvent", "origin_of"]

BAD_EVENTS: Final = frozenset({"forked", "older", "refused", "unproven"})
"""Events after which nobody should rely on the log, or on a source, without looking."""

_PENDING_MAX: Final = 64
_SAVE_EVERY: Final = 256  # bundles


@dataclass(frozen=True, slots=True)
class _Served:
    """A checkpoint that a source served and the log signed. short: why the quorum is not met."""

    source: str
    signed: bytes
    tree: Checkpoint
    short: str


class Monitor:
    """Watches one log; owns its state folder until `close`. Not safe for threads.

    folder: keeps state and evidence. policy: the reader's; names exactly one log. sources: who is
    asked. watched: keyids, or at least their first 4 digits. stalled_after_s: the log is stalled
    when it did not grow for so long.
    Raises InputError with code monitor.policy, monitor.key or monitor.sources, Refused with code
    monitor.other-log, Conflict with code ledger.owned, FatalLogError with code monitor.state.
    """

    def __init__(
        self,
        folder: Path,
        policy: Policy,
        sources: Sequence[LogSource],
        watched: Sequence[str] = (),
        *,
        stalled_after_s: int = 86_400,
        clock: Clock | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self._policy, self._sources = policy, tuple(sources)
        self._anybody = replace(policy, quorum=policies.NONE)
        self.origin = origin_of(policy)
        self._watched = tuple(map(_keyid, watched))
        self._stalled_ms = stalled_after_s * 1000
        self._clock: Clock = clock or SystemClock()
        self._progress, self._folder = progress, folder
        if not any(source.has_tiles for source in self._sources):
            raise InputError(
                "monitor.sources",
                "expected at least one source with tiles, found none",
                hint="Name the log or a mirror of it: a witness alone proves no consistency.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = OwnerLock(folder)
        try:
            self._state = load_state(folder, self.origin)
        except BaseException:
            self._lock.release()
            raise
        self._proven: set[Checkpoint] = set()
        self.reached = 0

    @property
    def size(self) -> int:
        """Entries of the largest tree that was proven to extend all earlier ones."""
        return parse_signed(self._state.best.encode()).size if self._state.best else 0

    def round(self) -> Iterator[MonitorEvent]:
        """Ask every source once, and give what is new.

        An event counts as told when the next one is asked for. Raises Unavailable with code
        copy.write where state cannot be kept.
        """
        self.reached = 0
        served = [found for source in self._sources if (found := self._ask(source)) is not None]
        pending, self._state.pending = self._state.pending, []
        for source, signed in pending:
            data = signed.encode()
            served.append(_Served(source, data, parse_signed(data), ""))
        with_tiles = {source.name for source in self._sources if source.has_tiles}
        # What tiles can prove comes first: the rest is held against it.
        for found in sorted(served, key=lambda one: (one.source not in with_tiles, one.tree.size)):
            self._compare(found)
        self._check_growth()
        self._scan()
        self._state.save(self._folder)
        while self._state.outbox:
            yield self._state.outbox[0]
            self._state.outbox.pop(0)
        self._state.save(self._folder)

    def close(self) -> None:
        """Give the state folder up. Calling it again does nothing."""
        self._lock.release()

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _now(self) -> int:
        return self._clock.now_ms()

    def _ask(self, source: LogSource) -> _Served | None:
        """Fetch a source's checkpoint, and check who signed it."""
        state, topic = self._state, f"ask {source.name}"
        try:
            signed = source.checkpoint()
            found = self._judge(source, signed)
        except CounterfoilError as err:
            kind = "unreachable" if err.exit_status in (3, 5) else "refused"
            facts = {"source": source.name, "code": err.code, "message": err.message}
            state.tell_once(topic, kind, self._now(), **facts)  # type: ignore[arg-type]  # of two
            return None
        self.reached += 1
        if state.settle(topic):
            state.tell("reachable", self._now(), source=source.name, size=found.tree.size)
        self._tell_shrunk(found)
        state.seen[source.name] = signed.decode()
        if source.has_tiles:
            self._tell_witnessing(found)
        return found

    def _judge(self, source: LogSource, signed: bytes) -> _Served:
        now_s = self._now() // 1000
        try:
            trusted, short = evaluate(self._policy, signed, now_s=now_s), ""
        except VerificationError as err:
            if err.code != "trust.quorum":
                raise
            trusted, short = evaluate(self._anybody, signed, now_s=now_s), err.message
        return _Served(source.name, signed, trusted.checkpoint, short)

    def _tell_shrunk(self, found: _Served) -> None:
        before = self._state.seen.get(found.source)
        size = parse_signed(before.encode()).size if before is not None else 0
        if found.tree.size >= size:
            self._state.settle(f"older {found.source}")
            return
        self._state.tell_once(
            f"older {found.source}",
            "older",
            self._now(),
            source=found.source,
            size=found.tree.size,
            root=found.tree.root.hex(),
            message=f"served {size} entries before; a cache or a rollback, and no proof of either",
        )

    def _tell_witnessing(self, found: _Served) -> None:
        topic = f"witnesses {found.source}"
        facts = {"source": found.source, "size": found.tree.size, "root": found.tree.root.hex()}
        if found.short:
            self._state.tell_once(topic, "unwitnessed", self._now(), message=found.short, **facts)
        elif self._state.settle(topic):
            self._state.tell("witnessed", self._now(), **facts)

    def _compare(self, found: _Served) -> None:
        """Hold a checkpoint against the largest one, and take it up where it extends that."""
        state, tree = self._state, found.tree
        if tree in self._proven:
            return
        best = parse_signed(state.best.encode()) if state.best else None
        try:
            if best is not None and (best.size == tree.size or not self._extends(found, best)):
                if tree != best:
                    self._convict(found, state.best)
                return
            if best is None and nodes_from(self._sources, tree) is None:
                raise _no_tiles(tree)
        except CounterfoilError:  # nobody's tiles show it now
            self._hold(found)
            return
        self._proven.add(tree)  # what extends `best` later on extends this, too
        if best is None or tree.size > best.size:
            self._take(found)

    def _extends(self, found: _Served, best: Checkpoint) -> bool:
        """Tell whether the smaller tree is the beginning of the larger, by anybody's tiles.

        Raises InputError with code evidence.no-tiles where nobody has them.
        """
        small, large = sorted((best, found.tree), key=lambda one: one.size)
        nodes = nodes_from(self._sources, large)
        if nodes is None:
            raise _no_tiles(large)
        return root_at(small.size, nodes) == small.root

    def _take(self, found: _Served) -> None:
        state = self._state
        state.best, state.best_source = found.signed.decode(), found.source
        state.grown_ms = self._now()
        facts = {"size": found.tree.size, "root": found.tree.root.hex(), "source": found.source}
        state.settle("stalled")
        state.tell("grew", self._now(), **facts)

    def _hold(self, found: _Served) -> None:
        """Keep a checkpoint that nobody's tiles can prove now, for the next rounds."""
        state, pair = self._state, (found.source, found.signed.decode())
        for _, signed in state.pending:
            other = parse_signed(signed.encode())
            if (other.size, other.root) == (found.tree.size, found.tree.root):
                return
            if other.size == found.tree.size:  # two roots of one size need no tiles
                self._convict(found, signed)
        if len(state.pending) < _PENDING_MAX:
            state.pending.append(pair)
        state.tell_once(
            f"unproven {found.tree.size} {found.tree.root.hex()}",
            "unproven",
            self._now(),
            source=found.source,
            size=found.tree.size,
            root=found.tree.root.hex(),
            message="the log signed it, and no source has tiles that prove it",
        )

    def _convict(self, found: _Served, other: str) -> None:
        """Keep evidence of two notes; raises as `convict` where none can be made yet."""
        keys = [log.key for log in self._policy.logs]
        bundle = convict(keys, other.encode(), found.signed, self._sources)
        file = str(keep_evidence(self._folder, bundle))
        self._state.tell_once(
            f"forked {Path(file).name}",
            "forked",
            self._now(),
            source=found.source,
            size=found.tree.size,
            root=found.tree.root.hex(),
            index=bundle.fork.index if bundle.fork is not None else None,
            message=f"{self.origin} signed two histories",
            evidence=file,
        )

    def _check_growth(self) -> None:
        state, now = self._state, self._now()
        if not state.best or now - state.grown_ms < self._stalled_ms:
            return
        facts = {"size": self.size, "source": state.best_source}
        message = f"no growth for {(now - state.grown_ms) // 1000} s"
        state.tell_once("stalled", "stalled", now, message=message, **facts)

    def _scan(self) -> None:
        """Look at entries that were not looked at yet, from any source that has them."""
        state, last = self._state, None
        if not state.best or state.scanned >= self.size:
            return
        tree = parse_signed(state.best.encode())
        for source in self._sources:
            if not source.has_tiles:
                continue
            try:
                self._scan_from(ProvenTiles(tree, source.tile, source.name), tree)
            except CounterfoilError as err:
                last = err
                continue
            state.settle("scan")
            return
        code, message = (last.code, last.message) if last is not None else ("", "")
        facts = {"index": state.scanned, "code": code, "message": message}
        state.tell_once("scan", "unscanned", self._now(), **facts)

    def _scan_from(self, proven: ProvenTiles, tree: Checkpoint) -> None:
        state = self._state
        numbers = range(state.scanned // TILE_WIDTH, -(-tree.size // TILE_WIDTH))
        for number, data in ahead(proven.bundle_bytes, numbers):
            entries, _ = proven.entries(number, data)
            first = max(state.scanned, number * TILE_WIDTH)
            new = entries[first - number * TILE_WIDTH :]
            scan_entries(state, first, new, self._watched, self._now())
            state.scanned = first + len(new)
            self._progress(state.scanned, tree.size, "entries scanned")
            if number % _SAVE_EVERY == _SAVE_EVERY - 1:
                state.save(self._folder)


def origin_of(policy: Policy) -> str:
    """Tell the one log that a policy is about. Raises InputError with code monitor.policy."""
    origins = sorted({log.key.name for log in policy.logs})
    if len(origins) != 1:
        raise InputError(
            "monitor.policy",
            f"expected a policy that names one log, found {len(origins)}",
            hint="Watch each log by a policy and a state folder of its own.",
        )
    return origins[0]


def _no_tiles(tree: Checkpoint) -> InputError:
    return InputError(
        "evidence.no-tiles",
        f"expected tiles of the tree of {tree.size} entries, found none",
        hint="Name a mirror that has them.",
    )


def _keyid(text: str) -> str:
    if not 4 <= len(text) <= 64 or set(text) - set("0123456789abcdef"):
        raise InputError(
            "monitor.key",
            f"expected 4 to 64 hexadecimal digits of a key id, found {text[:80]!a}",
            hint="`counterfoil key ls --ledger DIR` shows key ids.",
        )
    return text
