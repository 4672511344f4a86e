"""Five organisations, honest ones and liars, through a bad year; and what must hold.

The honest keep the rules of `docs/explain/organisations.md`, the liars sign whatever helps them,
and fewer than half of the members lie. What the promises say is checked from outside, by who knows
everything.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from counterfoil.formats.card import Card
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.network.charter import Charter, Member
from counterfoil.testing.clock import ManualClock
from tests.faults.network_liar import Liar
from tests.faults.network_promises import Stolen, check_promises
from tests.organisation import Organisation, check_card_once
from tests.stories import tree_of
from tests.world import Links, SimLog

__all__ = ["Hostile", "Simulation", "run_seed"]

NAMES: Final = tuple(f"https://org{number}.example" for number in range(5))
_HEAL_ROUNDS: Final = 5


class Simulation:
    """One seed's world. hostile: two of five lie from the first day on, and try to fork."""

    honest_type: type[Organisation] = Organisation
    hostile = False

    def __init__(self, seed: int) -> None:
        self.seed = f"seed {seed}"
        self.chance = random.Random(self.seed)
        self.clock = ManualClock()
        self.links = Links(self.chance, self.clock, self.chance.choice((0.0, 0.1, 0.3)))
        self.directory: dict[str, Card] = {}
        self.cards: dict[Member, Card] = {}
        self.all: dict[str, Organisation] = {}
        self.ends: dict[str, Checkpoint] = {}  # successor -> the last state of the log before
        self.thefts: dict[str, tuple[SimLog, set[str]]] = {}
        self.stolen: list[Stolen] = []
        count = 5 if self.hostile else self.chance.randrange(3, 6)
        liars = 2 if self.hostile else self.chance.randrange((count - 1) // 2 + 1)
        for number, name in enumerate(NAMES[:count]):
            self._found(name, Liar if number < liars else self.honest_type)
        self.liars = liars
        anchor = Charter.founding(check_card_once(card) for card in self.directory.values())
        for one in self.all.values():
            one.start(anchor)

    @property
    def honest(self) -> list[Organisation]:
        return [one for one in self.all.values() if not one.lying]

    def run(self, steps: int) -> None:
        """Let things happen, then let the world heal, and look at what came of it."""
        actions: list[tuple[int, Callable[[], None]]] = [
            (24, self._record),
            (26, self._publish),
            (30, self._pull),
            (16, self._consider),
            (14, self._propose),
            (3, self._rotate_producer),
            (1, self._compromise),
            (8 if self.hostile else 1, self._fork),
            (1, self._roll_back),
            (3, self._repair),
            (1, lambda: self.links.split(list(self.all))),
            (4, self.links.heal),
            (1, self._crash),
            (6, self.links.deliver_late),
        ]
        weights = [weight for weight, _ in actions]
        for _ in range(steps):
            self.clock.advance(self.chance.randrange(2_000))
            self.chance.choices([action for _, action in actions], weights)[0]()
        self._heal()
        check_promises(list(self.all.values()), self.liars, self.stolen)

    # What happens -------------------------------------------------------------------------------

    def _found(self, name: str, kind: type[Organisation]) -> Organisation:
        one = kind(name, self.seed, self.links, self.clock, self.directory)
        if isinstance(one, Liar):
            one._shown = {}
        one.peers = self.all
        self.all[name] = one
        self._hand_out(one)
        return one

    def _hand_out(self, one: Organisation) -> Member:
        """Have an organisation write its card, as it is now, and give it to everybody."""
        card = self.directory[one.name] = one.card()
        member: Member = check_card_once(card)
        self.cards[member] = card
        return member

    def _any(self) -> Organisation:
        return self.chance.choice(list(self.all.values()))

    def _record(self) -> None:
        self._any().record()

    def _publish(self) -> None:
        one = self._any()
        if one.name not in self.links.down:
            one.publish()

    def _pull(self) -> None:
        reader, source = self.chance.choice(self.honest), self._any()
        for origin in dict.fromkeys((*self._stories(source), *sorted(source.copies))):
            self._pull_from(reader, source, origin)

    @staticmethod
    def _stories(source: Organisation) -> list[str]:
        """List the logs that an organisation writes, or wrote."""
        found = (source.story, source.next_story, *source.old)
        return [story.log.origin for story in found if story is not None]

    def _pull_from(self, reader: Organisation, source: Organisation, origin: str) -> None:
        fate = self.links.fate(reader.name, source.name)
        served = source.serve(origin, reader.name)
        branch, audience = self.thefts.get(origin, (None, set[str]()))
        if branch is not None and source.origin == origin and reader.name in audience:
            served = branch.note(branch.size), list(branch.entries)
        if fate in ("lost", "answer-lost") or served is None:
            return
        note, entries = served
        if fate == "late":
            self.links.late.append(lambda: reader.receive(origin, note, entries))
            return
        for _ in range(2 if fate == "twice" else 1):
            reader.receive(origin, note, list(entries))
        if not source.lying:
            for data in list(source.evidence.values()):
                reader.hear_evidence(data)

    def _consider(self) -> None:
        """Have some look at what is proposed, and agree to the first thing."""
        for one in list(self.all.values()):
            if self.chance.random() < 0.5:
                self._agree(one)

    def _agree(self, one: Organisation) -> None:
        if one.network is None:
            return
        for charter in one.network.voices():
            if charter.follows not in one.voted and (one.lying or one.network.ready(charter)):
                one.vote(charter, self._cards(charter))
                self._freeze(one, charter)

    def _freeze(self, one: Organisation, charter: Charter) -> None:
        for member in charter.members:
            if member.origin in self.ends and member.organisation != one.name:
                one.freeze_other(self.ends[member.origin], member.origin)

    def _cards(self, charter: Charter) -> list[Card]:
        """Give the cards that a charter was made from, as their organisations hand them out."""
        return [self.cards[member] for member in charter.members]

    def _propose(self) -> None:
        one = self.chance.choice(self.honest)
        if one.network is None or one.network.awaited in one.voted:
            return
        now = one.network.charter
        if one.name not in now.organisations or one.network.voices():
            return
        following = self._change(one, now, one.network.awaited)
        if following is None:
            return
        for new in self.all.values():
            if new.origin == _origin_in(following, new) and new.name not in now.organisations:
                new.vote(following, self._cards(following))
                new.publish()
        if one.network.ready(following) or one.next_story is not None:
            one.vote(following, self._cards(following))

    def _change(self, one: Organisation, now: Charter, after: str) -> Charter | None:
        if check_card_once(self.directory[one.name]) != now.member(one.name):
            return now.with_member(check_card_once(self.directory[one.name]), after)
        kind = self.chance.choice(("join", "rotate", "leave"))
        if kind == "join":
            outside = [name for name in NAMES if name not in now.organisations]
            if not outside:
                return None
            name = self.chance.choice(outside)
            new = self.all.get(name) or self._found(name, self.honest_type)
            if new.lying or new.stopped:
                return None
            new.start(now)
            return now.with_member(check_card_once(self.directory[name]), after)
        if kind == "rotate":
            one.rotate_witness()
            return now.with_member(self._hand_out(one), after)
        least = max(3, 2 * self.liars + 2)
        return now.without(one.name, after) if len(now.members) > least else None

    def _rotate_producer(self) -> None:
        one = self.chance.choice(self.honest)
        if one.stopped or one.next_story is not None or one.story.log.size > 60:
            return
        if self.chance.random() < 0.4:  # a thief had the key, and used it
            index = one.record()
            one.record()
            if index is not None:
                one.rotate_producer(stolen_from=index)
                log = one.story.log
                self.stolen.append((one.story, index, log.entries[index], log.entries[-1]))
            return
        one.rotate_producer()

    def _compromise(self) -> None:
        """Steal the key of a log: the thief goes on with it, and its owner begins a successor."""
        one = self.chance.choice(self.honest)
        if one.network is None or one.next_story is not None or one.origin in self.thefts:
            return
        log = one.story.log
        branch = log.branch(self.chance.randrange(2, log.size + 1))
        for _ in range(self.chance.randrange(1, 4)):
            branch.append(log.entries[self.chance.randrange(2)])
        audience = {name for name in NAMES if name != one.name and self.chance.random() < 0.5}
        self.thefts[one.origin] = branch, audience
        self._succeed(one)

    def _succeed(self, one: Organisation) -> None:
        if one.story.vouched is None or one.next_story is not None:
            return
        fresh = one.begin_successor()
        self.ends[fresh.log.origin] = tree_of(one.story.vouched)
        self._hand_out(one)

    def _fork(self) -> None:
        one = self._any()
        if isinstance(one, Liar):
            one.fork()

    def _roll_back(self) -> None:
        one = self.chance.choice(self.honest)
        if one.origin not in self.thefts and one.next_story is None and one.story.log.size > 4:
            one.roll_back()

    def _repair(self) -> None:
        for one in self.honest:
            if one.stopped:
                one.repair()

    def _crash(self) -> None:
        self.all[self.chance.choice(list(self.all))].crash()

    def _heal(self) -> None:
        self.links.heal()
        self.links.fault_share = 0.0
        while self.links.late:
            self.links.deliver_late()
        for _ in range(_HEAL_ROUNDS):
            self._repair()
            self._propose()
            for one in self.all.values():
                self._agree(one)
                one.publish()
            for reader in self.honest:
                for source in self.all.values():
                    for origin in (*self._stories(source), *sorted(source.copies)):
                        self._pull_from(reader, source, origin)


class Hostile(Simulation):
    """A world in which as many lie as may."""

    hostile = True


def _origin_in(charter: Charter, one: Organisation) -> str | None:
    """Tell the log that a charter gives an organisation."""
    found = [m.origin for m in charter.members if m.organisation == one.name]
    return found[0] if found else None


def run_seed(seed: int, steps: int = 200, kind: type[Simulation] = Simulation) -> Simulation:
    """Run one seed; raises AssertionError where a promise does not hold."""
    simulation = kind(seed)
    simulation.run(steps)
    return simulation
