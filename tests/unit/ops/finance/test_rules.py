"""Rules by the commands that every shell offers."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil.errors import CounterfoilError
from counterfoil.ledger import open_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ops.finance import rules
from counterfoil.ops.finance.rules import run
from counterfoil.ports import STANDARD_STREAM, Channel, Document
from tests.ledgers import copy_ledger
from tests.payments_made import NOON, rule_file

ROWS = [
    {"id": n, "at_ms": NOON + n * 1000, "amount_minor": amount, "currency": "EUR",
     "debtor": {"name": "Ann Lee", "account": "A"}, "creditor": "B"}
    for n, amount in enumerate([100, 501, 500, 9000])
]  # fmt: skip


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """Give a ledger."""
    return copy_ledger(tmp_path / "bank")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Write payments and rules."""
    payments, text = tmp_path / "payments.ndjson", tmp_path / "rules.toml"
    payments.write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    text.write_bytes(rule_file())
    return payments, text


def code_of(call: Any) -> str:
    with pytest.raises(CounterfoilError) as caught:
        list(call())
    return caught.value.code


def test_cases_are_run_and_counted(tmp_path: Path, channel: Channel) -> None:
    """A case that fails, and a rule that has none, end the command as refused, each told."""
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_bytes(rule_file())
    assert [one.passed for one in rules.test(good, channel=channel)] == [True, True]
    bad.write_bytes(rule_file().replace(b"amount_minor = 501", b"amount_minor = 499"))
    assert code_of(lambda: rules.test(bad, channel=channel)) == "rules.cases"
    head = rule_file().split(b"[[rule.case]]")[0]
    bad.write_bytes(head)
    assert code_of(lambda: rules.test(bad, channel=channel)) == "rules.cases"


def test_shipped_rules_are_a_file(tmp_path: Path, channel: Channel) -> None:
    """What is printed is a file of rules that passes."""
    out = tmp_path / "mine.toml"
    rules.default(out=out)
    assert all(one.passed for one in rules.test(out, channel=channel))
    printed = rules.default(out=STANDARD_STREAM)
    assert isinstance(printed, Document)
    assert b"".join(printed.chunks) == out.read_bytes()


def test_nothing_is_said_to_leave_the_union_unless_a_country_says_so(
    tmp_path: Path, channel: Channel
) -> None:
    """Accounts without countries are flagged, with the reason that these are not told."""
    payments = tmp_path / "payments.csv"
    payments.write_text(
        "id,at,amount_minor,currency,debtor,creditor\n0,2026-03-02T12:00:00Z,5000,EUR,DE1,US2\n"
    )
    (untold,) = run(payments, channel=channel)
    assert untold.outcome == "flag"
    assert "country of the payer or of the payee is not told" in str(untold.to_json())
    assert "that leaves the Union" not in str(untold.to_json())


def test_rules_are_recorded_once(bank: Path, files: tuple[Path, Path], channel: Channel) -> None:
    """The same text is one maker; another text is another; those that fail are not recorded."""
    _, text = files
    one = rules.add(text, accountable="Ada", ledger=bank, channel=channel)
    assert rules.add(text, ledger=bank, channel=channel).index == one.index
    text.write_bytes(rule_file() + b"# other\n")
    other = rules.add(text, ledger=bank, channel=channel)
    listed = list(rules.listing(ledger=bank))
    assert [found.index for found in listed] == [other.index, one.index]
    assert len(list(rules.listing(ledger=bank, limit=1))) == 1
    assert listed[1].to_json()["rules"]["accountable"] == {"name": "Ada"}
    text.write_bytes(rule_file().replace(b"amount_minor = 501", b"amount_minor = 499"))
    with pytest.raises(CounterfoilError) as caught:
        rules.add(text, ledger=bank, channel=channel)
    assert caught.value.code == "rules.cases"
    assert len(list(rules.listing(ledger=bank))) == 2


def test_payments_that_do_not_pass_are_told(files: tuple[Path, Path], channel: Channel) -> None:
    """Without a ledger nothing is recorded; with --every all are told."""
    payments, text = files
    found = list(run(payments, rules=text, channel=channel))
    assert [(one.payment.id, one.outcome) for one in found] == [("1", "hold"), ("3", "hold")]
    assert len(list(run(payments, rules=text, every=True, channel=channel))) == 4
    piped = Channel(io.BytesIO(payments.read_bytes()), io.BytesIO())
    assert len(list(run(STANDARD_STREAM, rules=text, channel=piped))) == 2
    assert list(run(payments, jurisdiction=("US",), channel=channel)) == []


