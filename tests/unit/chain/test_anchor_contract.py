"""The anchor contract as our client speaks it: who may anchor, and what is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_abi.abi import encode

from counterfoil.chain import Account, NodeChain, transact
from counterfoil.chain.anchor_contract import (
    AnchorContract,
    compute_log_id,
    hash_log_keys,
    hash_origin,
    refused_by_contract,
)
from counterfoil.chain.quantities import keccak
from counterfoil.contracts import load_artifact
from counterfoil.errors import CounterfoilError, NotFound, Refused, VerificationError
from counterfoil.ports import ChainCall
from tests.anchoring import KEYS_HASH, ORIGIN_HASH, Anchoring, anchoring
from tests.chains import embedded, funded
from tests.lying_node import lying
from tests.statements import refused


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeChain, Account]]:
    """An embedded chain and its faucet."""
    made, faucet = embedded(tmp_path_factory.mktemp("chain"))
    yield made, faucet
    made.close()


@pytest.fixture
def world(chain: tuple[NodeChain, Account], tmp_path: Path) -> Iterator[Anchoring]:
    """A log of its own on the chain."""
    numbers = chain[0].head().number
    found = anchoring(tmp_path, *chain, number=numbers % 200 + 1)
    yield found
    found.book.close()


def test_log_ids(world: Anchoring) -> None:
    """An id is keccak256 of the ABI encoding of chain, contract, owner, origin and keys."""
    contract = world.contract
    kinds = ["uint256", "address", "address", "bytes32", "bytes32"]
    parts = (world.chain.chain_id, contract.address, world.owner.address, ORIGIN_HASH, KEYS_HASH)
    assert world.log_id == keccak(encode(kinds, parts))
    stranger = world.account.address
    assert contract.log_id(stranger, ORIGIN_HASH, KEYS_HASH) != world.log_id
    assert hash_log_keys(["b", "a"]) == keccak(b"a\nb")
    assert hash_origin("é") == keccak("é".encode())
    ids = {
        compute_log_id(1, contract.address, stranger, ORIGIN_HASH, KEYS_HASH),
        compute_log_id(2, contract.address, stranger, ORIGIN_HASH, KEYS_HASH),
        compute_log_id(1, stranger, stranger, ORIGIN_HASH, KEYS_HASH),
        compute_log_id(1, contract.address, contract.address, ORIGIN_HASH, KEYS_HASH),
        compute_log_id(1, contract.address, stranger, KEYS_HASH, KEYS_HASH),
        compute_log_id(1, contract.address, stranger, ORIGIN_HASH, ORIGIN_HASH),
    }
    assert len(ids) == 6


def test_another_contract_is_noticed(world: Anchoring, chain: tuple[NodeChain, Account]) -> None:
    """An id that the contract computes otherwise is an error; so is no contract at all."""
    liar, node = lying(chain[0])
    node.lies["eth_call"] = lambda _, __: "0x" + "11" * 32
    abi = load_artifact("anchor").abi
    with refused("anchor.log-id", VerificationError):
        AnchorContract(liar, world.contract.address, abi).log_id(
            world.owner.address, ORIGIN_HASH, KEYS_HASH
        )
    with refused("chain.answer", VerificationError):
        AnchorContract(chain[0], world.owner.address, abi).latest(world.log_id)


def test_anchoring_and_what_stands(world: Anchoring) -> None:
    """What the anchor key brings can be read by size and time, found by its event, and proven."""
    contract, log_id = world.contract, world.log_id
    assert contract.latest(log_id).size == 0
    assert contract.owner_of(log_id) == world.owner.address
    assert contract.anchor_key_of(log_id) == world.account.address
    assert contract.owner_of(b"\1" * 32) is None
    with refused("anchor.unregistered", NotFound):
        contract.latest(b"\1" * 32)
    for size in (5, 23):
        world.anchor(size)
    standing = contract.latest(log_id)
    assert (standing.size, standing.root) == (23, world.log.root(23))
    first, second = contract.events(log_id, None, 0, world.chain.head().number)
    assert contract.events(log_id, 23, first.block, second.block) == [second]
    assert contract.anchored(log_id, 5, first.time_s) == world.log.root(5)
    assert contract.anchored(log_id, 6, first.time_s) is None
    receipt = world.chain.tx_receipt(second.tx_hash)
    assert receipt is not None
    assert contract.find_event(receipt, log_id, 23) == second
    assert contract.find_event(receipt, log_id, 5) is None
    leaf, path = world.log.include(4, 23)
    assert contract.includes(log_id, (23, second.time_s), 4, leaf, path)
    assert not contract.includes(log_id, (23, second.time_s), 3, leaf, path)


def test_signed_anchors_are_relayed_by_anybody(
    world: Anchoring, chain: tuple[NodeChain, Account]
) -> None:
    """EIP-712: the anchor key signs, a stranger pays; the stranger's own signature counts not."""
    contract, log_id, root = world.contract, world.log_id, world.log.root(5)
    relay = funded(*chain, 99)
    deadline = world.chain.head().time_s + 10_000
    own = contract.sign_anchor(world.account, log_id, (0, 5), root, deadline)
    forged = contract.sign_anchor(relay, log_id, (0, 5), root, deadline)
    with refused("chain.reverted", Refused):
        transact(
            world.chain, relay,
            contract.anchor_by_signature(log_id, (0, 5), root, (), (deadline, forged)),
        )  # fmt: skip
    transact(
        world.chain, relay, contract.anchor_by_signature(log_id, (0, 5), root, (), (deadline, own))
    )
    assert contract.latest(log_id).root == root


