"""Decisions are found again, with what came of them and how many there are."""

from __future__ import annotations

import polars

from counterfoil.ledger import Ledger
from counterfoil.ledger.decisions.found import list_decisions
from tests.ledgers import prove
from tests.statements import refused


def decide(ledger: Ledger, outcome: str, model: str = "credit") -> int:
    with ledger.decision(model, {}, wait=True, purpose="credit") as d:
        d.outcome = outcome
    assert d.recorded is not None
    return d.recorded.result()


def test_actions_and_a_persons_decision_follow(ledger: Ledger, own: int) -> None:
    """What was done stands with the decision; a person's decision replaces it, and says why."""
    index = decide(ledger, "hold")
    leaf = ledger.get(index).leaf
    done = ledger.decisions.act(
        index, "freeze", target="account/7", result="done", evidence={"tx": "0xab"}, note="n"
    )
    ledger.decisions.act(leaf, "letter")
    mine = ledger.decisions.override(index, "grant", why="income misread", accountable="Grace")
    shown = ledger.decisions.get(leaf)
    assert [action.content["action"] for action in shown.actions] == ["freeze", "letter"]
    assert shown.actions[0].content["evidence"] == {"tx": "0xab"}
    assert shown.replaced_by == mine.index
    later = ledger.decisions.get(mine.index).decision
    assert (later.by, later.outcome, later.note) == ("person", "grant", "income misread")
    assert (later.supersedes, later.purpose) == (leaf, "credit")
    assert later.based_on[0].leaf == leaf
    wrong = ledger.decisions.override(mine.index, "hold", why="no", accountable="Ada", correct=True)
    assert ledger.decisions.get(wrong.index).decision.corrects == mine.leaf
    assert shown.to_json()["actions"][0]["index"] == done.index
    for one in (done.index, mine.index):
        assert prove(ledger, one).index == one


def test_lists_with_counts(ledger: Ledger, own: int) -> None:
    """By model, outcome and time; the counts are of all, not of the page."""
    fields = {"name": "fraud", "format": "onnx", "digest": "cd" * 32, "size": 1}
    ledger.record_statement("model", fields)
    placed = [decide(ledger, outcome) for outcome in ("hold", "grant", "hold", "hold")]
    other = decide(ledger, 'a "quoted" one', "fraud")
    page = ledger.decisions.ls(limit=2)
    assert [one.index for one in page.hits] == [other, placed[3]]
    assert (page.total, page.outcomes) == (5, {"hold": 3, "grant": 1, 'a "quoted" one': 1})
    assert list_decisions(ledger, "kind=decision", 2, None, step=2) == page
    more = ledger.decisions.ls(limit=2, after=page.next)
    assert [one.index for one in more.hits] == [placed[2], placed[1]]
    assert ledger.decisions.ls(model="credit", outcome="hold").total == 3
    assert ledger.decisions.ls(outcome='a "quoted" one').total == 1
    at_ms = ledger.get(placed[1]).at_ms
    assert at_ms is not None
    before = ledger.decisions.ls(until_ms=at_ms, query="purpose=credit").total
    since = ledger.decisions.ls(since_ms=at_ms).total
    assert before + since == 5
    assert before >= 0
    assert ledger.decisions.ls(outcome="never").to_json()["outcomes"] == {}


def test_a_page_of_decisions_is_a_frame(ledger: Ledger, own: int) -> None:
    """As a table its rows are the entries themselves, with a column for each field."""
    placed = [decide(ledger, outcome) for outcome in ("hold", "grant")]
    frame = polars.DataFrame(ledger.decisions.ls())
    views = ledger.views(placed[0], placed[-1] + 1)
    whole = polars.DataFrame(views).sort("index", descending=True)
    exported = whole.filter(kind="decision").select(frame.columns)
    assert frame["content.outcome"].to_list() == ["grant", "hold"]
    assert frame.drop("signed_by").equals(exported.drop("signed_by"))


def test_what_is_no_decision(ledger: Ledger, own: int) -> None:
    """Another entry is named as what it is; an override says why."""
    for look in (ledger.decisions.get, lambda at: ledger.decisions.act(at, "freeze")):
        with refused("decision.kind"):
            look(own)
    index = decide(ledger, "hold")
    with refused("decision.why"):
        ledger.decisions.override(index, "grant", why=" ", accountable="Ada")
    with refused("predicate.malformed"):
        ledger.decisions.override(index, "", why="x", accountable="Ada")
