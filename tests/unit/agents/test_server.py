"""An agent records, looks up and verifies by the real client; it reads no file and no secret."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client

import counterfoil
from counterfoil.agents import make_server
from counterfoil.agents.calls import OBJECT_MAX_BYTES, Caller
from counterfoil.agents.tools import TOOLS
from counterfoil.errors import InputError
from tests.deciding import APPLICANT, lightgbm_bytes
from tests.ledgers import copy_ledger

WRITING = {"record", "record_decision"}


@pytest.fixture
def folder(tmp_path: Path, _filled: Path) -> Path:
    return Path(shutil.copytree(_filled, tmp_path / "ledger"))


@pytest.fixture(scope="module")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_ledger(tmp_path_factory.mktemp("filled") / "ledger")
    with counterfoil.open(made) as ledger:
        ledger.record({"payment": "P-1", "amount_minor": 4200})
        ledger.models.record(lightgbm_bytes(), "credit", outcomes=("grant", "hold"))
        for person in (None, "ann"):
            with ledger.decision("credit", APPLICANT, person=person, explain="always") as made_now:
                made_now.outcome = "grant"
        ledger.decisions.flush()
    return made


def talk(
    server: Any, conversation: Callable[[Client], Coroutine[Any, Any, None]], **options: Any
) -> None:
    async def main() -> None:
        async with Client(server, **options) as client:
            await conversation(client)

    anyio.run(main)


async def ask(client: Client, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    text = "".join(one.text for one in result.content if one.type == "text")
    return text if result.is_error else json.loads(text)


def test_an_agent_works_over_standard_streams(folder: Path) -> None:
    """The command serves the real client in a process of its own, from record to verified proof."""
    command = str(Path(sys.executable).parent / "counterfoil")
    arguments = ["mcp", "--ledger", str(folder), "--allow-writes"]
    program = StdioServerParameters(command=command, args=arguments, env=dict(os.environ))

    async def conversation(client: Client) -> None:
        listed = {one.name for one in (await client.list_tools()).tools}
        assert listed == {one.name for one in TOOLS}
        made = await ask(client, "record", content={"shipment": "S-9", "grams": 120})
        found = await ask(client, "search", terms=["shipment=S-9"])
        assert [one["index"] for one in found["hits"]] == [made["index"]]
        receipt = await ask(client, "receipt", entry=str(made["index"]))
        proven = await ask(client, "verify", receipt=json.dumps(receipt))
        assert proven["index"] == made["index"]
        assert proven["leaf"] == made["leaf"]

    talk(stdio_client(program), conversation)


def test_it_only_reads_unless_it_is_told_otherwise(folder: Path) -> None:
    """Without --allow-writes there is no tool that records."""

    async def conversation(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert {one.name for one in tools} == {one.name for one in TOOLS} - WRITING
        assert all(one.annotations and one.annotations.read_only_hint for one in tools)
        assert "Unknown tool" in str(await refused(client, "record", content={"a": 1}))

    before = (folder / "checkpoint").read_bytes()
    talk(make_server(folder), conversation)
    assert (folder / "checkpoint").read_bytes() == before


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    try:
        answer = await ask(client, tool, **arguments)
    except Exception as err:  # the protocol's own error
        return str(err)
    assert isinstance(answer, str)
    return answer


def test_decisions_are_recorded_traced_and_explained(folder: Path) -> None:
    """A decision by a recorded model is scored, found from the model, and explained again."""

    async def conversation(client: Client) -> None:
        made = await ask(
            client, "record_decision", inputs=APPLICANT, model="credit", threshold="0.5"
        )
        assert made["outcome"] in ("grant", "hold")
        explained = await ask(client, "explain", entry="5")
        assert explained["verdict"] in ("identical", "within-tolerance")
        traced = await ask(client, "trace", entry=str(made["index"]))
        assert made["leaf"] in json.dumps(traced)

    talk(make_server(folder, allow_writes=True), conversation)


def test_nothing_sealed_is_opened(folder: Path) -> None:
    """Sealed inputs are neither shown nor opened to explain; no opening is recorded."""

    async def conversation(client: Client) -> None:
        sealed = next(
            one
            for one in (await ask(client, "search", terms=["kind=decision"]))["hits"]
            if "sealed" in one["content"]
        )
        assert "31.5" not in json.dumps(await ask(client, "get", entry=str(sealed["index"])))
        assert "[agent.sealed]" in await ask(client, "explain", entry=str(sealed["index"]))

    talk(make_server(folder, allow_writes=True), conversation)
    with counterfoil.open(folder, read_only=True) as ledger:
        assert not ledger.search("kind=opening").hits


def test_no_file_of_the_machine_is_read(folder: Path, tmp_path: Path) -> None:
    """What the command line takes for a file's name is refused from an agent."""
    secret = tmp_path / "secret.json"
    secret.write_text('{"password": "hunter2"}', encoding="utf-8")

    async def conversation(client: Client) -> None:
        for content in (str(secret), "-"):
            assert await refused(client, "record", content=content)
            assert await refused(client, "record_decision", inputs=content, model="credit")
        assert "receipt" in await refused(client, "verify", receipt=str(secret))
        await ask(client, "receipt", entry="0", out=str(tmp_path / "made"))

    talk(make_server(folder, allow_writes=True), conversation)
    assert not (tmp_path / "made").exists()
    with counterfoil.open(folder, read_only=True) as ledger:
        assert not ledger.search("hunter2").hits


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("record", {"content": {"text": "x" * OBJECT_MAX_BYTES}}, "[agent.object]"),
        ("get", {"entry": "99999"}, "[entry.index]"),
        ("get", {"entry": "x" * 10_000}, "at most 8192"),
        ("search", {"terms": ["a"] * 100}, "at most 64"),
        ("search", {"limit": 0}, "[search.limit]"),
        ("verify", {"receipt": "{}"}, "receipt"),
    ],
)
def test_bad_input_is_told_in_words(
    folder: Path, tool: str, arguments: dict[str, Any], told: str
) -> None:
    """An agent hears what was expected and what came, by the same codes as everybody."""

    async def conversation(client: Client) -> None:
        assert told in await refused(client, tool, **arguments)

    talk(make_server(folder, allow_writes=True), conversation)


def test_half_a_character_is_told_in_words(folder: Path) -> None:
    """JSON can escape one, and no encoding can write it."""
    caller = Caller(folder, folder / "policy.txt")
    tool = next(one for one in TOOLS if one.name == "record")
    with pytest.raises(InputError, match="half of a character"):
        caller.call(tool, {"content": {"text": "\ud800"}})


def test_a_number_and_a_single_word_are_taken_for_what_they_mean(folder: Path) -> None:
    """An entry may be 3 or "3", and what may be several may be one."""

    async def conversation(client: Client) -> None:
        for entry in (3, "3"):
            assert (await ask(client, "get", entry=entry))["index"] == 3
        for terms in ("kind=decision", ["kind=decision"]):
            found = await ask(client, "search", terms=terms)
            assert len(found["hits"]) == 2
        wrong = await ask(client, "get", entry={"index": 3})
        assert isinstance(wrong, str)

    talk(make_server(folder), conversation)
