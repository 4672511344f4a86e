"""What an embedded chain answers, beyond what the conformance suite asks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from counterfoil.chain import Account, NodeChain, node_of, prepare, transact
from counterfoil.chain.embedded.methods import METHODS, answer
from counterfoil.chain.transport import RpcError
from counterfoil.ports import ChainCall, TxReceipt
from counterfoil.testing.chains import probe_code
from tests.chains import embedded

NOBODY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


class World:
    """A chain with the probe, counted twice."""

    def __init__(self, chain: NodeChain, faucet: Account) -> None:
        self.chain, self.faucet = chain, faucet
        self.made = transact(chain, faucet, ChainCall(None, probe_code()))
        self.counts: list[TxReceipt] = [
            transact(chain, faucet, ChainCall(self.made.contract)) for _ in range(2)
        ]

    def ask(self, method: str, *params: object) -> Any:
        """Ask the node."""
        return answer(node_of(self.chain), method, params)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Make the world once."""
    chain, faucet = embedded(tmp_path_factory.mktemp("methods"))
    yield World(chain, faucet)
    chain.close()


def test_nothing_else_is_offered() -> None:
    """Methods read, but for one that sends a signed transaction."""
    assert {name.split("_")[0] for name in METHODS} == {"eth", "net", "web3"}
    doing = [name for name in METHODS if "send" in name.lower() or "set" in name.lower()]
    assert doing == ["eth_sendRawTransaction"]


def test_who_it_is(world: World) -> None:
    """It names itself, its network and its state."""
    assert world.ask("web3_clientVersion").startswith("counterfoil-embedded/py-evm/")
    assert world.ask("net_version") == str(world.chain.chain_id)
    assert world.ask("net_listening") is True
    assert world.ask("eth_syncing") is False


def test_blocks_and_their_names(world: World) -> None:
    """A block is found by number, tag and hash; every one but the first has one transaction."""
    head = world.ask("eth_getBlockByNumber", "latest", False)
    for tag in ("pending", "safe", "finalized", head["number"]):
        assert world.ask("eth_getBlockByNumber", tag, False) == head
    assert world.ask("eth_getBlockByHash", head["hash"], False) == head
    assert world.ask("eth_getBlockByHash", head["hash"]) == head
    assert world.ask("eth_getBlockByHash", "0x" + "12" * 32, False) is None
    assert world.ask("eth_getBlockByNumber", "0x99", False) is None
    first = world.ask("eth_getBlockByNumber", "earliest", True)
    assert (first["number"], first["transactions"]) == ("0x0", [])
    full = world.ask("eth_getBlockByNumber", "latest", True)
    assert full["transactions"] == [world.ask("eth_getTransactionByHash", head["transactions"][0])]


def test_state_at_any_block(world: World) -> None:
    """Balances, nonces, code and storage are read as they were."""
    made = hex(world.made.block)
    contract = world.made.contract
    assert world.ask("eth_getCode", contract, "0x0") == "0x"
    assert world.ask("eth_getCode", contract, made) != "0x"
    assert int(world.ask("eth_getStorageAt", contract, "0x0", made), 16) == 0
    assert int(world.ask("eth_getStorageAt", contract, "0x0"), 16) == 2
    assert int(world.ask("eth_getStorageAt", contract, "0x0", {"blockNumber": made}), 16) == 0
    where = {"blockHash": "0x" + world.made.block_hash.hex()}
    assert int(world.ask("eth_getStorageAt", contract, "0x0", where), 16) == 0
    assert world.ask("eth_getTransactionCount", world.faucet.address, "0x0") == "0x0"
    assert int(world.ask("eth_getBalance", world.faucet.address, "earliest"), 16) == 10**27
    for unknown in ("0x99", {"blockHash": "0x" + "1" * 64}, {}):
        with pytest.raises(RpcError):
            world.ask("eth_getBalance", NOBODY, unknown)


def test_events(world: World) -> None:
    """Events are found by block, address and topics, each of which may be one of several."""
    contract, last = world.made.contract, world.counts[-1]
    topic = "0x" + "0" * 63 + "7"
    everything = {"fromBlock": "0x0", "toBlock": "latest"}
    assert len(world.ask("eth_getLogs", everything)) == 2
    assert len(world.ask("eth_getLogs", {})) == 1  # of the newest block
    assert world.ask("eth_getLogs", {"blockHash": "0x" + last.block_hash.hex()})[0][
        "blockNumber"
    ] == hex(last.block)
    some: list[tuple[dict[str, Any], int]] = [
        ({"address": [contract, NOBODY]}, 2),
        ({"address": []}, 0),
        ({"address": NOBODY}, 0),
        ({"topics": []}, 2),
        ({"topics": [None]}, 2),
        ({"topics": [[]]}, 2),
        ({"topics": [[topic, "0x" + "1" * 64]]}, 2),
        ({"topics": ["0x" + "1" * 64]}, 0),
        ({"topics": [topic, None]}, 0),
    ]
    for asked, count in some:
        assert len(world.ask("eth_getLogs", everything | asked)) == count, asked
    wrong: list[dict[str, Any]] = [
        {"topics": "x"},
        {"topics": [1]},
        {"topics": [None] * 5},
        {"address": "0x12"},
        {"blockHash": "0x" + "1" * 64},
        {"fromBlock": "newest"},
    ]
    for asked in wrong:
        with pytest.raises(RpcError) as caught:
            world.ask("eth_getLogs", asked)
        assert caught.value.code == -32602


