"""A log shows one history to its witness and another to the world: both tell, together."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.network import Monitor, open_source
from counterfoil.network.conviction import convict
from counterfoil.ops.serving import serving
from counterfoil.ports import SystemClock
from counterfoil.proofs import equivocation
from counterfoil.proofs.signing import NoteSigner, public_of
from counterfoil.witness import Witness, WitnessMemory
from counterfoil.witness.app import WitnessApp
from tests import c2sp
from tests.logs_on_disk import entries_of, other_entries, policy_of, publish, sign_tree

KEY = c2sp.witness(1)


@pytest.fixture
def memory(tmp_path: Path) -> WitnessMemory:
    """Make the memory of a witness."""
    return WitnessMemory(tmp_path / "witness.db", create=True)


def witness(memory: WitnessMemory) -> Witness:
    """Make a witness that follows the tests' log."""
    keys = {c2sp.ORIGIN: [public_of(c2sp.LOG)]}
    return Witness(memory, [NoteSigner(KEY)], keys.get, SystemClock())


def test_a_split_view_between_witness_and_world(tmp_path: Path, memory: WitnessMemory) -> None:
    """The monitor asks the policy's witness over HTTP, and convicts by the log's own tiles."""
    cosigning = witness(memory)
    cosigning.add_checkpoint(AddCheckpoint(0, (), sign_tree(other_entries(200, 50))))
    publish(tmp_path / "log", entries_of(300))
    policy: Policy = policy_of(KEY)
    assert policy.quorum == policies.NONE
    with serving(WitnessApp(cosigning, prefix="/w")) as url:
        sources = [
            open_source(str(tmp_path / "log")),
            open_source(f"witness:{url}/w", origin=c2sp.ORIGIN),
        ]
        with Monitor(tmp_path / "state", policy, sources) as monitor:
            events = list(monitor.round())
        for source in sources:
            source.close()
    (fork,) = [event for event in events if event.event == "forked"]
    proven = equivocation.verify(Path(fork.evidence).read_bytes())
    assert (proven.way, proven.first.size, proven.second.size) == ("prefix", 200, 300)


def test_what_a_witness_refused_and_kept_convicts(tmp_path: Path, memory: WitnessMemory) -> None:
    """The pair of notes in a witness's memory becomes evidence: alone, or with a mirror's tiles."""
    cosigning, keys = witness(memory), [public_of(c2sp.LOG)]
    cosigning.add_checkpoint(AddCheckpoint(0, (), sign_tree(entries_of(200))))
    forged = publish(tmp_path / "mirror", other_entries(300, 50))
    for old, signed in ((200, forged), (200, sign_tree(other_entries(200, 50)))):
        with pytest.raises(VerificationError):
            cosigning.add_checkpoint(AddCheckpoint(old, (), signed))
    ways = set()
    for kept in memory.evidence(c2sp.ORIGIN):
        mirror = open_source(str(tmp_path / "mirror"))
        ways.add(equivocation.verify(convict(keys, kept.last, kept.refused, [mirror])).way)
    assert ways == {"same-size", "prefix"}
