"""A case shows the payment that it is about, where the log has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import urllib3

import counterfoil
from tests.ledgers import copy_ledger
from tests.nodes import served


def _hold(leaf: str) -> dict[str, Any]:
    return {
        "model": {"digest": "ab" * 32, "name": "normal"},
        "outcome": "hold",
        "score": "0.9",
        "threshold": "0.5",
        "accountable": {"name": "Ada Example", "role": "payments desk"},
        "purpose": "payment.hold",
        "based_on": [{"leaf": leaf, "role": "payment", "name": "till/1"}],
    }


def test_a_case_shows_its_payment(tmp_path: Path) -> None:
    """Who decides sees the payment's own fields and its record; one of another log is left out."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        paid = ledger.record({"amount_minor": 99_900, "payee": {"country": "<b>DE</b>"}})
        held = ledger.record_statement("decision", _hold(paid.leaf)).index
        elsewhere = ledger.record_statement("decision", _hold("cd" * 32)).index

        def ask(address: str) -> bytes:
            headers = {"authorization": "Bearer reader"}
            answer = urllib3.request("GET", f"{url}/apps/finance/cases/{address}", headers=headers)
            assert answer.status == 200, answer.data
            return answer.data

        with served(ledger) as url:
            said = json.loads(ask(f"{held}.json"))["paid"]
            assert said["index"] == paid.index
            assert said["said"] == {"amount_minor": 99_900, "payee.country": "<b>DE</b>"}
            page = ask(str(held)).decode()
            assert "The payment" in page
            assert f'href="/records/{paid.index}"' in page
            assert "&lt;b&gt;DE&lt;/b&gt;" in page
            assert json.loads(ask(f"{elsewhere}.json"))["paid"] is None
            assert "The payment</h2>" not in ask(str(elsewhere)).decode()
