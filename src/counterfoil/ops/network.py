"""Belong to a network of organisations: cards, proposals, one voice each, and what follows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec

from counterfoil.errors import InputError, NotFound, Refused
from counterfoil.formats import card as cards
from counterfoil.formats import evidence as evidences
from counterfoil.formats import proposal as proposals
from counterfoil.formats.card import CARD_MAX_BYTES, Card
from counterfoil.formats.evidence import EVIDENCE_MAX_BYTES
from counterfoil.formats.proposal import PROPOSAL_MAX_BYTES, Proposal
from counterfoil.ledger import Ledger, Recorded
from counterfoil.ledger.mirror_marker import read_mirror
from counterfoil.ledger.state import state_folder
from counterfoil.ledger.tile_sources import TilesUnder
from counterfoil.log import LogReader, parse_signed
from counterfoil.network import seat
from counterfoil.network.cards import Addresses
from counterfoil.network.charter import Charter
from counterfoil.network.membership import Network
from counterfoil.ops.documents import DocumentFile, DocumentOut, give_out
from counterfoil.ops.files import read_file, shown
from counterfoil.ops.kinds import told_apart
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ports import STANDARD_STREAM, Document, Param
from counterfoil.storage import KeyFiles, TileFiles

__all__ = [
    "MemberView",
    "NetworkView",
    "Voiced",
    "accuse",
    "agree",
    "card",
    "found",
    "freeze",
    "invite",
    "join",
    "retire",
    "show",
    "update",
]

_JSON: Final = "application/json"

Mirrors = Annotated[
    Path | None,
    Param(
        "Folder of the mirrors of the others' logs; else `mirrors` in the state folder.",
        "DIR",
        holds="machine",
    ),
]
Why = Annotated[str, Param("Why, for people; it is recorded.", "TEXT")]
ProposalFile = Annotated[Path, Param("The proposal.", "FILE", holds="file")]


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member. own: it is this ledger's organisation. log_url, witness_url: where they answer.

    ended: entries with which its log was frozen; None while it goes on. convicted: its log signed
    two histories. agrees_to: digest of the proposal that its log has recorded now; None for none.
    """

    organisation: str
    origin: str
    log_url: str | None
    witness_url: str | None
    own: bool
    ended: int | None
    convicted: bool
    agrees_to: str | None


@dataclass(frozen=True, slots=True)
class NetworkView:
    """A network as a member sees it.

    charter: digest of the one in force. changes: charters before it, as far as this ledger saw
    them. awaited: what the next one must follow. needed: members that must agree to it. quorum:
    of other members' witnesses that must cosign, beside a log's own.
    """

    charter: str
    changes: int
    awaited: str
    needed: int
    quorum: int
    members: tuple[MemberView, ...]


@dataclass(frozen=True, slots=True)
class Voiced:
    """A ledger has recorded a proposal. charter: its digest. members: of the network it makes."""

    charter: str
    members: tuple[str, ...]


def card(
    *,
    ledger: LedgerFolder = None,
    witness: Annotated[
        Path | None,
        Param(
            "Folder of the witness run for others; else `public-witness` in the state.",
            "DIR",
            holds="machine",
        ),
    ] = None,
    log_url: Annotated[str | None, Param("Where the log's files are served.", "URL")] = None,
    witness_url: Annotated[str | None, Param("The witness's submission prefix.", "URL")] = None,
    mirror_url: Annotated[str | None, Param("Where copies of others are served.", "URL")] = None,
    out: DocumentOut = STANDARD_STREAM,
) -> Document | DocumentFile:
    """Write this organisation's card: its keys, each of which signs that they belong together.

    Raises NotFound with code network.no-witness where it runs none for others yet, key.missing for
    a key of the ledger, and as `write_file`.
    """
    folder = witness if witness is not None else state_folder() / "public-witness"
    if "witness" not in KeyFiles(folder).names():
        raise NotFound(
            "network.no-witness",
            f"expected the key of a witness for others in {shown(folder)}, found none",
            hint="Start `counterfoil network run` once: it makes the witness.",
        )
    with open_for_reading(ledger) as opened:
        made = seat.write_card(opened, folder, Addresses(log_url, witness_url, mirror_url))
    return give_out(cards.format(made), _JSON, out)


def found(
    card_files: Annotated[
        tuple[Path, ...], Param("The founders' cards, all of them.", "CARD", holds="file")
    ],
    *,
    why: Why = "",
    out: DocumentOut = STANDARD_STREAM,
) -> Document | DocumentFile:
    """Propose a new network of the organisations of these cards.

    Raises InputError as `formats.card.parse`, naming the file, and as `seat.propose_founding`.
    """
    given = [_card(path) for path in card_files]
    return _given_out(seat.propose_founding(given, why), out)


def invite(
    card_file: Annotated[
        Path, Param("The organisation's card, from itself.", "CARD", holds="file")
    ],
    *,
    ledger: LedgerFolder = None,
    mirrors: Mirrors = None,
    why: Why = "",
    out: DocumentOut = STANDARD_STREAM,
) -> Document | DocumentFile:
    """Propose to admit an organisation, or a member's new keys or log.

    Raises as `seat.propose_member` and `seat.open_network`.
    """
    given = _card(card_file)
    with open_for_reading(ledger) as opened:
        return _given_out(seat.propose_member(_network(opened, mirrors), given, why), out)


def retire(
    organisation: Annotated[str, Param("URI of the member that leaves.", "URI")],
    *,
    ledger: LedgerFolder = None,
    mirrors: Mirrors = None,
    why: Why = "",
    out: DocumentOut = STANDARD_STREAM,
) -> Document | DocumentFile:
    """Propose that a member leaves.

    Raises NotFound with code network.member, and as `seat.open_network`.
    """
    with open_for_reading(ledger) as opened:
        made = seat.propose_without(_network(opened, mirrors), organisation, why)
    return _given_out(made, out)


