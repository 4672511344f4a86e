"""Contracts around the gate: that sign verdicts, that take them as signatures, that prove them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from eth.exceptions import Revert
from eth_abi.abi import encode

from counterfoil.formats import verdict
from counterfoil.formats.keccak import keccak256
from counterfoil.formats.verdict import MakerKind, SignedVerdict, Verdict, digest_of
from counterfoil.proofs import gate as gates
from tests.contracts.gate_rig import CONSUMER, SCOPE, STRANGER, GateRig, reason_of
from tests.contracts.rig import Contract, copy_sources, refused
from tests.verdicts import DECIDER, address_of, plain_verdict, sign

HEAD = "# pragma version 0.4.3\n# pragma evm-version cancun\n"

WALLET = """
answer: public(bytes32)
approved: public(HashMap[bytes32, bool])

@external
def approve(digest: bytes32, answer: bytes32):
    self.approved[digest] = True
    self.answer = answer

@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> bytes32:
    assert self.approved[digest] and signature == b"multi"
    return self.answer
"""

SHORT_ANSWER = """
@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[1024]):
    pass
"""

WRITER = """
count: uint256

@external
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> bytes4:
    self.count += 1
    return 0x1626ba7e
"""

BURNER = """
@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[1024]) -> bytes4:
    assert len(signature) == 0, UNREACHABLE  # takes all gas that it was given
    return 0x1626ba7e
"""

CHANNEL = """
# a contract that knows nothing of verdicts: it pays on whatever signature its payer's account takes
interface ERC1271:
    def isValidSignature(hash: bytes32, signature: Bytes[4096]) -> bytes4: view

paid: public(bool)

@external
def settle(payer: address, hash: bytes32, signature: Bytes[4096]):
    assert staticcall ERC1271(payer).isValidSignature(hash, signature) == 0x1626ba7e, "unsigned"
    self.paid = True
"""

TWICE = """
from . import IDecisionGate

@external
def act(gate: address, scope: bytes32, action: bytes32, packed: Bytes[4096]):
    first: IDecisionGate.Verdict = extcall IDecisionGate(gate).consume(scope, action, 1, packed)
    again: IDecisionGate.Verdict = extcall IDecisionGate(gate).consume(scope, action, 1, packed)

@external
def bring(gate: address, scope: bytes32, action: bytes32, packed: Bytes[4096]) -> bytes32:
    verdict: IDecisionGate.Verdict = extcall IDecisionGate(gate).consume(scope, action, 1, packed)
    return verdict.outcome
"""

VERIFIER = """
from . import IVerdictVerifier
implements: IVerdictVerifier

# proves that a score is the square of a number, which is the proof; binds score and subject
@external
@view
def nonce_of(words: Bytes[672], proof: Bytes[32768]) -> bytes32:
    root: uint256 = extract32(proof, 0, output_type=uint256)
    assert extract32(words, 352, output_type=uint256) == root * root, "no square"
    return keccak256(concat(slice(words, 288, 32), slice(words, 352, 32)))
