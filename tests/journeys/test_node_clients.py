"""Programs of others reach a node by their own protocols, with nothing of ours in them.

web3.py and `cast` use the ledger's chain; an OpenLineage client and an OTLP exporter send what they
always send; aics-tlog, written by others from the specification, reads and proves the log.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import counterfoil
from counterfoil.access import AccessBook, AccessKeys
from counterfoil.chain.embedding import faucet_of
from counterfoil.formats.vkey import KeyType, format_vkey
from counterfoil.http.receivers import chain as chain_receiver
from counterfoil.ledger import Ledger
from counterfoil.ops.node.settings import NodeSettings
from counterfoil.ports import SystemClock
from tests.nodes import served
from tests.shared_data import ROOT, require

LIMIT_S = 60
MODEL = "fraud-check"


class World(NamedTuple):
    """A served ledger with a chain of its own; keys by role."""

    url: str
    ledger: Ledger
    keys: dict[str, str]

    def with_key(self, role: str) -> str:
        """Write the address with a key in it, for clients that know nothing else."""
        return self.url.replace("://", f"://any:{self.keys[role]}@")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Serve a ledger whose checkpoint is anchored on its own chain."""
    folder = tmp_path_factory.mktemp("clients") / "shop"
    counterfoil.open(folder, create=True).close()
    settings = folder / "counterfoil.toml"
    text = settings.read_text().replace("anchor_chains = []", 'anchor_chains = ["embedded"]')
    settings.write_text(text)
    with counterfoil.open(folder) as ledger:
        for number in range(300):  # more than a tile
            ledger.record_later({"payment": number})
        ledger.publish()
        ledger.anchor()
        book = AccessBook(ledger.layout.access_book, ledger.origin)
        keys = AccessKeys(book, SystemClock())
        made = {role: keys.add(role, [role])[1].text for role in ("reader", "writer", "operator")}
        with served(ledger, NodeSettings(public="entries")) as url:
            yield World(url, ledger, made)
        book.close()


def test_web3_reads_the_chain_and_sends_what_it_signed(world: World) -> None:
    """web3.py works with an address alone: it reads, and what it signs is mined."""
    from eth_account import Account
    from web3 import Web3

    web3 = Web3(Web3.HTTPProvider(f"{world.with_key('operator')}/rpc"))
    rich = faucet_of(world.ledger.layout.chain)
    before = web3.eth.block_number
    assert before > 0
    assert web3.eth.get_block("latest")["number"] == before
    to = Account.create().address
    transaction = {
        "to": to, "value": 5, "gas": 21_000, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1,
        "nonce": web3.eth.get_transaction_count(web3.to_checksum_address(rich.address)),
        "chainId": web3.eth.chain_id,
    }  # fmt: skip
    sent = web3.eth.send_raw_transaction(rich.sign_transaction(transaction))
    assert web3.eth.wait_for_transaction_receipt(sent)["status"] == 1
    assert web3.eth.get_balance(web3.to_checksum_address(to)) == 5


def test_many_long_calls_are_not_all_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a batch that takes too long the rest is told so: nobody keeps the chain for themselves."""
    monkeypatch.setattr(chain_receiver, "_BUDGET_S", 0.5)
    loop = {"data": "0x5b600056", "gas": hex(4_000_000)}
    calls = [
        {"jsonrpc": "2.0", "id": n, "method": "eth_call", "params": [loop, "latest"]}
        for n in range(20)
    ]
    said = json.loads(post(f"{world.url}/rpc", world.keys["reader"], calls)[1])
    assert [one["id"] for one in said] == list(range(20))
    assert said[0]["error"]["code"] != -32005
    assert said[-1]["error"]["code"] == -32005


def test_a_reader_of_the_chain_sends_nothing(world: World) -> None:
    """A reader's key reads; what it would send is refused; without a key nothing is answered."""

    def ask(key: str, method: str, *params: str) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return json.loads(post(f"{world.url}/rpc", key, body)[1])

    assert int(ask(world.keys["reader"], "eth_blockNumber")["result"], 16) > 0
    refused = ask(world.keys["reader"], "eth_sendRawTransaction", "0x00")
    assert "role writer" in refused["error"]["message"]
    assert "not offered" in ask(world.keys["operator"], "evm_snapshot")["error"]["message"]
    assert post(f"{world.url}/rpc", "", {})[0] == 401


def test_cast_reads_the_chain(world: World) -> None:
    """Foundry's cast, another client, sees the same chain."""
    found = sorted((ROOT / ".dev" / "npm").glob("cast-*/cast"))
    require(found, "cast is not installed: ./dev test gets it where npm is there")

    def cast(*words: str) -> str:
        command = [str(found[-1]), *words, "--rpc-url", f"{world.with_key('reader')}/rpc"]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=LIMIT_S
        ).stdout.strip()

    with_chain = world.ledger.open_chain()
    try:
        assert int(cast("chain-id")) == with_chain.chain_id
    finally:
        with_chain.close()
    assert int(cast("block-number")) > 0
    rich = faucet_of(world.ledger.layout.chain).address
    assert int(cast("balance", rich)) > 0


