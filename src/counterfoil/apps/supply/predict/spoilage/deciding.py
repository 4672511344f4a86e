"""Whether goods are sold, hurried or discarded: judged by their temperatures, on record.

A decision holds the product's lives, the readings, the gaps, what was learned of the product by
then and the limits, so that anybody computes it again from the log alone; the entries that the
readings are from are named. Which hours cost most is told in words, and as shares. What came of it
closes it, and teaches later decisions. This module refuses to learn from what was not on record and
known before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from counterfoil.apps.supply.foreseen import record_foreseen
from counterfoil.apps.supply.predict.spoilage.correction import Correction
from counterfoil.apps.supply.predict.spoilage.experience import Experience
from counterfoil.apps.supply.predict.spoilage.history import (
    History,
    Reading,
    Span,
    thinned,
)
from counterfoil.apps.supply.predict.spoilage.products import Product, product_of
from counterfoil.apps.supply.predict.spoilage.shelf_life import (
    WORST_C,
    Remaining,
    remaining,
    spans_of,
)
from counterfoil.apps.supply.predict.spoilage.words import contributions_of, words_of
from counterfoil.errors import InputError
from counterfoil.ledger.written import record_written

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = [
    "DISCARD",
    "HURRY",
    "METHOD",
    "OUTCOMES",
    "PURPOSE",
    "SELL",
    "Judged",
    "Limits",
    "foresee",
    "format_readings",
    "inputs_of",
    "judge",
    "readings_in",
    "told_of",
]

PURPOSE: Final = "supply.spoilage"
"""Purpose of its decisions."""

SELL: Final = "sell"
HURRY: Final = "hurry"
DISCARD: Final = "discard"
OUTCOMES: Final = (SELL, HURRY, DISCARD)

METHOD: Final = """Shelf life by temperature, version 1.

The share of its life that a product has used is the sum over its temperatures of 1 / life at each:
Arrhenius between and beyond the temperatures that its table gives, Q10 = 2.5 where it gives one,
and another clock below -2 degrees C. What nobody measured costs what the rest does, at best what
the coldest reading would, at worst what the warmest or the stated warmth would; of probabilities
these count for 0.185 each, the usual for 0.63.

Lots differ log-normally by the range of the table, corrected by what earlier outcomes taught of
this product and of all. The score is the probability that the lot is spoiled within the stated
hours at the stated temperature. It is discarded where it is probably spoiled now, hurried where it
may be spoiled within those hours, and else sold, by the stated limits.
"""
"""The method, as it stands on record."""

_READINGS_MOST: Final = 1_000  # with as many entries: an entry of the log holds 48 KiB


@dataclass(frozen=True, slots=True)
class Limits:
    """By what it is decided.

    within_h: how long the goods still need, hours. hurry_at: probability that they spoil within
    that, from which on they are hurried. discard_at: probability that they are spoiled now, from
    which on they are discarded. worst_c: warmest that they can have had where nobody measured.
    """

    within_h: float = 24.0
    hurry_at: float = 0.1
    discard_at: float = 0.5
    worst_c: float = WORST_C

    def __post_init__(self) -> None:
        shares = all(0 < one <= 1 for one in (self.hurry_at, self.discard_at))
        if not (shares and 0 <= self.within_h <= 87_600 and -50 <= self.worst_c <= 60):
            raise InputError(
                "supply.limit",
                f"expected probabilities above 0 and up to 1, 0 to 87,600 hours and -50 to 60 "
                f"degrees C, found {self.hurry_at:g}, {self.discard_at:g}, {self.within_h:g}, "
                f"{self.worst_c:g}",
                hint="The defaults are 0.1, 0.5, 24 hours and 21 degrees C.",
            )


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision. score: probability that it is spoiled within `Limits.within_h`. note: why.

    contributions: stretch of the history -> share of the life that it used. index: of its entry;
    -1 where it is not recorded.
    """

    thing: str
    product: str
    outcome: str
    score: float
    spoiled: float
    note: str
    left: Remaining
    contributions: Mapping[str, float] = field(default_factory=dict)
    index: int = -1

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "thing": self.thing,
            "product": self.product,
            "outcome": self.outcome,
            "score": self.score,
            "spoiled": self.spoiled,
            "note": self.note,
            "index": self.index,
            **{n: v for n, v in self.left.to_json().items() if n != "spoiled"},
        }


def inputs_of(
    product: Product,
    history: Sequence[Reading],
    at_ms: int,
    *,
    ahead_c: float,
    thing: str = "",
    limits: Limits | None = None,
    correction: Correction | None = None,
    since_ms: int | None = None,
    table: str = "",
    log_size: int | None = None,
) -> dict[str, Any]:
    """Write all that a decision is made from, as JSON without floats.

    history: may be a `History`; the entries of the readings that are held are named. table: digest
    of the product's table. log_size: of the log when the correction was learned. Raises as
    `remaining`.
    """
    limits = limits or Limits()
    told_by: dict[Reading, int] = {}
    if isinstance(history, History):
        told_by = dict(zip(history.readings, history.told_by, strict=False))
        since_ms = history.since_ms if since_ms is None else since_ms
    readings, spans = spans_of(history, at_ms, since_ms)
    since = since_ms if since_ms is not None else readings[0][0]
    kept, tolerance = thinned(readings, _READINGS_MOST)
    said: dict[str, Any] = {
        "thing": thing,
        "product": product.to_json(),
        "table": table,
        "at_ms": at_ms,
        "since_ms": since,
        "ahead_c": repr(float(ahead_c)),
        "within_h": repr(limits.within_h),
        "hurry_at": repr(limits.hurry_at),
        "discard_at": repr(limits.discard_at),
        "worst_c": repr(limits.worst_c),
        "readings": format_readings(kept),
        "measured": len(readings),
        "tolerance_c": repr(tolerance),
        "gaps": [list(span) for span in spans],
        "entries": _ranges(sorted({told_by[one] for one in kept if one in told_by})),
        "correction": None if correction is None else correction.to_json(),
        "log_size": log_size,
    }
    return {name: value for name, value in said.items() if value not in ("", None)}


