"""An honest organisation of the simulated world: it records, publishes, mirrors, watches, votes."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import cache

import msgspec

from counterfoil.errors import CounterfoilError, InputError, Refused, VerificationError
from counterfoil.formats import evidence as evidences
from counterfoil.formats import note as notes
from counterfoil.formats import policy as policies
from counterfoil.formats import predicates
from counterfoil.formats.card import Card
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import NoteSignature
from counterfoil.formats.policy import Policy
from counterfoil.formats.predicates import Equivocation, LogFrozen, Party
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.network.cards import check_card, make_card, party_fields
from counterfoil.network.charter import Charter, Member
from counterfoil.network.conviction import convict
from counterfoil.network.membership import Network
from counterfoil.proofs import equivocation
from counterfoil.proofs.merkle import reader_of, root_of
from counterfoil.proofs.signing import NoteSigner
from counterfoil.proofs.trust import open_note
from counterfoil.testing.clock import ManualClock
from counterfoil.witness import Witness
from tests.books import Books
from tests.stories import Copy, Given, Story, tree_of
from tests.world import (
    Courier,
    Links,
    SimLog,
    TwinMemory,
    accepted,
    collect_in_turn,
    key_from,
    said_in,
)

__all__ = ["Organisation", "check_card_once"]


class Organisation(Books):
    """One that keeps the rules. links: how it reaches others; directory: cards, handed by hand."""

    lying = False

    def __init__(
        self, name: str, seed: str, links: Links, clock: ManualClock, directory: dict[str, Card]
    ) -> None:
        super().__init__(name, seed)
        self.links, self._clock = links, clock
        self._directory = directory
        self._witness_keys = [self._key("witness", KeyType.COSIGNATURE_ED25519)]
        self.memory = TwinMemory()
        self.witness = self._make_witness()
        self.old: list[Story] = []
        self.next_story: Story | None = None
        self.copies: dict[str, Copy] = {}
        self.evidence: dict[str, bytes] = {}
        self.alerts: list[str] = []
        self.given: list[Given] = []
        self.network: Network | None = None
        self.peers: dict[str, Organisation] = {}
        self.voted: set[str | None] = set()
        self.accepted: list[tuple[str, Checkpoint, list[bytes]]] = []
        self.shown: list[tuple[str, Checkpoint, list[bytes]]] = []
        self._heard: set[tuple[str, bytes, int]] = set()
        self._judged: set[bytes] = set()
        self._priming = ""

    def publish(self) -> None:
        """Show the log's state to its witnesses, the own one first; readers see it then."""
        if self.network is not None:
            self._adopt()
        for story in filter(None, (self.story, self.next_story)):
            if self.network is not None and not (self.stopped and story is self.story):
                self._publish(story)

    def _publish(self, story: Story) -> None:
        log = story.log
        policy = story.policy_at(log.size) or self._alone(story)
        note = self._own_cosigns(story, log.note(log.size))
        if note is None:
            return
        others = [
            self._courier(witness.name, witness.key, self.peers[witness.name])
            for witness in policy.witnesses[1:]
        ]
        found = collect_in_turn(others, policy, note, log.prove, story.sizes)
        story.published = found.note
        self._put_off(others)
        if found.quorum is None and len(policy.witnesses) > 1:
            story.vouched = found.note
            self._give(story, policy, found.note)
        self._follow(log.origin, found.note, log.entries[: tree_of(found.note).size])

    def _own_cosigns(self, story: Story, note: bytes) -> bytes | None:
        """Ask the own witness, as `ledger.witnesses` does; stop where it saw another log."""
        seen, size = self.memory.remembered(story.log.origin), tree_of(note).size
        old = 0 if seen is None else seen.checkpoint.size
        try:
            proof = tuple(story.log.prove(old, size)) if 0 < old < size else ()
            lines = self.witness.add_checkpoint(AddCheckpoint(old, proof, note))
        except (InputError, VerificationError):
            self.alerts.append("rolled back")
            self.stopped = True
            return None
        except Refused:
            return None  # frozen
        return notes.format(notes.parse(note).with_signatures(lines))

    def _alone(self, story: Story) -> Policy:
        """Make the policy of a log that is no member's yet: it has its own witness only."""
        own = policies.Witness("self", self.witness.key)
        return Policy((policies.Log(story.log.signer.public),), (own,), (), "self")

    def serve(self, origin: str, asker: str) -> tuple[bytes, list[bytes]] | None:
        """Serve a log, ours or a copy, to whoever asks."""
        for story in filter(None, (self.story, self.next_story, *self.old)):
            if story.log.origin == origin and story.published is not None:
                return story.published, story.log.entries[: tree_of(story.published).size]
        held = self.copies.get(origin)
        return None if held is None else (held.note, list(held.entries))

    def repair(self) -> None:
        """Bring a rolled-back log back from the largest copy that a member holds."""
        seen = self.memory.remembered(self.origin)
        copies = [p.copies.get(self.origin) for p in self.peers.values() if not p.lying]
        for held in copies:
            if held is None or seen is None or held.tree.size < seen.checkpoint.size:
                continue
            if root_of(held.leaves(seen.checkpoint.size)) == seen.checkpoint.root:
                self.story.log.entries = list(held.entries)
                self._reload(self.story)
                self.stopped = False
                self._adopt()
                return

    def crash(self) -> None:
        """Lose what is in memory only."""
        self.links.down.add(self.name)
        self.story.sizes.clear()

    def keys_of(self, origin: str) -> Sequence[VerifierKey]:
        """Tell the keys of a log, from charters and from cards that were handed over."""
        assert self.network is not None
        for charter in reversed(self.network.history):
            owner = charter.owner_of(origin)
            if owner is not None:
                return [log.key for log in owner.logs]
        members = [check_card_once(card) for card in self._directory.values()]
        return [log.key for member in members for log in member.logs if log.key.name == origin]

    def receive(self, origin: str, note: bytes, held: list[bytes]) -> None:
        """Mirror a log: keep what extends the copy, and turn what does not into evidence."""
        if self.network is None or (origin, note, len(self.network.history)) in self._heard:
            return
        self._heard.add((origin, note, len(self.network.history)))
        keys = self.keys_of(origin)
        try:
            open_note(note, keys)
        except VerificationError:
            return
        tree = tree_of(note)
        shown = Copy(note, held[: tree.size])
        if root_of(shown.leaves(tree.size)) != tree.root:
            return
        self.shown.append((origin, tree, shown.leaves(tree.size)))
        mine = self._mine(origin)
        if mine is None and origin in self._own_origins():
            self._heard.discard((origin, note, len(self.network.history)))
            return
        if mine is not None and self._compare(origin, keys, mine, shown):
            return
        if origin in self._own_origins():
            if mine is not None and tree.size > mine.tree.size:
                # Somebody else goes on under our key: it is a fork as soon as we do.
                self.alerts.append("signed by another")
                self._heard.discard((origin, note, len(self.network.history)))
            return
        final = self.network.final_size(origin)
        if final is not None and tree.size > final:
            self.alerts.append("grew after its end")
            return
        self._follow(origin, note, shown.entries)

    def _own_origins(self) -> list[str]:
        stories = (self.story, self.next_story, *self.old)
        return [story.log.origin for story in stories if story is not None]

    def _mine(self, origin: str) -> Copy | None:
        """Give what we hold of a log: our own as it is, others' as we mirrored it."""
        for story in filter(None, (self.story, self.next_story, *self.old)):
            if story.log.origin == origin and story.published is not None:
                tree = tree_of(story.published)
                mine = Copy(story.published, story.log.entries[: tree.size])
                # What was put back to an older state compares with nothing until it is repaired.
                return mine if root_of(mine.leaves(tree.size)) == tree.root else None
        return self.copies.get(origin)

    def hear_evidence(self, data: bytes) -> None:
        """Take up evidence against a log, and record it where it is new."""
        if data in self._judged:
            return
        self._judged.add(data)
        bundle = evidences.parse(data)
        proven = equivocation.verify(bundle)
        origin = proven.first.origin
        if proven.key not in self.keys_of(origin) or origin in self.evidence:
            return
        self.evidence[origin] = data
        if self.stopped or origin == self.origin:
            return
        fields = msgspec.structs.asdict(bundle)
        index = self.state(Equivocation, **fields)
        assert self.network is not None
        self.network.take(self.origin, index, said_in(self.story.log.entries[index]))  # type: ignore[arg-type]  # it was just made

    def card(self) -> Card:
        """Write its card: the keys that it has, or is about to have."""
        story = self.next_story or self.story
        producer = key_from(self._seed, "card", KeyType.ED25519)
        return make_card(self.name, self.name, [story.log.key], self._witness_keys[-1], producer)

    def start(self, anchor: Charter) -> None:
        """Begin to follow a network; what is mirrored already stays, and is read anew."""
        self.network = Network(anchor)
        self._heard.clear()
        for copy in self.copies.values():
            copy.vouched = copy.taken = 0
        self._adopt()

    def vote(self, charter: Charter, cards: Sequence[Card]) -> None:
        """Record a charter, and before it the keys of all whom it names."""
        assert self.network is not None
        ended = self.stopped or self.network.final_size(self.origin) is not None
        self.voted.add(charter.follows)
        for story in filter(None, (None if ended else self.story, self.next_story)):
            for card in cards:
                fields = party_fields(card)
                story.log.append(self._entry(self.producer, Party, fields))
            story.log.append(self._entry(self.producer, predicates.Policy, charter.fields()))

    def rotate_witness(self) -> None:
        """Make another witness key; the memory stays, and the old key signs on until replaced."""
        self._witness_keys.append(self._key("witness", KeyType.COSIGNATURE_ED25519))
        self.witness = self._make_witness()

    def begin_successor(self) -> Story:
        """Make the log in which the story goes on, after the key of the present one is lost."""
        fresh = Story(SimLog(self._key("log")))
        self._begin(fresh)
        self.next_story = fresh
        last = self.story.vouched or self.story.published
        if last is not None:
            tree = tree_of(last)
            fields = {
                "origin": tree.origin,
                "size": tree.size,
                "root": tree.root.hex(),
                "successor": fresh.log.origin,
                "checkpoint": last.decode(),
            }
            fresh.log.append(self._entry(self.producer, LogFrozen, fields))
        return fresh

    def freeze_other(self, tree: Checkpoint, successor: str) -> None:
        """Say that another's log ended, if what is mirrored of it agrees."""
        held = self.copies.get(tree.origin)
        if self.stopped or held is None or held.tree.size < tree.size:
            return
        if root_of(held.leaves(tree.size)) == tree.root:
            fields = {"origin": tree.origin, "size": tree.size, "root": tree.root.hex()}
            self.state(LogFrozen, **fields, successor=successor)

    def _make_witness(self) -> Witness:
        signers = [NoteSigner(key) for key in self._witness_keys]
        return Witness(self.memory, signers, self._log_keys, self._clock, self._final_size)

    def _courier(self, name: str, key: VerifierKey, other: Organisation) -> Courier:
        fate = self.links.fate(self.name, other.name)
        return Courier(name, key, other.cosign, fate, self.links)

    def cosign(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Answer as a witness."""
        return self.witness.add_checkpoint(request)

    def _put_off(self, couriers: Sequence[Courier]) -> None:
        for courier in couriers:
            for request in courier.put_off:
                self.links.late.append(lambda c=courier, r=request: _ask_late(c, r))  # type: ignore[misc]  # bound now

    def _log_keys(self, origin: str) -> Sequence[VerifierKey] | None:
        if self.network is None:
            return None
        for story in filter(None, (self.story, self.next_story)):
            if origin == story.log.origin:
                return [story.log.signer.public]
        if origin == self._priming:
            return self.keys_of(origin)
        if self.name not in self.network.charter.organisations:
            return None
        if self.memory.last(origin) is None and not self.network.saw_birth(self.name, origin):
            return None
        return self.network.log_keys(origin)

    def _final_size(self, origin: str) -> int | None:
        return None if self.network is None else self.network.final_size(origin)

    def _give(self, story: Story, policy: Policy, note: bytes) -> None:
        """Give a customer the receipt of some entry, with the policy of now."""
        size = tree_of(note).size
        index = self.chance.randrange(size)
        receipt = story.log.receipt(index, note, story.key_entries)
        self.given.append(Given(receipt, policy, story.log.origin, size))

    def _follow(self, origin: str, note: bytes, held: list[bytes]) -> None:
        """Keep a state that extends the copy, and take up what its quorum vouches for."""
        assert self.network is not None
        mine, tree = self.copies.get(origin), tree_of(note)
        if mine is None:
            mine = self.copies[origin] = Copy(note, list(held))
        elif tree.size >= mine.tree.size:
            mine.note, mine.entries = note, list(held)
        policy = self.network.policy_for(origin)
        if policy is None or accepted(policy, note):
            mine.vouched = max(mine.vouched, tree.size)
            if policy is not None:
                self.accepted.append((origin, tree, Copy(note, held).leaves(tree.size)))
                self._prime(origin, note)
        self._take(origin, mine)

    def _prime(self, origin: str, note: bytes) -> None:
        """Let our witness begin with a log that was there before us, where its quorum says."""
        if self.memory.last(origin) is None and origin != self.origin:
            self._priming = origin
            with contextlib.suppress(CounterfoilError):
                self.witness.add_checkpoint(AddCheckpoint(0, (), note))
            self._priming = ""

    def _take(self, origin: str, copy: Copy) -> None:
        assert self.network is not None
        changed = False
        while copy.taken < copy.vouched:
            said = said_in(copy.entries[copy.taken])
            if said is not None:
                changed |= self.network.take(origin, copy.taken, said)
            copy.taken += 1
        if changed:
            self._adopt()

    def _adopt(self) -> None:
        """Go by the charter in force: change log, policy, and record that."""
        assert self.network is not None
        charter = self.network.charter
        if self.name not in charter.organisations:
            return
        moved = self.next_story
        if moved is not None and charter.member(self.name).origin == moved.log.origin:
            self.old.append(self.story)
            self.story, self.next_story, self.stopped = moved, None, False
        policy = charter.policy_of(self.name)
        known = self.story.policies[-1][1] if self.story.policies else None
        if policy != known and charter.owner_of(self.origin) is not None and not self.stopped:
            text = policies.format(policy).decode()
            index = self.state(predicates.Policy, members=(self.name,), policy=text)
            self.story.policies.append((index + 1, policy))

    def _compare(self, origin: str, keys: Sequence[VerifierKey], mine: Copy, shown: Copy) -> bool:
        """Hold two states of a log against each other; tells whether they exclude each other."""
        small = min(mine.tree.size, shown.tree.size)
        if mine.leaves(small) == shown.leaves(small):
            return False
        if origin not in self.evidence:
            nodes = [reader_of(c.leaves(c.tree.size)) for c in (mine, shown)]
            bundle = convict(keys, mine.note, shown.note, (), *nodes)
            self.hear_evidence(evidences.format(bundle))
        return True


@cache
def check_card_once(card: Card) -> Member:
    """Check a card, the same one only once: its signatures take time."""
    return check_card(card)


def _ask_late(courier: Courier, request: AddCheckpoint) -> None:
    with contextlib.suppress(CounterfoilError):  # nobody waits for the answer any more
        courier.ask(request)
