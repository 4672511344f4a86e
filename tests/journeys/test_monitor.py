"""A log that tells two stories is caught by a stranger's monitor, and convicted by a file."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from tests.journeys.command_line import Ran
from tests.journeys.command_line import forked as counterfoil_command
from tests.ledgers import copy_ledger


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no other test's ledger, of the same origin, be remembered here."""
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "state"))


def command(*words: str | Path) -> Ran:
    """Run one command with the test's own state folder."""
    return counterfoil_command(*words, COUNTERFOIL_STATE=os.environ["COUNTERFOIL_STATE"])


def record(folder: Path, *payments: str) -> None:
    """Record payments and publish them."""
    with counterfoil.open(folder) as ledger:
        for payment in payments:
            ledger.record({"payment": payment})
        ledger.publish()


def test_a_log_with_two_histories_is_convicted(tmp_path: Path) -> None:
    """The operator rewrites a copy and shows it to others: monitor and mirror each convict it."""
    shop, other = tmp_path / "shop", tmp_path / "other"
    policy, seen, copy = tmp_path / "policy.txt", tmp_path / "seen", tmp_path / "copy"
    copy_ledger(shop)
    shutil.copytree(shop, other)  # with its keys: the operator has everything
    shutil.copy(shop / "policy.txt", policy)
    record(shop, "P-1", "P-2", "P-3")
    monitor: list[str | Path] = ["monitor", "run", shop, "--policy", policy, "--state", seen]
    first = command(*monitor, "--once").lines()
    assert [event["event"] for event in first][:1] == ["grew"]
    mirror: list[str | Path] = ["mirror", "run", shop, copy, "--policy", policy, "--once"]
    command(*mirror).json()
    shutil.rmtree(tmp_path / "state", ignore_errors=True)  # nothing here remembers
    record(other, "P-1", "another", "P-3", "P-4")
    for path in (shop, other):  # what is served now under the old name is the other history
        path.rename(path.with_name(f"{path.name}-was"))
    (tmp_path / "other-was").rename(shop)
    caught = command(*monitor, "--once")
    assert caught.status == 1
    events: list[dict[str, Any]] = [json.loads(line) for line in caught.out.splitlines()]
    (fork,) = [event for event in events if event["event"] == "forked"]
    refused = command(*mirror)
    assert (refused.status, "mirror.forked" in refused.err) == (1, True)
    (kept,) = (copy / "evidence").iterdir()
    for file in (Path(fork["evidence"]), kept):
        proven = command("evidence", "verify", file, "--policy", policy).json()
        assert (proven["in_policy"], proven["first_size"], proven["second_size"]) == (True, 6, 7)
    named = command("evidence", "verify", kept, "--policy", policy).json()
    assert (named["way"], named["index"]) == ("fork", 3)
    damaged = tmp_path / "damaged.json"
    damaged.write_bytes(kept.read_bytes().replace(b'"index":3', b'"index":4'))
    assert command("evidence", "verify", damaged).status == 1
