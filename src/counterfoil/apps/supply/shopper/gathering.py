"""Bring together what several ledgers, and single receipts, say of one thing's way.

A carrier's log knows the pallet, the packer's knows what was on it: only together they tell the
way of one pack. From the index of each ledger those events are taken that can be upstream of the
thing, and `events.trace` decides over all of them. This module refuses to read a whole ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import canonical, class_of
from counterfoil.apps.supply.events.index import Index, index_of
from counterfoil.apps.supply.events.linking import CHILD, INPUT, ITEM, LOT, OUTPUT, PARENT, link
from counterfoil.apps.supply.events.model import check
from counterfoil.apps.supply.events.places import Known, coordinates_of, names_of
from counterfoil.apps.supply.events.records import SUPPLY_EVENT, SupplyEvent
from counterfoil.apps.supply.events.trace import steps_of, trace
from counterfoil.errors import InputError, NotFound, Refused
from counterfoil.formats import checkpoint, note
from counterfoil.formats import entry as entries
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.vkey import VerifierKey
from counterfoil.ledger import Ledger
from counterfoil.ledger.documents import log_key
from counterfoil.ledger.predicate_types import parse_registered

__all__ = ["Gathered", "Source", "Told", "event_of_entry", "gather", "is_recall"]

Source = Ledger | Receipt
"""Where events come from: a ledger, or the receipt of one event of somebody else's."""

_ROOM: Final = 1 << 40
"""Entries of one source are numbered from its own multiple of this."""

_LATER_MAX: Final = 1000
"""How many of the last events of a source are looked at for a recall."""

