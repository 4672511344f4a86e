"""The books of an organisation in the simulated world: its keys, and what it writes in its log."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from counterfoil.formats import policy as policies
from counterfoil.formats import predicates
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.predicates import Key, Record
from counterfoil.formats.vkey import KeyType, SigningKey
from counterfoil.network.charter import is_charter
from tests.statements import Actor, entry_of, payload_of
from tests.stories import Story
from tests.world import SimLog, key_from, said_in

__all__ = ["Books"]


class Books:
    """One organisation's keys and log. stopped: its disk was put back, and it knows."""

    def __init__(self, name: str, seed: str) -> None:
        self.name, self._seed = name, seed
        self.chance = random.Random(f"{seed} {name}")
        self._made = 0
        self._numbers = 0
        self._actors: dict[str, Actor] = {}
        self.producer, self.recovery = self._actor("producer"), self._actor("recovery")
        self.story = Story(SimLog(self._key("log")))
        self.stopped = False
        self._begin(self.story)

    @property
    def origin(self) -> str:
        return self.story.log.origin

    def state(self, kind: type[predicates.Header], **fields: Any) -> int:
        """Record a statement of the core; gives its index."""
        return self.story.log.append(self._entry(self.producer, kind, fields))

    def record(self) -> int | None:
        """Record something; acknowledged when it returns."""
        if self.stopped:
            return None
        return self.state(Record, content=msgspec.Raw(b'{"n":%d}' % self._numbers))

    def rotate_producer(self, *, stolen_from: int | None = None) -> None:
        """Replace the producer key; stolen_from: what it signed from there on is void."""
        if self.stopped:
            return
        old, fresh = self.producer, self._actor("producer")
        self._add_key(self.story, fresh, "producer", self.recovery, replaces=old.keyid)
        self.producer = fresh
        if stolen_from is not None:
            fields = {"action": "revoke", "keyid": old.keyid, "role": "producer"}
            self._state_key(self.story, self.recovery, **fields, from_index=stolen_from)

    def roll_back(self) -> None:
        """Have the disk of the log put back to an older copy, as a careless operator does."""
        log = self.story.log
        del log.entries[self.chance.randrange(2, log.size + 1) :]
        self._reload(self.story)

    def _key(self, purpose: str, key_type: KeyType = KeyType.ED25519) -> SigningKey:
        self._made += 1
        name = f"{purpose}.{self.name.removeprefix('https://')}/{self._made}"
        return key_from(self._seed, name, key_type)

    def _actor(self, purpose: str) -> Actor:
        self._made += 1
        made = Actor(f"{self._seed} {self.name} {purpose} {self._made}")
        self._actors[made.keyid] = made
        return made

    def _entry(self, signer: Actor, kind: type[predicates.Header], fields: Any) -> bytes:
        self._numbers += 1
        said = {"issuer": self.name, "source": "sim", "number": self._numbers, **fields}
        return entry_of(payload_of(kind(**said)), signer)

    def _begin(self, story: Story) -> None:
        self._add_key(story, self.producer, "producer", self.producer)
        self._add_key(story, self.recovery, "recovery", self.producer)

    def _add_key(
        self, story: Story, key: Actor, role: str, signer: Actor, replaces: str | None = None
    ) -> None:
        fields = {"action": "add", "keyid": key.keyid, "role": role, "replaces": replaces}
        self._state_key(story, signer, **fields, public=encode_base64(key.public))

    def _state_key(self, story: Story, signer: Actor, **fields: Any) -> None:
        entry = self._entry(signer, Key, {"organisation": self.name, **fields})
        story.key_entries.append(story.log.append(entry))

    def _reload(self, story: Story) -> None:
        story.sizes.clear()
        said = [said_in(entry) for entry in story.log.entries]
        story.key_entries = [at for at, one in enumerate(said) if isinstance(one, Key)]
        story.policies = [
            (at + 1, policies.parse(one.policy.encode()))
            for at, one in enumerate(said)
            if isinstance(one, predicates.Policy) and not is_charter(one)
        ]
        for one in said:
            if isinstance(one, Key) and (one.role, one.action) == ("producer", "add"):
                self.producer = self._actors[one.keyid]
