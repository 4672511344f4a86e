"""Run one watcher over one feed, and record each alert once.

Order of things, for every event that leads to an alert: state, cursor and alert are saved in one
file, then the alert is recorded under a number that follows from the event's place, then the next
event is read. A kill between any two of them repeats work and changes nothing: the ledger answers
a number that it holds with its first receipt. This module refuses to let a watcher see its own
alerts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, Final

import msgspec

from counterfoil.errors import Conflict, FatalLogError
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger, Recorded
from counterfoil.ports.watchers import Feed, Noticed, Step, WatchedEntry
from counterfoil.storage import OwnerLock
from counterfoil.watch.grouping import Grouping, Pending, group_key
from counterfoil.watch.registered import Chosen
from counterfoil.watch.saved import Saved, load_saved

__all__ = ["OURS", "Runner", "Told"]

OURS: Final = frozenset({"acknowledgement", "alert", "watcher"})
"""Kinds of statements that only watchers who ask for them see."""

_CHUNK: Final = 2048
_SAVE_EVENTS: Final = 20_000
_SAVE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that is in the ledger. duplicate: it was before; said: its fields."""

    index: int
    leaf: str
    watcher: str
    said: dict[str, Any]
    duplicate: bool = False

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "index": self.index,
            "leaf": self.leaf,
            "watcher": self.watcher,
            **self.said,
            "duplicate": self.duplicate,
        }


