"""The command line says what Python gets: both are one function."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil.cli import main
from counterfoil.ops import ledgers, receipts, records
from counterfoil.ops.registry import find, load
from counterfoil.ops.signature import given_by_shell
from counterfoil.ports import Channel

CHANNEL = Channel(io.BytesIO(), io.BytesIO())


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ledgers.init(Path("shop"), name="shop", organisation="https://shop.example")
    records.add('{"n":1}', ledger=Path("shop"), channel=CHANNEL)
    receipts.get("3", out=Path("r.json"), ledger=Path("shop"))


def as_json(result: Any) -> list[Any]:
    """Give a result as the JSON values that a shell would send."""
    items = list(result) if isinstance(result, Iterator) else [result]
    plain = [item.to_json() if hasattr(item, "to_json") else item for item in items]
    found: list[Any] = json.loads(msgspec.json.encode(plain))
    return found


SHOP: dict[str, Any] = {"ledger": Path("shop")}


@pytest.mark.parametrize(
    ("words", "given"),
    [
        (["status", "--ledger", "shop"], SHOP),
        (["record", "get", "3", "--ledger", "shop"], {"entry": "3", **SHOP}),
        (["record", "tail", "-n", "2", "--ledger", "shop"], {"limit": 2, **SHOP}),
        (["record", "search", "n=1", "--ledger", "shop"], {"terms": ("n=1",), **SHOP}),
        (["receipt", "show", "r.json"], {"file": Path("r.json")}),
        (
            ["verify", "r.json", "--policy", "shop/policy.txt"],
            {"file": Path("r.json"), "policy": Path("shop/policy.txt")},
        ),
        (["checkpoint", "ls", "--ledger", "shop"], SHOP),
        (["prove", "inclusion", "3", "--ledger", "shop"], {"entry": "3", **SHOP}),
        (["prove", "consistency", "3", "--ledger", "shop"], {"old": 3, **SHOP}),
        (["key", "ls", "--ledger", "shop"], SHOP),
        (["schema"], {}),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_the_same_answer(
    words: list[str], given: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """What --json prints is what the operation returns, field for field."""
    operation = find(tuple(words[:2])) or find(tuple(words[:1]))
    assert operation is not None
    function = load(operation)
    shell = {name: CHANNEL for name, kind in given_by_shell(function).items() if kind == "channel"}
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == as_json(function(**given, **shell))
