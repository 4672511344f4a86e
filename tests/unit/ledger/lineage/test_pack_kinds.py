"""A pack of any statement that is tied to a decision holds, whichever kind the statement is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import counterfoil
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger
from counterfoil.ledger.lineage.pack import make_pack
from counterfoil.ledger.lineage.pack_check import check_files
from tests.deciding import APPLICANT, FEATURES, OUTCOMES, onnx_bytes
from tests.ledgers import copy_ledger
from tests.provenance_story import digest_of

KINDS = (
    "acknowledgement", "action", "action without target", "alert", "block", "check", "dataset",
    "decision", "evaluation", "incident", "incident, later", "model", "override", "record",
    "record, of many", "record, upper case", "refusal", "transformation",
)  # fmt: skip


@dataclass
class Story:
    """A decision and all that is tied to it: name -> index, and the reader's policy."""

    ledger: Ledger
    told: dict[str, int]
    policy: Policy


def tell(ledger: Ledger) -> dict[str, int]:
    model = ledger.models.record(onnx_bytes(), "credit", features=FEATURES, outcomes=OUTCOMES)
    with ledger.decision(model.index, APPLICANT, threshold=0.5) as decision:
        pass
    assert decision.recorded is not None
    index = decision.recorded.result()
    leaf = ledger.get(index).leaf
    tie = {"leaf": leaf}
    told = {"model": model.index, "decision": index}

    def say(name: str, kind: str, /, **fields: object) -> str:
        subject = Subject(digest={"sha256": leaf}, name=kind)  # stands for what it is about
        done = ledger.record_statement(kind, fields, subjects=[subject])
        told[name] = done.index
        return done.leaf

    told["action"] = ledger.decisions.act(index, "freeze", target="account/7").index
    told["action without target"] = ledger.decisions.act(index, "letter").index
    told["override"] = ledger.decisions.override(
        index, "grant", why="income was stale", accountable="Ada Example"
    ).index
    told["incident"] = ledger.incidents.open(
        "Frozen by mistake", severity="incident", system="credit", description="It was stale.",
        happened_from_ms=1_790_000_000_000, became_aware_ms=1_790_000_100_000,
        linked=[index, told["action"]],
    ).index  # fmt: skip
    told["incident, later"] = ledger.incidents.update(told["incident"], why="more is known").index
    item = {"name": "recourse", "passed": True}
    say("check", "check", check="recourse", about=tie, passed=True, items=[item])
    say("refusal", "refusal", refused="action", about=tie, code="gate.missing", why="no check")
    print_ = {"format": "files/v1", "digest": digest_of("d"), "root": digest_of("d"), "rows": 1}
    say("dataset", "dataset", name="labels", fingerprint=print_, derived_from=[tie])
    say("transformation", "transformation", name="label", inputs=[tie], outputs=[tie])
    metric = {"name": "auc", "value": "0.8"}
    say("evaluation", "evaluation", model={"leaf": ledger.get(model.index).leaf}, data=tie,
        metrics=[metric])  # fmt: skip
    alert = say(
        "alert", "alert", watcher={"digest": digest_of("watcher")}, watches="log", kind="odd-hours",
        group="g", title="late", window_s=60, first_ms=1, last_ms=2,
        evidence=[{"entry": tie, "index": index}],
    )  # fmt: skip
    say("acknowledgement", "acknowledgement", alert={"leaf": alert}, verdict="false",
        by={"name": "Ada Example"})  # fmt: skip
    told["record"] = ledger.record({"seen": f"decision {leaf}"}).index
    told["record, upper case"] = ledger.record({"seen": leaf.upper()}).index
    told["record, of many"] = ledger.record_many([{"about": leaf}, {"about": "x"}]).first
    told["block"] = ledger.record_block([{"about": leaf}, {"about": "y"}]).index
    return told


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = copy_ledger(tmp_path_factory.mktemp("kinds") / "ledger")
    with counterfoil.open(folder) as ledger:
        told = tell(ledger)
        yield Story(ledger, told, policies.parse((folder / "policy.txt").read_bytes()))


def test_the_story_has_every_kind(story: Story) -> None:
    """What is packed below is all that was told."""
    assert sorted(story.told) == list(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_an_honest_pack_of_any_statement_holds(story: Story, name: str) -> None:
    """Whatever the pack is about, its check finds nothing, also where it was cut."""
    for bounds in ({}, {"depth": 1}, {"width": 2}):
        trace = story.ledger.trace(story.told[name], **bounds)
        pack = make_pack(story.ledger, trace, {"index": story.told[name]})
        checked = check_files(pack.files, story.policy)
        assert checked.problems == ()


def test_a_decision_is_tied_to_all_that_was_said_about_it(story: Story) -> None:
    """Every statement but the block, whose rows are not in the log, is in the decision's trace."""
    trace = story.ledger.trace(story.told["decision"])
    seen = {node.index for node in trace.recorded()}
    assert seen >= {at for name, at in story.told.items() if name != "block"}


def test_an_action_mentions_its_decision_and_not_the_other_way_round(story: Story) -> None:
    """A decision says nothing of what came later."""
    told = story.told
    for start in ("decision", "action"):
        trace = story.ledger.trace(told[start])
        ends = {
            (trace.nodes[e.source].index, e.field, trace.nodes[e.target].index) for e in trace.edges
        }
        assert (told["action"], "decision", told["decision"]) in ends
        assert not {end for end in ends if end[0] == told["decision"] and end[1] == "mentions"}


def test_what_replaced_a_decision_is_what_it_led_to(story: Story) -> None:
    """Traced both ways, an override is found down; asked for sources alone, it is told there."""
    told = story.told
    trace = story.ledger.trace(told["decision"])
    ways = {e.way for e in trace.edges if trace.nodes[e.source].index == told["override"]
            if trace.nodes[e.target].index == told["decision"]}  # fmt: skip
    assert ways == {"down"}
    up = story.ledger.trace(told["decision"], down=False)
    assert told["override"] in {node.index for node in up.recorded()}


def test_a_mention_that_no_entry_makes_fails_the_check(story: Story, tmp_path: Path) -> None:
    """A tie from the decision to a later action, which is what a forger would add, is named."""
    trace = story.ledger.trace(story.told["action"])
    first = trace.nodes[trace.start]
    lie = trace.edges[0].__class__(
        story.ledger.get(story.told["decision"]).leaf, first.id, "mentions", "", "down", first.id
    )
    lying = trace.__class__(
        trace.start, trace.origin, trace.size, trace.nodes, (*trace.edges, lie), trace.complete
    )
    pack = make_pack(story.ledger, lying, {"index": story.told["action"]})
    codes = {problem.code for problem in check_files(pack.files, story.policy).problems}
    assert codes == {"pack.tie"}
