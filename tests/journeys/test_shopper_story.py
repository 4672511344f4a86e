"""The page's script tells the same story as Python: the same steps, of the same things."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.prehash import event_hash
from counterfoil.apps.supply.events.records import SUPPLY_EVENT, text_of
from counterfoil.apps.supply.shopper import bundle as bundles
from counterfoil.apps.supply.shopper.bundle import Bundle, Packer
from counterfoil.apps.supply.shopper.checking import check_bundle
from counterfoil.errors import VerificationError
from tests.journeys.receipt_builder import LOG_KEY, OWNER, SmallLog, log_policy, sealed
from tests.journeys.shopper_phone import Scan, trust
from tests.shopper_made import BRAND, CHEESE, chain, with_bundle
from tests.statements import ORG
from tests.supply_made import item, lot, pack, pallet, seen, transform

pytestmark = pytest.mark.browser

MILK = lot("M", 22222)


def story(chance: random.Random, many: int) -> list[Event]:
    """Make events of few things, so that they meet: packed, unpacked, made of each other."""
    things = [CHEESE, item(2), item(3), item(4, 33333)]
    units = [pallet(n) for n in (1, 2, 3)]

    def pick(number: int = 2) -> list[str]:
        return chance.sample(things, chance.randint(1, number))

    def one(at: float) -> Event:
        kind = chance.randrange(8)
        if kind == 0:
            inputs = [t for t in pick() if t != CHEESE] or [MILK]
            outputs = [t for t in pick() if t not in inputs] or [CHEESE]
            return transform(at, [*inputs], [*outputs])
        if kind == 1:
            return transform(at, [{"epcClass": MILK, "quantity": 1}], [*pick(1)])
        if kind in (2, 3):
            action = chance.choice(["ADD", "ADD", "DELETE"])
            return pack(at, chance.choice(units), *pick(), action=action)
        if kind == 4:
            inner, outer = chance.sample(units, 2)
            return pack(at, outer, inner, action=chance.choice(["ADD", "DELETE"]))
        if kind == 5:
            return pack(at, chance.choice(units), action="DELETE")
        if kind == 6:
            more: dict[str, Any] = {"ilmd": {"cbvmda:lotNumber": "L7"}, "action": "ADD"}
            if chance.random() < 0.5:
                return seen(at, 1, *pick(), **more)
            said = [{"epcClass": lot("L7"), "quantity": 1}]
            word = chance.choice(["recalled", "active"])
            return seen(at, 1, epcList=[], quantityList=said, disposition=word)
        return seen(at, 2, *chance.sample([*things, *units], 2), step="inspecting")

    return [one(at + chance.random() / 2) for at in range(many)]


def told(events: list[Event]) -> Bundle:
    """Have a log tell events, and pack them all."""
    log, packer = SmallLog(), Packer()
    for number, event in enumerate(events):
        digest = event_hash(event)
        said = {
            "issuer": ORG, "source": "s", "number": number,
            "digest": digest, "event": text_of(event),
        }  # fmt: skip
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "event", "digest": {"sha256": digest}}],
            "predicateType": SUPPLY_EVENT.uri,
            "predicate": said,
        }
        log.append(sealed(json.dumps(statement).encode(), OWNER))
    for index in range(1, len(log.entries)):
        packer.add(log.receipt(index), LOG_KEY)
    return Bundle(canonical(CHEESE), BRAND, 0, log_policy(), 0, "", "", (), packer.packed())


def test_both_tell_the_same_steps(scan: Scan) -> None:
    """Over containers in containers, lots, processing and recalls: the same steps, own or not."""
    chance, sizes = random.Random(7), []
    for number in range(25):
        bundle = told(story(chance, 14))
        try:
            found = check_bundle(bundle, policy=None, code=None, now_s=None)
            expected = {(one.level > 0, one.index) for one in found.steps}
        except VerificationError as err:
            assert err.code == "label.empty"
            expected = set()
        data = bundles.format(bundle)
        page = scan(chain().code, carrying(data))
        if not expected:
            assert trust(page) == ("fails", "none")
            continue
        own = page.locator("#way > h2 + ol > li").all_text_contents()
        others = page.locator("#way > h3 + ol > li").all_text_contents()
        shown = {(False, entry_in(one)) for one in own} | {(True, entry_in(one)) for one in others}
        assert shown == expected, number
        sizes.append(len(expected))
    assert max(sizes) >= 8


def carrying(data: bytes) -> bytes:
    """Make a page that carries a bundle."""
    return with_bundle(chain().page, lambda _: data)


def entry_in(text: str) -> int:
    """Read which entry a step's proof names."""
    found = re.search(r"entry(\d+), as of", text)
    assert found
    return int(found[1])
