"""A chain behind a node: a broken or lying one gives an error, and is never believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil.chain import NodeChain, prepare, transact
from counterfoil.chain.transport import METHOD_NOT_FOUND, RpcError
from counterfoil.errors import (
    CounterfoilError,
    Refused,
    Unavailable,
    VerificationError,
)
from counterfoil.ports import ChainCall, TxReceipt
from counterfoil.testing.chains import COUNTED, probe_code
from tests.chains import embedded
from tests.lying_node import lying

NOBODY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
WORD = "0x" + "ab" * 32


class World:
    """A chain with the probe counted twice, and a node in front of it that may lie."""

    def __init__(self, folder: Path) -> None:
        self.honest, self.faucet = embedded(folder)
        made = transact(self.honest, self.faucet, ChainCall(None, probe_code()))
        assert made.contract is not None
        self.probe = made.contract
        self.receipts = [
            transact(self.honest, self.faucet, ChainCall(self.probe)) for _ in range(2)
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Make the world once: the tests only read it."""
    found = World(tmp_path_factory.mktemp("world"))
    yield found
    found.honest.close()


def changed(**fields: object) -> Callable[[Any, Any], Any]:
    """Make a lie: the honest object with other fields; DROP leaves one out."""
    return lambda _, honest: {k: v for k, v in (honest() | fields).items() if v is not DROP}


DROP = object()


def says(value: object) -> Callable[[Any, Any], Any]:
    """Make a lie: always the same answer."""
    return lambda _, __: value


def refuses(code: int, message: str, data: bytes = b"") -> Callable[[Any, Any], Any]:
    """Make a lie: always the same refusal."""

    def lie(_: Any, __: Any) -> Any:
        raise RpcError(code, message, data)

    return lie


def receipt(world: World, chain: NodeChain) -> TxReceipt | None:
    """Ask for the receipt of the first count."""
    return chain.tx_receipt(world.receipts[0].tx_hash)


def events(world: World, chain: NodeChain) -> object:
    """Ask for the counts."""
    return list(chain.logs(world.probe, 0, 10, [COUNTED]))


ASKS: dict[str, Callable[[World, NodeChain], object]] = {
    "head": lambda _, chain: chain.head(),
    "block": lambda _, chain: chain.block(1),
    "final": lambda _, chain: chain.final(),
    "balance": lambda _, chain: chain.balance(NOBODY),
    "nonce": lambda _, chain: chain.nonce(NOBODY),
    "fees": lambda _, chain: chain.fees(),
    "call": lambda w, chain: chain.call(ChainCall(w.probe)),
    "estimate": lambda w, chain: chain.estimate(ChainCall(w.probe)),
    "code": lambda w, chain: chain.code(w.probe),
    "knows": lambda w, chain: chain.knows(w.receipts[0].tx_hash),
    "receipt": receipt,
    "events": events,
}

LONG = "0x" + "f" * 70

JUNK: list[object] = [
    None,
    True,
    7,
    -1,
    1.5,
    "",
    "0x",
    "0xzz",
    "latest",
    "0x" + "f" * 70,
    [],
    [None],
    {},
    "é",
]

METHODS = {
    "head": "eth_getBlockByNumber",
    "block": "eth_getBlockByNumber",
    "final": "eth_getBlockByNumber",
    "balance": "eth_getBalance",
    "nonce": "eth_getTransactionCount",
    "fees": "eth_getBlockByNumber",
    "call": "eth_call",
    "estimate": "eth_estimateGas",
    "code": "eth_getCode",
    "knows": "eth_getTransactionByHash",
    "receipt": "eth_getTransactionReceipt",
    "events": "eth_getLogs",
}

MEANT = {
    ("block", "None"),
    ("knows", "None"),
    ("receipt", "None"),
    ("call", "'0x'"),
    ("code", "'0x'"),
    ("call", repr(LONG)),
    ("code", repr(LONG)),
    ("events", "[]"),
}
"""What is junk elsewhere, and an answer here."""


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_answers_of_another_type(world: World, ask: str, junk: object) -> None:
    """Whatever a node answers instead of what was asked for gives an error of ours."""
    chain, node = lying(world.honest)
    node.lies[METHODS[ask]] = says(junk)
    if (ask, repr(junk)) in MEANT:
        ASKS[ask](world, chain)
        return
    with pytest.raises(CounterfoilError) as caught:
        ASKS[ask](world, chain)
    assert caught.value.code in ("chain.unreachable", "chain.lied")


