"""A plan of routes: which vehicle serves which stops when, what it costs, and what stays behind.

This module refuses to find one, and to say whether one holds: `schedule` does.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.predicates.header import HexDigest

__all__ = ["Plan", "Route", "Unserved", "Visit", "read_plan"]


_BESIDE: Final = frozenset(["best", "gap", "index"])  # what the command says beside the plan


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a plan; times are Unix ms."""


class Visit(_Part, frozen=True):
    """A stop on a route.

    arrive_ms; start_ms: handing over begins; leave_ms. spare_s: until it would be too late, by the
    stop's window or the life of its goods; None where nothing says. life_s: what is left of the
    goods' shelf life when handing over begins.
    """

    stop: str
    arrive_ms: int
    start_ms: int
    leave_ms: int
    spare_s: int | None = None
    life_s: int | None = None


class Route(_Part, frozen=True):
    """A vehicle's way. number: which of its kind, from 1. cost: minor units, rounded."""

    vehicle: str
    number: int
    depart_ms: int
    return_ms: int
    distance_m: int
    cost: int
    visits: tuple[Visit, ...]

    @property
    def stops(self) -> tuple[str, ...]:
        """Name the stops in their order."""
        return tuple(one.stop for one in self.visits)


class Unserved(_Part, frozen=True):
    """A stop that no vehicle serves. code: why, for programs; says: why, for people."""

    stop: str
    code: str
    says: str


class Plan(_Part, frozen=True):
    """Routes, and what stays behind.

    problem: digest of what was planned. cost: minor units, rounded once. seed, iterations: of each
    search, in order: with them the same version of the solver finds the same again. solver: its
    name and version; empty where nothing had to be searched.
    """

    problem: HexDigest
    routes: tuple[Route, ...]
    unserved: tuple[Unserved, ...]
    cost: int
    distance_m: int
    duration_s: int
    seed: int = 0
    iterations: Annotated[tuple[int, ...], msgspec.Meta(max_length=16)] = ()
    solver: str = ""

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def read_plan(data: bytes) -> Plan:
    """Read a plan as `to_json`, or `supply route --json`, writes it.

    Raises InputError with code plan.file or json.*.
    """
    found = json_text.parse(data)
    if isinstance(found, dict):
        found = {name: value for name, value in found.items() if name not in _BESIDE}
    try:
        return msgspec.convert(found, Plan)
    except msgspec.ValidationError as err:
        raise InputError(
            "plan.file",
            f"expected a plan of routes, but: {str(err)[:200]}",
            hint="`counterfoil supply route --json` writes one.",
        ) from err