def join(proposal: ProposalFile, *, ledger: LedgerFolder = None) -> Voiced:
    """Record a proposal that founds a network with this organisation, or admits it.

    An applicant records before the members do. Raises as `seat.join`.
    """
    read = proposals.parse(read_file(proposal, PROPOSAL_MAX_BYTES))
    with open_for_writing(ledger) as opened:
        return _voiced(seat.join(opened, read))


def agree(
    proposal: ProposalFile, *, ledger: LedgerFolder = None, mirrors: Mirrors = None
) -> Voiced:
    """Agree to a proposal in this member's log.

    Raises as `seat.agree` and `seat.open_network`.
    """
    read = proposals.parse(read_file(proposal, PROPOSAL_MAX_BYTES))
    with open_for_writing(ledger) as opened:
        return _voiced(seat.agree(opened, _network(opened, mirrors), read))


def update(*, ledger: LedgerFolder = None, mirrors: Mirrors = None) -> NetworkView:
    """Go by what came into force: the ledger's policy, and whose logs are watched.

    Processes that run take it up at their next start. Raises as `seat.open_network`.
    """
    with open_for_writing(ledger) as opened:
        network = _network(opened, mirrors)
        seat.catch_up(opened, network)
        return _view(opened, network)


def show(*, ledger: LedgerFolder = None, mirrors: Mirrors = None) -> NetworkView:
    """Show the members of this ledger's network, and what is proposed.

    Raises as `seat.open_network`.
    """
    with open_for_reading(ledger) as opened:
        return _view(opened, _network(opened, mirrors))


def freeze(
    *,
    ledger: LedgerFolder = None,
    checkpoint: Annotated[
        Path | None,
        Param("Another's last checkpoint; else this ledger ends.", "FILE", holds="file"),
    ] = None,
    successor: Annotated[
        str | None, Param("Origin of the log in which the story goes on.", "ORIGIN")
    ] = None,
    why: Why = "",
) -> Recorded:
    """End this ledger's log for good, or state with which checkpoint another's ended.

    Nothing is recorded in a log that ended. Raises Refused with code log.frozen when it has,
    network.own-checkpoint for one of this ledger.
    """
    with open_for_writing(ledger) as opened:
        if checkpoint is None:
            opened.publish()
            signed = opened.published()
        else:
            signed = read_file(checkpoint, CARD_MAX_BYTES)
        tree = parse_signed(signed)
        if checkpoint is not None and tree.origin == opened.origin:
            raise Refused(
                "network.own-checkpoint",
                "expected a checkpoint of another log, found one of this ledger",
                hint="Leave the checkpoint out to end this ledger's own log.",
            )
        said = {"origin": tree.origin, "size": tree.size, "root": tree.root.hex(), "why": why}
        if successor is not None:
            said["successor"] = successor
        return opened.record_statement("log-frozen", {**said, "checkpoint": signed.decode()})


def accuse(
    evidence: Annotated[
        Path, Param("Evidence that a log signed two histories.", "FILE", holds="file")
    ],
    *,
    ledger: LedgerFolder = None,
    mirrors: Mirrors = None,
) -> Recorded:
    """Record evidence against a log; it is witnessed no more.

    Raises VerificationError with code claim.equivocation when it proves nothing.
    """
    bundle = evidences.parse(read_file(evidence, EVIDENCE_MAX_BYTES))
    fields = msgspec.to_builtins(bundle)
    fields.pop("type")
    with open_for_writing(ledger) as opened:
        done = opened.record_statement("equivocation", fields)
        if seat.charters_kept(opened.layout):
            seat.catch_up(opened, _network(opened, mirrors))
        return done


def _network(opened: Ledger, mirrors: Path | None) -> Network:
    """Open the network with whatever mirrors are at hand."""
    folder = mirrors if mirrors is not None else state_folder() / "mirrors"
    copies = {}
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        marker = read_mirror(place)
        signed = TileFiles(place).published() if marker is not None else None
        if marker is not None and marker.mode != "hashes" and signed is not None:
            copies[marker.origin] = LogReader(TilesUnder(place, signed))
    return seat.open_network(opened, copies)


def _given_out(proposal: Proposal, out: Path) -> Document | DocumentFile:
    return give_out(proposals.format(proposal), _JSON, out)


def _card(path: Path) -> Card:
    data = read_file(path, CARD_MAX_BYTES)
    try:
        with told_apart(data, "an organisation's card"):
            return cards.parse(data)
    except InputError as err:
        raise err.renewed(f"{shown(path)}: {err.message}") from err


def _voiced(charter: Charter) -> Voiced:
    return Voiced(charter.digest, charter.organisations)


def _view(opened: Ledger, network: Network) -> NetworkView:
    charter = network.charter
    members = []
    for member in charter.members:
        said = network.voice(member.origin)
        members.append(
            MemberView(
                organisation=member.organisation,
                origin=member.origin,
                log_url=member.logs[0].url,
                witness_url=member.witness.url,
                own=member.organisation == opened.config.organisation,
                ended=network.final_size(member.origin),
                convicted=member.origin in network.convicted,
                agrees_to=None if said is None else said.digest,
            )
        )
    others = len(members) - 1
    return NetworkView(
        charter=charter.digest,
        changes=len(network.history) - 1,
        awaited=network.awaited,
        needed=charter.majority,
        quorum=charter.independent if others else 0,
        members=tuple(members),
    )