"""

MAGIC = bytes.fromhex("1626ba7e").ljust(32, b"\0")


def deploy(rig: GateRig, tmp_path: Path, source: str) -> Contract:
    folder = copy_sources(tmp_path / "sources")
    (folder / "theirs.vy").write_text(HEAD + source, encoding="utf-8")
    return rig.world.deploy_source(folder / "theirs.vy")


def signed_by(
    rig: GateRig, contract: Contract, signature: bytes = b"multi"
) -> tuple[Verdict, bytes]:
    """Approve a contract as a decider, and give a verdict that it might have signed."""
    rig.approve(claim=rig.claim(decider=address_of(contract.address)))
    said = rig.verdict(signer=address_of(contract.address))
    return said, rig.anchored(verdict.format(SignedVerdict(said, signature)))


def test_a_contract_decides(rig: GateRig, tmp_path: Path) -> None:
    """A contract, such as a board's wallet, decides by ERC-1271, and Python's gate is told so."""
    wallet = deploy(rig, tmp_path, WALLET)
    said, packed = signed_by(rig, wallet)

    def signs(digest: bytes, signature: bytes) -> bool:
        return bool(wallet("approved", digest)) and signature == b"multi"

    rig.know(contracts={address_of(wallet.address): signs})
    assert rig.both(rig.ask(packed)) == "signature"
    wallet("approve", digest_of(said), MAGIC)
    other = rig.verdict(signer=address_of(wallet.address), nonce=bytes(32))
    unsigned = rig.anchored(verdict.format(SignedVerdict(other, b"multi")))
    assert rig.both(rig.ask(unsigned)) == "signature"
    assert rig.both(rig.ask(packed)) == ""


@pytest.mark.parametrize("answer", [bytes(32), MAGIC[:3].ljust(32, b"\0"), MAGIC[:31] + b"\1"])
def test_other_answers(rig: GateRig, tmp_path: Path, answer: bytes) -> None:
    """Only the one answer of ERC-1271 counts."""
    wallet = deploy(rig, tmp_path, WALLET)
    said, packed = signed_by(rig, wallet)
    wallet("approve", digest_of(said), answer)
    with refused("signature"):
        rig.consume(packed)


@pytest.mark.parametrize("source", [SHORT_ANSWER, WRITER, BURNER], ids=["short", "writes", "burns"])
def test_hostile_deciders(rig: GateRig, tmp_path: Path, source: str) -> None:
    """A decider that answers nothing, wants to write, or burns gas, refuses and does no more."""
    _, packed = signed_by(rig, deploy(rig, tmp_path, source))
    with refused("signature"):
        rig.consume(packed)


def test_an_accounts_form_is_an_accounts(rig: GateRig, tmp_path: Path) -> None:
    """65 bytes are an account's signature, so that a log alone tells who can have signed."""
    wallet = deploy(rig, tmp_path, WALLET)
    said, packed = signed_by(rig, wallet, b"m" * 65)
    wallet("approve", digest_of(said), MAGIC)
    with refused("signature"):
        rig.consume(packed)


def as_signature(rig: GateRig, packed: bytes, amount: int = 100) -> bytes:
    return SCOPE + amount.to_bytes(32, "big") + packed


def test_a_contract_that_knows_no_verdicts(rig: GateRig, tmp_path: Path) -> None:
    """A contract that takes ERC-1271 signatures takes verdicts, if governance allows it."""
    channel = deploy(rig, tmp_path, CHANNEL)
    said = rig.verdict(consumer=address_of(channel.address))
    packed = rig.anchored(rig.entry(said))
    call = ("settle", rig.gate.address, said.action_hash, as_signature(rig, packed))
    with refused("as signature"):
        channel(*call)
    rig.approve(as_signature=True)
    with refused("action"):
        channel("settle", rig.gate.address, bytes(32), as_signature(rig, packed))
    with refused("amount"):
        channel("settle", rig.gate.address, said.action_hash, as_signature(rig, packed, 1001))
    channel(*call)
    assert channel("paid") is True
    passed = gates.check_signature(
        rig.state, address_of(channel.address), said.action_hash, as_signature(rig, packed)
    )
    assert passed.verdict == said
    # the same verdict is nobody else's signature
    with refused("consumer"):
        rig.gate("isValidSignature", said.action_hash, call[3], sender=STRANGER.address)
    # and neither is one that is too short to hold scope and amount
    with refused("form"):
        rig.gate("isValidSignature", said.action_hash, bytes(63), sender=channel.address)


def test_a_used_verdict_is_no_signature(rig: GateRig) -> None:
    """What was consumed signs nothing any more."""
    rig.approve(as_signature=True)
    packed = rig.ready()
    call = ("isValidSignature", plain_verdict().action_hash, as_signature(rig, packed))
    assert rig.gate(*call, sender=CONSUMER.address) == MAGIC[:4]
    rig.consume(packed)
    with refused("replayed"):
        rig.gate(*call, sender=CONSUMER.address)


def test_a_proof_in_a_signatures_place(rig: GateRig, tmp_path: Path) -> None:
    """For a circuit, governance can approve a verifier contract; events say `zk`."""
    verifier = deploy(rig, tmp_path, VERIFIER)
    signer = address_of(verifier.address)
    plain = rig.verdict(maker_kind=MakerKind.CIRCUIT, signer=signer, score=49)
    nonce = keccak256(plain.subject + (49).to_bytes(32, "big"))
    said = replace(plain, nonce=nonce)
    claim = rig.claim(maker_kind=MakerKind.CIRCUIT, decider=signer)
    rig.approve(claim=claim, by_proof=True)
    packed = rig.anchored(verdict.format(SignedVerdict(said, b"")))
    assert rig.both(rig.ask(packed)) == "unproven"
    words, proof = verdict.format_words(said), encode(["uint256"], [7])
    with refused("no square"):
        rig.gate("prove", words, encode(["uint256"], [8]))
    with refused("proof"):
        rig.gate("prove", verdict.format_words(plain), proof)
    for spoiled, reason in [
        (replace(said, chain_id=2), "chain"),
        (replace(said, gate=bytes(20)), "gate"),
    ]:
        with refused(reason):
            rig.gate("prove", verdict.format_words(spoiled), proof)
    with refused("form"):
        rig.gate("prove", words[:-1], proof)
    rig.gate("prove", words, proof, sender=STRANGER.address)
    assert rig.gate.logs[0][0] == "Proven"
    rig.know(proven=frozenset({keccak256(words)}))
    ask = rig.ask(packed)
    rig.consume(packed)
    assert rig.gate.logs[0][1]["established"] == "zk"
    assert gates.check(rig.state, ask).established == "zk"


