"""Where things came from, what became of them, and where they are.

This module refuses a time without its offset from UTC.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import Annotated

from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.places import calls
from counterfoil.apps.supply.events.prehash import instant_ms
from counterfoil.apps.supply.events.trace import Recall, Trace, recall, trace
from counterfoil.errors import InputError
from counterfoil.ops.place import LedgerFolder, open_for_reading
from counterfoil.ports import Param

__all__ = ["AsOf", "moment_of", "recall_thing", "trace_thing"]

AsOf = Annotated[
    str | None,
    Param("By what had happened then, and was not declared an error; else by all.", "TIME"),
]
"""The parameter of operations that look at a time."""

_Thing = Annotated[
    str, Param("A thing or lot by its EPC URI, EPC class URI or GS1 Digital Link.", "EPC")
]


def moment_of(text: str | None) -> int | None:
    """Read a time as Unix ms. Raises InputError with code supply.time."""
    if text is None:
        return None
    found = instant_ms(text)
    if found is None:
        raise InputError(
            "supply.time",
            f"expected a time with its offset from UTC, found {text[:40]!a}",
            hint="Such as 2030-01-01T12:00:00Z.",
        )
    return found


def trace_thing(
    thing: _Thing,
    *,
    forward: Annotated[bool, Param("What became of it, not what it was made of.")] = False,
    as_of: AsOf = None,
    ledger: LedgerFolder = None,
) -> Trace:
    """Follow a thing back to what it was made of, or forward to what became of it.

    Each link and step names the entry that proves it; `counterfoil receipt get` takes its receipt
    away. Raises NotFound with code supply.thing, InputError with code supply.time, Refused with
    code supply.too-many.
    """
    by = moment_of(as_of)
    with open_for_reading(ledger) as opened, index_of(opened) as index:
        found = trace(index, thing, back=not forward, as_of_ms=by)
        names = [found.thing, *(name for one in found.links for name in (one.source, one.product))]
        names += [name for one in found.steps for name in (one.place, one.point)]
        return replace(found, called=calls(index, names, by))


def recall_thing(thing: _Thing, *, as_of: AsOf = None, ledger: LedgerFolder = None) -> Recall:
    """Find everything downstream of a bad lot, and where each thing is now.

    Raises as `trace_thing`.
    """
    by = moment_of(as_of)
    with open_for_reading(ledger) as opened, index_of(opened) as index:
        found = recall(index, thing, as_of_ms=by)
        named = ((one.thing, one.place, one.holder, one.within) for one in found.affected)
        return replace(found, called=calls(index, chain.from_iterable(named), by))
