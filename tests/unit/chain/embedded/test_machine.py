"""What the EVM of an embedded chain takes into a block, and what it refuses without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account as EthAccount
from eth_account.datastructures import SignedSetCodeAuthorization

from counterfoil.chain import NodeChain, account_of, node_of, transact
from counterfoil.chain.embedded.methods import answer
from counterfoil.chain.embedded.node import EmbeddedNode
from counterfoil.chain.transport import RpcError
from counterfoil.ports import ChainCall
from counterfoil.testing.chains import probe_code
from tests.chains import embedded

NOBODY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


class World:
    """A chain, its node, and an account with coins."""

    def __init__(self, chain: NodeChain, faucet: Any) -> None:
        self.chain, self.faucet, self.node = chain, faucet, node_of(chain)

    def raw(self, **more: Any) -> bytes:
        """Sign a payment with some fields changed."""
        fields = {
            "chainId": self.chain.chain_id,
            "nonce": self.chain.nonce(self.faucet.address),
            "to": NOBODY,
            "value": 1,
            "gas": 30_000,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 1,
        }
        return bytes(self.faucet.sign_transaction(fields | more))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Make the world once."""
    chain, faucet = embedded(tmp_path_factory.mktemp("machine"))
    yield World(chain, faucet)
    chain.close()


def untouched(node: EmbeddedNode) -> tuple[bytes, int]:
    """Give the head, and how many keys wait."""
    with node.turn() as machine:
        return bytes(machine.head().hash), len(node.database._pending)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"nonce": 99}, "nonce too high"),
        ({"maxFeePerGas": 1}, "max fee per gas less than block base fee"),
        ({"gas": 20_999}, "intrinsic gas too low"),
        ({"gas": 30_000_001}, "exceeds block gas limit"),
        ({"value": 10**28}, "insufficient funds"),
        ({"data": b"\1" * 1_000}, "intrinsic gas too low|invalid transaction"),
        ({"chainId": 1}, "invalid chain id"),
    ],
    ids=range(7),
)
def test_what_may_not_be_in_a_block(world: World, fields: dict[str, Any], words: str) -> None:
    """It is refused in the words of other nodes, and nothing of it is left."""
    before = untouched(world.node)
    with pytest.raises(RpcError, match=words):
        world.node.append(world.raw(**fields))
    assert untouched(world.node) == before == (before[0], 0)


@pytest.mark.parametrize(
    "raw", [b"", b"\0", b"\x02", b"\x02\xc0", b"\xc0", b"\x7f" * 9, b"\x03\xc0"], ids=range(7)
)
def test_bytes_that_are_no_transaction(world: World, raw: bytes) -> None:
    """Anything else is an invalid transaction, whatever the EVM's own library says."""
    with pytest.raises(RpcError, match=r"invalid transaction|not supported"):
        world.node.append(raw)


def test_a_changed_transaction(world: World) -> None:
    """A flipped bit changes the sender to an account without coins, or breaks the form."""
    before = untouched(world.node)
    raw = world.raw()
    for at in range(0, len(raw), 3):
        wrong = bytearray(raw)
        wrong[at] ^= 1
        with pytest.raises(RpcError):
            world.node.append(bytes(wrong))
    assert untouched(world.node) == before


def test_a_signature_with_a_high_s(world: World) -> None:
    """The twin of a signature, which anybody can compute, is not taken for another transaction."""
    import rlp

    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    fields = rlp.decode(world.raw()[1:])
    twin = order - int.from_bytes(fields[11], "big")
    fields[9] = b"" if fields[9] else b"\1"
    fields[11] = twin.to_bytes(32, "big")
    with pytest.raises(RpcError):
        world.node.append(b"\x02" + rlp.encode(fields))


def test_reverts_leave_nothing(world: World) -> None:
    """A transaction that would be reverted takes no coins, no nonce and no block."""
    made = transact(world.chain, world.faucet, ChainCall(None, probe_code()))
    before = untouched(world.node)
    with pytest.raises(RpcError, match="execution reverted: not like this") as caught:
        world.node.append(world.raw(to=made.contract, data=b"x", value=0, gas=100_000))
    assert caught.value.code == 3
    with pytest.raises(RpcError, match=r"(?i)gas"):
        world.node.append(world.raw(to=made.contract, value=0, gas=30_000))
    assert untouched(world.node) == before


def test_a_fault_in_the_middle(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When making a block breaks off nothing of it waits, and the next one is whole."""
    before = untouched(world.node)

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(world.node.database, "commit", fail)
        with pytest.raises(MemoryError):
            world.node.append(world.raw())
        assert untouched(world.node) == before
    with monkeypatch.context() as patch:
        patch.setattr("eth.chains.base.Chain.persist_block", fail)
        with pytest.raises(MemoryError):
            world.node.append(world.raw())
        assert untouched(world.node) == before
    world.node.append(world.raw())
    assert untouched(world.node) != before


def test_delegated_code(world: World) -> None:
    """A set-code transaction (EIP-7702), the newest kind of the fork, is taken."""
    made = transact(world.chain, world.faucet, ChainCall(None, probe_code())).contract
    other = EthAccount.create()
    asked = {"chainId": world.chain.chain_id, "address": made, "nonce": 0}
    permit: SignedSetCodeAuthorization = other.sign_authorization(asked)
    raw = world.raw(to=other.address, value=0, gas=200_000, authorizationList=[permit], data="0x")
    sent = world.chain.send_raw(raw)
    receipt = world.chain.tx_receipt(sent)
    assert receipt is not None
    assert receipt.logs[0].address == other.address
    form = answer(world.node, "eth_getTransactionByHash", ["0x" + sent.hex()])
    assert isinstance(form, dict)
    assert [one["address"] for one in form["authorizationList"]] == [made]
    assert world.chain.code(other.address) == b"\xef\x01\x00" + bytes.fromhex(str(made)[2:])
    assert account_of(bytes(other.key)).address == other.address
