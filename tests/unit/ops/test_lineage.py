"""Traces and their exports as operations, and as people read them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import counterfoil
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import lineage as text
from counterfoil.ops import lineage
from tests.provenance_story import tell_story

PLAIN = Paint(io.StringIO())


def test_a_trace_is_a_tree_with_its_receipts(shop: Path, tmp_path: Path) -> None:
    """Both ways are shown with what ties them, and each receipt verifies by itself."""
    with counterfoil.open(shop) as opened:
        told = tell_story(opened)
        policy = opened.layout.policy.read_bytes()
    traced = lineage.trace(str(told["decision 0"]), ledger=shop, receipts=tmp_path / "proofs")
    shown = "\n".join(text.trace(traced, PLAIN))
    for line in (
        f"decision {told['decision 0']} hold",
        f"  by model {told['model']} credit:1",
        f"    trained on (train) dataset {told['training']} train",
        f"made by (train) transformation {told['transformation']} clean and split",
        "answers for it (credit officer) Ada Example",
        f"  acted on by action {told['action']} freeze",
        "9 statements of ",
    ):
        assert line in shown
    files = sorted((tmp_path / "proofs").iterdir())
    assert len(files) == len(traced.receipts) == 9
    for file in files:
        counterfoil.verify(file.read_bytes(), policy)
    assert json.loads(json.dumps(traced.to_json()))["complete"]


def test_only_the_way_that_was_asked_for_is_told(shop: Path) -> None:
    """Where effects were not looked for, nothing says that there are none."""
    with counterfoil.open(shop) as opened:
        told = tell_story(opened)
    start = str(told["decision 0"])
    assert "led to" not in "\n".join(text.trace(lineage.trace(start, ledger=shop, up=True), PLAIN))
    down = "\n".join(text.trace(lineage.trace(start, ledger=shop, down=True), PLAIN))
    assert "led to" in down
    assert "came from" not in down


def test_what_replaced_a_statement_is_told_in_words(shop: Path) -> None:
    """Beside effects, or beside sources where these alone are asked for; and the other way."""
    with counterfoil.open(shop) as opened:
        told = tell_story(opened)
        start = told["decision 0"]
        other = opened.decisions.override(
            start, "grant", why="income was stale", accountable="Ada Example"
        )

    def shown(entry: int, *, up: bool = False) -> str:
        return "\n".join(text.trace(lineage.trace(str(entry), ledger=shop, up=up), PLAIN))

    came_from, _, led_to = shown(start).partition("led to")
    assert "replaced by" not in came_from
    assert f"  replaced by decision {other.index} grant" in led_to
    assert f"  replaced by decision {other.index} grant" in shown(start, up=True)
    assert f"  in place of decision {start} hold" in shown(other.index)


def test_prov_is_written_to_a_file(shop: Path, tmp_path: Path) -> None:
    """The file holds one PROV-JSON object, and the answer says how much is in it."""
    with counterfoil.open(shop) as opened:
        told = tell_story(opened)
    out = tmp_path / "decision.prov.json"
    done = lineage.prov(str(told["decision 0"]), out=out, ledger=shop)
    assert isinstance(done, lineage.Exported)
    assert done.complete
    assert "wasDerivedFrom" in json.loads(out.read_text(encoding="utf-8"))
    assert next(text.prov(done, PLAIN)).endswith("with 10 nodes")


def test_receipts_of_a_trace_are_written_beside_an_owner(shop: Path, tmp_path: Path) -> None:
    """A service that owns the ledger goes on; reading is enough, once all is published."""
    with counterfoil.open(shop) as opened:
        told = tell_story(opened)
        traced = lineage.trace(str(told["model"]), ledger=shop, up=True, receipts=tmp_path / "up")
        assert len(traced.receipts) == 6
        assert opened.record({"n": 1}).index == opened.size - 1
