# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title The smallest contract that acts only on proven decisions, to try and to copy
@license Apache-2.0
@notice A row of switches. Each is turned by a verdict of its own, in the scope "switch.turn".
@dev One line asks the gate; the rest says exactly what is about to be done, so that a verdict for
     one switch and state is good for no other. It has no owner and holds nothing.
"""

from . import IDecisionGate


event Turned:
    switch: indexed(uint256)
    on: bool
    decision: bytes32


SCOPE: constant(bytes32) = keccak256("switch.turn")
TURN: constant(bytes32) = keccak256("turn(uint256,bool)")

GATE: public(immutable(IDecisionGate))

is_on: public(HashMap[uint256, bool])
decided_by: public(HashMap[uint256, bytes32])  # leaf of the last decision


@deploy
def __init__(gate: IDecisionGate):
    """
    @notice Make a row of switches, all off.
    @param gate Which gate is asked.
    """
    GATE = gate


@external
def turn(switch: uint256, on: bool, packed: Bytes[4096]):
    """
    @notice Turn a switch, if a proven decision says so. Anybody may bring the proof.
    @dev Reverts with the gate's reasons.
    @param switch Which one.
    @param on To which state.
    @param packed The verdict, and where it stands.
    """
    action_hash: bytes32 = keccak256(abi_encode(TURN, chain.id, self, switch, on))
    verdict: IDecisionGate.Verdict = extcall GATE.consume(SCOPE, action_hash, 0, packed)
    self.is_on[switch] = on
    self.decided_by[switch] = verdict.decision
    log Turned(switch=switch, on=on, decision=verdict.decision)
