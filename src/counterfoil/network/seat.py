"""An organisation's seat in a network: what its ledger records, and what follows for its files.

`write_card` -> `propose_*` -> `join` or `agree` by each -> `catch_up`. A charter that is in force
gives the ledger its policy, the witness the logs that it follows, and the mirrors what they copy;
every change is recorded. This module refuses to agree by itself: people read a proposal first.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, NotFound, Refused
from counterfoil.formats import entry as entries
from counterfoil.formats import policy as policies
from counterfoil.formats import predicates
from counterfoil.formats import proposal as proposals
from counterfoil.formats.card import Card
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.predicates import Header, Party
from counterfoil.formats.proposal import CharterText, PartyKeys, Proposal
from counterfoil.ledger import Layout, Ledger
from counterfoil.ledger.create import LOG_KEY, LOG_PQ_KEY, PRODUCER_KEY
from counterfoil.ledger.policy_history import change_policy
from counterfoil.ledger.state import state_folder
from counterfoil.log import LogReader
from counterfoil.network.cards import Addresses, check_card, make_card
from counterfoil.network.charter import Charter, Member, parse_charter, read_charter
from counterfoil.network.membership import Network
from counterfoil.proofs.claims import check_claims
from counterfoil.proofs.trust import evaluate
from counterfoil.storage import KeyFiles
from counterfoil.storage.folder_copy import replace_file

__all__ = [
    "agree",
    "catch_up",
    "charters_kept",
    "final_sizes",
    "join",
    "open_network",
    "propose_founding",
    "propose_member",
    "propose_without",
    "write_card",
]

_KEPT: Final = re.compile(r"[0-9]{6}\.json")
_SOURCE: Final = "network"
_ENDED: Final = "ended.json"


def write_card(ledger: Ledger, witness: Path, addresses: Addresses | None = None) -> Card:
    """Write the card of a ledger's organisation, signed by each of its keys.

    witness: folder of the key of the witness that it runs for others.
    Raises NotFound with code key.missing, and as `make_card`.
    """
    keys = KeyFiles(ledger.layout.keys)
    log = [keys.load(name) for name in (LOG_KEY, LOG_PQ_KEY) if name in keys.names()]
    shown = KeyFiles(witness).load("witness")
    own = KeyFiles(state_folder() / "witness").load("witness") if ledger.config.witness else None
    return make_card(
        ledger.config.organisation,
        ledger.config.name,
        log,
        shown,
        keys.load(PRODUCER_KEY),
        addresses,
        None if own is None or own.seed == shown.seed else own,
    )


def propose_founding(cards: Sequence[Card], why: str = "") -> Proposal:
    """Propose a network of the organisations of these cards; each of them joins it.

    Raises as `check_card`, and InputError with a code policy.* where two cards share a key.
    """
    charter = Charter.founding(check_card(card) for card in cards)
    return Proposal(next=_text(charter), parties=_parties(charter, map(_keys, cards)), why=why)


def propose_member(network: Network, card: Card, why: str = "") -> Proposal:
    """Propose to admit an organisation, or new keys of one that is a member.

    Raises as `check_card`, Refused with code network.no-change.
    """
    member = check_card(card)
    charter = network.charter.with_member(member, network.awaited)
    if charter.members == network.charter.members:
        raise Refused(
            "network.no-change",
            f"expected a card that changes something, found {member.organisation} as it is",
        )
    return _propose(network, charter, why, _keys(card))


def propose_without(network: Network, organisation: str, why: str = "") -> Proposal:
    """Propose that an organisation leaves. Raises NotFound with code network.member."""
    return _propose(network, network.charter.without(organisation, network.awaited), why)


def join(ledger: Ledger, proposal: Proposal) -> Charter:
    """Record a proposal that admits this organisation, or founds a network with it.

    An applicant records first; then the members agree. Raises Refused with code network.seated
    or network.not-named, VerificationError as `read_charter` and `check_claims`.
    """
    charter, parties = _check(proposal)
    _require_named(ledger, charter)
    if charters_kept(ledger.layout):
        raise Refused(
            "network.seated",
            "expected a ledger of no network, found that of a member",
            hint="Use `counterfoil network agree` for changes of your network.",
        )
    base = charter if proposal.base is None else _read(proposal.base)
    network = Network(base)
    _keep(ledger.layout, 0, base)
    _record(ledger, network, charter, parties, proposal.why)
    if proposal.base is None:
        _adopt(ledger, network)
    return charter


def agree(ledger: Ledger, network: Network, proposal: Proposal) -> Charter:
    """Record a proposal in this member's log: its one voice on what is awaited.

    Raises Refused with code network.outdated where another change came first, network.voiced
    where this log has spoken, network.not-ready while a log that is new in it has not recorded it.
    """
    charter, parties = _check(proposal)
    network.charter.member(ledger.config.organisation)
    if charter.follows != network.awaited:
        raise Refused(
            "network.outdated",
            f"expected a proposal that follows {network.awaited[:16]}, found one that follows "
            f"{str(charter.follows)[:16]}",
            hint="Another change came first, or a vote failed: propose it anew.",
        )
    said = network.voice(ledger.origin)
    if said is not None:
        raise Refused(
            "network.voiced",
            f"expected to agree once, found that this log agreed to {said.digest[:16]}",
            hint="A voice stands until that vote is over: `counterfoil network show`.",
        )
    moved = charter.owner_of(ledger.origin) is not None
    if moved and not network.ready(charter):
        raise Refused(
            "network.not-ready",
            "expected the logs that are new to have recorded the proposal, found one that has not",
            hint="The applicant runs `counterfoil network join` first; mirror its log.",
        )
    _record(ledger, network, charter, parties, proposal.why)
    return charter


def open_network(ledger: Ledger, copies: Mapping[str, LogReader] | None = None) -> Network:
    """Read the state of a ledger's network, from its own log and from copies of the others'.

    copies: origin -> reader of a mirror. Raises NotFound with code network.none.
    """
    kept = charters_kept(ledger.layout)
    if not kept:
        raise NotFound(
            "network.none",
            "expected the ledger of a member of a network, found one of none",
            hint="`counterfoil network join PROPOSAL` makes it one.",
        )
    network = Network(*kept)
    for index, data in enumerate(ledger.entries()):
        _take(network, ledger.origin, index, data)
    taken = dict.fromkeys(copies or {}, 0)
    while any(_take_copy(network, origin, copies or {}, taken) for origin in taken):
        pass  # what one log says may change who vouches for another
    return network


def catch_up(ledger: Ledger, network: Network) -> list[Charter]:
    """Go by the charters that came into force: policy, peers; gives those that are new here."""
    known = len(charters_kept(ledger.layout))
    for number, charter in enumerate(network.history[known:], known):
        _keep(ledger.layout, number, charter)
    ended = {origin: end.size for origin, end in sorted(network.ended.items())}
    replace_file(ledger.layout.folder / "network" / _ENDED, msgspec.json.encode(ended))
    _adopt(ledger, network)
    return network.history[known:]


def final_sizes(layout: Layout) -> Callable[[str], int | None]:
    """Tell the witness where logs ended, as of the last `catch_up`: origin -> entries, or None."""
    path = layout.folder / "network" / _ENDED
    found = msgspec.json.decode(path.read_bytes(), type=dict[str, int]) if path.is_file() else {}
    return found.get


def charters_kept(layout: Layout) -> list[Charter]:
    """List the charters that were in force, oldest first, as this ledger saw them."""
    folder = layout.folder / "network"
    found = sorted(p for p in folder.glob("*.json") if _KEPT.fullmatch(p.name))
    return [_read(proposals.parse(path.read_bytes()).next) for path in found]


def _propose(network: Network, charter: Charter, why: str, *new: PartyKeys) -> Proposal:
    named = {party.party for party in new}
    known = []
    for member in charter.members:
        party = network.party_of(member)
        if party is not None and member.organisation not in named:
            name = network.names.get(party.party, party.party)
            known.append(PartyKeys(party.party, name, party.keys))
    base = _text(network.charter)
    parties = _parties(charter, (*known, *new))
    return Proposal(base=base, next=_text(charter), parties=parties, why=why)


def _parties(charter: Charter, given: Iterable[PartyKeys]) -> tuple[PartyKeys, ...]:
    by_name = {party.party: party for party in given}
    return tuple(by_name[name] for name in charter.organisations if name in by_name)


def _keys(card: Card) -> PartyKeys:
    return PartyKeys(card.organisation, card.name, card.keys)


def _text(charter: Charter) -> CharterText:
    return CharterText(charter.organisations, charter.text, charter.follows)


def _read(text: CharterText) -> Charter:
    return parse_charter(_statement(text))


def _statement(text: CharterText) -> predicates.Policy:
    return predicates.Policy(
        issuer="urn:proposal", source=_SOURCE, number=0, **msgspec.structs.asdict(text)
    )


def _check(proposal: Proposal) -> tuple[Charter, list[tuple[Party, str]]]:
    """Check that whoever a proposal names agreed to that with every key."""
    parties = []
    for given in proposal.parties:
        party = Party(
            issuer=given.party, source=_SOURCE, number=0, party=given.party, keys=given.keys
        )
        check_claims(party)
        parties.append((party, given.name))
    by_name = {party.party: party for party, _ in parties}
    return read_charter(_statement(proposal.next), by_name), parties


def _require_named(ledger: Ledger, charter: Charter) -> None:
    owner = charter.owner_of(ledger.origin)
    if owner is None or owner.organisation != ledger.config.organisation:
        raise Refused(
            "network.not-named",
            f"expected a proposal with {ledger.config.organisation} and its log, found one without",
            hint="Give your card to a member, which makes a proposal of it.",
        )


def _record(
    ledger: Ledger,
    network: Network,
    charter: Charter,
    parties: Sequence[tuple[Party, str]],
    why: str,
) -> None:
    for party, name in parties:
        if network.knows(ledger.origin, party):
            continue
        organisation = {"organisation": party.party, "name": name}
        _state(ledger, network, "organisation", organisation)
        _state(ledger, network, "party", {"party": party.party, "keys": party.keys})
    _state(ledger, network, "policy", charter.fields(why))


def _state(ledger: Ledger, network: Network, kind: str, fields: Mapping[str, Any]) -> int:
    done = ledger.record_statement(kind, msgspec.to_builtins(fields), source=_SOURCE)
    _take(network, ledger.origin, done.index, ledger.entry(done.index))
    return done.index


def _take(network: Network, origin: str, index: int, data: bytes) -> bool:
    said = _said(data)
    return said is not None and network.take(origin, index, said)


def _said(data: bytes) -> Header | None:
    with contextlib.suppress(CounterfoilError):  # its log may hold what we do not know
        parsed = entries.parse(data)
        if isinstance(parsed, StatementEntry):
            return predicates.parse_predicate(parsed.statement)
    return None


def _take_copy(
    network: Network, origin: str, copies: Mapping[str, LogReader], taken: dict[str, int]
) -> bool:
    """Take up what a copy holds under a checkpoint that has its quorum."""
    try:
        tree, note = copies[origin].published()
        policy = network.policy_for(origin)
        if policy is not None:
            evaluate(policy, note)
    except CounterfoilError:
        return False
    changed = False
    new = copies[origin].published_entries(taken[origin], tree.size, tree.size)
    for index, data in enumerate(new, taken[origin]):
        changed |= _take(network, origin, index, data)
    taken[origin] = tree.size
    return changed


def _keep(layout: Layout, number: int, charter: Charter) -> None:
    target = layout.folder / "network" / f"{number:06}.json"
    target.parent.mkdir(exist_ok=True)
    replace_file(target, proposals.format(Proposal(next=_text(charter), parties=())))


def _adopt(ledger: Ledger, network: Network) -> None:
    """Give the ledger the policy of the charter in force, and its processes their peers."""
    own, charter = ledger.config.organisation, network.charter
    member = charter.owner_of(ledger.origin)
    if member is None:
        _write_peers(ledger.layout, [], network)
        return
    policy = charter.policy_of(own)
    if policy != ledger.policy:
        said = {"members": [own], "policy": policies.format(policy).decode()}
        said["why"] = f"charter {charter.digest[:16]}"
        index = _state(ledger, network, "policy", said)
        change_policy(ledger.layout, index + 1, policy)
    others = [one for one in charter.members if one != member]
    _write_peers(ledger.layout, others, network)


def _write_peers(layout: Layout, others: Sequence[Member], network: Network) -> None:
    """Write a policy a peer; take away those of logs that are followed no more."""
    folder = layout.folder / "peers"
    folder.mkdir(exist_ok=True)
    wanted = {}
    for member in others:
        if network.log_keys(member.origin) is not None and member.logs[0].url is not None:
            name = re.sub(r"[^A-Za-z0-9]+", "-", member.organisation.partition(":")[2]).strip("-")
            wanted[f"{name}.txt"] = policies.format(network.charter.policy_of(member.organisation))
    for path in folder.glob("*.txt"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        replace_file(folder / name, text)
