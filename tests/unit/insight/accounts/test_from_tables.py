"""The table of accounts, made from a chain's tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from counterfoil.cli import main
from counterfoil.insight.accounts import COLUMNS, accounts_of, read_accounts
from counterfoil.testing.chain_scene import Scene, quiet_chain, tables_of, write_chain
from tests.accounts_made import account_rows, accounts_csv


def test_an_account_is_what_it_did() -> None:
    """Counts, amounts and times of one account are those of its transactions and transfers."""
    scene = Scene(quiet_chain(60, 5, 2), 8)
    own, one, two, token = (scene.account() for _ in range(4))
    scene.send(scene.first, one, own, 3 * 10**18)
    scene.send(scene.first + 5, own, two, 10**18)
    scene.send(scene.first + 10, own, one, 10**18)
    scene.move(scene.first + 20, own, token, token, [(own, two, 5 * 10**18)])
    found = accounts_of(tables_of(scene.tables()), least=4)
    row = dict(zip(COLUMNS, found.values[found.addresses.index(own)].tolist(), strict=True))
    expected = {
        "sent": 3,
        "received": 1,
        "payees": 3,
        "payers": 1,
        "received_ether": 3,
        "sent_ether": 2,
        "balance_ether": 1,
        "sent_most": 1,
        "sent_least": 0,
        "active_min": 4,
        "sent_gap_min": 1.5,
        "transactions": 4,
        "token_transfers": 1,
        "token_sent_sum": 5,
        "token_payees": 1,
        "token_kinds_sent": 1,
        "token_received_sum": 0,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert one not in found.addresses


def test_a_chain_is_described_and_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the command writes is a file of accounts, which a model scores."""
    scene = Scene(quiet_chain(600, 5, 2), 8)
    write_chain(tmp_path / "chain", scene.tables())
    out, learned, model = (tmp_path / name for name in ("a.csv", "b.csv", "m.txt"))
    words = ["account", "table", str(tmp_path / "chain"), "--out", str(out)]
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["notes"] == ["the data is simulated"]
    assert len(read_accounts(out).values) == said["accounts"] > 20
    assert main([*words, "--least", "5", "--text"]) == 0
    assert "accounts in" in capsys.readouterr().out
    learned.write_text(accounts_csv(account_rows(80)))
    assert main(["account", "train", str(learned), "--out", str(model)]) == 0
    capsys.readouterr()
    assert main(["account", "score", str(out), "--model", str(model), "--json"]) == 0
    scores = [json.loads(line)["score"] for line in capsys.readouterr().out.splitlines()]
    assert len(scores) == len(read_accounts(out).values)
    assert all(0 <= one <= 1 for one in scores)
