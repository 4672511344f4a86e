"""The story is told in order and comes true, and run again it goes on."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from counterfoil.errors import FatalLogError, InputError, Unavailable
from counterfoil.formats import policy as policies
from counterfoil.ledger import open_ledger
from counterfoil.ledger.audit import audit
from counterfoil.ops.demo import Step, demo
from counterfoil.ops.demo import cheats as cheating
from counterfoil.ops.demo import tour as touring
from counterfoil.ops.demo.watch import DECISIONS, PAYMENTS
from counterfoil.ops.verification import verify_bytes
from counterfoil.ports import Channel
from counterfoil.proofs import equivocation

Told = tuple[Path, list[Step]]

CAUGHT = [
    "gate.replayed",
    "gate.action",
    "gate.scope",
    "gate.consumer",
    "gate.inclusion",
    "gate.form",
    "audit.bundle-changed",
    "witness.rolled-back",
    "witness.rolled-back",
    "witness.rolled-back",
    "witness.forked",
    "witness.inconsistent",
    "chain.reverted",
    "chain.reverted",
    "anchor.other-owner",
    "proof.root-mismatch",
    "trust.no-known-signature",
]


CHAIN = ("gate", "chain", "anchor")
"""Rooms whose refusals need a chain."""


def silence() -> Channel:
    """Give streams that are no terminal."""
    return Channel(io.BytesIO(), io.BytesIO())


def test_the_story_is_told_in_order(told: Told) -> None:
    """Each step comes once, the cheats after what they attack, and then it ends by itself."""
    names = [step.name for step in told[1]]
    cheats = ["cheat"] * len(CAUGHT)
    start = ["ledger", "watch", "receipt", "page", "chain", "hold", "decide"]
    assert names == [*start, *cheats, "limits", "end"]


def test_every_cheat_is_caught_by_name(told: Told) -> None:
    """What was tried, who caught it, and in which words: each as it should be."""
    cheats = [step.facts for step in told[1] if step.name == "cheat"]
    assert [facts["code"] for facts in cheats] == CAUGHT
    assert all(facts["tried"] and facts["caught_by"] and facts["words"] for facts in cheats)


def test_what_it_leaves_proves_itself(told: Told) -> None:
    """Receipt, page and evidence verify from their bytes; the ledger is whole; no copy stays."""
    folder, steps = told
    facts = {step.name: step.facts for step in steps}
    policy = policies.parse((folder / "policy.txt").read_bytes())
    for name in ("receipt.json", "receipt.html"):
        proven = verify_bytes((folder / name).read_bytes(), policy)
        assert proven.index == facts["receipt"]["index"]
        assert proven.grade == "self-witnessed"
    assert equivocation.verify((folder / "evidence.json").read_bytes()).way == "fork"
    assert not audit(folder / "ledger", full=True).damaged
    assert not (folder / "cheats").exists()
    assert all(Path(facts["end"][name]).exists() for name in ("ledger", "receipt", "evidence"))


def test_it_goes_on_where_it_was(told: Told) -> None:
    """Run again, the same log has more payments, each decided, and its cheats are caught anew."""
    folder, first = told
    second = list(demo(folder, channel=silence()))
    assert [step.name for step in second] == [step.name for step in first]
    assert second[0].facts["origin"] == first[0].facts["origin"]
    assert second[0].facts["new"] is False
    with open_ledger(folder / "ledger", read_only=True) as ledger:
        counts = {source: count for _, source, count in ledger.sources()}
    assert counts[PAYMENTS] == counts[DECISIONS] > first[1].facts["payments"]


def test_a_story_that_does_not_come_true_is_a_bug(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were a cheat not noticed, or for another reason, it would be said, and it would end."""
    refused = cheating.Cheats._refused
    monkeypatch.setattr(
        cheating.Cheats,
        "_refused",
        lambda self, tried, by, codes, attempt: refused(self, tried, by, codes, lambda: None),
    )
    with pytest.raises(Unavailable) as caught:
        list(demo(told[0], channel=silence()))
    assert caught.value.code == "demo.broken"
    monkeypatch.setattr(
        cheating.Cheats,
        "_refused",
        lambda self, tried, by, codes, attempt: refused(self, tried, by, {"x"}, attempt),
    )
    with pytest.raises(Unavailable, match="not as witness"):
        list(demo(told[0], channel=silence()))


@pytest.mark.parametrize("more", [{"serve": True}, {"listen": "127.0.0.1:0"}])
def test_once_and_serving_exclude_each_other(tmp_path: Path, more: dict[str, Any]) -> None:
    """Who asks for both is told so before anything is made."""
    with pytest.raises(InputError) as caught:
        demo(tmp_path / "tour", once=True, channel=silence(), **more)
    assert caught.value.code == "demo.once"
    assert not (tmp_path / "tour").exists()


def test_without_a_chain_it_says_what_it_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra that brings the EVM the story is told without it, and how to get it."""
    monkeypatch.setattr(touring, "has_chain", lambda: False)
    monkeypatch.setattr(touring, "FIRST_PAYMENTS", 200)
    steps = list(demo(tmp_path / "tour", channel=silence()))
    chain = next(step for step in steps if step.name == "chain")
    assert "counterfoil[chain]" in chain.says
    caught = [step.facts["code"] for step in steps if step.name == "cheat"]
    assert caught == [code for code in CAUGHT if code.split(".")[0] not in CHAIN]
    assert "rpc" not in steps[-1].facts
    assert not (tmp_path / "tour" / "ledger" / "chain.db").exists()


def test_a_ledger_that_must_not_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the witness's memory it does not go on, and says how to begin anew; that works."""
    monkeypatch.setattr(touring, "has_chain", lambda: False)
    monkeypatch.setattr(touring, "FIRST_PAYMENTS", 50)
    list(demo(tmp_path / "tour", channel=silence()))
    monkeypatch.setenv("COUNTERFOIL_STATE", str(tmp_path / "elsewhere"))
    with pytest.raises(FatalLogError) as caught:
        list(demo(tmp_path / "tour", channel=silence()))
    assert caught.value.code == "demo.ledger"
    assert "witness.missing" in caught.value.message
    assert "--fresh" in caught.value.hint
    made, *_ = demo(tmp_path / "tour", fresh=True, channel=silence())
    assert made.facts["new"] is True