def test_a_jurisdiction_without_rules_is_refused(
    files: tuple[Path, Path], channel: Channel
) -> None:
    """One that is misspelt would let everything pass: it is told, with those that there are."""
    for wrong in (("us",), ("US", "Mars")):
        with pytest.raises(CounterfoilError) as caught:
            list(run(files[0], jurisdiction=wrong, channel=channel))
        assert caught.value.code == "rules.jurisdiction"
        assert "US" in caught.value.message


@pytest.mark.parametrize("sealed", [True, False])
def test_each_payment_leaves_a_decision(
    bank: Path, files: tuple[Path, Path], channel: Channel, sealed: bool
) -> None:
    """Decisions name the text, hold conditions and inputs, sealed or not, and come out the same."""
    payments, text = files
    first = list(
        run(payments, rules=text, record=True, sealed=sealed, ledger=bank, channel=channel)
    )
    with open_ledger(bank) as ledger:
        size = ledger.size
        page = ledger.search("kind=decision", limit=10)
        views = [ledger.get(hit.index) for hit in page.hits][::-1]
        assert [view.content["outcome"] for view in views] == ["pass", "hold", "pass", "hold"]
        held = views[1].content
        assert held["model"]["role"] == "rule"
        assert held["model"]["digest"] == next(iter(rules.listing(ledger=bank))).said.digest
        assert [one["name"] for one in held["based_on"]][:2] == ["1", "large:1"]
        assert ("Ann Lee" in json.dumps(held)) is not sealed
        assert ("inputs" in held) is not sealed
    again = list(
        run(payments, rules=text, record=True, sealed=sealed, ledger=bank, channel=channel)
    )
    assert [one.to_json() for one in first] == [one.to_json() for one in again]
    with open_ledger(bank) as ledger:
        assert ledger.size == size
    for view in views:
        done = rules.replay(str(view.index), actor="auditor", ledger=bank)
        assert (done.same, done.recorded) == (True, view.content["outcome"])
    assert not audit(bank, full=True).damaged


def test_a_replay_can_differ(bank: Path, files: tuple[Path, Path], channel: Channel) -> None:
    """A decision whose recorded conditions are others than the rules give is told as different."""
    payments, text = files
    list(run(payments, rules=text, record=True, sealed=False, ledger=bank, channel=channel))
    with open_ledger(bank) as ledger:
        hit = ledger.search("kind=decision outcome=hold", limit=1).hits[0]
        said = dict(ledger.get(hit.index).content)
        for name in ("issuer", "source", "number", "at_ms"):
            said.pop(name)
        said["outcome"] = "pass"
        said["explanation"] = {
            **said["explanation"],
            "contributions": {"large:1: it is large": "0"},
        }
        forged = ledger.record_statement("decision", msgspec.to_builtins(said))
        model = ledger.record_statement(
            "decision", {"model": {"digest": "ab" * 32}, "outcome": "x"}
        )
    done = rules.replay(str(forged.index), actor="auditor", ledger=bank)
    assert (done.same, done.different) == (False, ("large:1: it is large",))
    for index, code in ((str(model.index), "rules.no-decision"), ("0", "rules.no-decision")):
        with pytest.raises(CounterfoilError) as caught:
            rules.replay(index, actor="auditor", ledger=bank)
        assert caught.value.code == code


def test_a_wrong_row_ends_with_what_is_recorded(
    bank: Path, files: tuple[Path, Path], channel: Channel
) -> None:
    """A row that is none is named by its number; what came before is recorded, and it is told."""
    payments, text = files
    future = {**ROWS[0], "at_ms": 4_000_000_000_000}
    for row, code in (({"id": 1}, "payment.field"), (future, "payment.future")):
        payments.write_text("".join(f"{json.dumps(one)}\n" for one in [*ROWS, row]))
        with pytest.raises(CounterfoilError) as caught:
            list(run(payments, rules=text, record=True, ledger=bank, channel=channel))
        assert caught.value.code == code
        assert "in row 4" in caught.value.message
        assert "are recorded" in caught.value.hint


def test_erased_people_cannot_be_replayed(
    bank: Path, files: tuple[Path, Path], channel: Channel
) -> None:
    """Once the payer is erased, the inputs are gone, and the replay says so."""
    payments, text = files
    list(run(payments, rules=text, record=True, ledger=bank, channel=channel))
    with open_ledger(bank) as ledger:
        index = ledger.search("kind=decision", limit=1).hits[0].index
        ledger.people.erase("A")
    with pytest.raises(CounterfoilError) as caught:
        rules.replay(str(index), actor="auditor", ledger=bank)
    assert caught.value.code.startswith("person.")
