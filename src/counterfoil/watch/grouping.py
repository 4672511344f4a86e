"""Turn what a watcher notices into few alerts: repeats of one group are counted, not told.

The first of a group is an alert at once. What follows within the window after the last one is
counted, and when the window passed without any, one statement closes the alert and says how many
there were; a single one needs no closing. What goes on for a day is told anew each day. Time here
is the feed's, so that history and the present are grouped alike. This module refuses to know a
ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.ports.watchers import Noticed, Sight, Step
from counterfoil.provenance.statements.parts import decimal_text

__all__ = ["EACH_MAX", "Grouping", "Pending", "group_key", "name_text", "number_of"]

EACH_MAX: Final = 64
"""Statements that one event can lead to."""

_LONGEST_MS: Final = 86_400_000
_EVIDENCE: Final = 16  # of the first findings, and as many of the last
_TEXT_MAX: Final = 8192
_NAME_MAX: Final = 255
_SURE: Final = 1e-12  # no chance is told as smaller


class Pending(msgspec.Struct):
    """An alert that is to be recorded, whatever happens.

    number: in its series. group: key of its group. opens: number of the alert that it closes.
    fields: of the statement, without the watcher. place: of the event that led to it.
    """

    number: int
    group: str
    place: int
    fields: dict[str, Any]
    opens: int | None = None


class _Group(msgspec.Struct):
    """An alert that goes on. leaf: of its first statement, once it is recorded."""

    number: int
    kind: str
    name: str
    title: str
    severity: str
    count: int
    first_ms: int
    last_ms: int
    score: float | None
    chance: float | None
    latest: list[dict[str, Any]]
    leaf: str = ""


def number_of(place: int, nth: int) -> int:
    """Give the number of the nth statement that an event leads to, whenever that is read.

    >>> number_of(2, 1)
    129
    """
    if nth >= EACH_MAX or not 0 <= place < 1 << 46:
        raise InputError(
            "watch.too-many",
            f"expected at most {EACH_MAX} alerts of one event, found more at place {place}",
            hint="The watcher says too much at once: it should group by something coarser.",
        )
    return place * EACH_MAX + nth


class Grouping(msgspec.Struct):
    """The alerts that go on. window_ms: after it without a repeat an alert is closed."""

    window_ms: int
    origin: str
    groups: dict[str, _Group] = {}
    now_ms: int = 0

    def take(self, noticed: Sequence[Noticed], step: Step) -> list[Pending]:
        """Take what was noticed at an event; gives what is to be recorded."""
        self.now_ms = max(self.now_ms, step.at_ms)
        said = self._close(step.place, len(noticed))
        for one in noticed:
            key = group_key(one)
            group = self.groups.get(key)
            if group is None:
                said.append(self._open(key, one, step, len(said)))
            else:
                self._count(group, one, step)
        return said

    def recorded(self, pending: Pending, leaf: str) -> None:
        """Hear under which leaf an alert stands in the ledger."""
        group = self.groups.get(pending.group)
        if group is not None and group.number == pending.number:
            group.leaf = leaf

    def _open(self, key: str, one: Noticed, step: Step, nth: int) -> Pending:
        number = number_of(step.place, nth)
        self.groups[key] = _Group(
            number=number,
            kind=one.kind,
            name=one.group,
            title=one.title,
            severity=one.severity,
            count=1,
            first_ms=step.at_ms,
            last_ms=step.at_ms,
            score=one.score,
            chance=one.p,
            latest=[],
        )
        fields: dict[str, Any] = {
            "kind": name_text(one.kind),
            "group": name_text(one.group),
            "severity": one.severity,
            "title": name_text(one.title),
            "why": one.why[:_TEXT_MAX],
            "window_s": self.window_ms // 1000,
            "first_ms": step.at_ms,
            "last_ms": step.at_ms,
            "evidence": [self._seen(sight) for sight in one.evidence[:_EVIDENCE]],
            **_figures(one.score, one.p),
        }
        if one.measured:
            fields["measured"] = [
                {"name": name_text(name), "value": decimal_text(value, name)}
                for name, value in one.measured.items()
            ]
        return Pending(number, key, step.place, fields)

    def _count(self, group: _Group, one: Noticed, step: Step) -> None:
        group.count += 1
        group.last_ms = max(group.last_ms, step.at_ms)
        if one.score is not None:
            group.score = one.score if group.score is None else max(group.score, one.score)
        if one.p is not None:
            group.chance = one.p if group.chance is None else min(group.chance, one.p)
        group.latest += [self._seen(sight) for sight in one.evidence[:_EVIDENCE]]
        del group.latest[:-_EVIDENCE]

    def _close(self, place: int, kept_free: int) -> list[Pending]:
        """Close what was quiet for a window or goes on for a day; what has no room waits."""
        over = [
            key
            for key, group in self.groups.items()
            if self.now_ms - group.last_ms > self.window_ms
            or self.now_ms - group.first_ms > _LONGEST_MS
        ]
        said: list[Pending] = []
        for key in over:
            group = self.groups[key]
            if group.count > 1:
                if len(said) >= EACH_MAX - kept_free:
                    continue
                number = number_of(place, len(said))
                said.append(Pending(number, key, place, self._closing(group), group.number))
                if group.leaf:
                    said[-1].fields["opened"] = {"leaf": group.leaf}
            del self.groups[key]
        return said

    def _closing(self, group: _Group) -> dict[str, Any]:
        return {
            "kind": name_text(group.kind),
            "group": name_text(group.name),
            "state": "closed",
            "severity": group.severity,
            "title": name_text(group.title),
            "count": group.count,
            "window_s": self.window_ms // 1000,
            "first_ms": group.first_ms,
            "last_ms": group.last_ms,
            "evidence": group.latest,
            **_figures(group.score, group.chance),
        }

    def _seen(self, sight: Sight) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "leaf": sight.leaf,
            "digest": sight.digest,
            "name": None if sight.name is None else name_text(sight.name),
            "origin": self.origin or None,
        }
        found: dict[str, Any] = {"entry": {k: v for k, v in entry.items() if v is not None}}
        if sight.index is not None:
            found["index"] = sight.index
        return found


def group_key(one: Noticed) -> str:
    """Name the group of what was noticed: what is more severe is not hidden by what is less."""
    return f"{one.kind}/{one.severity}/{one.group}"


def name_text(text: str) -> str:
    """Make a name of any text: no control characters, 1 to 255 characters."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean[:_NAME_MAX] or "-"


def _figures(score: float | None, chance: float | None) -> dict[str, str]:
    found = {}
    if score is not None:
        found["score"] = decimal_text(round(score, 6), "a score")
    if chance is not None:
        found["chance"] = decimal_text(float(f"{max(chance, _SURE):.3g}"), "a chance")
    return found
