"""An organisation of the simulated world that lies wherever lying could help it."""

from __future__ import annotations

from counterfoil.formats import note as notes
from counterfoil.formats.card import Card
from counterfoil.formats.note import NoteSignature
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.network.charter import Charter
from counterfoil.proofs.signing import NoteSigner
from tests.organisation import Organisation
from tests.stories import tree_of
from tests.world import Courier, SimLog, accepted, collect_in_turn

__all__ = ["Liar"]


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
            found = collect_in_turn(couriers, policy, log.note(log.size), log.prove, {})
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
