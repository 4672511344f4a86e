"""Read OpenLineage events of others: what ran, on which data sets, and how it ended.

Facets that we do not know are let through, as the specification asks of readers. This module
refuses an event that its schema refuses, and names that no statement could hold.
Source: OpenLineage 2-0-2, OpenLineage.json: RunEvent, DatasetEvent, JobEvent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from counterfoil.errors import InputError

__all__ = ["EventType", "Job", "Told", "ToldDataset", "read_event", "short"]

_NAME_MAX: Final = 255
_DATASETS_MAX: Final = 256
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

EventType = Literal["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]
"""How far a run is; of the last ones it has one of COMPLETE, ABORT and FAIL."""


@dataclass(frozen=True, slots=True)
class Job:
    """What runs. repository, revision: of its code, where a facet tells them."""

    namespace: str
    name: str
    repository: str | None = None
    revision: str | None = None

    @property
    def title(self) -> str:
        """Namespace and name as one text of at most 255 characters."""
        return short(f"{self.namespace}/{self.name}")


@dataclass(frozen=True, slots=True)
class ToldDataset:
    """A data set that somebody told of. version, description: where facets tell them."""

    namespace: str
    name: str
    version: str | None = None
    description: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of what identifies it: its namespace and name, each a line."""
        return sha256(f"openlineage\n{self.namespace}\n{self.name}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Told:
    """An event.

    kind: None of static events, which tell of no run. run: a UUID in lower case, or None. whole:
    the event as it came.
    """

    kind: EventType | None
    run: str | None
    job: Job | None
    inputs: tuple[ToldDataset, ...]
    outputs: tuple[ToldDataset, ...]
    whole: dict[str, Any]

    @property
    def series(self) -> str:
        """The source that statements from this event are numbered in."""
        if self.run is not None:
            return f"openlineage:{self.run}"
        about = self.job.title if self.job is not None else self.outputs[0].digest
        return f"openlineage:static:{sha256(about.encode()).hexdigest()}"


class _Dataset(msgspec.Struct):
    namespace: str
    name: str
    facets: dict[str, Any] | None = None


class _Job(msgspec.Struct):
    namespace: str
    name: str
    facets: dict[str, Any] | None = None


class _Run(msgspec.Struct):
    runId: str  # noqa: N815 - their name
    facets: dict[str, Any] | None = None


class _Event(msgspec.Struct):
    eventTime: str  # noqa: N815 - their name
    producer: str
    schemaURL: str  # noqa: N815 - their name
    eventType: EventType | None = None  # noqa: N815 - their name
    run: _Run | None = None
    job: _Job | None = None
    dataset: _Dataset | None = None
    inputs: list[_Dataset] | None = None
    outputs: list[_Dataset] | None = None


def read_event(data: bytes) -> Told:
    """Read one event.

    data: its JSON. Raises InputError with code lineage.event.
    """
    try:
        event = msgspec.json.decode(data, type=_Event)
        whole: dict[str, Any] = msgspec.json.decode(data)
        run = None if event.run is None else str(UUID(event.run.runId))
        if "T" not in event.eventTime.upper():
            raise ValueError("eventTime has no time")
        datetime.fromisoformat(event.eventTime)
    except (msgspec.MsgspecError, ValueError, UnicodeError, RecursionError) as err:
        raise _malformed(str(err)) from err
    outputs = _datasets(event.outputs)
    if event.dataset is not None:
        if event.job is not None or run is not None:
            raise _malformed("a data set's event with a job or run")
        outputs = _datasets([event.dataset])
    elif event.job is None:
        raise _malformed("neither a job nor a data set")
    return Told(
        event.eventType if run is not None else None,
        run,
        None if event.job is None else _job(event.job),
        _datasets(event.inputs),
        outputs,
        whole,
    )


def short(text: str) -> str:
    """Cut a text to a name's 255 characters; what was cut is told apart by its digest."""
    if len(text) <= _NAME_MAX:
        return text
    return f"{text[:180]}... sha256:{sha256(text.encode()).hexdigest()[:32]}"


def _datasets(found: Iterable[_Dataset] | None) -> tuple[ToldDataset, ...]:
    """Take each data set once, in order."""
    made = {}
    for one in found or ():
        version = _text(one.facets, "version", "datasetVersion")
        told = ToldDataset(
            _name(one.namespace),
            _name(one.name),
            None if version is None else short(_plain(version)),
            (_text(one.facets, "documentation", "description") or "")[:4096],
        )
        made[told.digest] = told
    if len(made) > _DATASETS_MAX:
        raise _malformed(f"{len(made)} data sets, more than {_DATASETS_MAX}")
    return tuple(made.values())


def _job(job: _Job) -> Job:
    repository = _text(job.facets, "sourceCodeLocation", "repoUrl")
    repository = repository or _text(job.facets, "sourceCodeLocation", "url")
    revision = _text(job.facets, "sourceCodeLocation", "version")
    return Job(
        _name(job.namespace),
        _name(job.name),
        None if repository is None else short(_plain(repository)),
        None if revision is None else short(_plain(revision)),
    )


def _text(facets: dict[str, Any] | None, facet: str, field: str) -> str | None:
    found = (facets or {}).get(facet)
    value = found.get(field) if isinstance(found, dict) else None
    return value if isinstance(value, str) and value else None


def _name(text: str) -> str:
    if not text or _CONTROL.search(text):
        raise _malformed(f"the name {text[:80]!a}")
    return text


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _malformed(found: str) -> InputError:
    return InputError(
        "lineage.event",
        f"expected an OpenLineage event as its specification 2-0-2 has it, but: {found[:300]}",
        hint="Send RunEvent, JobEvent or DatasetEvent, with eventTime, producer and schemaURL.",
    )
