"""Ordinary things on a chain that look like attacks, for authors of detectors: none is to be found.

Simulated traffic is simpler than real one; these are what its accounts do not do and real ones do
all day. This module refuses to hold anything that harms anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from counterfoil.testing.chain_scene import Scene

__all__ = ["CHAIN_DECOYS"]

_COIN: Final = 10**18


def new_wallet(scene: Scene, at: int) -> None:
    """Move everything of one wallet to a new one of its owner, and test the address with dust."""
    old, new = scene.account(), scene.account()
    for place in range(4):
        scene.send(at + place, old, scene.account(), _COIN)
    scene.send(at + 9, old, new, 10**12)
    for place in range(4):
        token = scene.account()
        scene.move(at + 10 + place, old, token, token, [(old, new, 10**10)])
    scene.send(at + 15, old, new, 7 * _COIN)


def exchange(scene: Scene, at: int) -> None:
    """Take deposits on an address for each customer, sweep them, and pay out what is asked for."""
    hot, tokens = scene.account(), [scene.account() for _ in range(3)]
    for place, customer in enumerate(scene.random.sample(scene.people, 40)):
        own, block = scene.account(), at + 4 * place
        for step, token in enumerate(tokens):
            amount = scene.random.randrange(10**8, 10**11)
            scene.move(block + step, customer, token, token, [(customer, own, amount)])
            scene.move(block + step + 5, own, token, token, [(own, hot, amount)])
        scene.send(block + 3, customer, own, _COIN)
        scene.send(block + 8, own, hot, _COIN)
        if place % 2:
            amount = scene.random.randrange(10**8, 10**11)
            scene.move(block + 30, hot, tokens[0], tokens[0], [(hot, customer, amount)])


def market(scene: Scene, at: int) -> None:
    """Swap tokens with a pool by a router that many have approved, both ways in one transaction."""
    router, pool = scene.account(), scene.account()
    one, two = scene.account(), scene.account()
    for place, trader in enumerate(scene.random.sample(scene.people, 45)):
        amount = scene.random.randrange(10**8, 10**11)
        scene.approve(at + 2 * place, trader, one, router)
        swap = [(trader, pool, amount), (pool, trader, 3 * amount)]
        block = at + 2 * place + 1
        scene.move(block, trader, router, one, swap[:1])
        scene.move(block, trader, router, two, swap[1:])


def relayer(scene: Scene, at: int) -> None:
    """Fill orders by signature: a relayer moves an owner's token and brings another in exchange."""
    settler, keeper, desk, one = (scene.account() for _ in range(4))
    for place, owner in enumerate(scene.random.sample(scene.people, 8)):
        scene.approve(at + place, owner, one, settler)
        amount = scene.random.randrange(10**8, 10**11)
        moves = [(owner, desk, amount), (desk, owner, 2 * amount)]
        scene.move(at + 20 + place, keeper, settler, one, moves)


def loan(scene: Scene, at: int) -> None:
    """Lend coins to a friend and get them back, twice in a day."""
    lender, friend = scene.account(), scene.account()
    for turn in range(2):
        scene.send(at + 100 * turn, lender, friend, 2 * _COIN)
        scene.send(at + 100 * turn + 50, friend, lender, 2 * _COIN)


def payroll(scene: Scene, at: int) -> None:
    """Collect from thirty customers, and pay twelve people the same sum each month."""
    firm, token = scene.account(), scene.account()
    for place, customer in enumerate(scene.random.sample(scene.people, 30)):
        amount = scene.random.randrange(10**8, 10**10)
        scene.move(at + place, customer, token, token, [(customer, firm, amount)])
    for place in range(24):
        worker = scene.people[place % 12]
        scene.move(at + 40 + place, firm, token, token, [(firm, worker, 5 * 10**9)])


def lottery(scene: Scene, at: int) -> None:
    """Sell tickets to thirty players, and pay four of them many times the price, by chance."""
    booth, token = scene.account(), scene.account()
    players = scene.random.sample(scene.people, 30)
    for place, player in enumerate(players):
        scene.move(at + place, player, token, token, [(player, booth, 10**8)])
    for place, winner in enumerate(scene.random.sample(players, 4)):
        scene.move(at + 40 + place, booth, token, token, [(booth, winner, 6 * 10**8)])


def hurry(scene: Scene, at: int) -> None:
    """Pay ten times the usual price, as traders do when they must not wait."""
    scene.send(at, scene.account(), scene.account(), _COIN, times=10.0)


def donation(scene: Scene, at: int) -> None:
    """Send dust to accounts that never paid anybody alike, and pay two payees that are alike."""
    payer, first = scene.account(), scene.account()
    second = scene.account(first, 3)
    scene.send(at, payer, first, _COIN)
    scene.send(at + 5, payer, second, _COIN)
    scene.send(at + 9, second, payer, 10**12)
    for place, other in enumerate(scene.random.sample(scene.people, 10)):
        scene.send(at + place, payer, other, 10**12)


CHAIN_DECOYS: Final[Mapping[str, Callable[[Scene, int], None]]] = MappingProxyType(
    {
        "new wallet": new_wallet,
        "exchange": exchange,
        "market": market,
        "relayer": relayer,
        "loan": loan,
        "payroll": payroll,
        "lottery": lottery,
        "hurry": hurry,
        "donation": donation,
    }
)
"""Name -> what puts it into a scene from a block on."""
