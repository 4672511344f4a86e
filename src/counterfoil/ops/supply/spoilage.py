"""Spoilage: which products are known, how long a lot keeps, what came of it, how good that was.

This module refuses a lot whose events tell no temperature.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from counterfoil.apps.supply.events.degrees import celsius
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.prehash import instant_ms
from counterfoil.apps.supply.predict.spoilage.deciding import Judged, Limits, foresee
from counterfoil.apps.supply.predict.spoilage.gathered import history_of
from counterfoil.apps.supply.predict.spoilage.history import Reading
from counterfoil.apps.supply.predict.spoilage.judging import Evaluated, evaluate
from counterfoil.apps.supply.predict.spoilage.outcomes import CameOf, close
from counterfoil.apps.supply.predict.spoilage.products import (
    PRODUCTS_MAX_BYTES,
    ProductTable,
    read_products,
)
from counterfoil.errors import InputError, NotFound
from counterfoil.ops.files import read_file
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.supply.traces import moment_of
from counterfoil.ports import Param, SystemClock

__all__ = [
    "KnownProduct",
    "came_of",
    "judge_spoilage",
    "list_products",
    "score_spoilage",
]

_READINGS_MAX_BYTES: Final = 32 << 20

_Table = Annotated[
    Path,
    Param(
        "How long products keep: CSV (product, storage, temperature_c, min_days, max_days) or "
        "FoodKeeper's JSON.",
        "FILE",
        holds="file",
    ),
]
_Readings = Annotated[
    Path | None,
    Param(
        "Readings as CSV with time and value (degrees C), instead of events.", "FILE", holds="file"
    ),
]


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product of a table. skipped: why it is left out; else empty. lives: place and days."""

    key: str
    name: str
    lives: tuple[str, ...]
    skipped: str = ""


def list_products(
    products: _Table,
    *,
    name: Annotated[str, Param("Only those with this in their name.", "TEXT")] = "",
) -> Iterator[KnownProduct]:
    """List the products of a table with their shelf lives, and what is left out and why.

    Raises as `read_products`.
    """
    table = _table(products)
    for one in table.products.values():
        if name.casefold() in one.name.casefold():
            lives = tuple(
                f"{life.place or 'at'} ({life.celsius:g} C): {life.low_h / 24:.3g} to "
                f"{life.high_h / 24:.3g} days"
                for life in one.lives
            )
            yield KnownProduct(one.key, one.name, lives)
    for left in table.skipped:
        if name.casefold() in left.product.casefold():
            yield KnownProduct("", left.product, (), left.why)


def score_spoilage(
    thing: Annotated[str, Param("The lot or thing, by its EPC URI or GS1 Digital Link.", "EPC")],
    *,
    product: Annotated[str, Param("Which product it is, by key or name.", "NAME")],
    products: _Table,
    at: Annotated[str | None, Param("As of then; else now.", "TIME")] = None,
    since: Annotated[
        str | None, Param("When its life began; else when it was made, or first seen.", "TIME")
    ] = None,
    ahead_c: Annotated[str, Param("How it is kept from then on, degrees C.", "C")] = "4",
    within: Annotated[int, Param("How long it still has to keep, hours.", "H")] = 24,
    hurry_at: Annotated[
        str, Param("Probability that it spoils within that, from which on it is hurried.", "P")
    ] = "0.1",
    discard_at: Annotated[
        str, Param("Probability that it is spoiled, from which on it is discarded.", "P")
    ] = "0.5",
    worst_c: Annotated[
        str, Param("Warmest that it can have had where nobody measured, degrees C.", "C")
    ] = "21",
    readings: _Readings = None,
    table_only: Annotated[bool, Param("Go by the table alone, not by earlier outcomes.")] = False,
    accountable: Annotated[str | None, Param("Who answers for it.", "NAME")] = None,
    ledger: LedgerFolder = None,
) -> Judged:
    """Decide by its temperatures whether a lot is sold, hurried or discarded, and record that.

    Raises NotFound with code supply.product, supply.thing or supply.unmeasured, InputError with
    code supply.time or supply.limit, and as `foresee`.
    """
    limits = Limits(float(within), _share(hurry_at), _share(discard_at), _celsius(worst_c))
    table = _table(products)
    found = table.find(product)
    moment = moment_of(at)
    at_ms = SystemClock().now_ms() if moment is None else moment
    with open_for_writing(ledger) as opened:
        history: Any
        if readings is not None:
            history = _rows(read_file(readings, _READINGS_MAX_BYTES))
        else:
            with index_of(opened) as index:
                history = history_of(index, thing, at_ms)
            if not history:
                raise NotFound(
                    "supply.unmeasured",
                    f"expected events that tell the temperature of {canonical(thing)[:120]}, or of "
                    "what held it or where it was, found none by then",
                    hint="Capture its sensor events, or give --readings.",
                )
        return foresee(
            opened,
            found,
            history,
            at_ms,
            ahead_c=_celsius(ahead_c),
            thing=canonical(thing),
            limits=limits,
            learn=not table_only,
            since_ms=moment_of(since),
            table=table.digest,
            accountable=accountable,
        )


def came_of(
    decision: Annotated[int, Param("The entry of the spoilage decision.", "ENTRY")],
    state: Annotated[
        Literal["spoiled", "good", "found"],
        Param("It spoiled just then, was still good, or was found spoiled."),
    ],
    *,
    at: Annotated[str | None, Param("When that was seen; else now.", "TIME")] = None,
    good_at: Annotated[
        str | None, Param("When it was last known to be good, where it was found spoiled.", "TIME")
    ] = None,
    readings: _Readings = None,
    note: Annotated[str, Param("What was seen, in words.", "TEXT")] = "",
    ledger: LedgerFolder = None,
) -> CameOf:
    """Record what came of a lot; later decisions learn how long such products really keep.

    Raises InputError with code spoilage.outcome or spoilage.decision, and as `close`.
    """
    moment = moment_of(at)
    at_ms = SystemClock().now_ms() if moment is None else moment
    given = None if readings is None else _rows(read_file(readings, _READINGS_MAX_BYTES))
    with open_for_writing(ledger) as opened, index_of(opened) as index:
        return close(
            opened,
            decision,
            state,
            at_ms,
            index=index,
            history=given,
            good_at_ms=moment_of(good_at),
            note=note,
        )


def judge_spoilage(*, ledger: LedgerFolder = None) -> Evaluated:
    """Judge spoilage decisions by what came of them, beside the table alone and the printed date.

    Raises NotFound with code spoilage.none.
    """
    with open_for_reading(ledger) as opened:
        return evaluate(opened)


def _table(path: Path) -> ProductTable:
    return read_products(read_file(path, PRODUCTS_MAX_BYTES))


def _celsius(text: str) -> float:
    found = celsius(text)
    return 0.0 if found is None else found


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError as err:
        raise InputError(
            "supply.limit",
            f"expected a probability, found {text[:20]!a}",
            hint="Such as 0.1.",
        ) from err


def _rows(data: bytes) -> tuple[Reading, ...]:
    found: list[Reading] = []
    try:
        for line, row in enumerate(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))), 2):
            at = instant_ms(str(row["time"]))
            if at is None:
                raise ValueError(f"line {line}: no time with its offset from UTC")
            found.append((at, float(str(row["value"]))))
    except (KeyError, TypeError, ValueError, csv.Error) as err:
        raise InputError(
            "supply.history",
            f"expected readings as CSV with time and value, but: {err!s:.160}",
            hint="Times have their offset from UTC, such as 2030-01-01T12:00:00Z.",
        ) from err
    return tuple(found)
