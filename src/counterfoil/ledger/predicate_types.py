"""Find the statements that packages brought in, through the entry point `counterfoil.predicates`.

Ours of data, models and decisions come this way, too. This module refuses two shapes for one URI,
and a plug-in that does not load: a ledger must not forget a check without saying so.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.predicates import CORE, ContentRef, Header, name_of
from counterfoil.formats.predicates.header import Condition
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.statement import Statement
from counterfoil.ports import PredicateType

__all__ = [
    "GROUP",
    "check_registered",
    "conditions_of",
    "keeping",
    "parse_registered",
    "payloads_named",
    "registered",
    "resolve",
]

GROUP: Final = "counterfoil.predicates"
"""Entry point group."""


@cache
def registered() -> Mapping[str, type[Header]]:
    """Load what is registered: URI -> shape of the predicate; read once a process.

    Raises InputError with code predicate.entry-point naming the package that is wrong.
    """
    found: dict[str, type[Header]] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            kind = point.load()
        except Exception as err:  # a plug-in may raise anything
            raise _wrong(point.value, str(err)) from err
        if not isinstance(kind, PredicateType) or not issubclass(kind.predicate, Header):
            raise _wrong(point.value, "it is no PredicateType")
        if kind.uri in CORE or found.get(kind.uri, kind.predicate) is not kind.predicate:
            raise _wrong(point.value, f"{kind.uri} is another's already")
        found[kind.uri] = kind.predicate
    return found


def resolve(kind: str) -> str:
    """Turn the short name of a kind, or a URI, into its URI; unknown names become one of ours."""
    return kind if ":" in kind else f"{URI_BASE}{kind}/v1"


def check_registered(uri: str, said: Mapping[str, object]) -> Header:
    """Read the fields of a registered predicate.

    said: all its fields, the header's included. Raises InputError with code predicate.malformed.
    """
    try:
        return msgspec.convert(dict(said), registered()[uri])
    except (msgspec.ValidationError, ValueError, RecursionError) as err:
        raise InputError(
            "predicate.malformed",
            f"expected a predicate {uri}, but: {err}",
            hint=f"`counterfoil schema {name_of(uri)}` prints its shape.",
        ) from err


def parse_registered(statement: Statement) -> Header | None:
    """Parse the predicate of a registered statement; None for one that is not registered.

    Raises InputError with code predicate.malformed.
    """
    kind = registered().get(statement.predicate_type)
    if kind is None:
        return None
    try:
        return msgspec.json.decode(statement.predicate, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as err:
        raise InputError(
            "predicate.malformed", f"expected a predicate {statement.predicate_type}: {err}"
        ) from err


def payloads_named(statement: Statement, predicate: Header | None) -> tuple[ContentRef, ...]:
    """List what lies beside the log for a statement.

    predicate: of a statement of the core; None else. A registered kind that keeps nothing beside
    the log is not even parsed; one that does not parse names nothing.
    """
    if predicate is not None:
        return predicate.payloads()
    if statement.predicate_type not in keeping():
        return ()
    try:
        found = parse_registered(statement)
    except InputError:
        return ()
    return found.payloads() if found is not None else ()


def conditions_of(statement: Statement, predicate: Header | None) -> Mapping[str, Condition]:
    """List the counters that a statement changes: one of the core, or of a registered kind.

    predicate: of a statement of the core; None else. What does not parse changes nothing.
    """
    if predicate is not None:
        return predicate.expect or {}
    if statement.predicate_type not in registered() or b'"expect"' not in bytes(
        statement.predicate
    ):
        return {}
    try:
        found = parse_registered(statement)
    except InputError:
        return {}
    return (found.expect or {}) if found is not None else {}


@cache
def keeping() -> frozenset[str]:
    """List the URIs of registered kinds that keep something beside the log."""
    return frozenset(
        uri for uri, kind in registered().items() if kind.payloads is not Header.payloads
    )


def _wrong(value: str, why: str) -> InputError:
    return InputError(
        "predicate.entry-point",
        f"expected a PredicateType at the entry point {value}, but: {why}",
        hint="Mend or remove the package that brings it.",
    )
