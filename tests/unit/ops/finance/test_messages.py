"""A message by the command: decided on, recorded, answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from counterfoil.errors import CounterfoilError
from counterfoil.ledger import open_ledger
from counterfoil.ops.finance import messages, rules
from counterfoil.ops.finance.messages import DecidedMessage, message
from counterfoil.ports import Channel, Document
from tests.ledgers import copy_ledger
from tests.messages_made import pacs008, transfer
from tests.payments_made import rule_file

AT = "2026-03-02T12:00:00Z"


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """Give a ledger."""
    return copy_ledger(tmp_path / "bank")


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """Write a message with a payment that passes and one that no rule can let out of the Union."""
    path = tmp_path / "in.xml"
    nobody = transfer("E2", amount="9", creditor="<PstlAdr><Ctry>US</Ctry></PstlAdr>")
    path.write_bytes(pacs008([transfer("E1"), nobody]))
    return path


def decide(file: Path, channel: Channel, **options: Any) -> DecidedMessage:
    out = file.with_name("out.xml")
    done = message(file, out=out, channel=channel, **{"at": AT, **options})
    assert isinstance(done, DecidedMessage)
    return done


def test_the_status_follows_the_rules(sent: Path, channel: Channel) -> None:
    """Shipped rules let one pass and hold the other; the report says no more than that."""
    done = decide(sent, channel)
    assert [(one.status, one.outcome) for one in done.transfers] == [
        ("ACTC", "pass"), ("PDNG", "hold")
    ]  # fmt: skip
    assert "eu-travel-rule:2023-1113" in done.transfers[1].why[0]
    text = sent.with_name("out.xml").read_text()
    assert "eu-travel-rule" not in text
    assert decide(sent, channel, jurisdiction=("US",)).transfers[1].status == "ACTC"
    early = decide(sent, channel, at="2024-12-29T12:00:00Z")
    assert "eu-travel-rule:2015-847" in early.transfers[1].why[0]


def test_standard_output_is_the_report(sent: Path, channel: Channel) -> None:
    """Without a file the report itself comes, and what was decided is in its facts."""
    done = message(sent, at=AT, channel=channel)
    assert isinstance(done, Document)
    assert b"".join(done.chunks).startswith(b"<?xml")
    assert done.facts is not None
    assert [one["status"] for one in done.facts["transfers"]] == ["ACTC", "PDNG"]


def test_history_fills_the_windows(tmp_path: Path, channel: Channel) -> None:
    """What was paid before counts: the third part of 5,000 crosses the limit of a window."""
    history, sent = tmp_path / "before.ndjson", tmp_path / "in.xml"
    rows = [
        {"id": n, "at": f"2026-02-{20 + n}", "amount": "5000", "currency": "EUR",
         "debtor": "DE89370400440532013000", "creditor": "X"}
        for n in range(2)
    ]  # fmt: skip
    history.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    sent.write_bytes(pacs008([transfer(amount="5000")]))
    assert decide(sent, channel).transfers[0].outcome == "pass"
    assert decide(sent, channel, history=history).transfers[0].outcome == "flag"


def test_a_message_is_decided_once(sent: Path, bank: Path, channel: Channel) -> None:
    """The same message again is the same decisions, whenever it comes; names are sealed."""
    first = decide(sent, channel, at=None, record=True, ledger=bank)
    with open_ledger(bank) as ledger:
        size = ledger.size
    again = decide(sent, channel, at=None, record=True, ledger=bank)
    assert again == first
    with open_ledger(bank) as ledger:
        assert ledger.size == size
        entry = first.transfers[1].entry
        assert entry is not None
        said = ledger.get(entry).content
        assert said["purpose"] == messages.PURPOSE
        assert said["outcome"] == "hold"
        assert {one.get("role") for one in said["based_on"]} >= {"message", "met"}
        assert "Ann Lee" not in json.dumps(said)
    done = rules.replay(str(entry), actor="auditor", ledger=bank)
    assert done.same


def test_listed_names_hold_a_transfer(tmp_path: Path, bank: Path, channel: Channel) -> None:
    """A name that a list may mean holds the transfer; who it is stands sealed in the decision."""
    listed = tmp_path / "list.csv"
    listed.write_text(
        "id,schema,name,aliases,birth_date,countries\n"
        "Q1,Person,Viktor Anatoljevitch Bout,Victor But,1967-01-13,ru\n"
    )
    sent = tmp_path / "in.xml"
    sent.write_bytes(
        pacs008([transfer("E1"), transfer("E2", creditor="<Nm>Victor Anatolyevich Bout</Nm>")])
    )
    only = tmp_path / "rules.toml"
    only.write_bytes(rule_file().replace(b"limit = 500", b"limit = 9000000").replace(
        b"amount_minor = 501", b"amount_minor = 9000001"))  # fmt: skip
    options: dict[str, Any] = {"rules": only, "list": (listed,), "record": True, "ledger": bank}
    done = decide(sent, channel, **options)
    assert [one.status for one in done.transfers] == ["ACTC", "PDNG"]
    assert "Bout" in done.transfers[1].why[0]
    assert "Bout" not in sent.with_name("out.xml").read_text()
    entry = done.transfers[1].entry
    assert entry is not None
    with open_ledger(bank) as ledger:
        said = ledger.get(entry).content
        assert "Bout" not in json.dumps(said)
        assert "list" in {one.get("role") for one in said["based_on"]}
        opened = ledger.people.open(entry, actor="analyst", purpose="look")["sealed"]
        assert opened["inputs/screened"][0]["id"] == "Q1"


def test_a_message_with_a_fault_is_rejected_whole(tmp_path: Path, channel: Channel) -> None:
    """A sum that is another rejects every transfer, with its code."""
    sent = tmp_path / "in.xml"
    sent.write_bytes(pacs008([transfer("E1"), transfer("E2")], count="3"))
    done = decide(sent, channel)
    assert [(one.status, one.reasons) for one in done.transfers] == [("RJCT", ("AM18",))] * 2
    assert done.faults == ("AM18: NbOfTxs is 3, not 2",)


def test_nothing_is_left_of_a_failure(tmp_path: Path, channel: Channel) -> None:
    """A message that is none, and a folder that is none, leave no half report."""
    sent = tmp_path / "in.xml"
    sent.write_bytes(b"<x/>")
    with pytest.raises(CounterfoilError):
        decide(sent, channel)
    assert not sent.with_name("out.xml").exists()
    sent.write_bytes(pacs008())
    with pytest.raises(CounterfoilError) as caught:
        message(sent, out=tmp_path / "none" / "out.xml", at=AT, channel=channel)
    assert caught.value.code == "file.folder"
    with pytest.raises(CounterfoilError) as caught:
        message(sent, out=sent, at=AT, channel=channel)
    assert (caught.value.code, sent.read_bytes()) == ("file.is-input", pacs008())
