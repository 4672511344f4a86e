"""What changed while a plan is under way, and what was proposed then.

A route is named by its vehicle and number, such as `reefer 1`. This module refuses fields that it
does not know.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from counterfoil.apps.supply.plan.plans import Route, Unserved
from counterfoil.apps.supply.plan.problem import Stop
from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.predicates.header import HexDigest, Name

__all__ = ["Changes", "Course", "Position", "Proposal", "Transfer", "read_changes", "wrong_changes"]

_Seconds = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
_Hours = Annotated[float, msgspec.Meta(ge=0, le=100_000)]
_Money = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
_Millis = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
_Metres = Annotated[float, msgspec.Meta(ge=-1e8, le=1e8)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of changes: no unknown fields."""


class Position(_Part, frozen=True):
    """Where a vehicle is free to go elsewhere. route: whose.

    place: a place of the problem; or latitude and longitude, or x and y, as the problem's places
    have them. at_ms: from then on, Unix ms; else from now on.
    """

    route: Name
    place: Name | None = None
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    x: _Metres | None = None
    y: _Metres | None = None
    at_ms: _Millis | None = None


class Transfer(_Part, frozen=True):
    """Goods that may go over from one vehicle to another, at a place that both drive to.

    giver: a route under way. taker: a route under way, or a kind of vehicle of which one is free.
    handling_s: how long it takes once both are there.
    """

    giver: Name
    taker: Name
    place: Name
    handling_s: _Seconds = 900


class Changes(_Part, frozen=True):
    """What is otherwise than planned.

    delays_s: route -> seconds that it is late. positions: where vehicles are; one that is not named
    finishes the leg that it is on. life_h: stop, or route for what it has on board that has to be
    cold -> hours that the goods stay good from now on, as somebody foresees it. warm: routes whose
    vehicle cools no more: give the life_h of what is on board. stranded: routes whose vehicle
    cannot go on. cancelled: stops.
    added: further stops, whose goods are where free vehicles start. transfers: that may be made;
    goods on board stay on board otherwise. late_cost_per_h: what an hour's delay of a stop costs,
    minor units. min_saving: what another plan has to save at least.
    """

    delays_s: dict[Name, _Seconds] = {}
    positions: tuple[Position, ...] = ()
    life_h: dict[Name, _Hours] = {}
    warm: tuple[Name, ...] = ()
    stranded: tuple[Name, ...] = ()
    cancelled: tuple[Name, ...] = ()
    added: tuple[Stop, ...] = ()
    transfers: Annotated[tuple[Transfer, ...], msgspec.Meta(max_length=8)] = ()
    late_cost_per_h: _Money = 0
    min_saving: _Money = 0


class Course(_Part, frozen=True):
    """What a way of going on comes to, from now on.

    cost: of driving, minor units. late_s: of all stops together, beyond their windows; late: stop
    -> seconds. lost: stops whose goods spoil, or that are not served, and why. lost_value: of
    these, minor units. total: cost, lost_value and what lateness costs. transfers: that are made.
    routes: from where vehicles are now. broken: other promises that it breaks, in words.
    """

    cost: int
    late_s: int
    late: dict[str, int]
    lost: tuple[Unserved, ...]
    lost_value: int
    total: int
    routes: tuple[Route, ...]
    transfers: tuple[Transfer, ...] = ()
    broken: tuple[str, ...] = ()


class Proposal(_Part, frozen=True):
    """Whether to stay with a plan. keep: going on as planned; other: the best that was found else.

    plan: digest of the plan. saves: of total, minor units. says: why, in plain words. seed,
    iterations, solver: with them it comes out the same again.
    """

    plan: HexDigest
    now_ms: int
    outcome: Literal["keep", "reroute"]
    keep: Course
    other: Course
    saves: int
    says: str
    seed: int = 0
    iterations: tuple[int, ...] = ()
    solver: str = ""

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def read_changes(data: bytes) -> Changes:
    """Read changes from JSON. Raises InputError with code plan.changes or json.*."""
    try:
        return msgspec.convert(json_text.parse(data), Changes)
    except msgspec.ValidationError as err:
        raise wrong_changes(str(err)) from err


def wrong_changes(what: str) -> InputError:
    """Make the error of changes that fit no plan."""
    return InputError(
        "plan.changes",
        f"expected what changed since a plan was made, but: {what[:200]}",
        hint='A route is named by its vehicle and number, such as "reefer 1".',
    )