_CALLED: Final = (
    "SELECT entry FROM master WHERE name = ? AND origin = '' AND called != '' "
    "ORDER BY since DESC, entry DESC LIMIT 1"
)
_RECALLED: Final = "recalled"
_EVENTS_MAX: Final = 200_000


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the thing's way. level: 0 for its own, from 1 for those of what it was made of.

    at: what finds its receipt. thing: whose step it is. binds: it links things to each other, so
    that without it others hang in the air. recalls: it says that the thing is recalled.
    """

    at: int
    level: int
    at_ms: int
    thing: str
    binds: bool
    recalls: bool = False


class Gathered:
    """What was found.

    told: every event, in no order of worth. index: over all of them. twins: further entries that
    tell the same event. named: what finds the receipts of what people call the way's places.
    places, called: where places are and what they are called, by the first source that knows.
    """

    def __init__(self, index: Index, sources: Sequence[Source], policy: Policy | None) -> None:
        self.index = index
        self._sources, self._policy = sources, policy
        self.told: tuple[Told, ...] = ()
        self.twins: dict[int, list[int]] = {}
        self.named: tuple[int, ...] = ()
        self.places: Known[tuple[float, float]] = Known()
        self.called: Known[str] = Known()

    def place(self, at: int) -> int:
        """Tell which source an event came from, by its place among them."""
        return at // _ROOM

    def receipt(self, at: int) -> tuple[Receipt, VerifierKey]:
        """Give the receipt of an event, and the key of its log.

        Of several entries that tell it, that of who saw it, not of who took it over. Raises
        NotFound with code receipt.log-key, and as `Ledger.receipt`.
        """
        return self._receipt(self._seen_at(at))

    def whose(self, at: int) -> int:
        """Tell whose event it is, not who took it over: the source's place among them."""
        return self.place(self._seen_at(at))

    def _seen_at(self, at: int) -> int:
        told: tuple[int, ...] = (at, *self.twins.get(at, ()))
        return min(told, key=self._is_taken_over)

    def recalls(self, at: int) -> bool:
        """Tell whether an event says that its things are recalled."""
        said = self._said(at)
        return said is not None and _RECALLED in said.event and is_recall(said.parsed())

    def _is_taken_over(self, at: int) -> bool:
        said = self._said(at)
        return said is None or said.received is not None

    def _said(self, at: int) -> SupplyEvent | None:
        source = self._sources[at // _ROOM]
        data = source.record.entry if isinstance(source, Receipt) else source.entry(at % _ROOM)
        return event_of_entry(data)

    def _receipt(self, at: int) -> tuple[Receipt, VerifierKey]:
        source = self._sources[at // _ROOM]
        if isinstance(source, Receipt):
            origin = checkpoint.parse(note.parse(source.checkpoint.encode()).text).origin
            if self._policy is None:
                raise NotFound(
                    "receipt.log-key",
                    f"expected a policy with the key of {origin}, found none",
                    hint="Give the brand's policy, with the logs of all whose receipts you add.",
                )
            return source, log_key(self._policy, origin)
        return source.receipt(at % _ROOM), log_key(source.policy, source.origin)


def gather(sources: Sequence[Source], thing: str, policy: Policy | None) -> Gathered:
    """Find the events of a thing's way, and of what it was made of.

    policy: names the logs of receipts. Raises NotFound with code supply.thing, InputError with
    code label.receipt for the receipt of something else, Refused with code supply.too-many.
    """
    thing, index = canonical(thing), Index(None)
    gathered = Gathered(index, sources, policy)
    try:
        with ExitStack() as open_ones:
            indices = {
                number: open_ones.enter_context(index_of(one))
                for number, one in enumerate(sources)
                if isinstance(one, Ledger)
            }
            with index.writing():
                for number, one in enumerate(sources):
                    if isinstance(one, Receipt):
                        _add(gathered, number, one)
                _spread(gathered, indices, thing)
            gathered.told = tuple(_told(gathered, thing))
            gathered.named = tuple(_named(gathered, indices))
            for near in reversed(indices.values()):
                gathered.places.update(coordinates_of(near))
                gathered.called.update(names_of(near))
    except BaseException:
        index.close()
        raise
    return gathered


def event_of_entry(data: bytes) -> SupplyEvent | None:
    """Read the supply event that an entry states; None for another kind of entry.

    Raises InputError as `SupplyEvent.parsed` and the parsers do.
    """
    parsed = entries.parse(data)
    if not isinstance(parsed, StatementEntry):
        return None
    if parsed.statement.predicate_type != SUPPLY_EVENT.uri:
        return None
    said = parse_registered(parsed.statement)
    return said if isinstance(said, SupplyEvent) else None


def is_recall(event: Event) -> bool:
    """Tell whether an event says that its things are recalled, for now or until it is unset."""
    lasting = event.body.get("persistentDisposition") or {}
    words = (event.body.get("disposition"), *(lasting.get("set") or ()))
    return any(isinstance(one, str) and re.split("[:/#-]", one)[-1] == _RECALLED for one in words)


def _add(gathered: Gathered, number: int, receipt: Receipt) -> None:
    said = event_of_entry(receipt.record.entry)
    if said is None:
        raise InputError(
            "label.receipt",
            "expected the receipt of a supply event, found one of something else",
            hint="`counterfoil receipt show FILE` tells what it is of.",
        )
    event = said.parsed()
    check(event)
    at, linked = number * _ROOM + receipt.record.index, link(event)
    known = gathered.index.known([linked.key]).get(linked.key)
    if known is None:
        gathered.index.add([(at, linked)])
    else:
        gathered.twins.setdefault(known, []).append(at)


def _spread(gathered: Gathered, indices: dict[int, Index], thing: str) -> None:
    """Copy all events that can be upstream, from thing to thing."""
    waiting, known = [(thing, True)], {(thing, True)}
    copied: set[int] = set()
    while waiting:
        name, made = waiting.pop()
        for number, one in indices.items():
            _copy(one, gathered, number, name, copied)
        if len(copied) > _EVENTS_MAX:
            raise Refused(
                "supply.too-many",
                f"expected at most {_EVENTS_MAX} events upstream of a thing, found more",
                hint="Make the page of a smaller lot, or of one item.",
            )
        for more in _upstream(gathered.index, name, made=made):
            if more not in known:
                known.add(more)
                waiting.append(more)


def _copy(near: Index, gathered: Gathered, number: int, name: str, copied: set[int]) -> None:
    """Copy the events of a thing, and all that took part in them."""
    into = gathered.index
    thing = near.thing(name)
    rows = near.database.execute("SELECT DISTINCT event FROM part WHERE thing = ?", (thing,))
    for (event,) in rows.fetchall():
        at = number * _ROOM + event
        if at in copied:
            continue
        copied.add(at)
        found = near.database.execute("SELECT * FROM event WHERE id = ?", (event,))
        columns = [column[0] for column in found.description]
        row = dict(zip(columns, found.fetchone(), strict=True)) | {"id": at}
        done = into.database.execute(
            f"INSERT OR IGNORE INTO event ({','.join(row)}) "  # noqa: S608 - names of ours
            f"VALUES ({','.join('?' * len(row))})",
            tuple(row.values()),
        )
        if done.rowcount == 0:
            known = into.known([row["key"]])[row["key"]]
            gathered.twins.setdefault(known, []).append(at)
            continue  # another ledger tells the same event
        parts = near.database.execute(
            "SELECT t.name, p.role, p.at, p.action, p.quantity, p.uom FROM part p JOIN thing t "
            "ON t.id = p.thing WHERE p.event = ?",
            (event,),
        )
        for other, role, at_ms, action, quantity, uom in parts.fetchall():
            into.database.execute(
                "INSERT OR IGNORE INTO part (thing, role, at, event, action, quantity, uom) "
                "VALUES (?,?,?,?,?,?,?)",
                (into.thing(other, make=True), role, at_ms, at, action, quantity, uom),
            )


def _upstream(index: Index, name: str, *, made: bool) -> Iterator[tuple[str, bool]]:
    """Tell what may be upstream of a thing. made: else it is only what held something."""
    pairs = [(CHILD, PARENT, False)]
    if made:
        pairs += [(OUTPUT, INPUT, True), (ITEM, LOT, True), (OUTPUT, LOT, True)]
        pairs += [(PARENT, CHILD, True)]
    thing = index.thing(name)
    for role, other, goes_on in pairs:
        rows = index.database.execute(
            "SELECT DISTINCT t.name FROM part p JOIN part q ON q.event = p.event AND q.role = ? "
            "JOIN thing t ON t.id = q.thing WHERE p.thing = ? AND p.role = ?",
            (other, thing, role),
        )
        yield from ((str(row[0]), goes_on) for row in rows.fetchall())
    if made:
        rows = index.database.execute(
            "SELECT DISTINCT t.name FROM part p JOIN event e ON e.id = p.event AND "
            "e.transformation != '' JOIN event f ON f.transformation = e.transformation JOIN "
            "part q ON q.event = f.id AND q.role = ? JOIN thing t ON t.id = q.thing WHERE "
            "p.thing = ? AND p.role = ?",
            (INPUT, thing, OUTPUT),
        )
        yield from ((str(row[0]), True) for row in rows.fetchall())


def _told(gathered: Gathered, thing: str) -> Iterator[Told]:
    """List the events of the way: of the thing, then of what it was made of, level by level.

    What was said of its sources after it was made of them does not count, but for a recall.
    """
    index = gathered.index
    found = trace(index, thing)
    seen: set[int] = set()
    levels: dict[str, tuple[int, int]] = {}
    for step in found.steps:
        seen.add(step.index)
        recalls = gathered.recalls(step.index)
        yield Told(step.index, 0, step.at_ms, thing, _binds(index, step.index), recalls)
    for one in found.links:
        if one.index not in seen:
            seen.add(one.index)
            yield Told(one.index, one.level, one.at_ms, one.source, True)
        level, by = levels.get(one.source, (one.level, one.at_ms))
        levels[one.source] = (min(level, one.level), max(by, one.at_ms))
    for name, (level, by_ms) in levels.items():
        steps = steps_of(index, name)
        later = [one for one in steps if one.at_ms > by_ms][-_LATER_MAX:]
        recalled = [one for one in later if gathered.recalls(one.index)]
        for step in (*(one for one in steps if one.at_ms <= by_ms), *recalled):
            if step.index not in seen:
                seen.add(step.index)
                binds, recalls = _binds(index, step.index), gathered.recalls(step.index)
                yield Told(step.index, level, step.at_ms, name, binds, recalls)


def _named(gathered: Gathered, indices: dict[int, Index]) -> Iterator[int]:
    """Find what things and places of the way are called: by whose step it is, else by another."""
    ask = gathered.index.database.execute
    wanted: dict[tuple[str, int], None] = {}
    for one in sorted(gathered.told, key=lambda one: (one.level, one.at_ms)):
        row = ask("SELECT point, place FROM event WHERE id = ?", (one.at,)).fetchone()
        told = (one.thing, class_of(one.thing) or "", *row)
        wanted |= dict.fromkeys((name, gathered.whose(one.at)) for name in told if name)
    found: dict[int, None] = {}
    for name, own in wanted:
        for number in sorted(indices, key=lambda one: one != own):
            row = indices[number].database.execute(_CALLED, (name,)).fetchone()
            if row is not None:
                found[number * _ROOM + int(row[0])] = None
                break
    yield from found


def _binds(index: Index, event: int) -> bool:
    row = index.database.execute(
        "SELECT 1 FROM part WHERE event = ? AND role IN (?,?,?,?) LIMIT 1",
        (event, PARENT, CHILD, INPUT, OUTPUT),
    ).fetchone()
    return row is not None
