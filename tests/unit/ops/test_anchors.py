"""The operations that anchor, and verifying with a chain at hand: same results for every shell."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.chain.anchor_tables import Alarm
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import anchors as text
from counterfoil.cli.text import verification as verification_text
from counterfoil.errors import FatalLogError, InputError, NotFound, Refused, VerificationError
from counterfoil.formats import receipt as receipts
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.doctor import diagnose
from counterfoil.ops import anchors
from counterfoil.ops.verification import verify
from counterfoil.ports import Channel
from tests.ledgers import copy_ledger, set_setting
from tests.statements import refused

PLAIN = Paint(io.StringIO())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that was anchored once on its own chain, with a receipt beside it."""
    folder = copy_ledger(tmp_path_factory.mktemp("ops") / "ledger")
    set_setting(folder, "anchor_chains", '["embedded"]')
    (state,) = anchors.now(ledger=folder)
    assert state.phase == "final"
    with open_ledger(folder) as ledger:
        folder.with_name("receipt.json").write_bytes(receipts.format(ledger.receipt(0)))
    return folder


@pytest.fixture
def anchored(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "ledger"))


def shown(lines: Iterator[str]) -> str:
    """Put lines together."""
    return "\n".join(lines)


def test_anchoring_and_listing(anchored: Path) -> None:
    """`now` anchors what is published; `ls` lists it; `status` says what waits and who pays."""
    with open_ledger(anchored) as ledger:
        ledger.record({"a": 1})
        size = ledger.size
    (before,) = anchors.status(ledger=anchored)
    assert before.waiting == 1
    states = list(anchors.now(ledger=anchored))
    assert "anchored" in shown(text.now(states, PLAIN))
    first, second = anchors.listing(ledger=anchored)
    assert (first.size, second.size) == (size - 1, size)
    assert shown(text.listing([first, second], PLAIN)).count("\n") == 2
    (after,) = anchors.status(ledger=anchored)
    assert (after.size, after.waiting, after.state.phase) == (size, 0, "final")
    assert after.anchors_left is not None
    assert after.alarms == ()
    assert "anchors left" in shown(text.status([after], PLAIN))
    confirmed = list(anchors.verify(ledger=anchored))
    assert len(confirmed) == 2
    assert shown(text.verify(confirmed, PLAIN)).count("confirmed:") == 2


def test_without_a_chain(tmp_path: Path) -> None:
    """A ledger without a chain has no anchors, and says what to set."""
    folder = copy_ledger(tmp_path / "ledger")
    assert list(anchors.listing(ledger=folder)) == []
    assert list(anchors.status(ledger=folder)) == []
    assert "set anchor_chains" in shown(text.status([], PLAIN))
    with refused("anchor.no-chain", Refused):
        list(anchors.now(ledger=folder))
    with refused("anchor.none", NotFound):
        list(anchors.verify(ledger=folder))
    assert _health(folder) == "ok"
    set_setting(folder, "anchor_chains", '["embedded"]')
    (state,) = anchors.status(ledger=folder)
    assert (state.chain_id, state.state.phase) == (None, "none")
    assert "not yet used" in shown(text.status([state], PLAIN))
    assert "none" in shown(text.now([state.state], PLAIN))
    assert _health(folder) == "warn"


def test_troubles_and_alarms(anchored: Path) -> None:
    """What went wrong stands in the status, and in the doctor's words."""
    assert _health(anchored) == "ok"
    with closing(AnchorBook(Layout(anchored).anchor_book)) as book:
        (note,) = book.chains()
        book.note_trouble(note.chain_id, "chain.unreachable", "nobody answers", 1)
        assert _health(anchored) == "warn"
        book.clear_trouble(note.chain_id)
        book.note_funds(note.chain_id, 5, 1)
        assert _health(anchored) == "warn"
        book.raise_alarm(Alarm(note.chain_id, "anchor.ahead", "it has more", "{}", 2))
        book.note_trouble(note.chain_id, "anchor.ahead", "it has more", 1)
        assert _health(anchored) == "bad"
    (status,) = anchors.status(ledger=anchored)
    assert [alarm.code for alarm in status.alarms] == ["anchor.ahead"]
    said = shown(text.status([status], PLAIN))
    assert said.count("it has more [anchor.ahead]") == 2
    assert "it has more" in shown(text.now([status.state], PLAIN))


def test_a_ledger_that_was_put_back(anchored: Path) -> None:
    """The chain is asked whether it knows more: an older ledger beside a newer chain is found."""
    old = shutil.copytree(anchored, anchored.with_name("old"))
    with open_ledger(anchored) as ledger:
        ledger.record({"a": 1})
        ledger.anchor()
    with refused("anchor.ahead", FatalLogError):
        list(anchors.verify(ledger=old, rpc=(f"embedded:{anchored / 'chain.db'}",)))
    shutil.rmtree(old / "chain.db", ignore_errors=True)
    set_setting(old, "anchor_chains", "[]")
    with refused("anchor.not-asked", NotFound):
        list(anchors.verify(ledger=old))


def test_verifying_with_a_chain(made: Path) -> None:
    """Without a chain there are claims; with one a check, named or not, beside the grade."""
    channel = Channel(io.BytesIO(), io.BytesIO())
    receipt, policy = made.with_name("receipt.json"), made / "policy.txt"
    plain = verify(receipt, policy=policy, channel=channel)
    assert (plain.anchors, plain.checked) == (1, ())
    assert "1 claimed; no chain was asked" in shown(verification_text.verify(plain, PLAIN))
    rpc = (f"embedded:{made / 'chain.db'}",)
    checked = verify(receipt, policy=policy, rpc=rpc, channel=channel)
    assert checked.grade.startswith(f"{plain.grade}; anchored on chain ")
    assert "does not name" in checked.grade
    said = shown(verification_text.verify(checked, PLAIN))
    assert "claimed" not in said
    assert "contract" in said
    named = verify(receipt, policy=policy, rpc=rpc, anchors=made / "anchors.json", channel=channel)
    assert named.grade.endswith("run by the ledger's own operator")
    assert named.checked[0].named
    with refused("anchors.malformed", InputError):
        verify(receipt, policy=policy, rpc=rpc, anchors=receipt, channel=channel)


def test_a_receipt_without_anchors(anchored: Path, tmp_path: Path) -> None:
    """Who asks a chain wants to know: a receipt that is not anchored there fails."""
    with open_ledger(anchored) as ledger:
        index = ledger.record({"a": 1}).index
        (tmp_path / "r.json").write_bytes(receipts.format(ledger.receipt(index)))
    channel = Channel(io.BytesIO(), io.BytesIO())
    with refused("anchor.unclaimed", VerificationError):
        verify(
            tmp_path / "r.json",
            policy=anchored / "policy.txt",
            rpc=(f"embedded:{anchored / 'chain.db'}",),
            channel=channel,
        )


def _health(folder: Path) -> str:
    (check,) = [check for check in diagnose(folder) if check.word == "anchors"]
    return check.status