LIES: list[tuple[str, str, Callable[[Any, Any], Any]]] = [
    ("head", "chain.wrong-network", says("0x1")),
    ("block", "chain.lied", changed(number="0x2")),
    ("block", "chain.unreachable", changed(hash="0x1234")),
    ("block", "chain.unreachable", changed(timestamp=DROP)),
    ("knows", "chain.lied", changed(hash=WORD)),
    ("receipt", "chain.lied", changed(transactionHash=WORD, logs=[])),
    ("receipt", "chain.unreachable", changed(transactionHash=WORD)),
    ("receipt", "chain.unreachable", changed(status="0x2")),
    ("receipt", "chain.unreachable", changed(status="0x0")),
    ("receipt", "chain.unreachable", changed(status=DROP)),
    ("receipt", "chain.unreachable", changed(gasUsed=[1])),
    ("receipt", "chain.unreachable", changed(contractAddress="0x12")),
    ("receipt", "chain.unreachable", changed(blockNumber="0x1")),
]


@pytest.mark.parametrize(
    ("ask", "code", "lie"), LIES, ids=[f"{k}-{lie[0]}" for k, lie in enumerate(LIES)]
)
def test_lies(world: World, ask: str, code: str, lie: Callable[[Any, Any], Any]) -> None:
    """An answer to another question, or whose parts disagree, gives an error."""
    chain, node = lying(world.honest)
    node.lies["eth_chainId" if code == "chain.wrong-network" else METHODS[ask]] = lie
    with pytest.raises(CounterfoilError) as caught:
        ASKS[ask](world, chain)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"address": NOBODY}, "chain.lied"),
        ({"blockNumber": "0x63"}, "chain.lied"),
        ({"topics": [WORD]}, "chain.lied"),
        ({"topics": []}, "chain.lied"),
        ({"topics": [WORD] * 5}, "chain.unreachable"),
        ({"removed": True}, "chain.unreachable"),
        ({"data": "0x0"}, "chain.unreachable"),
        ({"logIndex": "0x100000000"}, "chain.unreachable"),
    ],
)
def test_lies_about_events(world: World, fields: dict[str, object], code: str) -> None:
    """An event that was not asked for, or that is none, gives an error."""
    chain, node = lying(world.honest)
    node.lies["eth_getLogs"] = lambda _, honest: [log | fields for log in honest()]
    with pytest.raises(CounterfoilError) as caught:
        events(world, chain)
    assert caught.value.code == code


def test_events_in_two_versions_of_a_block(world: World) -> None:
    """Events out of order, or of one block with two hashes, give an error."""
    chain, node = lying(world.honest)
    for lie in (
        lambda _, honest: list(reversed(honest())),
        lambda _, honest: [
            log | {"blockNumber": "0x2", "logIndex": hex(k), "blockHash": "0x" + f"{k:064x}"}
            for k, log in enumerate(honest())
        ],
        lambda _, honest: honest()[:1] * 2,
    ):
        node.lies["eth_getLogs"] = lie
        with pytest.raises(VerificationError) as caught:
            events(world, chain)
        assert caught.value.code == "chain.lied"


def test_a_receipt_of_a_block_that_is_gone(world: World) -> None:
    """A receipt counts only while its block is the one of its number: else the chain forked."""
    chain, node = lying(world.honest)
    assert receipt(world, chain) == world.receipts[0]
    node.lies["eth_getBlockByNumber"] = changed(hash=WORD)
    assert receipt(world, chain) is None
    node.lies = {"eth_getTransactionReceipt": changed(blockHash=None)}
    assert receipt(world, chain) is None


def test_a_head_that_goes_back(world: World) -> None:
    """A few blocks less are a reorganisation; many are a node that lost its blocks."""
    chain, node = lying(world.honest)
    node.lies["eth_getBlockByNumber"] = changed(number="0x200")
    assert chain.head().number == 0x200
    node.lies["eth_getBlockByNumber"] = changed(number="0x1f0")
    assert chain.head().number == 0x1F0
    node.lies.clear()
    with pytest.raises(Unavailable) as caught:
        chain.head()
    assert caught.value.code == "chain.behind"


def test_a_final_block_that_changes(world: World) -> None:
    """What the chain once called final stays; a node that says otherwise is caught."""
    chain, node = lying(world.honest)
    assert chain.final() == chain.safe() == world.honest.head()
    node.lies["eth_getBlockByNumber"] = changed(hash=WORD)
    with pytest.raises(VerificationError) as caught:
        chain.final()
    assert caught.value.code == "chain.lied"
    node.lies["eth_getBlockByNumber"] = lambda params, honest: (
        honest() | {"number": "0x1"} if params[0] == "finalized" else honest()
    )
    assert chain.final().number == 1  # another of its machines lags: what is final still stands


