"""Asking several things at once: every answer in its place, whatever order a node chooses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counterfoil.chain.addresses import RpcPlace
from counterfoil.chain.batches import BatchTransport, Call, ask_many
from counterfoil.chain.http_transport import HttpTransport
from counterfoil.chain.transport import RpcError
from counterfoil.errors import Unavailable
from tests.chains import embedded
from tests.lying_node import Reply, misbehaving_server

CALLS: list[Call] = [("eth_blockNumber", []), ("eth_nothing", []), ("eth_chainId", [])]


def ask(answer: Callable[[list[dict[str, Any]]], object], status: int = 200) -> list[object]:
    """Ask a server that makes its reply of the whole batch."""

    def reply(call: dict[str, Any]) -> Reply:
        return status, json.dumps(answer(call["batch"])).encode(), {}

    with misbehaving_server(reply) as url:
        transport = HttpTransport(RpcPlace(url, url), 5.0)
        assert isinstance(transport, BatchTransport)
        try:
            return ask_many(transport, CALLS)
        finally:
            transport.close()


def honest(one: dict[str, Any]) -> dict[str, Any]:
    """Answer one call; there is one method too many."""
    if one["method"] == "eth_nothing":
        return {"jsonrpc": "2.0", "id": one["id"], "error": {"code": -32601, "message": "no"}}
    return {"jsonrpc": "2.0", "id": one["id"], "result": one["method"]}


def test_answers_in_any_order() -> None:
    """Results stand where their questions stood, and one failure does not hide the others."""
    found = ask(lambda batch: [honest(one) for one in reversed(batch)])
    assert found[0] == "eth_blockNumber"
    assert isinstance(found[1], RpcError)
    assert found[1].code == -32601
    assert found[2] == "eth_chainId"


@pytest.mark.parametrize(
    "answer",
    [
        lambda batch: [honest(one) for one in batch][:2],
        lambda batch: [honest(one) | {"id": -1} for one in batch],
        lambda batch: [honest(batch[0])] * 3,
        lambda _: "nothing",
        lambda _: {"result": "0x1"},
        lambda batch: [1, 2, 3],
        lambda batch: [{"id": one["id"]} for one in batch],
    ],
    ids=["few", "other ids", "one thrice", "text", "one", "numbers", "no results"],
)
def test_answers_that_are_none(answer: Callable[[list[dict[str, Any]]], object]) -> None:
    """A batch whose answers do not fit its questions counts as no answer."""
    with pytest.raises(Unavailable) as caught:
        ask(answer)
    assert caught.value.code == "chain.unreachable"


def test_a_batch_that_is_refused() -> None:
    """A node that takes no batch says so with its own error."""
    with pytest.raises(RpcError, match="too many"):
        ask(lambda _: {"error": {"code": -32600, "message": "too many calls"}})


def test_one_by_one(tmp_path: Path) -> None:
    """A transport without batches is asked one by one, with the same promise."""
    chain, _ = embedded(tmp_path)
    try:
        found = ask_many(chain.transport, CALLS)
    finally:
        chain.close()
    assert found[0] == "0x0"
    assert isinstance(found[1], RpcError)
    assert int(str(found[2]), 16) == chain.chain_id


def test_nothing_to_ask() -> None:
    """An empty batch asks nobody."""
    transport = HttpTransport(RpcPlace("http://127.0.0.1:9", "http://127.0.0.1:9"), 1.0)
    assert ask_many(transport, []) == []
    transport.close()
