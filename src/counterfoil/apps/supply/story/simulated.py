"""A made-up chain from farm to table, for the app's story: who saw what when, and how warm it was.

Nobody's data. Places lie on a real map, so that distances can be checked. Temperatures are those of
a truck whose cooling fails; sales are those of a shop that sells more on weekends and a bit more
each month. This module refuses to know what is predicted or decided from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.master import EPC_CLASS, LOCATION, MDA, Master
from counterfoil.apps.supply.events.sensors import Batch, Reading, sign_batch

__all__ = [
    "CERTIFICATE", "DEVICE", "DEVICE_SEED", "PLACES", "World", "lot", "masters", "pallet", "sales",
]  # fmt: skip

_COMPANY: Final = "4012345"
_HOUR_MS: Final = 3_600_000

PLACES: Final[Mapping[str, tuple[str, float, float]]] = {
    "farm": (f"urn:epc:id:sgln:{_COMPANY}.00001.0", 48.0, 7.85),
    "packer": (f"urn:epc:id:sgln:{_COMPANY}.00002.0", 48.4, 8.0),
    "road": (f"urn:epc:id:sgln:{_COMPANY}.00003.0", 49.0, 8.4),
    "kiosk": (f"urn:epc:id:sgln:{_COMPANY}.00004.0", 49.05, 8.5),
    "shop": (f"urn:epc:id:sgln:{_COMPANY}.00005.0", 50.1, 8.7),
}
"""Places: their EPC URI, latitude and longitude, degrees. The kiosk is the shop's small branch."""

_CALLED: Final = {
    "farm": {"farm": "Hillside Farm, Freiburg"},
    "packer": {"packer": "Packing house, Offenburg"},
    "carrier": {"road": "Rest area, Karlsruhe"},
    "shop": {"kiosk": "Kiosk, Weingarten", "shop": "Market, Frankfurt"},
}
_PRODUCTS: Final = {"farm": (11111, "Strawberries"), "packer": (22222, "Punnet of strawberries")}

DEVICE: Final = f"urn:epc:id:giai:{_COMPANY}.7001"
"""The logger in the truck."""

DEVICE_SEED: Final = bytes(range(32))
"""Its key. It is in the code because nothing is behind it."""

CERTIFICATE: Final = "https://certificates.example/organic/DE-7731"
"""What the farm says that it is certified by."""


def lot(name: str, kind: int) -> str:
    """Name a lot. kind: 11111 for berries from the field, 22222 for punnets."""
    return f"urn:epc:class:lgtin:{_COMPANY}.0{kind}.{name}"


def pallet(number: int) -> str:
    """Name a pallet."""
    return f"urn:epc:id:sscc:{_COMPANY}.0{number:09d}"


def masters(party: str) -> list[Master]:
    """Tell what a party says of its own places and products: names and coordinates."""
    said = []
    for place, words in _CALLED[party].items():
        name, north, east = PLACES[place]
        at = {f"{MDA}latitude": str(north), f"{MDA}longitude": str(east)}
        said.append(Master(canonical(name), LOCATION, {f"{MDA}name": words, **at}))
    if party in _PRODUCTS:
        kind, words = _PRODUCTS[party]
        name = canonical(f"urn:epc:idpat:sgtin:{_COMPANY}.0{kind}.*")
        said.append(Master(name, EPC_CLASS, {f"{MDA}descriptionShort": words}))
    return said


@dataclass(frozen=True, slots=True)
class World:
    """Makes the events of the story. start_ms: when the berries are picked, Unix ms."""

    start_ms: int

    def ms(self, hours: float) -> int:
        """Tell a time, hours after the start, as Unix ms."""
        return self.start_ms + round(hours * _HOUR_MS)

    def at(self, hours: float) -> str:
        """Tell a time as EPCIS writes it."""
        when = datetime.fromtimestamp(self.ms(hours) / 1000, UTC)
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def pick(self, name: str, kilograms: int, hours: float = 0.0) -> Event:
        """Pick a lot of berries at the farm."""
        best_before = datetime.fromtimestamp(self.start_ms / 1000, UTC) + timedelta(days=6)
        return self._event(
            "ObjectEvent",
            hours,
            "farm",
            action="ADD",
            bizStep="commissioning",
            disposition="active",
            quantityList=[{"epcClass": lot(name, 11111), "quantity": kilograms, "uom": "KGM"}],
            certificationInfo=[CERTIFICATE],
            ilmd={
                "cbvmda:lotNumber": name,
                "cbvmda:countryOfOrigin": "DE",
                "cbvmda:itemExpirationDate": best_before.date().isoformat(),
            },
        )

    def fill(self, field: str, name: str, kilograms: int, punnets: int, hours: float) -> Event:
        """Make punnets of berries at the packer."""
        return self._event(
            "TransformationEvent",
            hours,
            "packer",
            bizStep="commissioning",
            inputQuantityList=[
                {"epcClass": lot(field, 11111), "quantity": kilograms, "uom": "KGM"}
            ],
            outputQuantityList=[{"epcClass": lot(name, 22222), "quantity": punnets}],
        )

    def stack(self, number: int, name: str, punnets: int, hours: float) -> Event:
        """Put punnets onto a pallet."""
        return self._event(
            "AggregationEvent",
            hours,
            "packer",
            action="ADD",
            bizStep="packing",
            parentID=pallet(number),
            childQuantityList=[{"epcClass": lot(name, 22222), "quantity": punnets}],
        )

    def move(
        self, step: str, where: str, things: Sequence[str], hours: float, **more: Any
    ) -> Event:
        """See things leave or arrive somewhere. step: of CBV, such as `shipping`."""
        return self._event(
            "ObjectEvent",
            hours,
            where,
            action="OBSERVE",
            bizStep=step,
            disposition="in_transit" if step in ("shipping", "departing") else "in_progress",
            epcList=list(things),
            **more,
        )

    def warm(
        self, number: int, where: str, things: Sequence[str], temperatures: Mapping[float, float]
    ) -> bytes:
        """Have the truck's logger sign what it measured: hours after the start -> degrees C."""
        readings = tuple(Reading(self.at(at), f"{c:.1f}") for at, c in temperatures.items())
        batch = Batch(DEVICE, number, PLACES[where][0], readings, tuple(things))
        return sign_batch(batch, DEVICE_SEED)

    def _event(self, kind: str, hours: float, where: str, **fields: Any) -> Event:
        here = {"id": PLACES[where][0]}
        head = {"type": kind, "eventTime": self.at(hours), "eventTimeZoneOffset": "+00:00"}
        return Event(
            {**head, **fields, "readPoint": here, "bizLocation": here},
            {"cbvmda": "urn:epcglobal:cbv:mda:"},
        )


def sales(days: int, seed: int = 11) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Simulate a shop's daily sales of punnets: shape (days,), the first day is a Monday."""
    chance = np.random.default_rng(seed)
    day = np.arange(days)
    weekday = np.asarray([0.9, 0.85, 0.9, 1.0, 1.2, 1.45, 0.7])[day % 7]
    level = 110 * (1 + day / days * 0.15) * (1 + 0.1 * np.sin(2 * math.pi * day / 365.25))
    sold: np.ndarray[tuple[int], np.dtype[np.int64]] = chance.poisson(
        level * weekday * chance.gamma(40, 1 / 40, days)
    )
    return sold
