"""What cannot have been, who is caught at it, and what a shopper can check.

This module refuses to stage an outcome: each doubt and each refusal is what was found.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.doubts import Limits, doubts
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.places import coordinates_of, names_of
from counterfoil.apps.supply.shopper import check_page, code_for, qr_svg, shopper_page
from counterfoil.apps.supply.shopper.policies import policy_of
from counterfoil.apps.supply.story.goods import PALLETS, Goods, broken
from counterfoil.apps.supply.story.lying import TwinLog, catch, make_twin, record_evidence
from counterfoil.apps.supply.story.simulated import lot
from counterfoil.formats import evidence
from counterfoil.ports import Scene

__all__ = ["CODE", "EVIDENCE", "PAGE", "Proving"]

PAGE: Final = "berries.html"
"""Name of the shopper's page, in the story's folder."""

CODE: Final = "berries-code.svg"
"""Name of the drawn code that leads to it."""

EVIDENCE: Final = "carrier-evidence.json"
"""Name of the evidence against the carrier."""

_BRAND: Final = "https://berries.example"
_LOT: Final = lot("K2", 22222)


class Proving:
    """The end of the story. goods: what happened."""

    def __init__(self, folder: Path, goods: Goods) -> None:
        self._folder, self._goods = folder, goods
        self._shop = goods.ledger("shop")

    def doubted(self) -> Scene:
        """Let the carrier claim what the logger's own signature excludes."""
        goods, world = self._goods, self._goods.world
        goods.say("carrier", [world.move("arriving", "shop", PALLETS[:1], 10.2)])
        goods.share("shop")
        with index_of(self._shop) as index:
            known = Limits(places=coordinates_of(index), called=names_of(index))
            found = list(doubts(index, known, PALLETS[0]))
        if not found:
            raise broken("a pallet in two places to be doubted")
        return Scene(
            "doubt",
            "The carrier says that the first pallet reached the shop while the logger signed that "
            f"it stood on the road: {found[0].says}",
            {"doubts": [one.says for one in found]},
        )

    def caught(self) -> Scene:
        """Let the carrier write another history, with cool temperatures."""
        goods, world = self._goods, self._goods.world
        twin: TwinLog = make_twin(goods.parties, "carrier", self._folder / "carrier-twin")
        goods.say("carrier", [world.move("departing", "kiosk", [], 22)])
        cool = world.move("arriving", "shop", PALLETS, 9.5)
        found = catch(goods.parties, twin, lambda ledger: capture(ledger, [cool]))
        if len(found.refused) != len(goods.parties.parties) - 1:
            raise broken("every witness to refuse a second history")
        index = record_evidence(self._shop, found.evidence)
        (self._folder / EVIDENCE).write_bytes(evidence.format(found.evidence))
        return Scene(
            "caught",
            "So the carrier goes on in a copy of its log, in which the pallets arrived. No witness "
            "cosigns it, and its two signatures prove to everybody what it did.",
            {"refused": found.refused, "evidence": EVIDENCE, "recorded": index},
        )

    def shown(self) -> Iterator[Scene]:
        """Make the shopper's page, and check it as a shopper's telephone would."""
        ledgers = list(self._goods.parties.ledgers.values())
        for ledger in ledgers:
            ledger.publish()
        policy = policy_of(ledgers)
        page = shopper_page(
            ledgers,
            _LOT,
            brand=_BRAND,
            policy=policy,
            low_c="0",
            high_c="8",
            signed_in=self._shop,
        )
        code = code_for(_LOT, _BRAND, policy)
        (self._folder / PAGE).write_bytes(page)
        (self._folder / CODE).write_bytes(qr_svg(code))
        checked = check_page(page, code=code)
        yield Scene(
            "shopper",
            f"Who scans the code on a punnet sees its way: {len(checked.steps)} steps, each proven "
            "in its own party's log, with a list of them that the shop signed; checked on the "
            "telephone, without a network.",
            {"page": PAGE, "code": code, "bytes": len(page)},
        )
        yield Scene(
            "limits",
            "Proven is who said what, and that nobody changed it since. That the logger lay "
            "between these pallets, and that the punnet in your hand is of this lot, is what "
            "people say.",
            {"read": "LIMITS.md"},
        )
