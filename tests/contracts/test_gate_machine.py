"""The gate and its twin in Python, asked whatever a machine thinks of."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_abi.abi import encode
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contracts.gate_machine import GateMachine
from tests.contracts.gate_rig import GateRig
from tests.contracts.rig import planted

FEW = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
MANY = settings(FEW, max_examples=1_000, stateful_step_count=60)
HUNT = settings(FEW, max_examples=100, stateful_step_count=30, phases=[Phase.generate])


@pytest.fixture(scope="module")
def machine_rig() -> GateRig:
    """A gate with nothing approved."""
    return GateRig()


def run(rig: GateRig, how: settings) -> None:
    class Machine(GateMachine):
        pass

    Machine.rig = rig
    run_state_machine_as_test(Machine, settings=how)


def test_agreement(machine_rig: GateRig) -> None:
    """Whatever is asked, contract and Python give one reason, and count alike."""
    run(machine_rig, FEW)


@pytest.mark.campaign
def test_long_agreement(machine_rig: GateRig) -> None:
    """The same for a thousand stories of sixty steps."""
    run(machine_rig, MANY)


BUGS: dict[str, tuple[str, str, str]] = {
    "replay": ("decision_gate.vy", "    self.used[verdict.signer][verdict.nonce] = True\n", ""),
    "count": ("limits.vy", "        count += (word >> 160) & (2**32 - 1)\n", ""),
}


@pytest.mark.campaign
@pytest.mark.parametrize("bug", BUGS)
def test_planted_bugs_are_found(bug: str, tmp_path: Path) -> None:
    """Control: with one rule removed or changed, the machine finds a difference."""
    rig = GateRig()
    path = planted(tmp_path / "planted", *BUGS[bug]).parent / "decision_gate.vy"
    arguments = encode(["address", "address"], [rig.anchor.address, rig.registry.address])
    rig.replace_gate(rig.world.deploy_source(path, arguments))
    with pytest.raises(AssertionError):
        run(rig, HUNT)
