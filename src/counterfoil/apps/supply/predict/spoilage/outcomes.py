"""What came of spoilage decisions, and the same decision computed again.

A lot spoiled at a time, was still good then, or was found spoiled then. This module refuses an
outcome before its decision's time, and a decision that comes out otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from counterfoil.apps.supply.foreseen import record_outcome
from counterfoil.apps.supply.predict.spoilage.deciding import PURPOSE, judge, readings_in, told_of
from counterfoil.apps.supply.predict.spoilage.experience import learned_from
from counterfoil.apps.supply.predict.spoilage.gathered import entries_of, history_of
from counterfoil.apps.supply.predict.spoilage.history import History, Reading
from counterfoil.apps.supply.predict.spoilage.products import product_of
from counterfoil.apps.supply.predict.spoilage.shelf_life import Remaining, remaining
from counterfoil.errors import InputError, VerificationError

if TYPE_CHECKING:
    from counterfoil.apps.supply.events.index import Index
    from counterfoil.ledger import Ledger

__all__ = ["STATES", "CameOf", "close", "replay"]

State = Literal["spoiled", "good", "found"]
STATES: Final[tuple[State, ...]] = ("spoiled", "good", "found")
"""It spoiled at that time; it was still good then; it was found spoiled then."""

_HOUR_MS: Final = 3_600_000
_LATEST_MS: Final = 20 * 365 * 24 * _HOUR_MS  # after a decision; nothing keeps that long
_SAME: Final = 1e-9


@dataclass(frozen=True, slots=True)
class CameOf:
    """What came of a decision. index: of the entry that says so.

    used_from, used_until: share of its life that the table alone says was used when it was known to
    be good, and to be spoiled. hours: from the decision on. assumed_h: hours after the last reading
    that were taken to be as the decision supposed.
    """

    index: int
    decision: int
    state: str
    used_from: float | None
    used_until: float | None
    hours: float
    assumed_h: float


def close(
    ledger: Ledger,
    decision: int,
    state: State,
    at_ms: int,
    *,
    index: Index | None = None,
    history: Sequence[Reading] | None = None,
    good_at_ms: int | None = None,
    note: str = "",
) -> CameOf:
    """Record what came of a spoilage decision, and wait until it is durable.

    at_ms: when that was seen. good_at_ms: last time before that it was known to be good, where it
    was `found` spoiled. history: all readings until then; else those that events tell, where the
    decision was on a thing and `index` is given; else the decision's, and what it supposed from
    then on. Raises InputError with code spoilage.outcome, as `record_outcome`, `history_of` and
    `remaining`.
    """
    said = _inputs(ledger, decision)
    begin = int(said["at_ms"])
    in_time = begin <= at_ms <= begin + _LATEST_MS
    if state not in STATES or not in_time or (good_at_ms is not None and good_at_ms > at_ms):
        raise InputError(
            "spoilage.outcome",
            f"expected {', '.join(STATES)} within 20 years of the decision, found {state!r:.40} "
            f"{(at_ms - begin) / _HOUR_MS:g} h after it",
            hint="A lot's state is told for the time at which it was looked at.",
        )
    whole = _history(said, at_ms, index, history)
    until = _used(said, whole, at_ms)
    measured: dict[str, float] = {
        "spoiled": 0.0 if state == "good" else 1.0,
        "hours": (at_ms - begin) / _HOUR_MS,
        "tilt": until[0].tilt,
        "assumed_h": until[1],
    }
    low: float | None = None
    high: float | None = None
    if state in ("good", "spoiled"):
        low = until[0].chilled.used
    if state in ("found", "spoiled"):
        high = until[0].chilled.used
    if state == "found" and good_at_ms is not None:
        low = _used(said, whole, max(good_at_ms, int(said["since_ms"])))[0].chilled.used
    if low is not None:
        measured["used_from"] = low
    if high is not None:
        measured["used_until"] = high
    made = record_outcome(ledger, decision, measured, known_ms=at_ms, note=note)
    return CameOf(made, decision, state, low, high, measured["hours"], until[1])


def replay(ledger: Ledger, index: int) -> None:
    """Compute a spoilage decision again from the log, with what it had learned by then.

    Raises VerificationError with code spoilage.replay where another comes out, spoilage.readings
    where a reading is in none of its entries, and spoilage.learned where the outcomes before it
    teach something else; InputError with code spoilage.decision for what is none.
    """
    said = _inputs(ledger, index)
    found = ledger.decisions.get(index).decision
    made = judge(said)
    explained = found.explanation
    shares = {} if explained is None else dict(explained.contributions or {})
    same = (
        made.outcome == found.outcome
        and found.score is not None
        and abs(made.score - float(found.score)) <= _SAME
        and made.note == found.note
        and all(_alike(value, said.get(name, "nan")) for name, value in told_of(made).items())
        and list(shares) == list(made.contributions)
        and all(abs(float(shares[name]) - made.contributions[name]) <= _SAME for name in shares)
    )
    if not same:
        raise VerificationError(
            "spoilage.replay",
            f"expected decision {index} to be {found.outcome} with {found.score}, computed "
            f"{made.outcome} with {made.score!r}",
            hint="Its inputs do not lead to what it says.",
        )
    _confirm_readings(ledger, index, said)
    _confirm_learned(ledger, index, said)


def _confirm_readings(ledger: Ledger, index: int, said: Mapping[str, Any]) -> None:
    """Look for each reading in the events that the decision names, and for these in its thing's."""
    if not said.get("entries"):
        return
    from counterfoil.apps.supply.events.index import index_of
    from counterfoil.apps.supply.events.prehash import instant_ms
    from counterfoil.apps.supply.events.query import event_at
    from counterfoil.apps.supply.events.warmth import temperatures_of

    named = {entry for low, high in said["entries"] for entry in range(int(low), int(high) + 1)}
    with index_of(ledger) as known:
        strange = named - entries_of(known, str(said["thing"]), int(said["at_ms"]))
    if strange:
        raise VerificationError(
            "spoilage.readings",
            f"expected decision {index} to name events of {said['thing']!s:.120}, found "
            f"{len(strange)} of something else, the first in entry {min(strange)}",
            hint="It was decided on the temperatures of something else.",
        )
    told: set[Reading] = set()
    for entry in named:
        body = event_at(ledger, entry).body
        at = instant_ms(str(body.get("eventTime", ""))) or 0
        told |= {(when, round(celsius, 3)) for when, celsius in temperatures_of(body, at)}
    missing = [one for one in readings_in(said) if one not in told]
    if missing:
        raise VerificationError(
            "spoilage.readings",
            f"expected the readings of decision {index} in its entries, found {len(missing)} that "
            f"are in none, the first of {missing[0][1]:g} degrees C",
            hint="It was decided on something else than what it names.",
        )