def test_a_proof_is_for_the_verdict_that_it_was_shown_for(rig: GateRig, tmp_path: Path) -> None:
    """A proof for one verdict proves no other, and one proof is good for one use."""
    verifier = deploy(rig, tmp_path, VERIFIER)
    signer = address_of(verifier.address)
    plain = rig.verdict(maker_kind=MakerKind.CIRCUIT, signer=signer, score=49)
    said = replace(plain, nonce=keccak256(plain.subject + (49).to_bytes(32, "big")))
    claim = rig.claim(maker_kind=MakerKind.CIRCUIT, decider=signer)
    rig.approve(claim=claim, by_proof=True)
    rig.gate("prove", verdict.format_words(said), encode(["uint256"], [7]))
    rig.know(proven=frozenset({keccak256(verdict.format_words(said))}))
    other = replace(said, action_hash=bytes(32))
    packed = rig.anchored(verdict.format(SignedVerdict(other, b"")))
    assert rig.both(rig.ask(packed, action_hash=bytes(32))) == "unproven"
    # shown for both, it still is used once: the nonce is the proof's
    rig.gate("prove", verdict.format_words(other), encode(["uint256"], [7]))
    rig.know(proven=rig.state.proven | {keccak256(verdict.format_words(other))})
    assert rig.both(rig.ask(packed, action_hash=bytes(32))) == ""
    assert rig.both(rig.ask(rig.anchored(verdict.format(SignedVerdict(said, b""))))) == "replayed"


def test_signatures_where_proofs_are_asked_for(rig: GateRig, tmp_path: Path) -> None:
    """An approval by proof takes no signature, and an approval by signature no proof."""
    verifier = deploy(rig, tmp_path, VERIFIER)
    signer = address_of(verifier.address)
    claim = rig.claim(maker_kind=MakerKind.CIRCUIT, decider=signer)
    rig.approve(claim=claim, by_proof=True)
    said = rig.verdict(maker_kind=MakerKind.CIRCUIT, signer=signer)
    packed = rig.anchored(verdict.format(SignedVerdict(said, sign(said))))
    assert rig.both(rig.ask(packed)) == "signature"
    rig.approve(claim=claim, by_proof=False)
    empty = rig.anchored(verdict.format(SignedVerdict(said, b"")))
    assert rig.both(rig.ask(empty)) == "signature"


def test_proving_without_a_verifier(rig: GateRig) -> None:
    """Nothing is proven where no contract stands."""
    words = verdict.format_words(rig.verdict())
    assert reason_of(lambda: rig.gate("prove", words, b"")) == "no reason"


@pytest.mark.parametrize("which", ["anchor", "registry"])
def test_constructor(rig: GateRig, which: str) -> None:
    """A gate stands between two contracts, not accounts."""
    pair = [rig.anchor.address, rig.registry.address]
    pair[which == "registry"] = STRANGER.address
    with pytest.raises(Revert, match="no contract"):
        rig.deploy("decision_gate", *pair)


def test_twice_in_one_transaction(rig: GateRig, tmp_path: Path) -> None:
    """A consumer cannot use a verdict twice, however it goes about it; anybody may bring it."""
    consumer = deploy(rig, tmp_path, TWICE)
    said = rig.verdict(consumer=address_of(consumer.address))
    call = (rig.gate.address, SCOPE, said.action_hash, rig.anchored(rig.entry(said)))
    with refused("replayed"):
        consumer("act", *call)
    assert rig.gate("used", DECIDER.address, said.nonce) is False
    assert consumer("bring", *call, sender=STRANGER.address) == said.outcome
    with refused("replayed"):
        consumer("bring", *call)
