"""A party that keeps two copies of its log and goes on differently in each: how that comes out.

For the story and its tests: it is done with a real copy and the party's real key, as who owns the
machine could. Its own software refuses as long as it may; the others' witnesses refuse always, and
the two signatures are evidence for ever. This module refuses to touch the party's real log.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from counterfoil.apps.supply.parties import Parties
from counterfoil.errors import CounterfoilError
from counterfoil.formats.evidence import EvidenceBundle
from counterfoil.formats.policy import NONE, Policy
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ledger import Layout, Ledger, open_ledger
from counterfoil.ledger.policy_file import read_policy, replace_policy
from counterfoil.log import LogReader, parse_signed
from counterfoil.network.conviction import convict
from counterfoil.proofs.merkle import NodeReader, consistency_path
from counterfoil.storage import TileFiles

__all__ = ["Caught", "TwinLog", "catch", "make_twin", "record_evidence"]

_WITNESS_ON: Final = "witness = true"
_WITNESS_OFF: Final = "witness = false"


@dataclass(frozen=True, slots=True)
class TwinLog:
    """The copy. folder: where it is. size: of both when it was made."""

    party: str
    folder: Path
    size: int


@dataclass(frozen=True, slots=True)
class Caught:
    """How it came out. refused: witness -> why it did not cosign. evidence: verified offline."""

    refused: dict[str, str]
    evidence: EvidenceBundle


def make_twin(parties: Parties, name: str, folder: Path) -> TwinLog:
    """Copy a party's log while it is closed, and switch off what its owner can switch off.

    folder: must not be there. Raises OSError.
    """
    with parties.away(name) as party:
        shutil.copytree(party.folder, folder)
    layout = Layout(folder)
    config = layout.config.read_text()
    layout.config.write_text(config.replace(_WITNESS_ON, _WITNESS_OFF))
    policy = read_policy(layout)
    replace_policy(layout, Policy(policy.logs, (), (), NONE))
    return TwinLog(name, folder, parties.ledgers[name].size)


def catch(parties: Parties, twin: TwinLog, say: Callable[[Ledger], object]) -> Caught:
    """Let the twin go on, show its checkpoint to the others, and prove what its signer did.

    say: records in the twin what shall replace the truth. Raises as `convict`.
    """
    with open_ledger(twin.folder) as ledger:
        say(ledger)
        ledger.publish()
        second = ledger.published()
    honest = parties.ledgers[twin.party]
    honest.publish()
    first, folder = honest.published(), parties.parties[twin.party].folder
    ours, theirs = _nodes(folder, first), _nodes(twin.folder, second)
    refused = {}
    for witness in parties.witnesses_of(twin.party):
        known = parse_signed(witness.latest(honest.origin) or first).size
        grown = parse_signed(second).size
        proof = tuple(consistency_path(known, grown, theirs)) if 0 < known < grown else ()
        try:
            witness.add_checkpoint(AddCheckpoint(known, proof, second))
        except CounterfoilError as err:
            refused[witness.name] = err.message
    keys = [log.key for log in parties.parties[twin.party].logs]
    evidence = convict(keys, first, second, first_nodes=ours, second_nodes=theirs)
    return Caught(refused, evidence)


def record_evidence(ledger: Ledger, evidence: EvidenceBundle) -> int:
    """Record the evidence in one's own log, where everybody finds it; give the entry's index."""
    fields = msgspec.to_builtins(evidence)
    fields.pop("type")
    return ledger.record_statement("equivocation", fields).index


def _nodes(folder: Path, signed: bytes) -> NodeReader:
    return LogReader(TileFiles(folder)).nodes(parse_signed(signed).size)
