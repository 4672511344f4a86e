# pragma version 0.4.3
# pragma evm-version cancun
# pragma optimize gas
"""
@title Verifier of one circuit: what its proofs show of a verdict
@license Apache-2.0
@notice Asks a generated verifier whether a proof holds, and holds the proof's public values against
        the verdict's words. Governance approves this contract in a decider's place, by proof.
@dev What is bound: maker (this circuit), score, outcome, nonce, and subject where the circuit shows
     its inputs or their hash. What is not: which decision, case, action or amount it is about, and
     where hidden inputs came from. Those are the log operator's word, within the approval's caps.
     No owner, no storage; all it knows is fixed when it is made.
"""

import verdicts
from . import IDecisionGate
from . import IVerdictVerifier

implements: IVerdictVerifier

CIRCUIT_KIND: constant(uint8) = 3
MAX_PROOF: constant(uint256) = 32768
MAX_SHOWN: constant(uint256) = 30560  # what is left of it for the proof alone
MAX_VALUES: constant(uint256) = 65  # 64 of inputs, and the score
MAX_SCALE: constant(uint256) = 64
PARTS: constant(int256) = 10**18
FIELD: constant(uint256) = (
    21888242871839275222246405745257275088548364400416034343698204186575808495617
)
# A score is a small number: far from where products with it could overflow
MAX_SCORE: constant(int256) = 2**127

VERIFIER: public(immutable(address))
CIRCUIT: public(immutable(bytes32))
INPUTS: public(immutable(uint256))
SCALE: public(immutable(uint256))
THRESHOLD: public(immutable(int256))
OUTCOME_FROM: public(immutable(bytes32))
OUTCOME_BELOW: public(immutable(bytes32))


@deploy
def __init__(
    verifier: address,
    circuit: bytes32,
    inputs: uint256,
    scale: uint256,
    threshold: int256,
    outcome_from: bytes32,
    outcome_below: bytes32,
):
    """
    @notice Make the verifier of a circuit.
    @param verifier The generated contract: `verifyProof(bytes,uint256[])`.
    @param circuit SHA-256 of the compiled circuit, the maker that verdicts name.
    @param inputs How many of the public values are of inputs, before the score; 0 to 64.
    @param scale The score is the last public value over 2**scale; 0 to 64.
    @param threshold In units of 2**-scale: from there on the outcome is another.
    @param outcome_from keccak256 of the outcome's text from the threshold on.
    @param outcome_below keccak256 of the outcome's text below the threshold.
    """
    assert verifier.is_contract, "no contract"
    assert inputs < MAX_VALUES, "inputs"
    assert scale <= MAX_SCALE, "scale"
    assert abs(threshold) < MAX_SCORE, "threshold"
    assert outcome_from != outcome_below, "outcomes"
    VERIFIER = verifier
    CIRCUIT = circuit
    INPUTS = inputs
    SCALE = scale
    THRESHOLD = threshold
    OUTCOME_FROM = outcome_from
    OUTCOME_BELOW = outcome_below


@external
@view
def nonce_of(words: Bytes[672], proof: Bytes[MAX_PROOF]) -> bytes32:
    """
    @notice Check a proof against a verdict; gives the nonce that the verdict must have.
    @dev Reverts: "form", "signer", "maker", "values" for a wrong number of them or one outside of
         the field, "score", "outcome", "subject", "proof".
    @param words The verdict's 21 words.
    @param proof ABI-encoded: the proof (bytes) and its public values (uint256[]).
    """
    assert len(words) == verdicts.WORDS, "form"
    verdict: IDecisionGate.Verdict = verdicts._parse(words)
    assert verdict.signer == self, "signer"
    assert verdict.maker_kind == CIRCUIT_KIND and verdict.maker == CIRCUIT, "maker"
    shown: Bytes[MAX_SHOWN] = b""
    values: DynArray[uint256, MAX_VALUES] = []
    shown, values = abi_decode(proof, (Bytes[MAX_SHOWN], DynArray[uint256, MAX_VALUES]))
    assert len(values) == INPUTS + 1, "values"
    inputs: DynArray[uint256, MAX_VALUES] = []
    for one: uint256 in values:
        # a value and the same plus the field's order are one to a proof, but two nonces
        assert one < FIELD, "values"
        if len(inputs) < INPUTS:
            inputs.append(one)
    found: int256 = self._signed(values[INPUTS])
    self._require_score(verdict.score, found)
    outcome: bytes32 = OUTCOME_BELOW
    if found >= THRESHOLD:
        outcome = OUTCOME_FROM
    assert verdict.outcome == outcome, "outcome"
    if INPUTS != 0:
        assert verdict.subject == keccak256(abi_encode(inputs)), "subject"
    self._require_proof(shown, values)
    return keccak256(abi_encode(values))


@internal
@pure
def _signed(word: uint256) -> int256:
    """
    @dev The upper half of the field stands for negative numbers.
    """
    number: int256 = 0
    if word > FIELD // 2:
        number = -convert(FIELD - word, int256)
    else:
        number = convert(word, int256)
    assert abs(number) < MAX_SCORE, "score"
    return number


@internal
@view
def _require_score(parts: int256, found: int256):
    """
    @dev Parts in 10**18 within half a unit of 2**-scale.
    """
    assert parts > -MAX_SCORE and parts < MAX_SCORE, "score"
    away: int256 = parts * convert(1 << SCALE, int256) - found * PARTS
    assert abs(away) * 2 <= PARTS, "score"


@internal
@view
def _require_proof(proof: Bytes[MAX_SHOWN], values: DynArray[uint256, MAX_VALUES]):
    answered: bool = False
    answer: Bytes[32] = b""
    answered, answer = raw_call(
        VERIFIER,
        abi_encode(proof, values, method_id=method_id("verifyProof(bytes,uint256[])")),
        max_outsize=32,
        is_static_call=True,
        revert_on_failure=False,
    )
    assert answered and len(answer) == 32, "proof"
    assert convert(answer, uint256) == 1, "proof"
