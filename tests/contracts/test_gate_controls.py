"""Controls: with one rule of the gate removed or changed, a test of the gate goes red."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from eth_abi.abi import encode

from tests.contracts import test_gate, test_gate_governance
from tests.contracts.gate_rig import GateRig
from tests.contracts.rig import Reverted, planted

_GATE = "decision_gate.vy"

BUGS: dict[str, tuple[str, str, str, Callable[[GateRig], None]]] = {
    "a stranger uses it up": (
        _GATE,
        '    assert verdict.consumer == consumer, "consumer"\n',
        "",
        test_gate.test_a_stranger_cannot_use_it_up,
    ),
    "inclusion is not compared": (
        _GATE,
        '    assert computed == root, "inclusion"\n',
        "",
        test_gate.test_a_wrong_leaf,
    ),
    "high s": (
        "signatures.vy",
        "s > MAX_S or ",
        "",
        lambda rig: test_gate.test_signatures(rig, "malleable, high s"),
    ),
    "anybody signs": (
        "deciders.vy",
        "found == signer and ",
        "",
        lambda rig: test_gate.test_signatures(rig, "a stranger's"),
    ),
    "out of order": (
        _GATE,
        '        assert verdict.seq - 1 == last, "order"\n',
        "",
        test_gate.test_order,
    ),
    "used twice": (
        _GATE,
        "    self.used[verdict.signer][verdict.nonce] = True\n",
        "",
        test_gate.test_replay,
    ),
    "sum unlimited": (
        "limits.vy",
        '    assert total <= convert(terms.period_cap, uint256), "rate"\n',
        "",
        test_gate.test_limits,
    ),
    "each unlimited": (
        "limits.vy",
        '    assert amount <= convert(terms.cap, uint256), "cap"\n',
        "",
        test_gate.test_the_largest_amounts,
    ),
    "last second": (
        _GATE,
        "block.timestamp <= convert(verdict.expiry, uint256)",
        "block.timestamp < convert(verdict.expiry, uint256)",
        test_gate.test_dates,
    ),
    "a thief writes an earlier time": (
        _GATE,
        '    assert time < approval.revoked_from, "revoked"\n',
        '    assert verdict.decided_at < approval.revoked_from, "revoked"\n',
        test_gate_governance.test_revocation,
    ),
    "later than its anchor": (
        _GATE,
        '    assert verdict.decided_at <= time, "postdated"\n',
        "",
        test_gate_governance.test_when_an_approval_holds,
    ),
    "no window": (
        _GATE,
        '        assert block.timestamp >= usable_from, "window"\n',
        "",
        test_gate_governance.test_veto,
    ),
    "anybody vetoes": (
        _GATE,
        '    assert msg.sender == approval.terms.vetoer, "not the vetoer"\n',
        "",
        test_gate_governance.test_veto,
    ),
}


FEW = ("a thief writes an earlier time",)
"""What is tried always; compiling takes seconds."""


@pytest.mark.parametrize(
    "bug", [one if one in FEW else pytest.param(one, marks=pytest.mark.campaign) for one in BUGS]
)
def test_planted_bugs_are_found(bug: str, tmp_path: Path) -> None:
    """Control: the test of that rule passes on the shipped gate, and fails on this one."""
    file, before, after, test = BUGS[bug]
    rig = GateRig()
    path = planted(tmp_path / "planted", file, before, after).parent / _GATE
    arguments = encode(["address", "address"], [rig.anchor.address, rig.registry.address])
    rig.replace_gate(rig.world.deploy_source(path, arguments))
    rig.approve()
    with pytest.raises((AssertionError, Reverted, pytest.fail.Exception)):
        test(rig)