def test_too_many_events(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that has too many answers is refused, and asked again for fewer blocks."""
    monkeypatch.setattr("counterfoil.chain.embedded.methods._MAX_LOGS", 1)
    with pytest.raises(RpcError) as caught:
        world.ask("eth_getLogs", {"fromBlock": "0x0"})
    assert caught.value.code == -32005
    assert world.made.contract is not None
    assert len(list(world.chain.logs(world.made.contract, 0, 99))) == 2


def test_fee_history(world: World) -> None:
    """The fees of past blocks and of the next one, and what tips were paid."""
    found = world.ask("eth_feeHistory", "0x2", "latest", [25, 75])
    assert len(found["baseFeePerGas"]) == 3
    assert len(found["gasUsedRatio"]) == 2
    assert found["reward"] == [["0x1", "0x1"]] * 2
    assert "reward" not in world.ask("eth_feeHistory", 100, "latest")
    assert int(world.ask("eth_gasPrice"), 16) == int(found["baseFeePerGas"][-1], 16) + 1
    for wrong in (("0x0", "latest"), (2000, "latest"), (None, "latest"), (1, "latest", "x")):
        with pytest.raises(RpcError):
            world.ask("eth_feeHistory", *wrong)


def test_calls(world: World) -> None:
    """A call may have no sender, a gas limit, coins and either name for its data."""
    contract = world.made.contract
    count = "0x" + "0" * 63 + "3"
    assert world.ask("eth_call", {"to": contract}) == count
    assert world.ask("eth_call", {"to": contract, "gas": "0xffffffffff"}, "pending") == count
    assert int(world.ask("eth_call", {"to": contract}, hex(world.made.block)), 16) == 1
    for wrong, words in (
        ({"to": contract, "gas": "0x5209"}, "out of gas|failed"),
        ({"to": contract, "gas": "0x1"}, "intrinsic gas too low"),
        ({"to": contract, "value": "0x1", "from": NOBODY}, "insufficient funds"),
        ({"to": contract, "input": "0x1"}, "invalid params"),
        ({"to": contract, "input": "0x" + "00" * ((1 << 20) + 1)}, "too much data"),
        ({"to": contract, "authorizationList": [1]}, "not supported"),
    ):
        with pytest.raises(RpcError, match=f"(?i){words}"):
            world.ask("eth_call", wrong)


def test_a_call_runs_in_the_next_block(world: World) -> None:
    """A view of the head sees the time that it is now: a chain at rest does not stop the clock."""
    timestamp = "0x425f5260205ff3"  # TIMESTAMP, returned
    now = int(world.ask("eth_call", {"data": timestamp}), 16)
    head = world.chain.head()
    assert now > head.time_s
    old = int(world.ask("eth_call", {"data": timestamp}, hex(head.number)), 16)
    assert old == head.time_s


def test_transactions_of_every_kind(world: World) -> None:
    """Legacy, access-list and fee-market transactions are shown as they were signed."""
    chain, faucet = world.chain, world.faucet
    price = chain.fees().max_fee
    base = {"to": NOBODY, "value": 1, "gas": 30_000, "chainId": chain.chain_id}
    access = [{"address": NOBODY, "storageKeys": ["0x" + "01" * 32]}]
    kinds: list[dict[str, Any]] = [
        {"gasPrice": price},
        {"gasPrice": price, "accessList": access, "type": 1},
        {"maxFeePerGas": price, "maxPriorityFeePerGas": 1, "accessList": access, "type": 2},
    ]
    for kind, more in enumerate(kinds):
        nonce = chain.nonce(faucet.address)
        sent = chain.send_raw(faucet.sign_transaction(base | more | {"nonce": nonce}))
        found = world.ask("eth_getTransactionByHash", "0x" + sent.hex())
        assert (found["type"], found["chainId"]) == (hex(kind), hex(chain.chain_id))
        assert ("yParity" in found) == (kind > 0)
        if kind:
            assert found["accessList"] == access
        assert world.ask("eth_getTransactionReceipt", "0x" + sent.hex())["status"] == "0x1"


def test_calls_in_calls(world: World) -> None:
    """A contract that calls itself is run as deep as Python goes, and refused beyond it."""
    code = bytes.fromhex(
        "5f35801560" + "1b" + "57600190035f525f5f60205f5f305af11560" + "1d" + "57005b005b5f5ffd"
    )
    init = b"\x60" + bytes([len(code)]) + bytes.fromhex("8060095f395ff3") + code
    at = transact(world.chain, world.faucet, ChainCall(None, init)).contract
    limit = sys.getrecursionlimit()
    assert world.ask("eth_call", {"to": at, "data": "0x" + f"{20:064x}"}) == "0x"
    with pytest.raises(RpcError, match="too many calls in calls"):
        world.ask("eth_call", {"to": at, "data": "0x" + f"{400:064x}"})
    deep = ChainCall(at, (400).to_bytes(32, "big"))
    before = world.chain.head()
    with pytest.raises(RpcError, match="too many calls in calls"):
        node_of(world.chain).append(prepare(world.chain, world.faucet, deep, gas=20_000_000).raw)
    assert world.chain.head() == before
    assert sys.getrecursionlimit() == limit
