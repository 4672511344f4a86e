"""An embedded chain over JSON-RPC: for any client, reads and signed transactions only."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from counterfoil.chain import (
    Account,
    NodeChain,
    RpcApp,
    open_chain,
    prepare,
    transact,
)
from counterfoil.chain.rpc_app import MAX_BATCH, MAX_BODY_BYTES
from counterfoil.ports import ChainCall
from counterfoil.testing.chains import ChainConformance, probe_code
from tests.chains import embedded, funded


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeChain, Account]]:
    """Make an embedded chain."""
    chain, faucet = embedded(tmp_path_factory.mktemp("rpc"))
    yield chain, faucet
    chain.close()


@contextmanager
def served(app: RpcApp) -> Iterator[str]:
    """Serve an application on a free port."""
    import uvicorn

    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", ws="none")
    server = uvicorn.Server(config)
    ready = threading.Event()

    async def run() -> None:
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.001)
        ready.set()
        await task

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert ready.wait(30)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


NUMBERS = iter(range(5_000, 6_000))


class TestServed(ChainConformance):
    """The embedded EVM through its own JSON-RPC keeps every promise of a chain."""

    @pytest.fixture(autouse=True)
    def _place(self, world: tuple[NodeChain, Account]) -> Iterator[None]:
        own, self.faucet = world
        with served(RpcApp(own.transport.request)) as url:
            self.chain = open_chain(url, chain_id=own.chain_id)
            yield
            self.chain.close()

    def open_chain(self) -> NodeChain:
        return self.chain

    def funded(self) -> Account:
        return funded(self.chain, self.faucet, next(NUMBERS))


def ask(app: RpcApp, body: object) -> Any:
    """Ask the application without a server."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = app.respond(data)
    return None if found is None else json.loads(found)


def call(method: str, *params: object, number: object = 1) -> dict[str, Any]:
    """Make a call."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def test_only_reads_and_signed_transactions(world: tuple[NodeChain, Account]) -> None:
    """Nothing that signs, goes back, or sets a balance or the time is a method here."""
    app = RpcApp(world[0].transport.request)
    for method in (
        "evm_snapshot",
        "evm_revert",
        "evm_mine",
        "evm_increaseTime",
        "eth_sendTransaction",
        "eth_sign",
        "eth_signTransaction",
        "personal_unlockAccount",
        "anvil_setBalance",
        "hardhat_reset",
        "testing_timeTravel",
        "admin_nodeInfo",
        "debug_setHead",
        "__class__",
        "",
    ):
        assert ask(app, call(method))["error"]["code"] == -32601
    assert ask(app, call("eth_accounts"))["result"] == []


def test_web3_s_own_client(world: tuple[NodeChain, Account]) -> None:
    """The usual library reads the chain through its own provider, contracts included."""
    from web3 import Web3

    chain, faucet = world
    made = transact(chain, faucet, ChainCall(None, probe_code()))
    with served(RpcApp(chain.transport.request)) as url:
        web3 = Web3(Web3.HTTPProvider(url))
        assert web3.eth.chain_id == chain.chain_id
        assert bytes(web3.eth.get_block("latest")["hash"]) == chain.head().hash
        block = web3.eth.get_block(made.block, full_transactions=True)
        found: Any = block["transactions"][0]
        assert found["from"] == faucet.address
        receipt = web3.eth.get_transaction_receipt(Web3.to_hex(made.tx_hash))
        assert receipt["contractAddress"] == made.contract
        sent = prepare(chain, faucet, ChainCall(made.contract))
        assert bytes(web3.eth.send_raw_transaction(sent.raw)) == sent.hash
        logs = web3.eth.get_logs({"address": made.contract, "fromBlock": 0})  # type: ignore[typeddict-item]  # a text
        assert len(logs) == 1
        assert web3.eth.fee_history(2, "latest", [50.0])["oldestBlock"] >= 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"[" * 100_000, -32700),
        (b'{"a":1,"a":2}', -32700),
        (7, -32600),
        ({}, -32600),
        ({"method": 7}, -32600),
        ([], -32600),
        ([call("eth_chainId")] * (MAX_BATCH + 1), -32600),
        (call("eth_chainId", number={}), -32600),
        ({"method": "eth_chainId", "params": {}, "id": 1}, -32602),
        (call("eth_getBalance"), -32602),
        (call("eth_getBalance", "0x12"), -32602),
        (call("eth_getBlockByNumber", "newest", False), -32602),
        (call("eth_call", {"to": "0x12"}), -32602),
        (call("eth_call", "x"), -32602),
        (call("eth_sendRawTransaction", "0x"), -32000),
        (call("eth_sendRawTransaction", "0x02c0"), -32000),
        (call("eth_sendRawTransaction", "0x03" + "c0" * 50), -32000),
    ],
    ids=range(19),
)
def test_what_is_no_call(world: tuple[NodeChain, Account], body: object, code: int) -> None:
    """Whatever else is sent gets an error, and the chain goes on."""
    app = RpcApp(world[0].transport.request)
    assert ask(app, body)["error"]["code"] == code
    assert ask(app, call("eth_chainId"))["result"] == hex(world[0].chain_id)


def test_batches_and_notifications(world: tuple[NodeChain, Account]) -> None:
    """Many calls in one get as many answers; a call without an id gets none."""
    app = RpcApp(world[0].transport.request)
    silent = {"jsonrpc": "2.0", "method": "eth_chainId"}
    found = ask(app, [call("eth_chainId", number="a"), 7, silent, call("eth_blockNumber")])
    assert [answer["id"] for answer in found] == ["a", None, 1]
    assert ask(app, silent) is None
    assert ask(app, [silent]) is None


def test_a_revert_keeps_its_data(world: tuple[NodeChain, Account]) -> None:
    """A client that decodes reverts itself gets the contract's bytes."""
    chain, faucet = world
    made = transact(chain, faucet, ChainCall(None, probe_code())).contract
    error = ask(RpcApp(chain.transport.request), call("eth_call", {"to": made, "data": "0x01"}))[
        "error"
    ]
    assert error["code"] == 3
    assert error["data"].startswith("0x08c379a0")