def test_an_openlineage_client_reports_a_run(world: World) -> None:
    """The official client sends a run's events; the run stands as a transformation."""
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import (
        InputDataset,
        Job,
        OutputDataset,
        Run,
        RunEvent,
        RunState,
    )
    from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport

    token = ApiKeyTokenProvider({"apiKey": world.keys["writer"]})
    client = OpenLineageClient(transport=HttpTransport(HttpConfig(url=world.url, auth=token)))
    run = "0190c0de-0000-7000-8000-000000000001"
    for state, time in ((RunState.START, "10:00:00"), (RunState.COMPLETE, "10:05:00")):
        client.emit(
            RunEvent(
                eventType=state,
                eventTime=f"2026-11-01T{time}Z",
                run=Run(runId=run),
                job=Job(namespace="shop", name="clean"),
                producer="https://shop.example/etl",
                inputs=[InputDataset(namespace="shop", name="raw")],
                outputs=[OutputDataset(namespace="shop", name="clean")],
            )
        )
    kinds = [one.kind for one in world.ledger.views(300)]
    assert kinds.count("transformation") == 1
    assert kinds.count("dataset") == 2


@pytest.mark.parametrize("form", ["protobuf", "json", "gzip"])
def test_an_exporter_sends_spans(world: World, form: str) -> None:
    """OpenTelemetry's own exporter sends a model's span; it becomes a decision, content sealed."""
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    name = f"{MODEL}-{form}"
    secret = f"the words of {form}"
    before = world.ledger.size
    exporter = OTLPSpanExporter(
        f"{world.url}/v1/traces",
        headers={"Authorization": f"Bearer {world.keys['writer']}"},
        compression=Compression.Gzip if form == "gzip" else Compression.NoCompression,
    )
    if form == "json":
        span_over_json(world, name, secret)
    else:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        with provider.get_tracer("shop").start_as_current_span(f"chat {name}") as span:
            span.set_attributes(attributes(name, secret))
        provider.shutdown()
    (decision,) = [one for one in world.ledger.views(before) if one.kind == "decision"]
    assert decision.content["model"]["name"].endswith(f"/{name}")
    assert [group.state for group in decision.personal] == ["sealed"]
    entries = b"".join(world.ledger.entries(before))
    assert secret.encode() not in entries


def attributes(name: str, secret: str) -> dict[str, str]:
    """Say what a span of a model says, by the conventions."""
    message = [{"role": "user", "parts": [{"type": "text", "content": secret}]}]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": name,
        "gen_ai.conversation.id": "talk-1",
        "gen_ai.input.messages": json.dumps(message),
    }


def span_over_json(world: World, name: str, secret: str) -> None:
    """Send a span in the JSON form, as a collector or a browser does; ids are hexadecimal."""
    pairs = [
        {"key": key, "value": {"stringValue": value}}
        for key, value in attributes(name, secret).items()
    ]
    span = {
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174",
        "name": f"chat {name}", "kind": 3, "attributes": pairs,
        "startTimeUnixNano": "1795000000000000000", "endTimeUnixNano": "1795000001000000000",
    }  # fmt: skip
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    assert post(f"{world.url}/v1/traces", world.keys["writer"], body) == (200, b"{}")


@pytest.mark.parametrize(
    ("path", "body", "media", "status"),
    [
        ("/v1/traces", b"\xff\xff", "application/x-protobuf", 400),
        ("/v1/traces", b"{", "application/json", 400),
        ("/v1/traces", b"{}", "text/plain", 415),
        ("/v1/traces", b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"x"}]}]}]}',
         "application/json", 400),
        ("/api/v1/lineage", b"{}", "application/json", 400),
        ("/api/v1/lineage", b"{}", "text/plain", 415),
        ("/rpc", b"{}", "text/plain", 415),
    ],
    ids=["no-spans", "no-json", "traces-media", "no-ids", "no-event", "lineage-media", "rpc-media"],
)  # fmt: skip
def test_what_is_no_message_is_refused(
    world: World, path: str, body: bytes, media: str, status: int
) -> None:
    """Nothing is recorded of it, and the answer says what was expected."""
    before = world.ledger.size
    key = world.keys["reader" if path == "/rpc" else "writer"]
    found, answer = post(f"{world.url}{path}", key, body, media)
    assert found == status, answer
    assert json.loads(answer)["detail"].startswith("expected")
    assert world.ledger.size == before


def test_another_reader_proves_an_entry_from_the_tiles(world: World, tmp_path: Path) -> None:
    """aics-tlog fetches checkpoint and tiles, and proves an entry, with the log's key alone."""
    peers = ROOT / ".dev" / "peers"
    require((peers / "aics_tlog").is_dir(), "aics-tlog is not in .dev/peers: ./dev test gets it")
    (key,) = [log.key for log in world.ledger.policy.logs if log.key.type is KeyType.ED25519]
    leaf = tmp_path / "leaf"
    leaf.write_bytes(world.ledger.entry(280))
    world.ledger.publish()
    command = [
        sys.executable, "-m", "aics_tlog", "verify-inclusion", "--log-key", format_vkey(key),
        "--tiles", world.url, "--index", "280", "--leaf", str(leaf),
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(peers)}

    def verify() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )

    done = verify()
    assert done.returncode == 0, done.stdout + done.stderr
    leaf.write_bytes(world.ledger.entry(279))
    assert verify().returncode != 0


def post(url: str, key: str, body: object, media: str = "application/json") -> tuple[int, bytes]:
    """Send a body with a key as a password, as clients do that know only an address."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": media}
    if key:
        headers["authorization"] = f"Basic {base64.b64encode(f'any:{key}'.encode()).decode()}"
    request = urllib.request.Request(url, data, headers)  # noqa: S310  # our own node
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as err:
        return err.code, err.read()
