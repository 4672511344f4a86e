"""Play the story, scene by scene: each is told when it is done.

This module refuses to tell what did not come true.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from counterfoil.apps.supply.parties import Parties
from counterfoil.apps.supply.story.buying import Buying
from counterfoil.apps.supply.story.goods import PALLETS, Goods
from counterfoil.apps.supply.story.proving import Proving
from counterfoil.apps.supply.story.simulated import World
from counterfoil.ledger import Layout
from counterfoil.ledger.anchor_setup import use_own_chain
from counterfoil.ports import APP_LEDGER, Progress, Scene

__all__ = ["demo"]

_NAMES: Final = ("farm", "packer", "carrier", "shop")
_WITNESSES: Final = "witnesses"
_WAIT_S: Final = 30.0
_HOURS: Final = 26.0  # from the picking until now


def demo(folder: Path, progress: Progress) -> Iterator[Scene]:
    """Play the story; see `ports.AppDemo`. The shop's ledger is the app's."""
    places = {name: folder / (APP_LEDGER if name == "shop" else name) for name in _NAMES}
    founded = Parties.found(places, folder / _WITNESSES)
    use_own_chain(Layout(places["shop"]), _WAIT_S)
    world = World(time.time_ns() // 1_000_000 - round(_HOURS * 3_600_000))
    with founded as parties:
        goods = Goods(parties, world)
        yield goods.picked()
        with Buying(folder, parties, world, progress) as buying:
            yield buying.learned()
            yield buying.set_up()
            yield buying.ordered()
            yield goods.packed(buying.order.po, int(buying.order.said.quantity))
            yield goods.loaded()
            yield goods.warmed()
            yield buying.judged(PALLETS[1])
            yield goods.rerouted(buying.judgement, buying.life_h)
            yield buying.returned(PALLETS[0])
            yield buying.sold(14)
            yield buying.ordered_again()
            yield goods.delivered(buying.order.po, int(buying.order.said.quantity))
            yield buying.paid(goods.received)
        proving = Proving(folder, goods)
        yield proving.doubted()
        yield proving.caught()
        yield from proving.shown()