def _confirm_learned(ledger: Ledger, index: int, said: Mapping[str, Any]) -> None:
    if "correction" not in said:
        return
    size = int(said["log_size"])
    if size > index:
        raise _taught(index, f"that it knew {size} entries")
    learned = learned_from(ledger, PURPOSE, until_ms=int(said["at_ms"]), before=size)
    again = learned.correction(product_of(said["product"])).to_json()
    was = said["correction"]
    if not _alike(again, was):
        raise _taught(index, f"a level of {was['level']!s:.20}, not {again['level']:.20}")


def _alike(one: Any, two: Any) -> bool:
    if isinstance(one, dict):
        return set(one) == set(two) and all(_alike(one[name], two[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(_alike, one, two))
    return abs(float(one) - float(two)) <= _SAME * max(1.0, abs(float(one)))


def _taught(index: int, what: str) -> VerificationError:
    return VerificationError(
        "spoilage.learned",
        f"expected decision {index} to know what the outcomes before it teach, found {what}",
        hint="It was corrected by something else than the outcomes on record.",
    )


def _inputs(ledger: Ledger, index: int) -> Mapping[str, Any]:
    view = ledger.get(index)
    if view.kind != "decision" or view.content.get("purpose") != PURPOSE:
        raise InputError(
            "spoilage.decision",
            f"expected a spoilage decision at entry {index}, found {view.kind[:60]!a}",
            hint="`counterfoil supply spoilage` records them.",
        )
    found: Mapping[str, Any] = view.content.get("inputs") or {}
    return found


def _history(
    said: Mapping[str, Any], at_ms: int, index: Index | None, given: Sequence[Reading] | None
) -> Sequence[Reading]:
    if given is not None:
        return given
    if index is not None and said.get("thing") and said.get("entries"):
        return history_of(index, str(said["thing"]), at_ms)
    return readings_in(said)


def _used(
    said: Mapping[str, Any], history: Sequence[Reading], at_ms: int
) -> tuple[Remaining, float]:
    """Tell what was used by a time by the table alone; and hours that were supposed, not measured.

    From the decision's time on a gap at the end is what the decision supposed.
    """
    ahead = float(said["ahead_c"])
    last = max((at for at, _ in history if at <= at_ms), default=int(said["since_ms"]))
    begin = max(last, min(int(said["at_ms"]), at_ms))
    readings = [*history]
    supposed = 0.0
    if at_ms > begin:
        steps = range(begin + (1 if begin == last else 0), at_ms, _HOUR_MS)
        readings += [(at, ahead) for at in steps] + [(at_ms, ahead)]
        supposed = (at_ms - begin) / _HOUR_MS
    left = remaining(
        product_of(said["product"]),
        History(tuple(readings)),
        at_ms,
        ahead_c=ahead,
        since_ms=int(said["since_ms"]),
        worst_c=float(said["worst_c"]),
    )
    return left, supposed