def test_what_is_final_without_tags(world: World) -> None:
    """A chain that knows no tags, or whose user set confirmations, counts them from the head."""

    def no_tags(params: Any, honest: Any) -> Any:
        if params[0] in ("safe", "finalized"):
            raise RpcError(-32602, "unknown block tag")
        return honest()

    height = world.honest.head().number
    chain, node = lying(world.honest)
    node.lies["eth_getBlockByNumber"] = no_tags
    assert (chain.confirmations, chain.final().number, chain.safe().number) == (64, 0, 0)
    chain, node = lying(world.honest, 1)
    assert (chain.confirmations, chain.final().number, chain.safe().number) == (
        1,
        height - 1,
        height - 1,
    )
    assert "eth_getBlockByNumber" in node.asked


def test_fees_of_an_old_chain(world: World) -> None:
    """Where there is no base fee the gas price is taken, and an absurd one is refused."""
    chain, node = lying(world.honest)
    node.lies["eth_getBlockByNumber"] = changed(baseFeePerGas=DROP)
    node.lies["eth_gasPrice"] = says("0x64")
    found = chain.fees()
    assert (found.max_fee, found.priority_fee, found.legacy) == (100, 100, True)
    node.lies["eth_gasPrice"] = says(hex(10**13))
    with pytest.raises(Refused) as caught:
        chain.fees()
    assert caught.value.code == "chain.fee"


def test_tips(world: World) -> None:
    """Where a node suggests no tip the gas price bounds it; another refusal is passed on."""
    chain, node = lying(world.honest)
    node.lies["eth_maxPriorityFeePerGas"] = refuses(METHOD_NOT_FOUND, "no such method")
    node.lies["eth_gasPrice"] = says("0x64")
    assert chain.fees().priority_fee == 100
    node.lies["eth_maxPriorityFeePerGas"] = refuses(-32603, "oops")
    with pytest.raises(Unavailable):
        chain.fees()


def test_a_wide_search_for_events_is_cut(world: World) -> None:
    """When a node finds a range too wide it is halved, down to one block."""
    chain, node = lying(world.honest)

    def narrow(params: Any, honest: Any) -> Any:
        asked = params[0]
        if int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) > 0:
            raise RpcError(-32005, "query returned more than 10000 results")
        return honest()

    node.lies["eth_getLogs"] = narrow
    assert events(world, chain) == [log for r in world.receipts for log in r.logs]
    node.lies["eth_getLogs"] = refuses(-32005, "no")
    with pytest.raises(Unavailable):
        events(world, chain)


def sent(world: World, chain: NodeChain) -> bytes:
    """Send a fresh transaction past the lies."""
    prepared = prepare(world.honest, world.faucet, ChainCall(NOBODY, value_wei=1))
    return chain.send_raw(prepared.raw)


def test_lies_about_what_was_sent(world: World) -> None:
    """Another hash than the transaction's is a lie; the node's own refusals are named."""
    chain, node = lying(world.honest)
    node.lies["eth_sendRawTransaction"] = says(WORD)
    with pytest.raises(VerificationError) as caught:
        sent(world, chain)
    assert caught.value.code == "chain.lied"
    node.lies["eth_sendRawTransaction"] = says(None)
    with pytest.raises(Unavailable):
        sent(world, chain)


@pytest.mark.parametrize(
    ("message", "knows", "code"),
    [
        ("already known", False, ""),
        ("ALREADY_EXISTS: already known", False, ""),
        ("nonce too low: next nonce 9", True, ""),
        ("nonce too low: next nonce 9", False, "chain.nonce"),
        ("replacement transaction underpriced", False, "chain.fee"),
        ("insufficient funds for gas * price + value", False, "chain.underfunded"),
        ("invalid sender", False, "chain.wrong-network"),
        ("429 Too Many Requests", False, "chain.unreachable"),
        ("transaction type not supported", False, "chain.refused"),
        ("execution reverted", False, "chain.reverted"),
    ],
)
def test_refusals_of_what_was_sent(world: World, message: str, knows: bool, code: str) -> None:
    """What is known already is fine; each refusal of a node has a code of ours."""
    chain, node = lying(world.honest)
    node.lies["eth_sendRawTransaction"] = refuses(-32000, message)
    if knows:
        node.lies["eth_getTransactionByHash"] = lambda params, _: {"hash": params[0]}
    if not code:
        assert sent(world, chain)
        return
    with pytest.raises(CounterfoilError) as caught:
        sent(world, chain)
    assert caught.value.code == code


def test_a_node_that_changes_its_chain(world: World) -> None:
    """Before anything is sent the node is asked for its chain again."""
    chain, node = lying(world.honest)
    assert chain.head() == world.honest.head()
    node.lies["eth_chainId"] = says("0x1")
    with pytest.raises(VerificationError) as caught:
        sent(world, chain)
    assert caught.value.code == "chain.wrong-network"
    assert "eth_sendRawTransaction" not in node.asked
