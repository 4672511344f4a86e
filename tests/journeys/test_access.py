"""A node as a process: keys come and go from elsewhere while it runs, and nothing stays unsaid."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counterfoil.ledger import open_ledger
from tests.guarded import Answer, Browser
from tests.node_process import NodeProcess
from tests.polling import until


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    running = NodeProcess(tmp_path / "shop")
    running.start()
    yield running
    running.stop()


def command(folder: Path, *words: str) -> dict[str, Any]:
    """Run a command of access in a process of its own."""
    program = "import sys; from counterfoil.cli import main; sys.exit(main())"
    given = [sys.executable, "-c", program, "access", *words, "--ledger", str(folder), "--json"]
    ran = subprocess.run(given, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def ask(node: NodeProcess, key: str) -> Answer:
    return Browser(node.url).send("GET", "/metrics", None, {"authorization": f"Bearer {key}"})


def test_keys_come_and_go_while_a_node_runs(node: NodeProcess, tmp_path: Path) -> None:
    """A key made by another process counts at once, revoked it counts no more, all on record."""
    folder = tmp_path / "shop"
    assert node.key.startswith("cfk_")
    assert ask(node, node.key).status == 200
    made = command(folder, "add", "grafana", "--role", "reader", "--why", "graphs")
    assert ask(node, made["token"]).status == 200
    command(folder, "revoke", made["key_id"], "--why", "moved")
    refused = ask(node, made["token"])
    assert (refused.status, refused.code) == (401, "access.key-refused")
    assert ask(node, node.key).status == 200

    def recorded(kind: str) -> list[dict[str, Any]]:
        with open_ledger(folder, read_only=True) as ledger:
            return [view.content for view in ledger.views() if kind in view.kind]

    said = [(one["action"], one["name"]) for one in recorded("access-change")]
    assert said == [("add", "first operator"), ("add", "grafana"), ("end", "grafana")]
    assert until(lambda: bool(recorded("access-refusal")))
    (line,) = recorded("access-refusal")[0]["refused"]
    assert (line["code"], line["network"]) == ("access.key-refused", "127.0.0.0/24")


def test_refusals_are_on_record_when_a_node_stops(node: NodeProcess, tmp_path: Path) -> None:
    """A node that is told to stop records what it refused just before, and starts again with it."""
    began = time.time() * 1000
    for _ in range(7):
        assert Browser(node.url).send("GET", "/metrics", None, {}).status == 401
    node.stop()
    with open_ledger(tmp_path / "shop", read_only=True) as ledger:
        found = [view.content for view in ledger.views() if "access-refusal" in view.kind]
    lines = [line for one in found for line in one["refused"]]
    assert sum(line["count"] for line in lines) == 7
    assert all(line["first_ms"] >= began - 1_000 for line in lines)
    key = node.key
    node.start()
    assert node.key == key
    assert ask(node, key).status == 200
