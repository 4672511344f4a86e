"""Five organisations, honest ones and liars, through a bad year; and what must hold.

The honest keep the rules of `docs/explain/organisations.md`, the liars sign whatever helps them,
and fewer than half of the members lie. What the promises say is checked from outside, by who knows
everything.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from counterfoil.errors import CounterfoilError, VerificationError
from counterfoil.formats import evidence as evidences
from counterfoil.formats import note as notes
from counterfoil.formats.card import Card
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import NoteSignature
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.network.charter import Charter, Member
from counterfoil.proofs import equivocation
from counterfoil.proofs.signing import NoteSigner
from counterfoil.proofs.verify import verify_receipt
from counterfoil.testing.clock import ManualClock
from counterfoil.witness.collect import collect
from tests.organisation import Organisation, Story, check_card_once, tree_of
from tests.world import Courier, Links, SimLog, accepted

__all__ = ["Hostile", "Liar", "Simulation", "run_seed"]

NAMES: Final = tuple(f"https://org{number}.example" for number in range(5))
_HEAL_ROUNDS: Final = 5


class Liar(Organisation):
    """Cosigns anything, and tells two halves of the world two histories of its log."""

    lying = True
    other: SimLog | None = None

    def fork(self) -> None:
        """Begin a second history."""
        if self.other is None and self.story.log.size > 3:
            self.other = self.story.log.branch(self.chance.randrange(2, self.story.log.size))

    def record(self) -> int | None:
        for log in filter(None, (self.story.log, self.other)):
            if self.chance.random() < 0.7:
                self._numbers += 1
                kept, self.story.log = self.story.log, log
                super().record()
                self.story.log = kept
        return None

    def vote(self, charter: Charter, cards: list[Card]) -> None:  # type: ignore[override]  # a list
        """Vote for one thing in one history, and for another in the other."""
        kept = self.story.log
        if self.other is not None and self.chance.random() < 0.5:
            self.story.log = self.other
        super().vote(charter, cards)
        self.voted.discard(charter.follows)
        self.story.log = kept

    def publish(self) -> None:
        for log in filter(None, (self.story.log, self.other)):
            policy = self.story.policy_at(log.size)
            if policy is None:
                continue
            couriers = [
                Courier("self", policy.witnesses[0].key, self.cosign, "arrives", self.links),
                *(self._courier(w.name, w.key, self.peers[w.name]) for w in policy.witnesses[1:]),
            ]
            found = collect(couriers, policy, log.note(log.size), log.prove, {}, 60.0)
            self._shown[id(log)] = found.note
            for reader in self.peers.values():
                if reader.network and accepted(reader.network.policy_for(self.origin), found.note):
                    tree = tree_of(found.note)
                    self.accepted.append((self.origin, tree, log.leaves(tree.size)))
            if log is self.story.log:
                self._follow(log.origin, found.note, log.entries[: tree_of(found.note).size])

    _shown: dict[int, bytes]

    def serve(self, origin: str, asker: str) -> tuple[bytes, list[bytes]] | None:
        if origin != self.origin:
            return super().serve(origin, asker)
        log = self.story.log
        if self.other is not None and sum(asker.encode()) % 2:
            log = self.other
        note = self._shown.get(id(log))
        return None if note is None else (note, log.entries[: tree_of(note).size])

    def cosign(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        text = notes.parse(request.checkpoint).text
        now_s = self._clock.now_ms() // 1000
        return tuple(NoteSigner(key).sign(text, now_s) for key in self._witness_keys)


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
        self.stolen: list[tuple[Story, int, bytes, bytes]] = []
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
        self.check()

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
            new.copies = {o: c for o, c in new.copies.items() if o == new.origin}
            return now.with_member(check_card_once(self.directory[name]), after)
        if kind == "rotate":
            one.rotate_witness()
            return now.with_member(self._hand_out(one), after)
        least = max(3, 2 * self.liars + 2)
        return now.without(one.name, after) if len(now.members) > least else None

    def _rotate_producer(self) -> None:
        one = self.chance.choice(self.honest)
        if one.stopped or one.story.log.size > 60:
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
        one.begin_successor()
        assert one.next_story is not None
        self.ends[one.next_story.log.origin] = tree_of(one.story.vouched)
        self._hand_out(one)

    def _fork(self) -> None:
        one = self._any()
        if isinstance(one, Liar):
            one.fork()

    def _roll_back(self) -> None:
        one = self.chance.choice(self.honest)
        if one.origin not in self.thefts and one.story.log.size > 4:
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

    # What must hold -----------------------------------------------------------------------------

    def check(self) -> None:
        """Check every promise of the network."""
        networks = [one.network for one in self.honest if one.network is not None]
        assert 2 * self.liars < min(len(n.charter.members) for n in networks)
        self._check_one_history()
        self._check_forks_found()
        self._check_nothing_lost()
        self._check_receipts()

    def _check_one_history(self) -> None:
        """No two histories of one log both had the quorum of honest readers."""
        for origin, states in self._by_origin([a for o in self.all.values() for a in o.accepted]):
            ordered = sorted(states, key=lambda state: state[0].size)
            for (small, leaves), (large, more) in pairwise(ordered):
                same = more[: small.size] == leaves
                assert same, f"two histories of {origin}: {small.size} and {large.size}"

    def _check_forks_found(self) -> None:
        """What two honest parties were shown and excludes each other convicts the log's key."""
        for origin, states in self._by_origin([s for o in self.honest for s in o.shown]):
            ordered = sorted(states, key=lambda state: state[0].size)
            if all(more[: len(leaves)] == leaves for (_, leaves), (_, more) in pairwise(ordered)):
                continue
            for one in self.honest:
                if one.network is None or not one.keys_of(origin):
                    continue
                assert origin in one.evidence, f"{one.name} does not know that {origin} forked"
                proven = equivocation.verify(evidences.parse(one.evidence[origin]))
                assert proven.first.origin == origin

    def _check_nothing_lost(self) -> None:
        """What was acknowledged, witnessed and mirrored is still there, at its place."""
        for origin, tree, leaves in (a for one in self.honest for a in one.accepted):
            stories = [s for o in self.honest for s in (o.story, *o.old) if s.log.origin == origin]
            copies = [o.copies[origin] for o in self.honest if origin in o.copies]
            held = [s.log.leaves(tree.size) for s in stories]
            held += [copy.leaves(tree.size) for copy in copies]
            assert leaves in held, f"{tree.size} entries of {origin} are lost"

    def _check_receipts(self) -> None:
        """Every receipt verifies under the policy of its time; a thief's word does not."""
        for one in self.honest:
            for given in one.given:
                story = next(s for s in (one.story, *one.old) if s.log.origin == given.origin)
                policy = story.policy_at(given.size)
                assert policy == given.policy
                try:
                    verify_receipt(given.receipt, policy)
                except VerificationError as err:
                    assert err.code in ("key.ended", "key.void"), err
                    assert (story.log.origin, given.receipt.record.index) in self._void()
        for story, index, entry, revocation in self.stolen:
            held = story.log.entries
            if revocation not in held or held[index] != entry:
                continue  # they went with a rollback
            seen = 0 if story.vouched is None else tree_of(story.vouched).size
            if not max(story.key_entries) < seen <= story.log.size:
                continue
            policy = story.policy_at(seen)
            receipt = story.log.receipt(index, story.vouched or b"", story.key_entries)
            try:
                verify_receipt(receipt, policy)  # type: ignore[arg-type]  # a vouched state has one
            except CounterfoilError as err:
                assert err.code == "key.ended", err
            else:
                raise AssertionError(f"entry {index} of {story.log.origin} is a thief's")

    def _void(self) -> set[tuple[str, int]]:
        return {(s.log.origin, at) for s, index, *_ in self.stolen for at in (index, index + 1)}

    @staticmethod
    def _by_origin(
        states: list[tuple[str, Checkpoint, list[bytes]]],
    ) -> list[tuple[str, list[tuple[Checkpoint, list[bytes]]]]]:
        found: dict[str, dict[tuple[int, bytes], tuple[Checkpoint, list[bytes]]]] = {}
        for origin, tree, leaves in states:
            found.setdefault(origin, {})[tree.size, tree.root] = tree, leaves
        return [(origin, list(by_root.values())) for origin, by_root in sorted(found.items())]


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
