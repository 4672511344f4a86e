"""A network's charter: its members, their logs and witnesses, and the quorums that follow.

A charter is a `policy` statement whose text has one spelling, so that organisations agree on it
by recording the same bytes. Who has to cosign a log follows from it: the log's own witness, and so
many of the others that two histories cannot both have enough. This module refuses members whose
keys did not agree to speak for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from counterfoil.errors import NotFound, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats import predicates
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.json_text import canonicalise
from counterfoil.formats.policy import NONE, Group, Log, Policy, Witness
from counterfoil.formats.predicates import Party
from counterfoil.formats.vkey import KeyType, VerifierKey
from counterfoil.proofs.trust import OWN_WITNESS

__all__ = [
    "LOG_PURPOSE",
    "OWN_SUFFIX",
    "WITNESS_PURPOSE",
    "Charter",
    "Member",
    "algorithm_of",
    "independent_quorum",
    "is_charter",
    "parse_charter",
    "read_charter",
    "speaks_for",
]

LOG_PURPOSE: Final = "log"
WITNESS_PURPOSE: Final = "witness"
"""Purposes, in a `party` statement, of the keys that a charter names."""

OWN_SUFFIX: Final = "#self"
"""After an organisation's URI, names the witness that watches its own log alone."""

_MEMBERS: Final = "members"
_INDEPENDENT: Final = "independent"
_QUORUM: Final = "quorum"


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation in a network.

    organisation: URI; also the name of its witness in the charter. logs: the keys of its one log,
    all of one origin, with the address where that can be read. witness: the one that it runs for
    others, with its submission prefix. own: the one in its own process that watches its own log
    alone, named `<organisation>#self`; None where `witness` does that, too.
    """

    organisation: str
    logs: tuple[Log, ...]
    witness: Witness
    own: Witness | None = None

    @property
    def origin(self) -> str:
        """The identity of its log."""
        return self.logs[0].key.name


@dataclass(frozen=True, slots=True)
class Charter:
    """Who belongs to a network, from one change to the next.

    members: by organisation, ascending. follows: what it comes after, 64 hexadecimal digits (see
    `Network.awaited`); None for the founding one.
    Raises InputError with a code policy.* when a key or name stands in it twice.
    """

    members: tuple[Member, ...]
    follows: str | None = None

    def __post_init__(self) -> None:
        policies.format(self.policy())

    @property
    def organisations(self) -> tuple[str, ...]:
        """The URIs of its members, ascending."""
        return tuple(member.organisation for member in self.members)

    @property
    def digest(self) -> str:
        """SHA-256 of members, text and predecessor: what the next charter names."""
        named = {"members": list(self.organisations), "policy": self.text, "follows": self.follows}
        return sha256(canonicalise(named)).hexdigest()

    @property
    def text(self) -> str:
        """The `policy` of its statement: the one spelling of it."""
        return policies.format(self.policy()).decode("utf-8", "surrogateescape")

    @property
    def majority(self) -> int:
        """Members that must agree to the next charter: more than half."""
        return len(self.members) // 2 + 1

    @property
    def independent(self) -> int:
        """Witnesses of others that must cosign a member's log; see `independent_quorum`."""
        return independent_quorum(len(self.members) - 1)

    def member(self, organisation: str) -> Member:
        """Find a member. Raises NotFound with code network.member."""
        for member in self.members:
            if member.organisation == organisation:
                return member
        raise NotFound(
            "network.member",
            f"expected one of {', '.join(self.organisations)}, found {organisation[:80]!a}",
            hint="`counterfoil network show` lists the members.",
        )

    def owner_of(self, origin: str) -> Member | None:
        """Find the member whose log this is; None where it is nobody's."""
        return next((member for member in self.members if member.origin == origin), None)

    def fields(self, why: str = "") -> dict[str, object]:
        """Make the fields of its `policy` statement."""
        said: dict[str, object] = {"members": self.organisations, "policy": self.text, "why": why}
        return said if self.follows is None else {**said, "follows": self.follows}

    def policy(self) -> Policy:
        """Make the policy of all logs of the network: more than half of all its witnesses."""
        names = self.organisations
        witnesses = tuple(
            witness for m in self.members for witness in (m.witness, m.own) if witness is not None
        )
        logs = tuple(log for member in self.members for log in member.logs)
        if not names:
            return Policy(logs, (), (), NONE)
        return Policy(logs, witnesses, (Group(_MEMBERS, self.majority, names),), _MEMBERS)

    def policy_of(self, organisation: str) -> Policy:
        """Make the policy of one member's log: its own witness and `independent_quorum` others.

        Its own witness is named `self`, so that no reader counts it as somebody else.
        Raises NotFound with code network.member.
        """
        owner = self.member(organisation)
        others = tuple(m.witness for m in self.members if m.organisation != organisation)
        own = replace(owner.own or owner.witness, name=OWN_WITNESS)
        if not others:
            return Policy(owner.logs, (own,), (), OWN_WITNESS)
        names = tuple(witness.name for witness in others)
        groups = (
            Group(_INDEPENDENT, independent_quorum(len(others)), names),
            Group(_QUORUM, 2, (OWN_WITNESS, _INDEPENDENT)),
        )
        return Policy(owner.logs, (own, *others), groups, _QUORUM)

    def with_member(self, member: Member, follows: str | None = None) -> Charter:
        """Make a next charter, with this member added or in the place of what it was.

        follows: what is awaited, where that is not this charter itself.
        """
        kept = [m for m in self.members if m.organisation != member.organisation]
        return _ordered([*kept, member], follows or self.digest)

    def without(self, organisation: str, follows: str | None = None) -> Charter:
        """Make a next charter without a member. Raises NotFound with code network.member."""
        gone = self.member(organisation)
        kept = [member for member in self.members if member != gone]
        return _ordered(kept, follows or self.digest)

    @staticmethod
    def founding(members: Iterable[Member]) -> Charter:
        """Make the first charter of a network."""
        return _ordered(members, None)


