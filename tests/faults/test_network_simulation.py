"""No quorum for two histories, no fork unfound, nothing lost, every receipt good: in any bad year.

Each planted bug is one that an operator or a programmer could bring in, and must be found.
"""

from __future__ import annotations

import pytest

from counterfoil.formats import note as notes
from counterfoil.formats.note import NoteSignature
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.network import charter as charters
from counterfoil.proofs.signing import NoteSigner
from tests.faults.network_simulation import Hostile, Simulation, run_seed
from tests.organisation import Organisation

SEEDS = 80
STEPS = 200


def run(seeds: range) -> None:
    """Run seeds, every fourth of them with as many liars as may be."""
    for seed in seeds:
        run_seed(seed, STEPS, Simulation if seed % 4 else Hostile)


@pytest.mark.parametrize("part", range(4))
def test_seeds(part: int) -> None:
    """Every promise holds through seeds of joining, leaving, theft, forks, rollback, partition."""
    run(range(part * SEEDS // 4, (part + 1) * SEEDS // 4))


@pytest.mark.campaign
@pytest.mark.parametrize("part", range(20))
def test_seeds_at_length(part: int) -> None:
    """The same through 2,000 seeds."""
    run(range(part * 100, part * 100 + 100))


class Forgetful(Organisation):
    """Planted bug: cosigns whatever a member's log signed, without asking its memory."""

    def cosign(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        text = notes.parse(request.checkpoint).text
        now_s = self._clock.now_ms() // 1000
        return tuple(NoteSigner(key).sign(text, now_s) for key in self._witness_keys)


class Deaf(Organisation):
    """Planted bug: keeps what it mirrors, and compares it with nothing."""

    def _compare(self, *_: object) -> bool:
        return False


class ForgetfulWorld(Hostile):
    honest_type = Forgetful


class DeafWorld(Hostile):
    honest_type = Deaf


def found(kind: type[Simulation], seeds: int) -> str:
    """Say what the simulation finds first."""
    for seed in range(seeds):
        try:
            run_seed(seed, STEPS, kind)
        except AssertionError as err:
            return str(err)
    return ""


def test_forgetful_witnesses_are_found() -> None:
    """Control: witnesses that forget let two histories have a quorum, and that is seen."""
    assert "two histories" in found(ForgetfulWorld, 20)


def test_deaf_members_are_found() -> None:
    """Control: where nobody compares, a fork stays unfound, and that is seen."""
    assert "does not know" in found(DeafWorld, 20)


def test_any_witness_is_no_quorum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with any one witness for a quorum, two histories have one, and that is seen."""
    monkeypatch.setattr(charters, "independent_quorum", lambda others: 1)
    assert "two histories" in found(Hostile, 40)
