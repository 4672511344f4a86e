"""No quorum for two histories, no fork unfound, nothing lost, every receipt good: in any bad year.

Each planted bug is one that an operator or a programmer could bring in, and must be found.
"""

from __future__ import annotations

import pytest

from counterfoil.formats.note import NoteSignature
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.network import charter as charters
from counterfoil.network.membership import Network
from counterfoil.proofs.signing import NoteSigner
from tests.faults.network_simulation import Simulation, run_seed
from tests.organisation import Organisation

SEEDS = 120
STEPS = 200


@pytest.mark.parametrize("part", range(4))
def test_seeds(part: int) -> None:
    """Every promise holds through seeds of joining, leaving, theft, forks, rollback, partition."""
    for seed in range(part, SEEDS, 4):
        run_seed(seed, STEPS)


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(20))
def test_seeds_at_length(part: int) -> None:
    """The same through 2,000 seeds."""
    for seed in range(part, 2_000, 20):
        run_seed(seed, STEPS)


class Forgetful(Organisation):
    """Planted bug: cosigns whatever a member's log signed, without asking its memory."""

    def cosign(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        from counterfoil.formats import note as notes

        text = notes.parse(request.checkpoint).text
        now_s = self._clock.now_ms() // 1000
        return tuple(NoteSigner(key).sign(text, now_s) for key in self._witness_keys)


class Deaf(Organisation):
    """Planted bug: keeps what it mirrors, and compares it with nothing."""

    def _compare(self, *_: object) -> bool:
        return False


class ForgetfulWorld(Simulation):
    honest_type = Forgetful


class DeafWorld(Simulation):
    honest_type = Deaf


def found(kind: type[Simulation], seeds: int = 40) -> str:
    """Say what the simulation finds first."""
    for seed in range(seeds):
        try:
            run_seed(seed, STEPS, kind)
        except AssertionError as err:
            return str(err)
    return ""


def test_forgetful_witnesses_are_found() -> None:
    """Control: witnesses that forget let two histories have a quorum, and that is seen."""
    assert " and " in found(ForgetfulWorld)


def test_deaf_members_are_found() -> None:
    """Control: where nobody compares, a fork stays unfound, and that is seen."""
    assert "does not know" in found(DeafWorld)


def test_any_witness_is_no_quorum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with any one witness for a quorum, two histories have one, and that is seen."""
    monkeypatch.setattr(charters, "independent_quorum", lambda others: 1)
    assert " and " in found(Simulation, 120)


def test_newcomers_that_begin_anywhere_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: newcomers that take any beginning of an old log help it to a second history."""
    monkeypatch.setattr(Network, "saw_birth", lambda *_: True)
    assert found(Simulation, 10) == "", "no seed shows it yet"