def independent_quorum(others: int) -> int:
    """Tell how many of the `others` witnesses must cosign beside a log's own.

    More than half, and so many that any two quorums share a witness that does not lie as long as
    fewer than half of all witnesses do, the log's own among the liars. Up to five organisations
    that is the same number; beyond, it is more.

    >>> [independent_quorum(others) for others in range(1, 10)]
    [1, 2, 2, 3, 4, 5, 5, 6, 7]
    """
    liars = max(others // 2 - 1, 0)
    return (others + liars) // 2 + 1


def is_charter(statement: predicates.Policy) -> bool:
    """Tell a charter from the policy that a ledger states for itself alone."""
    return statement.follows is not None or len(statement.members) > 1


def parse_charter(statement: predicates.Policy) -> Charter:
    """Read a charter; nobody has agreed to be in it yet.

    Raises InputError with a code policy.*, VerificationError with code network.charter.
    """
    found = policies.parse(statement.policy.encode("utf-8", "surrogateescape"))
    logs: dict[str, list[Log]] = {}
    for log in found.logs:
        logs.setdefault(log.key.name, []).append(log)
    named = {witness.name: witness for witness in found.witnesses}
    if len(logs) != len(statement.members) or not set(statement.members) <= set(named):
        raise _bad("one log and a witness of each member, found others")
    members = [
        Member(name, tuple(mine), named[name], named.get(name + OWN_SUFFIX))
        for name, mine in zip(statement.members, logs.values(), strict=True)
    ]
    charter = _ordered(members, statement.follows)
    if charter.organisations != statement.members or charter.text != statement.policy:
        raise _bad("a charter in its one spelling, found another")
    return charter


def read_charter(statement: predicates.Policy, parties: Mapping[str, Party]) -> Charter:
    """Read a charter, and check that each key in it agreed to speak for its member.

    parties: organisation -> its `party` statement, whose claims were checked.
    Raises as `parse_charter`, for the keys also.
    """
    charter = parse_charter(statement)
    for member in charter.members:
        party = parties.get(member.organisation)
        if party is None or not speaks_for(party, member):
            raise _bad(
                f"each key of {member.organisation} to have signed that it is its, found "
                "one that did not"
            )
    return charter


def speaks_for(party: Party, member: Member) -> bool:
    """Tell whether every key of a member is in its party, for the same purpose."""
    bound = {(key.purpose, key.algorithm, key.public) for key in party.keys}
    named = [(LOG_PURPOSE, log.key) for log in member.logs]
    named += [(WITNESS_PURPOSE, w.key) for w in (member.witness, member.own) if w is not None]
    return party.party == member.organisation and all(
        (purpose, algorithm_of(key), encode_base64(key.public)) in bound for purpose, key in named
    )


def algorithm_of(key: VerifierKey) -> str:
    """Name a key's algorithm as a `party` statement does."""
    return "ml-dsa-44" if key.type is KeyType.COSIGNATURE_MLDSA44 else "ed25519"


def _ordered(members: Iterable[Member], follows: str | None) -> Charter:
    ordered: Sequence[Member] = sorted(members, key=lambda member: member.organisation)
    return Charter(tuple(ordered), follows)


def _bad(expected: str) -> VerificationError:
    return VerificationError(
        "network.charter",
        f"expected {expected}",
        hint="Propose the change again from the members' cards.",
    )