def test_the_owner_rotates_and_freezes(world: Anchoring) -> None:
    """A rotated key anchors no more; a frozen log has none; only the owner may."""
    contract, log_id = world.contract, world.log_id
    with refused("chain.reverted", Refused):
        transact(world.chain, world.account, contract.rotate_anchor_key(log_id, None))
    transact(world.chain, world.owner, contract.rotate_anchor_key(log_id, world.owner.address))
    assert contract.anchor_key_of(log_id) == world.owner.address
    with refused("anchor.key", Refused):
        world.queue.advance(due=True)
    transact(world.chain, world.owner, contract.rotate_anchor_key(log_id, None))
    assert contract.anchor_key_of(log_id) is None


def test_a_quorum_of_others_must_cosign(world: Anchoring, chain: tuple[NodeChain, Account]) -> None:
    """With a quorum the key alone anchors nothing; with enough cosignatures it does."""
    contract, log_id, root = world.contract, world.log_id, world.log.root(5)
    members, keys = [funded(*chain, n) for n in (31, 32)], [funded(*chain, n) for n in (33, 34)]
    for member, key in zip(members, keys, strict=True):
        proof = contract.sign_enrolment(key, member.address)
        transact(world.chain, member, contract.enrol(key.address, proof))
    addresses = [member.address for member in members]
    transact(world.chain, world.owner, contract.set_quorum(log_id, addresses, 2))
    assert contract.quorum_of(log_id)[1] == 2
    with refused("anchor.quorum", Refused):
        world.queue.advance(due=True)
    signed = [contract.sign_cosignature(key, log_id, 5, root) for key in keys]
    few = contract.anchor_with_quorum(log_id, (0, 5), root, (), signed[:1])
    with refused("chain.reverted", Refused):
        transact(world.chain, world.account, few)
    enough = contract.anchor_with_quorum(log_id, (0, 5), root, (), signed)
    transact(world.chain, world.account, enough)
    assert contract.latest(log_id).root == root
    transact(world.chain, members[0], contract.leave())
    transact(world.chain, world.owner, contract.set_quorum(log_id, [], 0))
    with refused("chain.reverted", Refused):  # a week has to pass
        transact(world.chain, world.owner, contract.apply_quorum(log_id))


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("'not the anchor key'", Refused, "anchor.key"),
        ("'quorum'", Refused, "anchor.quorum"),
        ("'fork'", VerificationError, "anchor.forked"),
        ("'new root'", VerificationError, "anchor.forked"),
        ("'stale'", Refused, "chain.reverted"),
    ],
)
def test_reverts_say_what_to_do(said: str, kind: type[CounterfoilError], code: str) -> None:
    """The contract's words become errors of ours; others stay what they are."""
    found = refused_by_contract(Refused("chain.reverted", f"reverted: {said}"), "0x")
    assert (type(found), found.code) == (kind, code)
    other = Refused("chain.underfunded", "no quorum of coins")
    assert refused_by_contract(other, "0x") is other


def test_a_stranger_cannot_anchor(world: Anchoring, chain: tuple[NodeChain, Account]) -> None:
    """Attack: a valid extension of our log, by somebody else's key, is refused."""
    world.anchor(5)
    thief = funded(*chain, 77)
    proof = world.log.prove(5, 9)
    call: ChainCall = world.contract.anchor(world.log_id, (5, 9), world.log.root(9), proof)
    with refused("chain.reverted", Refused):
        transact(world.chain, thief, call)
    assert world.contract.latest(world.log_id).size == 5


def test_whoever_registers_our_origin_first_gets_another_id(
    world: Anchoring, chain: tuple[NodeChain, Account]
) -> None:
    """Attack: a stranger's registration of our origin and keys neither takes nor blocks ours."""
    thief = funded(*chain, 78)
    theirs = world.contract.log_id(thief.address, ORIGIN_HASH, KEYS_HASH)
    register = world.contract.register(ORIGIN_HASH, KEYS_HASH, thief.address)
    transact(world.chain, thief, register)
    assert theirs != world.log_id
    assert world.contract.owner_of(theirs) == thief.address
    world.anchor(5)
    assert world.contract.latest(theirs).size == 0