def test_a_closed_chain(tmp_path: Path) -> None:
    """A chain that is closed answers with an error, and tells no path."""
    chain, _ = embedded(tmp_path)
    app = RpcApp(chain.transport.request)
    chain.close()
    error = ask(app, call("eth_blockNumber"))["error"]
    assert error["code"] == -32603
    assert str(tmp_path) not in error["message"]


Sent = list[dict[str, Any]]


def http(app: RpcApp, parts: list[bytes], **scope: Any) -> Sent:
    """Send one HTTP request to the application; gives what it sent back."""
    messages = [
        {"type": "http.request", "body": part, "more_body": k < len(parts) - 1}
        for k, part in enumerate(parts)
    ]
    messages.append({"type": "http.disconnect"})
    sent: Sent = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json; charset=utf-8")]
    full = {"type": "http", "method": "POST", "path": "/", "headers": headers, **scope}
    asyncio.run(app(full, receive, send))
    return sent


def test_http(world: tuple[NodeChain, Account]) -> None:
    """One path, one verb, one media type, and a limit."""
    app = RpcApp(world[0].transport.request)
    body = json.dumps(call("eth_chainId")).encode()
    assert http(app, [body[:5], body[5:]])[0]["status"] == 200
    silent = json.dumps({"method": "eth_chainId"}).encode()
    assert http(app, [silent])[0]["status"] == 204
    assert http(app, [body], method="GET")[0]["status"] == 405
    assert http(app, [body], path="/x")[0]["status"] == 404
    assert http(app, [body], headers=[(b"content-type", b"text/plain")])[0]["status"] == 415
    assert http(app, [body], headers=[])[0]["status"] == 415
    assert http(app, [bytes(MAX_BODY_BYTES + 1)])[0]["status"] == 413
    assert http(app, [], type="websocket") == []


def test_the_server_s_start_and_stop(world: tuple[NodeChain, Account]) -> None:
    """The application takes part in a server's start and stop."""
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(RpcApp(world[0].transport.request)({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
