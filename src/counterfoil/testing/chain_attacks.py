"""Simulated attacks on the users of a chain, one for each detector of threats.

Each is written as it is done: who sends what to whom in which block, with patience where the real
ones have it. What finds these is not thereby shown to find all. This module refuses to make an
attack of rows that a chain could not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from counterfoil.testing.chain_scene import Scene

__all__ = ["CHAIN_ATTACKS", "ChainAttack"]

_COIN: Final = 10**18


@dataclass(frozen=True, slots=True)
class ChainAttack:
    """An attack that was put into a scene.

    kind: of the finding that is to be made. accounts: any of which is to be found. begun: block of
    its first act. loss: block in which somebody first loses something; the same where the act is
    itself the harm. known: account -> label, where the detector needs a list.
    """

    kind: str
    accounts: tuple[str, ...]
    begun: int
    loss: int
    known: Mapping[str, str] = field(default_factory=dict)


def poison(scene: Scene, at: int) -> ChainAttack:
    """Send dust, a forged transfer and a worthless token from three look-alikes; one is paid."""
    token, worthless = scene.account(), scene.account()
    victims = scene.random.sample(scene.people, 3)
    payees = [scene.account() for _ in victims]
    fakes = [scene.account(payee, digits) for payee, digits in zip(payees, (4, 5, 3), strict=True)]
    thief = scene.account()
    for victim, payee in zip(victims, payees, strict=True):
        scene.send(at, victim, payee, 3 * _COIN)
        scene.move(at + 1, victim, token, token, [(victim, payee, 900 * 10**6)])
    scene.send(at + 4, fakes[0], victims[0], 10**12)
    scene.move(at + 5, thief, scene.account(), token, [(victims[1], fakes[1], 0)])
    scene.move(at + 6, thief, worthless, worthless, [(fakes[2], victims[2], 900 * 10**6)])
    scene.send(at + 60, victims[0], fakes[0], 3 * _COIN)
    return ChainAttack("address-poisoning", tuple(fakes), at + 4, at + 60)


def phish(scene: Scene, at: int) -> ChainAttack:
    """Have six owners approve a contract that is no shop; its operator takes their tokens later."""
    trap, operator, cash, token = (scene.account() for _ in range(4))
    victims = scene.random.sample(scene.people, 6)
    for place, victim in enumerate(victims):
        scene.approve(at + 7 * place, victim, token, trap)
    for place, victim in enumerate(victims):
        amount = scene.random.randrange(10**8, 10**12)
        scene.move(at + 90 + 11 * place, operator, trap, token, [(victim, cash, amount)])
    return ChainAttack("approval-phishing", (trap, operator, cash), at, at + 90)


def permit(scene: Scene, at: int) -> ChainAttack:
    """Have two owners sign a message; the thief's key hands it in and takes the tokens."""
    thief, cash, token = (scene.account() for _ in range(3))
    victims = scene.random.sample(scene.people, 2)
    for place, victim in enumerate(victims):
        scene.approve(at + 40 * place, victim, token, thief, signer=thief)
        scene.move(at + 40 * place + 1, thief, token, token, [(victim, cash, 5 * 10**9)])
    return ChainAttack("approval-phishing", (thief, cash), at, at + 1)


def launder(scene: Scene, at: int) -> ChainAttack:
    """Let a labelled thief move loot by two steps into fresh accounts, in parts."""
    thief, mules, ends = scene.account(), [scene.account() for _ in range(3)], []
    for place, mule in enumerate(mules):
        scene.send(at + place, thief, mule, 20 * _COIN)
        end = scene.account()
        scene.send(at + 10 + place, mule, end, 19 * _COIN)
        ends.append(end)
    known = {thief: "simulated thief"}
    return ChainAttack("bad-neighbour", (*mules, *ends), at, at, known)


def pyramid(scene: Scene, at: int) -> ChainAttack:
    """Let sixty members pay in; the first ones get a third more from those who come after."""
    operator, token = scene.account(), scene.account()
    members = scene.random.sample(scene.people, 60)
    queue: list[tuple[str, int]] = []
    purse = 0
    first_loss = 0
    for place, member in enumerate(members):
        block = at + 5 * place
        amount = scene.random.choice((100, 200, 500)) * 10**6
        scene.move(block, member, token, token, [(member, operator, amount)])
        purse += amount * 9 // 10
        queue.append((member, amount * 4 // 3))
        while queue and queue[0][1] <= purse:
            payee, due = queue.pop(0)
            purse -= due
            scene.move(block + 1, operator, token, token, [(operator, payee, due)])
        first_loss = block
    return ChainAttack("ponzi-like", (operator,), at, first_loss)


def sweep(scene: Scene, at: int) -> ChainAttack:
    """Empty four wallets whose keys leaked of coins and three tokens, one after another."""
    thief, tokens = scene.account(), [scene.account() for _ in range(3)]
    victims = scene.random.sample(scene.people, 4)
    for victim in victims:
        for _ in range(3):
            scene.send(at, victim, scene.account(), _COIN // 10)
    for place, victim in enumerate(victims):
        block = at + 20 + 30 * place
        for step, token in enumerate(tokens):
            scene.move(block + step, victim, token, token, [(victim, thief, 10**9 + place)])
        scene.send(block + len(tokens), victim, thief, 2 * _COIN)
    return ChainAttack("drain", (thief,), at + 20, at + 20)


def overpay(scene: Scene, at: int) -> ChainAttack:
    """Bid three hundred times the usual price, as a robber with a stolen key does to be first."""
    thief = scene.account()
    scene.send(at, thief, scene.account(), _COIN, times=300.0)
    return ChainAttack("fee-anomaly", (thief,), at, at)


def wash(scene: Scene, at: int) -> ChainAttack:
    """Send a token round three accounts of one owner, eight times, to look sought after."""
    token, ring = scene.account(), [scene.account() for _ in range(3)]
    amount = 10**12
    for turn in range(8):
        for place, sender in enumerate(ring):
            receiver = ring[(place + 1) % len(ring)]
            block = at + 24 * turn + 7 * place
            scene.move(block, sender, token, token, [(sender, receiver, amount)])
            amount = amount * scene.random.randrange(995, 1000) // 1000
    return ChainAttack("wash-trade", tuple(ring), at, at)


CHAIN_ATTACKS: Final[Mapping[str, Callable[[Scene, int], ChainAttack]]] = MappingProxyType(
    {
        "address poisoning": poison,
        "approval phishing": phish,
        "phishing by permit": permit,
        "laundering": launder,
        "pyramid": pyramid,
        "swept wallets": sweep,
        "overpaid": overpay,
        "wash trades": wash,
    }
)
"""Name -> what puts the attack into a scene from a block on."""
