"""The demonstration in words: every kind of step, for people who read a terminal."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.demo import demo
from counterfoil.ops.demo import Step

PLAIN = Paint(io.StringIO())
HASH = "ab" * 32


def test_it_says_where_it_serves_and_when_it_ends() -> None:
    """The address stands out on a line of its own, and so does the end."""
    steps = [
        Step("serving", "Look: http://127.0.0.1:8420/.", {"url": "http://127.0.0.1:8420/"}, 0.1),
        Step("stopped", "Ended: 7 more payments.", {"payments": 7}, 9.0),
    ]
    assert list(demo(steps, PLAIN)) == [
        "",
        "Look: http://127.0.0.1:8420/.",
        "",
        "Ended: 7 more payments.",
    ]


def test_a_cheat_is_told_in_whole_lines() -> None:
    """What was tried, by whom it was caught and in which words; hashes cut; no control codes."""
    facts = {"tried": "a \x1b[31mtrick", "caught_by": "the witness", "code": "witness.forked"}
    facts["words"] = f"expected {HASH}, found none"
    lines = list(demo([Step("cheat", "", facts, 0.0)], PLAIN))
    assert lines == [
        "",
        "Now to cheat:",
        "x a \\u001b[31mtrick",
        "    caught by the witness: expected abababababab…, found none [witness.forked]",
    ]


def test_steps_are_numbered_and_broken_into_lines() -> None:
    """Long sentences go on below their number, and the limits stand apart."""
    steps = [
        Step("ledger", "A ledger is made.", {}, 0.0),
        Step("watch", "word " * 30, {}, 0.0),
        Step("limits", "One operator can cheat.", {}, 0.0),
    ]
    lines = list(demo(steps, PLAIN))
    assert lines[0] == "1. A ledger is made."
    assert lines[1].startswith("2. word")
    assert lines[2].startswith("   word")
    assert lines[-2:] == ["Honest limits:", "  One operator can cheat."]


def test_what_to_type_can_be_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a checkout it is ./dev; elsewhere the program itself."""
    names = ("folder", "ledger", "receipt", "page", "policy", "evidence")
    end = Step("end", "All is there.", dict.fromkeys(names, "x"), 1.0)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".dev" / "venv"))
    assert "  counterfoil init DIR             a ledger of your own" in list(demo([end], PLAIN))
    (tmp_path / "dev").touch()
    told = "\n".join(demo([end], PLAIN))
    assert f"\n  {tmp_path}/dev counterfoil verify x" in told
    monkeypatch.chdir(tmp_path)
    assert "\n  ./dev counterfoil init DIR" in "\n".join(demo([end], PLAIN))


def test_without_a_chain_none_is_named() -> None:
    """The command to verify a receipt names a chain only where there is one."""
    names = ("folder", "ledger", "receipt", "page", "policy", "evidence")
    facts = {name: f"my {name}" for name in names}
    told = "\n".join(demo([Step("end", "All is there.", facts, 1.0)], PLAIN))
    assert "counterfoil verify 'my receipt' --policy 'my policy'\n" in told
    facts |= {"rpc": "embedded:c", "anchors": "a"}
    told = "\n".join(demo([Step("end", "All is there.", facts, 1.0)], PLAIN))
    assert "--policy 'my policy' --rpc embedded:c --anchors a\n" in told