def judge(said: Mapping[str, Any]) -> Judged:
    """Decide by what `inputs_of` wrote, and nothing else: the same again gives the same.

    Raises InputError with code spoilage.inputs for inputs that are not of this form.
    """
    try:
        product = product_of(said["product"])
        limits = Limits(*(float(said[one]) for one in _LIMITS))
        learned = Correction.of(said["correction"]) if "correction" in said else None
        gaps: list[Span] = [(int(begin), int(until)) for begin, until in said["gaps"]]
        left = remaining(
            product,
            _read(said["readings"]),
            int(said["at_ms"]),
            ahead_c=float(said["ahead_c"]),
            correction=learned,
            since_ms=int(said["since_ms"]),
            gaps=gaps,
            worst_c=limits.worst_c,
        )
    except (KeyError, TypeError, ValueError) as err:
        raise InputError(
            "spoilage.inputs",
            f"expected what a spoilage decision is made from, but: {err!s:.200}",
            hint="`counterfoil decision get` shows what the decision holds.",
        ) from err
    now, soon = left.spoiled_within(0.0), left.spoiled_within(limits.within_h)
    outcome = DISCARD if now >= limits.discard_at else HURRY if soon >= limits.hurry_at else SELL
    thing = str(said.get("thing", ""))
    note = words_of(product, left, learned, outcome, now, soon, limits.within_h)
    return Judged(thing, product.name, outcome, soon, now, note, left, contributions_of(left))


def foresee(
    ledger: Ledger,
    product: Product,
    history: Sequence[Reading],
    at_ms: int,
    *,
    ahead_c: float,
    thing: str = "",
    limits: Limits | None = None,
    learn: bool = True,
    since_ms: int | None = None,
    table: str = "",
    accountable: str | None = None,
    experience: Experience | None = None,
) -> Judged:
    """Judge a lot, and record that as a decision; wait until it is durable.

    history: as `gathered.history_of` gives it, or readings from elsewhere. thing: which lot; its
    events must be in the ledger where the history is from them. learn: correct the table by the
    outcomes that are on record and were known by `at_ms`. experience: to go on with, where many
    lots are judged in a row. Other arguments and errors as `inputs_of`; raises as
    `record_foreseen`, too.
    """
    correction, size = None, None
    if learn:
        learned, size = (experience or Experience(ledger, PURPOSE)).learned(at_ms)
        correction = learned.correction(product)
    said = inputs_of(
        product,
        history,
        at_ms,
        ahead_c=ahead_c,
        thing=thing,
        limits=limits,
        correction=correction,
        since_ms=since_ms,
        table=table,
        log_size=size,
    )
    made = judge(said)
    said |= told_of(made)
    maker = record_written(ledger, METHOD, name="spoilage", outcome=", ".join(OUTCOMES))
    index = record_foreseen(
        ledger,
        maker,
        said,
        outcome=made.outcome,
        purpose=PURPOSE,
        note=made.note,
        score=made.score,
        contributions=made.contributions,
        unit="share of life",
        method="kinetics",
        accountable=accountable,
    )
    return replace(made, index=index)


_LIMITS: Final = ("within_h", "hurry_at", "discard_at", "worst_c")


def told_of(made: Judged) -> dict[str, str]:
    """Write what a decision tells beside its outcome: the band of hours left, and the share used.

    It stands with the inputs, for whoever reads the decision; nothing is computed from it.
    """
    left = made.left
    told = {"low_h": left.low_h, "expected_h": left.expected_h, "high_h": left.high_h}
    return {name: repr(round(value, 3)) for name, value in {**told, "used": left.used}.items()}


def readings_in(said: Mapping[str, Any]) -> tuple[Reading, ...]:
    """Read the readings that a decision was made from, as `inputs_of` wrote them."""
    return _read(said["readings"])


def format_readings(readings: Sequence[Reading]) -> list[int]:
    """Write readings as whole numbers: ms and thousandths of a degree, each less the one before."""
    found: list[int] = []
    at = celsius = 0
    for when, value in readings:
        thousandths = round(value * 1000)
        found += [when - at, thousandths - celsius]
        at, celsius = when, thousandths
    return found


def _read(numbers: Sequence[int]) -> tuple[Reading, ...]:
    found: list[Reading] = []
    at = celsius = 0
    for apart, warmer in zip(numbers[::2], numbers[1::2], strict=True):
        at, celsius = at + int(apart), celsius + int(warmer)
        found.append((at, celsius / 1000))
    return tuple(found)


def _ranges(entries: Sequence[int]) -> list[list[int]]:
    """Write ascending indices as ranges, both ends included."""
    found: list[list[int]] = []
    for one in entries:
        if found and one == found[-1][1] + 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return found
