"""Re-routing: what is done stays done, goods stay on board, and what is proposed is worth it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil.apps.supply.plan.changes import (
    Changes,
    Position,
    Proposal,
    Transfer,
    read_changes,
)
from counterfoil.apps.supply.plan.plans import Plan
from counterfoil.apps.supply.plan.problem import Problem, Stop
from counterfoil.apps.supply.plan.replaying import replay
from counterfoil.apps.supply.plan.reroute_recorded import record_reroute
from counterfoil.apps.supply.plan.rerouting import reroute
from counterfoil.apps.supply.plan.routes import plan_routes
from counterfoil.apps.supply.plan.schedule import Judge
from counterfoil.apps.supply.plan.situation import situation_of
from counterfoil.apps.supply.plan.solver import Budget
from counterfoil.errors import InputError, VerificationError
from counterfoil.ledger import Ledger, open_ledger
from tests.ledgers import copy_ledger
from tests.plans_made import START_MS, line, made

MINUTE_MS = 60_000
FISH: list[dict[str, Any]] = [
    {"id": "a", "place": "k5", "cold": True, "value": 50_000, "goods": "fish"},
    {"id": "c", "place": "k10", "value": 3_000, "goods": "rice", "service_s": 600},
    {"id": "d", "place": "k20", "cold": True, "value": 70_000, "goods": "fish"},
    {"id": "b", "place": "k40", "cold": True, "value": 90_000, "goods": "fish"},
]


def planned(**vehicle: Any) -> tuple[Problem, Plan]:
    """Plan one route over k5, k10, k20, k40 and home, a minute a kilometre."""
    problem = line(FISH, cold=True, **vehicle)
    return problem, Judge(problem).plan([("van", "acdb")])


def ask(changes: Changes, minutes: int, **vehicle: Any) -> Proposal:
    """Ask so many minutes after the start."""
    problem, plan = planned(**vehicle)
    return reroute(problem, plan, START_MS + minutes * MINUTE_MS, changes, budget=Budget(60))


def ways(proposal: Proposal) -> dict[str, tuple[str, ...]]:
    """Name the stops of each vehicle of the other way."""
    return {one.vehicle: one.stops for one in proposal.other.routes}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


def test_without_a_change_the_plan_stays() -> None:
    """Nothing changed: staying costs what is left to drive, and nothing is saved elsewhere."""
    found = ask(Changes(), 7)
    assert (found.outcome, found.keep.lost, found.keep.late) == ("keep", (), {})
    assert [one.stops for one in found.keep.routes] == [("c", "d", "b")]
    assert found.keep.cost == 100 * (30 + 40)  # from k10, where its leg ends, to k40 and home
    assert found.saves <= 0


def test_a_broken_fridge_saves_the_goods_that_can_be_saved() -> None:
    """With 35 minutes left the fish goes before the rice, whose handling would have spoilt it."""
    found = ask(Changes(warm=("van 1",), life_h={"van 1": 35 / 60}), 7)
    assert {one.stop for one in found.keep.lost} == {"b"}
    assert (found.outcome, found.other.lost) == ("reroute", ())
    assert ways(found) == {"van 1": ("d", "b", "c")}
    assert found.saves == 90_000 + found.keep.cost - found.other.cost


def test_goods_that_spoil_are_told_with_their_value() -> None:
    """Staying loses what its time runs out for; the words name goods, value, and what is saved."""
    changes = Changes(warm=("van 1",), life_h={"van 1": 0.5})
    found = ask(changes, 7)
    assert {one.stop: one.code for one in found.keep.lost} == {"b": "spoils"}
    assert found.keep.lost_value == 90_000
    assert "fish for b spoil" in found.says
    assert "90,000" in found.says


def test_a_transfer_is_made_only_where_it_is_named() -> None:
    """A stranded van loses its goods, unless another may come for them; then it does."""
    stranded = Changes(stranded=("van 1",))
    alone = ask(stranded, 7, count=2)
    assert (alone.outcome, ways(alone)) == ("keep", {})
    assert {one.stop: one.code for one in alone.other.lost} == dict.fromkeys("bcd", "stranded")
    named = msgspec.structs.replace(stranded, transfers=(Transfer("van 1", "van", "k10"),))
    helped = ask(named, 7, count=2)
    assert helped.outcome == "reroute"
    assert {name: set(stops) for name, stops in ways(helped).items()} == {
        "van for van 1": set("bcd")
    }
    assert (helped.other.lost, helped.saves) == ((), 163_000 - helped.other.cost)
    assert "from van 1 to van at k10" in helped.says
    nobody = ask(named, 7, count=1)
    assert nobody.outcome == "keep"
    away = Changes(stranded=("van 1",), transfers=(Transfer("van 1", "van", "k20"),))
    assert ask(away, 7, count=2).other.transfers == ()


def test_goods_on_board_stay_with_their_vehicle() -> None:
    """A free van takes what was not loaded; what is on board of another it never gets."""
    added = Stop("new", "k10", value=5_000)
    found = ask(Changes(added=(added,), delays_s={"van 1": 600}), 17, count=2)
    served = ways(found)
    assert served["van"] == ("new",)
    assert set(served["van 1"]) == {"c", "d", "b"}
    assert "a" not in {stop for stops in served.values() for stop in stops}


def test_what_was_done_stays_done() -> None:
    """Stops before the moment are gone from what is left; the one in hand is finished."""
    problem, plan = planned()
    at = {minute: situation_of(problem, plan, START_MS + minute * MINUTE_MS, Changes()).problem
          for minute in (0, 5, 9, 10, 39, 49, 51, 91)}  # fmt: skip
    left = {minute: "".join(one.id for one in found.stops) for minute, found in at.items()}
    assert left == {0: "acdb", 5: "cdb", 9: "cdb", 10: "db",
                    39: "b", 49: "b", 51: "", 91: ""}  # fmt: skip
    assert {one.id for one in at[91].vehicles} == {"van"}
    assert {one.id for one in at[51].vehicles} == {"van 1"}


def test_lateness_is_measured_alike_on_both_ways() -> None:
    """A delayed route is late by what its windows say; the other way minimises what that costs."""
    stops = [dict(one) for one in FISH]
    stops[3]["until_ms"] = START_MS + 55 * MINUTE_MS
    problem = line(stops, cold=True)
    plan = Judge(problem).plan([("van", "acdb")])
    changes = Changes(positions=(Position("van 1", place="k5", at_ms=START_MS + 20 * MINUTE_MS),),
                      late_cost_per_h=60_000)  # fmt: skip
    found = reroute(problem, plan, START_MS + 7 * MINUTE_MS, changes, budget=Budget(60))
    assert found.keep.late == {"b": 10 * 60}
    assert found.keep.total == found.keep.cost + 10 * 1000
    assert (found.outcome, found.other.late) == ("reroute", {})
    assert found.saves == 10_000 + found.keep.cost - found.other.cost


def test_a_vehicle_whose_next_stop_is_cancelled_says_where_it_is() -> None:
    """Nobody guesses a place: a cancelled goal asks for the position, and then it is used."""
    with pytest.raises(InputError, match="say where it is") as caught:
        ask(Changes(cancelled=("c",)), 7)
    assert caught.value.code == "plan.changes"
    found = ask(Changes(cancelled=("c",), positions=(Position("van 1", place="k5"),)), 7)
    assert [one.stops for one in found.keep.routes] == [("d", "b")]


@pytest.mark.parametrize(
    "changes",
    [
        Changes(delays_s={"van 2": 5}),
        Changes(positions=(Position("bus 1", place="k1"),)),
        Changes(positions=(Position("van 1", place="nowhere"),)),
        Changes(positions=(Position("van 1", latitude=1.0, longitude=2.0),)),
        Changes(life_h={"z": 1.0}),
        Changes(cancelled=("z",)),
        Changes(transfers=(Transfer("van 1", "bus", "k1"),)),
        Changes(added=(Stop("a", "k1"),)),
    ],
)
def test_changes_that_fit_no_plan_are_refused(changes: Changes) -> None:
    """What names a route, stop or place that is not there would change nothing, silently."""
    with pytest.raises(InputError) as caught:
        ask(changes, 7)
    assert caught.value.code == "plan.changes"


def test_changes_are_read_strictly() -> None:
    """Unknown fields, wrong types, and what lies off every map or after every time are refused."""
    assert read_changes(b'{"warm":["van 1"],"life_h":{"van 1":0.5}}').warm == ("van 1",)
    off = b'{"positions":[{"route":"van 1","x":1e300,"y":0}]}'
    late = b'{"positions":[{"route":"van 1","place":"k1","at_ms":300000000000000}]}'
    for data in (b'{"hot":1}', b'{"life_h":{"van 1":-1}}', b"[]", off, late):
        with pytest.raises(InputError) as caught:
            read_changes(data)
        assert caught.value.code == "plan.changes"


def test_a_proposal_on_record_comes_out_the_same_again(ledger: Ledger) -> None:
    """Keep or reroute is recorded with why, compared again from the record, and no lie passes."""
    problem, plan = planned(count=2)
    changes = Changes(stranded=("van 1",), transfers=(Transfer("van 1", "van", "k10"),))
    found = reroute(problem, plan, START_MS + 7 * MINUTE_MS, changes, budget=Budget(60), seed=2)
    index = record_reroute(ledger, problem, plan, changes, found)
    said = ledger.get(index).content
    assert (said["outcome"], said["note"]) == ("reroute", found.says)
    assert float(said["score"]) == found.saves
    replay(ledger, index)
    lie = msgspec.structs.replace(found, saves=found.saves + 1)
    with pytest.raises(VerificationError) as caught:
        replay(ledger, record_reroute(ledger, problem, plan, changes, lie))
    assert caught.value.code == "plan.differs"


@pytest.mark.parametrize("seed", range(2))
def test_the_other_way_never_loses_more_than_staying(seed: int) -> None:
    """On mixed problems with a broken fridge and a delay, what is proposed is no worse by count."""
    problem = made(seed, 14)
    plan = plan_routes(problem, Budget(60), seed=1)
    now = sorted(one.depart_ms for one in plan.routes)[1] + 20 * MINUTE_MS
    gone = [f"{r.vehicle} {r.number}" for r in plan.routes if r.depart_ms <= now < r.return_ms]
    changes = Changes(warm=(gone[0],), life_h={gone[0]: 1.0}, delays_s={gone[-1]: 1800},
                      late_cost_per_h=2000)  # fmt: skip
    found = reroute(problem, plan, now, changes, budget=Budget(60))
    taken = found.other if found.outcome == "reroute" else found.keep
    assert taken.total == min(found.keep.total, found.other.total)


def test_two_vehicles_on_the_road_meet_where_it_was_named() -> None:
    """Fish goes over to a van that cools, which still brings its own, and has waited for it."""
    stops: list[dict[str, Any]] = [
        {
            "id": "fish",
            "place": "k30",
            "cold": True,
            "value": 80_000,
            "good_until_ms": START_MS + 10**8,
        },
        {"id": "bread", "place": "k12", "value": 1000},
        {"id": "salt", "place": "k14", "value": 1000},
    ]
    problem = line(stops, cold=True, count=2)
    plan = Judge(problem).plan([("van", ("bread", "fish")), ("van", ("salt",))])
    now = START_MS + 5 * MINUTE_MS
    warm = Changes(
        warm=("van 1",),
        life_h={"fish": 0.2},
        positions=(Position("van 1", place="k5"), Position("van 2", place="k5")),
    )
    alone = reroute(problem, plan, now, warm, budget=Budget(60))
    assert [one.stop for one in alone.other.lost] == ["fish"]
    assert alone.outcome == "reroute"  # what spoils on the way is not brought there
    meeting = (Transfer("van 1", "van 2", "k5", 600),)
    longer = msgspec.structs.replace(
        warm, life_h={"fish": 0.7}, stranded=("van 1",), transfers=meeting
    )
    met = reroute(problem, plan, now, longer, budget=Budget(60))
    assert met.outcome == "reroute"
    assert met.other.lost == ()
    (taken,) = met.other.routes
    assert (taken.vehicle, set(taken.stops)) == ("van 2", {"fish", "bread", "salt"})
    assert taken.depart_ms >= now + 600_000
    both = msgspec.structs.replace(longer, stranded=(), min_saving=10**9)
    held = reroute(problem, plan, now, both, budget=Budget(60))
    assert held.outcome == "keep"  # it saves, and less than was asked for
    same = msgspec.structs.replace(longer, transfers=(Transfer("van 1", "van 1", "k5"),))
    assert reroute(problem, plan, now, same, budget=Budget(60)).other.transfers == ()


def test_a_vehicle_may_be_anywhere_on_the_map() -> None:
    """With coordinates a position is a point: ways from there are those of the map."""
    problem = made(2, 6)
    plan = plan_routes(problem, Budget(30))
    route = plan.routes[0]
    now = route.depart_ms + MINUTE_MS
    name = f"{route.vehicle} {route.number}"
    near = Changes(positions=(Position(name, latitude=52.01, longitude=5.01),))
    far = Changes(positions=(Position(name, latitude=53.5, longitude=7.5),))
    costs = [reroute(problem, plan, now, one, budget=Budget(30)).keep.cost for one in (near, far)]
    assert costs[0] < costs[1]
    nowhere = Changes(positions=(Position(name, at_ms=now),))
    with pytest.raises(InputError, match="neither place nor coordinates"):
        reroute(problem, plan, now, nowhere, budget=Budget(30))


def test_without_values_fewer_lost_stops_come_first() -> None:
    """Where nothing has a price, goods count by number, then lateness, then cost."""
    stops = [{key: value for key, value in one.items() if key != "value"} for one in FISH]
    problem = line(stops, cold=True, cost_per_km=1000)
    plan = Judge(problem).plan([("van", "acdb")])
    changes = Changes(warm=("van 1",), life_h={"van 1": 35 / 60})
    found = reroute(problem, plan, START_MS + 7 * MINUTE_MS, changes, budget=Budget(60))
    assert (found.outcome, len(found.keep.lost), found.other.lost) == ("reroute", 1, ())