class Runner:
    """One watcher with its state in a folder of its own, owned until `close`.

    ledger: where alerts are recorded. feed: what is watched. learned: entries below it are learned
    from in silence, where the watcher is new. Not safe for threads.
    Raises Conflict with code ledger.owned, FatalLogError with code watch.state, Refused with code
    watch.other-settings, and as `Ledger.record_statement`.
    """

    def __init__(
        self, ledger: Ledger, chosen: Chosen, feed: Feed, folder: Path, *, learned: int = 0
    ) -> None:
        self._ledger, self._chosen, self._feed, self._folder = ledger, chosen, feed, folder
        self._watcher = chosen.make()
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = OwnerLock(folder)
        self._unsaved, self._saved_at = 0, monotonic()
        self.moved = False
        try:
            self._saved = load_saved(folder, chosen.digest, feed.origin) or self._begin(learned)
            self._state = self._load_state()
            if not self._saved.watcher:
                self._saved.watcher = self._introduce()
                self._save()
        except BaseException:
            self._lock.release()
            raise

    @property
    def name(self) -> str:
        """The watcher's name."""
        return self._chosen.kind.name

    @property
    def seen(self) -> int:
        """Events that were seen, since it began."""
        return self._saved.seen

    @property
    def series(self) -> str:
        """The series that its alerts are numbered in: one for each watcher, settings and feed."""
        whole = sha256(f"{self._chosen.digest} {self._feed.origin}".encode()).hexdigest()
        return f"watch/{self.name}/{whole[:32]}"

    def round(self) -> Iterator[Told]:
        """See all that the feed's last `poll` found; gives each alert once it is in the ledger.

        Raises as the feed and `Ledger.record_statement`; nothing is lost then.
        """
        self.moved = True
        while self.moved:
            yield from self.chunk()

    def chunk(self) -> Iterator[Told]:
        """See some of it, at most 2,048 events; afterwards `moved` tells whether there were any.

        Watchers that read one log in turns decode it once. Raises as `round`.
        """
        self.moved = False
        yield from self._flush()
        for step in self._feed.steps(self._saved.cursor, _CHUNK):
            self.moved = True
            self._see(step)
            yield from self._flush()
        self._save_now_and_then()

    def close(self) -> None:
        """Save, and give the folder up. Calling it again does nothing."""
        try:
            if self._unsaved:
                self._save()
        finally:
            self._lock.release()

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _see(self, step: Step) -> None:
        saved = self._saved
        noticed: tuple[Noticed, ...] = ()
        if self._is_shown(step.event):
            self._state, found = self._watcher.see(self._state, step.event)
            noticed = tuple(found) if step.place >= saved.learned else ()
        for one in noticed:
            if one.keep is not None:
                self._ledger.keep(one.keep)  # by its digest: an orphan where we are killed now
        pending = saved.grouping.take(noticed, step)
        kept = {group_key(one): one.keep for one in noticed if one.keep is not None}
        for alert in pending:
            data = kept.get(alert.group) if alert.opens is None else None
            if data is not None:
                alert.fields["kept"] = [{"sha256": sha256(data).hexdigest(), "size": len(data)}]
        saved.outbox += pending
        saved.cursor = step.cursor
        saved.seen += 1
        self._unsaved += 1

    def _is_shown(self, event: Any) -> bool:
        """Tell whether the watcher is to see an event: never what it recorded itself."""
        if not isinstance(event, WatchedEntry):
            return True
        own = self._saved.own
        while own and own[0] < event.index:
            own.pop(0)
        if own and own[0] == event.index:
            return False
        return self._chosen.kind.sees_alerts or event.kind not in OURS

    def _flush(self) -> Iterator[Told]:
        """Record what is to be said, once it is saved."""
        if not self._saved.outbox:
            return
        self._save()
        waiting = list(self._saved.outbox)
        for pending in waiting:
            told = self._record(pending)
            self._saved.grouping.recorded(pending, told.leaf)
            if self._feed.origin == self._ledger.origin:
                self._saved.own = sorted({*self._saved.own, told.index})
            self._saved.told += not told.duplicate
            yield told
        self._saved.outbox = []
        self._unsaved += 1

    def _record(self, pending: Pending) -> Told:
        fields = {**pending.fields, "watches": self._feed.origin[:255]}
        fields["watcher"] = {
            "leaf": self._saved.watcher,
            "digest": self._chosen.digest,
            "name": f"{self.name} {self._chosen.kind.version}",
        }
        shown = [
            said["entry"].get("leaf") or said["entry"]["digest"] for said in fields["evidence"]
        ]
        subjects = [
            Subject(digest={"sha256": digest}, name=f"evidence/{at}")
            for at, digest in enumerate(shown)
        ]
        try:
            done = self._ledger.record_statement(
                "alert", fields, subjects=subjects, source=self.series, number=pending.number
            )
        except Conflict as err:
            if err.code != "record.number-taken":
                raise
            done = self._find(pending.number)  # told before the state was lost, in other words
        return Told(done.index, done.leaf, self.name, fields, done.duplicate)

    def _find(self, number: int) -> Recorded:
        query = f'kind=alert source="{self.series}" number={number}'
        for hit in self._ledger.search(query, limit=1).hits:
            return Recorded(hit.index, hit.leaf, self.series, number, duplicate=True)
        raise FatalLogError(
            "watch.lost-alert",
            f"expected alert {number} of {self.series} in the ledger, found none",
            hint="`counterfoil audit --full` says what else is wrong.",
        )

    def _begin(self, learned: int) -> Saved:
        kind = self._chosen.kind
        return Saved(
            name=kind.name,
            version=kind.version,
            digest=self._chosen.digest,
            watches=self._feed.origin,
            grouping=Grouping(self._chosen.window_s * 1000, self._feed.origin),
            state=msgspec.Raw(msgspec.json.encode(self._watcher.start())),
            learned=learned,
        )

    def _load_state(self) -> Any:
        try:
            return msgspec.json.decode(self._saved.state, type=self._chosen.kind.state)
        except msgspec.MsgspecError as err:
            raise FatalLogError(
                "watch.state",
                f"expected the state of {self.name} in {self._folder}, but: {err}",
                hint="Restore it from a copy; or remove it: the watcher then reads all again, and "
                "what it told before is not told twice.",
            ) from err

    def _introduce(self) -> str:
        """Record the watcher itself, once for its settings and what it watches."""
        kind, digest = self._chosen.kind, self._chosen.digest
        fields = {
            "name": kind.name,
            "version": kind.version,
            "settings": self._chosen.said(),
            "digest": digest,
            "watches": self._feed.origin[:255],
            "description": kind.summary,
        }
        subjects = [Subject(digest={"sha256": digest}, name=kind.name)]
        return self._ledger.record_statement(
            "watcher", fields, subjects=subjects, source=self.series, number=2**53 - 1
        ).leaf

    def _save_now_and_then(self) -> None:
        late = monotonic() - self._saved_at > _SAVE_S
        if self._unsaved and (late or self._unsaved >= _SAVE_EVENTS):
            self._save()

    def _save(self) -> None:
        freeze = getattr(self._state, "freeze", None)
        if freeze is not None:
            freeze()
        self._saved.state = msgspec.Raw(msgspec.json.encode(self._state))
        self._saved.save(self._folder)
        self._unsaved, self._saved_at = 0, monotonic()
