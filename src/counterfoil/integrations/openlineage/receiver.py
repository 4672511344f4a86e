"""Turn OpenLineage events into statements: each event a record, each finished run a transformation.

Events of a run stand in one series, `openlineage:<run id>`; one that comes again is found there and
not recorded twice. A data set is recorded when it is first told of, and again when its version or
description changes; it has no fingerprint, for nobody here saw the data. This module refuses
nothing that its reader let through: a run that failed, or made nothing, is kept as its events.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.formats.predicates import ContentRef
from counterfoil.formats.statement import Subject
from counterfoil.provenance.lineage.openlineage import TOLD_DATASET
from counterfoil.provenance.lineage.openlineage_events import (
    Told,
    ToldDataset,
    read_event,
    short,
)

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger, RecordView

__all__ = ["Receiver", "Taken", "records_in"]

_SERIES_MAX: Final = 256  # that are remembered; others are looked up again
_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that is durable. event, datasets, transformation: indices of their statements.

    duplicate: the event was there before. transformation: None while the run is not complete.
    """

    event: int
    duplicate: bool
    datasets: tuple[int, ...] = ()
    transformation: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what a client gets."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


@dataclass(slots=True)
class _Series:
    """What is recorded of a run. events: digest -> index. next: number of the next statement."""

    events: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, ToldDataset] = field(default_factory=dict)
    outputs: dict[str, ToldDataset] = field(default_factory=dict)
    transformation: int | None = None
    next: int = 0

    def add(self, told: Told, index: int) -> None:
        """Remember an event."""
        self.events[_digest(told.whole)] = index
        self.inputs |= {one.digest: one for one in told.inputs}
        self.outputs |= {one.digest: one for one in told.outputs}


def records_in(data: bytes) -> int:
    """Tell how many records an event may become: itself, its data sets, and its run's end.

    Raises InputError with code lineage.event.
    """
    told = read_event(data)
    return 1 + len(told.inputs) + len(told.outputs) + (told.kind == "COMPLETE")


class Receiver:
    """Records the events of OpenLineage clients in one ledger; safe for threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Series] = OrderedDict()

    def receive(self, data: bytes) -> Taken:
        """Record an event, and what follows from it; wait until that is durable.

        data: its JSON. The same event again gets the first one's answer. Raises InputError with
        code lineage.event, and as `Ledger.record`.
        """
        told = read_event(data)
        with self._lock:
            series = self._series(told.series)
            try:
                return self._take(told, data, series)
            except BaseException:
                self._known.pop(told.series, None)  # look again at what was recorded
                raise

    def _take(self, told: Told, data: bytes, series: _Series) -> Taken:
        index = series.events.get(_digest(told.whole))
        duplicate = index is not None
        if index is None:
            done = self._ledger.record(data, source=told.series, number=series.next)
            index, series.next = done.index, series.next + 1
            series.add(told, index)
        if told.run is None:
            named = [self._dataset(one) for one in (*told.inputs, *told.outputs)]
            return Taken(index, duplicate, tuple(at for at, _ in named))
        if told.kind != "COMPLETE" or not series.outputs:
            return Taken(index, duplicate)
        inputs, outputs = self._all(series.inputs.values()), self._all(series.outputs.values())
        if series.transformation is None:
            series.transformation = self._transformation(told, series, inputs, outputs)
        datasets = tuple(dict.fromkeys(at for at, _ in (*inputs, *outputs)))
        return Taken(index, duplicate, datasets, series.transformation)

    def _transformation(
        self, told: Told, series: _Series, inputs: list[_Named], outputs: list[_Named]
    ) -> int:
        job = told.job
        said: dict[str, Any] = {
            "name": job.title if job is not None else told.series,
            "inputs": [reference for _, reference in inputs],
            "outputs": [reference for _, reference in outputs],
            "parameters": {"openlineage.run": told.run},
            "description": "As an OpenLineage client told it.",
        }
        if job is not None and (job.repository or job.revision):
            code = {"repository": job.repository, "revision": job.revision}
            said["code"] = {name: value for name, value in code.items() if value}
        done = self._ledger.record_statement(
            "transformation", said, source=told.series, number=series.next
        )
        series.next += 1
        return done.index

    def _all(self, told: Iterable[ToldDataset]) -> list[_Named]:
        return [self._dataset(one) for one in told]

    def _dataset(self, told: ToldDataset) -> _Named:
        """Find the statement about a data set that says what was told now, or record it."""
        digest, source = told.digest, f"{TOLD_DATASET}{told.digest}"
        hits = self._ledger.search(f"kind=dataset subject.sha256={digest}", limit=10).hits
        last = next((hit for hit in hits if hit.source == source), None)
        said: dict[str, Any] = {"name": short(told.name), "location": short(told.namespace)}
        before = {} if last is None else last.content
        for name, value in (("version", told.version), ("description", told.description)):
            kept = value or before.get(name)  # what is not told has not changed
            if kept:
                said[name] = kept
        reference = {"digest": digest, "name": said["name"]}
        if last is not None:
            if all(before.get(name) == value for name, value in said.items()):
                return last.index, {**reference, "leaf": last.leaf}
            said["supersedes"] = last.leaf
        number = 0 if last is None or last.number is None else last.number + 1
        subject = Subject(digest={"sha256": digest}, name=short(f"{told.namespace}/{told.name}"))
        done = self._ledger.record_statement(
            "dataset", said, subjects=[subject], source=source, number=number
        )
        return done.index, {**reference, "leaf": done.leaf}

    def _series(self, source: str) -> _Series:
        """Recall what is recorded of a run, from the log where it is not remembered."""
        if source in self._known:
            self._known.move_to_end(source)
            return self._known[source]
        series, after = _Series(), None
        while True:
            page = self._ledger.search(
                f'source="{source}"', limit=_PAGE, after=after, newest_first=False
            )
            for hit in page.hits:
                self._recall(series, hit)
            if page.next is None:
                break
            after = page.next
        self._known[source] = series
        if len(self._known) > _SERIES_MAX:
            self._known.popitem(last=False)
        return series

    def _recall(self, series: _Series, hit: RecordView) -> None:
        if hit.number is not None:
            series.next = max(series.next, hit.number + 1)
        if hit.kind == "transformation":
            series.transformation = hit.index
        elif hit.kind == "record":
            kept = hit.content.get("content_ref") if "eventTime" not in hit.content else None
            data = (
                msgspec.json.encode(hit.content)
                if kept is None
                else self._ledger.kept(msgspec.convert(kept, ContentRef))
            )
            series.add(read_event(data), hit.index)


_Named = tuple[int, dict[str, str]]  # index, and the reference


def _digest(event: dict[str, Any]) -> str:
    return sha256(msgspec.json.encode(event, order="sorted")).hexdigest()
