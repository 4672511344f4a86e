"""What tests of the shopper's page share: three companies that witness each other, and one cheese.

The dairy makes two cheeses of a lot of milk and packs them on a pallet, the carrier takes it and
measures, the shop takes one out and sells it.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.master import EPC_CLASS, LOCATION, MDA, Master
from counterfoil.apps.supply.events.places import record_masters
from counterfoil.apps.supply.parties import Parties
from counterfoil.apps.supply.shopper import bundle as bundles
from counterfoil.apps.supply.shopper import code_for, shopper_page
from counterfoil.apps.supply.shopper.bundle import Bundle, Packer
from counterfoil.apps.supply.shopper.policies import policy_of
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger import Ledger, open_ledger
from tests.ledgers import copy_ledger
from tests.supply_made import at, item, lot, pack, pallet, place, seen, transform

__all__ = [
    "BRAND", "CERTIFICATE", "CHEESE", "MILK", "Chain", "carried", "chain", "recorded",
    "signed_chain", "warmed",
    "with_bundle", "with_stranger",
]  # fmt: skip

BRAND: Final = "https://brand.example"
CHEESE: Final = item(1)
MILK: Final = lot("MILK", 22222)
CERTIFICATE: Final = "https://accreditation.example/organic/4711"
_BUNDLE: Final = re.compile(rb'(id="bundle">)([^<]*)(</script>)')


def warmed(hours: float, *degrees: float) -> Event:
    """Measure the pallet, once an hour."""
    elements = [
        {
            "sensorMetadata": {"time": at(hours + number), "deviceID": "urn:epc:id:giai:4000001.1"},
            "sensorReport": [{"type": "Temperature", "value": value, "uom": "CEL"}],
        }
        for number, value in enumerate(degrees)
    ]
    return seen(hours, 2, pallet(1), step="sensor_reporting", sensorElementList=elements)


def dairy() -> list[Event]:
    """Tell what the dairy saw."""
    milk = {"epcClass": MILK, "quantity": 100, "uom": "KGM"}
    made: dict[str, Any] = {
        "certificationInfo": [CERTIFICATE],
        "ilmd": {"cbvmda:lotNumber": "L7", "cbvmda:descriptionShort": "Mountain cheese 200 g"},
        "bizStep": "commissioning",
    }
    return [
        seen(0, 1, step="commissioning", epcList=[], quantityList=[milk], action="ADD"),
        transform(1, [milk], [CHEESE, item(2)], **made),
        pack(2, pallet(1), CHEESE, item(2)),
    ]


CARRIER: Final = (seen(3, 2, pallet(1), step="shipping"), warmed(4, 4.5, 5.0, 4.0))
SHOP: Final = (
    seen(9, 3, pallet(1)),
    pack(10, pallet(1), CHEESE, action="DELETE", where=3),
    seen(12, 3, CHEESE, step="retail_selling"),
)


@dataclass(frozen=True, slots=True)
class Chain:
    """The page, its policy and code, and the receipts behind it."""

    page: bytes
    policy: bytes
    code: str
    bundle: Bundle
    receipts: tuple[Receipt, ...]


@cache
def chain() -> Chain:
    """Make the chain, once for a process."""
    return recorded({"dairy": tuple(dairy()), "carrier": CARRIER, "shop": SHOP}, high_c="7")


@cache
def signed_chain() -> Chain:
    """Make it with the dairy's list of what its page carries, once for a process."""
    said = {"dairy": tuple(dairy()), "carrier": CARRIER, "shop": SHOP}
    called = [
        Master(canonical(place(1)), LOCATION, {f"{MDA}name": "Alpine <b>dairy</b>, Bern"}),
        Master(canonical(place(3)), LOCATION, {f"{MDA}name": "The corner shop"}),
        Master(canonical(place(9)), LOCATION, {f"{MDA}name": "Elsewhere"}),
        Master(
            "https://id.gs1.org/01/04012345222227", EPC_CLASS, {f"{MDA}descriptionShort": "Milk"}
        ),
    ]
    return recorded(said, high_c="7", signed=True, masters=called)


def recorded(said: dict[str, tuple[Event, ...]], thing: str = CHEESE, **options: Any) -> Chain:
    """Have companies record events, and make the page of a thing."""
    parent = Path(tempfile.mkdtemp(prefix="counterfoil-shopper-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    folders = {name: parent / name for name in said}
    with Parties.found(folders, parent / "witnesses") as parties:
        ledgers: list[Ledger] = list(parties.ledgers.values())
        for name, events in said.items():
            assert not capture(parties.ledgers[name], events).wrong
        record_masters(ledgers[0], options.pop("masters", ()))
        for ledger in ledgers:
            ledger.publish()
        policy = policy_of(ledgers)
        if options.pop("signed", False):
            options["signed_in"] = ledgers[0]
        page = shopper_page(ledgers, thing, brand=BRAND, policy=policy, **options)
    bundle = carried(page)
    receipts = tuple(receipt for receipt, _ in bundles.unpack(bundle))
    return Chain(page, policy, code_for(thing, BRAND, policy), bundle, receipts)


def carried(page: bytes) -> Bundle:
    """Take out what a page carries."""
    [found] = _BUNDLE.findall(page)
    return bundles.parse(found[1])


def with_stranger(folder: Path) -> bytes:
    """Make a page that carries a proven record of another item, too. folder: for a ledger."""
    with open_ledger(copy_ledger(folder)) as ledger:
        done = capture(ledger, [seen(1, 1, CHEESE), seen(1, 1, item(2))])
        page = shopper_page([ledger], CHEESE, brand=BRAND)
        packer = Packer()
        for index in done.indices:
            assert index is not None
            packer.add(ledger.receipt(index), ledger.policy.logs[0].key)
    both = msgspec.structs.replace(carried(page), logs=packer.packed())
    return with_bundle(page, lambda _: bundles.format(both))


def with_bundle(page: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Change what a page carries, and nothing else."""
    return _BUNDLE.sub(lambda m: m[1] + change(m[2]) + m[3], page)
