"""What happens to the berries: picked, packed, loaded, warmed, re-routed, delivered.

Each step is recorded by whoever did it, in its own log; who takes the goods takes over what was
proved of them. This module refuses to let a party speak for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.handover import take_over
from counterfoil.apps.supply.events.places import record_masters
from counterfoil.apps.supply.events.sensors import add_device, public_key, take
from counterfoil.apps.supply.parties import Parties
from counterfoil.apps.supply.plan.changes import Changes, Position
from counterfoil.apps.supply.plan.plans import Plan
from counterfoil.apps.supply.plan.problem import Place, Problem, Stop, Vehicle
from counterfoil.apps.supply.plan.recorded import record_plan
from counterfoil.apps.supply.plan.reroute_recorded import record_reroute
from counterfoil.apps.supply.plan.rerouting import reroute
from counterfoil.apps.supply.plan.routes import plan_routes
from counterfoil.apps.supply.plan.solver import Budget
from counterfoil.apps.supply.story.simulated import (
    DEVICE,
    DEVICE_SEED,
    PLACES,
    World,
    lot,
    masters,
    pallet,
)
from counterfoil.errors import Unavailable
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Ledger
from counterfoil.ports import Scene
from counterfoil.proofs.verify import verify_receipt
from counterfoil.provenance.statements.parts import Reference

__all__ = ["NOTICED_AT", "PALLETS", "PUNNETS", "Goods", "broken", "known", "of_order"]

T = TypeVar("T")

PUNNETS: Final = 400
"""Most on a pallet."""

NOTICED_AT: Final = 10.5
"""When the failure is noticed, hours after the picking."""

_LEAVES_AT: Final = 4.5

PALLETS: Final = (pallet(1), pallet(2))
"""Of the first order."""

_FAILS_AT: Final = 6.5  # hours after the picking
_RESTS_S: Final = 4 * 3_600
_TRUCK: Final = "reefer"
_ROUTE: Final = "reefer 1"
_DISPATCHER: Final = "Tom Example, dispatcher"
_VALUE: Final = PUNNETS * 215  # cents


class Goods:
    """The berries so far. received: entry of the shop's event by which the second order came."""

    def __init__(self, parties: Parties, world: World) -> None:
        self.parties, self.world = parties, world
        self.received = -1
        self._plan: Plan | None = None
        self._planned: Reference | None = None
        self._seen: dict[str, list[int]] = {}

    def picked(self) -> Scene:
        """Pick berries at the farm. Before, each party says what its own places are called."""
        for name, ledger in self.parties.ledgers.items():
            said = record_masters(ledger, masters(name), since_ms=self.world.ms(0))
            self._seen.setdefault(name, []).extend(said)
        entries = self.say("farm", [self.world.pick("B7", 420), self.world.pick("B8", 220, 6)])
        grade = self._grade("farm", entries[0])
        return Scene(
            "farm",
            "The farm records what it picked. Its log is its own; packer, carrier and shop watch "
            f"that it only grows: {grade}.",
            {"lots": [lot("B7", 11111), lot("B8", 11111)], "receipt": grade},
        )

    def packed(self, po: str, punnets: int) -> Scene:
        """Fill punnets at the packer, who takes over what the farm proved. po: the order's name."""
        self.share("packer")
        world, half = self.world, punnets // 2
        self.say(
            "packer",
            [
                world.fill("B7", "K1", punnets // 2, punnets, 3),
                world.stack(1, "K1", half, 3.5),
                world.stack(2, "K1", punnets - half, 3.6),
                world.move("shipping", "packer", PALLETS, 4, **of_order(po)),
            ],
        )
        return Scene(
            "packer",
            f"The packer checks the farm's receipts, fills {punnets} punnets and stacks two "
            "pallets. Each step is recorded by who did it.",
            {"lot": lot("K1", 22222), "pallets": list(PALLETS), "order": po},
        )

    def loaded(self) -> Scene:
        """Have the carrier plan its way and drive off, with a logger that signs its readings."""
        carrier, shop, world = self.ledger("carrier"), self.ledger("shop"), self.world
        for ledger in (carrier, shop):
            add_device(ledger, DEVICE, public_key(DEVICE_SEED))
        self.share("carrier", "shop")
        self._plan = plan_routes(self._problem, Budget(iterations=200))
        index = record_plan(carrier, self._problem, self._plan, accountable=_DISPATCHER)
        self._planned = Reference(leaf=carrier.get(index).leaf, role="plan")
        self.say("carrier", [world.move("departing", "packer", PALLETS, _LEAVES_AT)])
        readings = self._warm(0, {4 + at / 4: 3.5 + at % 3 / 10 for at in range(10)})
        stops = [one.stop for one in self._plan.routes[0].visits]
        return Scene(
            "carrier",
            f"The carrier plans its way ({', then '.join(stops)}) and drives off. A logger between "
            "the pallets signs its own readings; carrier and shop record them as they were signed.",
            {"plan": index, "cost": self._plan.cost, "readings": readings, "device": DEVICE},
        )

    def warmed(self) -> Scene:
        """Let the truck's cooling fail while its driver rests."""
        steps = range(1, round((NOTICED_AT - _FAILS_AT) * 4) + 1)
        rising = {_FAILS_AT + at / 4: min(4 + 1.6 * at, 24.0) for at in steps}
        readings = self._warm(1, rising)
        return Scene(
            "fridge",
            "While the driver rests the cooling fails. The logger signs what it measures: "
            f"{max(rising.values()):g} degrees C after four hours.",
            {"readings": readings},
        )

    def rerouted(self, judged: int, life_h: float) -> Scene:
        """Let the carrier save what can still be saved."""
        carrier, shop, world = self.ledger("carrier"), self.ledger("shop"), self.world
        changes = Changes(
            delays_s={_ROUTE: _RESTS_S},
            positions=(Position(_ROUTE, place="road"),),
            warm=(_ROUTE,),
            life_h={_ROUTE: life_h},
        )
        now_ms = world.ms(NOTICED_AT)
        made = reroute(self._problem, known(self._plan), now_ms, changes)
        if made.outcome != "reroute":
            raise broken(f"another way to be better, found {made.says}")
        forecast = Reference(leaf=shop.get(judged).leaf, origin=shop.origin, role="forecast")
        index = record_reroute(
            carrier, self._problem, known(self._plan), changes, made,
            based_on=(known(self._planned), forecast), accountable=_DISPATCHER,
        )  # fmt: skip
        self.say("carrier", [world.move("arriving", "kiosk", PALLETS[1:], 11)])
        self.say("shop", [world.move("receiving", "kiosk", PALLETS[1:], 11.2)])
        self.share("shop")
        return Scene(
            "reroute",
            f"On that forecast the carrier goes another way: {made.says}",
            {"decision": index, "saves": made.saves},
        )

    @property
    def _problem(self) -> Problem:
        """What the carrier has to bring where."""
        world = self.world
        places = tuple(Place(name, north, east) for name, (_, north, east) in PLACES.items())
        begin = world.ms(_LEAVES_AT)
        truck = Vehicle(_TRUCK, "packer", cold=True, from_ms=begin, cost_per_km=120)
        stops = (
            Stop("pallet 1", "shop", until_ms=world.ms(9.8), cold=True, service_s=900,
                 value=_VALUE, goods="strawberries"),
            Stop("pallet 2", "kiosk", cold=True, service_s=1_800, value=_VALUE,
                 goods="strawberries"),
        )  # fmt: skip
        return Problem(places, (truck,), stops, name="berries", start_ms=begin)

    def delivered(self, po: str, punnets: int) -> Scene:
        """Bring a fresh pallet to the shop."""
        self.share("packer")
        world, fresh = self.world, [pallet(3)]
        self.say(
            "packer",
            [
                world.fill("B8", "K2", punnets // 2, punnets, 16),
                world.stack(3, "K2", punnets, 16.5),
                world.move("shipping", "packer", fresh, 17, **of_order(po)),
            ],
        )
        self.share("carrier", "shop")
        self.say("carrier", [world.move("arriving", "shop", fresh, 21)])
        listed = [{"epcClass": lot("K2", 22222), "quantity": punnets}]
        more = {"quantityList": listed, **of_order(po)}
        (self.received,) = self.say("shop", [world.move("receiving", "shop", fresh, 21.5, **more)])
        self.share("shop")
        return Scene(
            "deliver",
            f"The packer fills {punnets} punnets of the second lot; another truck brings them, "
            "and the shop records that it received them.",
            {"event": self.received, "pallet": fresh[0], "lot": lot("K2", 22222)},
        )

    # How it is recorded ------------------------------------------------------------------------

    def ledger(self, name: str) -> Ledger:
        """Give a party's open ledger."""
        return self.parties.ledgers[name]

    def say(self, name: str, events: Sequence[Event]) -> list[int]:
        """Have a party record events of its own; give their entries."""
        done = capture(self.ledger(name), events)
        if done.wrong or None in done.indices:
            raise broken(f"right events of the {name}, found {done.wrong[:1]}")
        entries = [at for at in done.indices if at is not None]
        self._seen.setdefault(name, []).extend(entries)
        return entries

    def share(self, *takers: str) -> None:
        """Let parties take over what the others said so far, each by that one's receipts."""
        for whose, entries in self._seen.items():
            giver = self.ledger(whose)
            giver.publish()
            given = [receipts.format(giver.receipt(at)) for at in entries]
            for taker in takers:
                if taker != whose:
                    take_over(self.ledger(taker), given, self.parties.parties[whose].policy)

    def _warm(self, number: int, readings: dict[float, float]) -> int:
        """Have the logger's batch recorded by carrier and shop; give how many readings."""
        batch = self.world.warm(number, "road", PALLETS, readings)
        taken = [take(self.ledger(name), batch) for name in ("carrier", "shop")]
        return taken[0].readings

    def _grade(self, name: str, entry: int) -> str:
        ledger = self.ledger(name)
        ledger.publish()
        data = receipts.format(ledger.receipt(entry))
        return verify_receipt(data, self.parties.parties[name].policy).grade


def known(value: T | None) -> T:
    """Give what an earlier scene made."""
    if value is None:
        raise broken("scenes in their order")
    return value


def of_order(po: str) -> dict[str, list[dict[str, str]]]:
    """Name an order in an event."""
    return {"bizTransactionList": [{"type": "po", "bizTransaction": po}]}


def broken(expected: str) -> Unavailable:
    """Make the error of a story that did not come true."""
    return Unavailable(
        "supply.story",
        f"expected {expected}, but it was not so",
        hint="This is a bug of Counterfoil: please report it.",
    )
