"""Follow a network through the statements in its members' logs: who belongs, and what has ended.

The rule: a charter follows when more than half of the members of the one in force, and every log
that is new in it, have recorded it. A log has one voice per change: the first charter it records
that follows the one in force. When all members have spoken and none was carried, they begin anew.
What was carried stays. This module refuses to fetch and to judge
checkpoints: callers give it entries that stand under checkpoints which `policy_for` accepts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from counterfoil.errors import CounterfoilError
from counterfoil.formats import predicates
from counterfoil.formats.json_text import canonicalise
from counterfoil.formats.policy import Policy
from counterfoil.formats.predicates import Equivocation, Header, LogFrozen, Organisation, Party
from counterfoil.formats.vkey import VerifierKey, format_vkey
from counterfoil.network.charter import Charter, Member, is_charter, read_charter, speaks_for
from counterfoil.proofs.claims import check_claims

__all__ = ["LogEnd", "Network"]


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where a log ends: nobody accepts a larger tree of it.

    size: its last number of entries. root: 64 hexadecimal digits, as others stated it; empty
    where the log itself said so in its last entry. successor: origin of the log that follows.
    """

    size: int
    root: str = ""
    successor: str | None = None


class Network:
    """The state of a network, as the logs say.

    anchor: a charter that the reader trusts as it is. later: those that were in force after it, as
    far as the reader saw that before.

    charter: the one in force. history: all from the anchor on, oldest first. ended, convicted:
    by origin.
    """

    def __init__(self, anchor: Charter, *later: Charter) -> None:
        self.history = [anchor, *later]
        anchor = self.history[-1]
        self._awaited = anchor.digest
        self.ended: dict[str, LogEnd] = {}
        self.convicted: dict[str, Equivocation] = {}
        self.names: dict[str, str] = {}  # for people
        self._parties: dict[str, dict[str, Party]] = {}  # log -> organisation -> its party there
        self._voices: dict[str, dict[str, Charter]] = {}  # log -> what is followed -> charter
        self._freezes: dict[str, dict[str, LogEnd]] = {}  # log -> log that is to end -> where

    @property
    def charter(self) -> Charter:
        """The charter that is in force."""
        return self.history[-1]

    @property
    def awaited(self) -> str:
        """What the next charter must follow: the one in force, or a vote on it that failed."""
        return self._awaited

    def take(self, origin: str, index: int, said: Header) -> bool:
        """Take up a statement of a member's or applicant's log; tells whether anything changed.

        origin: of the log that it stands in. index: its place; each log's in order, each once.
        What does not hold, or is of no concern, changes nothing.
        """
        if origin in self.ended and index >= self.ended[origin].size:
            return False
        if isinstance(said, Organisation):
            self.names[said.organisation] = said.name
        if isinstance(said, Party):
            return self._take_party(origin, said)
        if isinstance(said, predicates.Policy) and is_charter(said):
            return self._take_charter(origin, said)
        if isinstance(said, LogFrozen):
            return self._take_end(origin, index, said)
        return isinstance(said, Equivocation) and self._take_equivocation(said)

    def policy_for(self, origin: str) -> Policy | None:
        """Give the policy of a log by the charter in force; None where it is no member's."""
        owner = self.charter.owner_of(origin)
        return None if owner is None else self.charter.policy_of(owner.organisation)

    def log_keys(self, origin: str) -> Sequence[VerifierKey] | None:
        """Give the keys of a log that its members witness; None for another or a convicted one.

        A log that ended is followed to its end: see `final_size`.
        """
        if origin in self.convicted:
            return None
        for charter in reversed(self.history):
            owner = charter.owner_of(origin)
            if owner is not None and (charter is self.charter or origin in self.ended):
                return [log.key for log in owner.logs]
        return None

    def saw_birth(self, organisation: str, origin: str) -> bool:
        """Tell whether a member belonged to the network when a log came into it.

        Only then may its witness begin with that log from nothing; one that came later begins
        with a checkpoint that has its quorum, or a log could tell newcomers another beginning.
        """
        for charter in self.history:
            if charter.owner_of(origin) is not None:
                return organisation in charter.organisations
        return False

    def final_size(self, origin: str) -> int | None:
        """Tell beyond which size no tree of a log is accepted; None while it goes on."""
        end = self.ended.get(origin)
        return None if end is None else end.size

    def party_of(self, member: Member) -> Party | None:
        """Find a recorded party that binds the keys of a member."""
        for parties in self._parties.values():
            party = parties.get(member.organisation)
            if party is not None and speaks_for(party, member):
                return party
        return None

    def knows(self, origin: str, party: Party) -> bool:
        """Tell whether a log binds these very keys already."""
        held = self._parties.get(origin, {}).get(party.party)
        return held is not None and held.keys == party.keys

    def voice(self, origin: str) -> Charter | None:
        """Tell what a log says to what is awaited; None while it says nothing."""
        return self._voices.get(origin, {}).get(self._awaited)

    def ready(self, charter: Charter) -> bool:
        """Tell whether every log that is new in a charter has recorded it.

        Agree to no other: an applicant that keeps silent would keep the network waiting.
        """
        known = {member.origin for member in self.charter.members}
        new = {member.origin for member in charter.members} - known
        return all(self.voice(origin) == charter for origin in new)

    def voices(self) -> dict[Charter, tuple[str, ...]]:
        """List what is proposed now: charter -> the organisations whose logs record it."""
        found: dict[Charter, list[str]] = {}
        for origin, by_parent in self._voices.items():
            owner = self.charter.owner_of(origin)
            charter = by_parent.get(self._awaited)
            if charter is not None:
                mine = owner or charter.owner_of(origin)
                found.setdefault(charter, []).extend([mine.organisation] if mine else [])
        return {charter: tuple(sorted(names)) for charter, names in found.items()}

    def _take_party(self, origin: str, said: Party) -> bool:
        try:
            check_claims(said)
        except CounterfoilError:
            return False
        self._parties.setdefault(origin, {})[said.party] = said
        return False  # a party alone changes nothing: charters name its keys

    def _take_charter(self, origin: str, said: predicates.Policy) -> bool:
        try:
            charter = read_charter(said, self._parties.get(origin, {}))
        except CounterfoilError:
            return False
        if charter.follows is not None:
            self._voices.setdefault(origin, {}).setdefault(charter.follows, charter)
        return self._advance()

    def _take_end(self, origin: str, index: int, said: LogFrozen) -> bool:
        if said.origin == origin:
            # The statement itself is the last entry; it cannot state a root that holds it.
            return self._end(origin, LogEnd(index + 1, "", said.successor))
        end = LogEnd(said.size, said.root, said.successor)
        self._freezes.setdefault(origin, {}).setdefault(said.origin, end)
        return self._count_ends(said.origin)

    def _take_equivocation(self, said: Equivocation) -> bool:
        known = {
            format_vkey(log.key)
            for charter in self.history
            for member in charter.members
            for log in member.logs
            if log.key.name == said.origin
        }
        if said.origin in self.convicted or said.vkey not in known:
            return False
        try:
            check_claims(said)
        except CounterfoilError:
            return False
        self.convicted[said.origin] = said
        return True

    def _advance(self) -> bool:
        """Go on from charter to charter as far as the voices carry."""
        before = len(self.history)
        while True:
            now = self.charter
            said = {origin: by.get(self._awaited) for origin, by in self._voices.items()}
            voices = {member.organisation: said.get(member.origin) for member in now.members}
            following = self._carried(voices, said)
            if following is not None:
                self.history.append(following)
                self._awaited = following.digest
            elif all(voices.values()) and not self._waiting(voices):
                self._awaited = _failed(self._awaited, voices)
            else:
                break
        if len(self.history) == before:
            return False
        for origin in {o for stated in self._freezes.values() for o in stated}:
            self._count_ends(origin)
        return True

    def _carried(
        self, voices: Mapping[str, Charter | None], said: Mapping[str, Charter | None]
    ) -> Charter | None:
        known = {member.origin for member in self.charter.members}
        for charter, votes in Counter(voices.values()).items():
            if charter is None or votes < self.charter.majority:
                continue
            new = {member.origin for member in charter.members} - known
            # The last voices may yet come: a majority that a newcomer keeps waiting still waits.
            return charter if all(said.get(origin) == charter for origin in new) else None
        return None

    def _waiting(self, voices: Mapping[str, Charter | None]) -> bool:
        """Tell whether a majority agreed and only a log that is new has not spoken."""
        return max(Counter(voices.values()).values()) >= self.charter.majority

    def _count_ends(self, origin: str) -> bool:
        """End a log when more than half of the members say the same of it."""
        stated = Counter(
            self._freezes.get(member.origin, {}).get(origin) for member in self.charter.members
        )
        for end, votes in stated.items():
            if end is not None and votes >= self.charter.majority:
                return self._end(origin, end)
        return False

    def _end(self, origin: str, end: LogEnd) -> bool:
        if origin in self.ended:
            return False
        self.ended[origin] = end
        return True


def _failed(awaited: str, voices: Mapping[str, Charter | None]) -> str:
    """Name a vote that failed, so that the next one follows it: all who see it name it alike."""
    said = {name: charter.digest for name, charter in voices.items() if charter is not None}
    return sha256(canonicalise({"failed": awaited, "voices": said})).hexdigest()
