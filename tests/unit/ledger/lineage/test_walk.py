"""Traces go up to data and down to effects, and say where they were cut."""

from __future__ import annotations

import pytest

from counterfoil.errors import NotFound
from counterfoil.ledger import Ledger
from counterfoil.provenance.lineage import Trace
from tests.ledgers import prove
from tests.provenance_story import digest_of, tell_story
from tests.statements import refused


def seen(trace: Trace) -> set[int | None]:
    return {node.index for node in trace.recorded()}


def tied(trace: Trace) -> set[tuple[str, str, str]]:
    """Give (kind that says it, field, kind that it is about)."""
    nodes = trace.nodes
    return {(nodes[e.source].kind, e.field, nodes[e.target].kind) for e in trace.edges}


def test_a_decision_is_traced_up_to_data_and_down_to_effects(ledger: Ledger) -> None:
    """Model, training data, source, checks, evaluation, who answers; action and incident."""
    told = tell_story(ledger)
    up = ledger.trace(told["decision 0"], down=False)
    names = ("decision 0", "model", "training", "transformation", "source", "check", "evaluation")
    assert seen(up) == {told[name] for name in names}
    assert tied(up) >= {
        ("decision", "model", "model"),
        ("model", "trained_on", "dataset"),
        ("transformation", "outputs", "dataset"),
        ("transformation", "inputs", "dataset"),
        ("check", "about", "dataset"),
        ("evaluation", "model", "model"),
        ("decision", "accountable", "person"),
    }
    assert up.complete
    down = ledger.trace(told["decision 0"], up=False)
    assert seen(down) == {told[name] for name in ("decision 0", "action", "incident")}
    both = ledger.trace(told["decision 0"])
    assert seen(both) == seen(up) | seen(down)
    for node in both.recorded():
        assert node.index is not None
        prove(ledger, node.index)


def test_a_source_is_traced_down_to_the_incident(ledger: Ledger) -> None:
    """Through the transformation's output, although no statement names the next by its leaf."""
    told = tell_story(ledger)
    assert seen(ledger.trace(told["source"], up=False)) == set(told.values())


def test_a_trace_as_of_a_size_sees_nothing_later(ledger: Ledger) -> None:
    """What came after the size is not there; what points beyond it says so."""
    told = tell_story(ledger)
    trace = ledger.trace(told["model"], as_of=told["model"] + 1)
    assert trace.size == told["model"] + 1
    assert max(index or 0 for index in seen(trace)) == told["model"]


def test_bounds_cut_a_trace_and_it_says_so(ledger: Ledger) -> None:
    """Depth, width and the number of nodes each mark the place where there is more."""
    told = tell_story(ledger, decisions=5)
    model = told["model"]
    assert ledger.trace(model, up=False, width=999).complete
    for bounds in ({"width": 2}, {"depth": 1}, {"limit": 3}):
        trace = ledger.trace(model, up=False, **bounds)
        assert not trace.complete
        assert any(node.more for node in trace.nodes.values())
    assert len(ledger.trace(model, limit=3).nodes) == 3


def test_what_is_missing_or_elsewhere_is_shown_as_such(ledger: Ledger) -> None:
    """A digest without a statement, an unknown leaf and another log's statement are nodes."""
    missing, leaf = digest_of("nowhere"), digest_of("no leaf")
    other = {"leaf": digest_of("there"), "origin": "log.example/other"}
    fields = {
        "model": {"digest": missing},
        "outcome": "hold",
        "based_on": [{"leaf": leaf}, other],
    }
    index = ledger.record_statement("decision", fields).index
    nodes = ledger.trace(index).nodes
    assert nodes[f"sha256:{missing}"].state == "not-found"
    assert nodes[leaf].state == "not-found"
    assert (nodes[other["leaf"]].state, nodes[other["leaf"]].origin) == (
        "other-log",
        "log.example/other",
    )


def test_statements_that_point_at_each_other_end(ledger: Ledger) -> None:
    """Two data sets derived from each other by digest are each seen once."""
    tell = tell_story(ledger)
    one, two = digest_of("one"), digest_of("two")
    for mine, theirs in ((one, two), (two, one)):
        print_ = {"format": "files/v1", "digest": mine, "root": mine, "rows": 1}
        said = {"name": "d", "fingerprint": print_, "derived_from": [{"digest": theirs}]}
        index = ledger.record_statement("dataset", said).index
    trace = ledger.trace(index)
    assert seen(trace) == {index, index - 1}
    assert len(tell) == 10


def test_a_plain_record_is_traced_to_its_corrections(ledger: Ledger) -> None:
    """A correction leads up to what it corrects, and the corrected one down to it and up."""
    first = ledger.record({"n": 1}).index
    second = ledger.record({"n": 2}, corrects=first).index
    assert seen(ledger.trace(first, up=False)) == {first, second}
    assert seen(ledger.trace(first, down=False)) == {first, second}


@pytest.mark.parametrize("bounds", [{"depth": 0}, {"width": 1000}, {"limit": 0}, {"as_of": 99}])
def test_bounds_out_of_range_are_refused(ledger: Ledger, bounds: dict[str, int]) -> None:
    """Each bound has a range, which the error tells."""
    with refused("lineage.bound"):
        ledger.trace(0, **bounds)


def test_an_entry_that_is_not_there_is_refused(ledger: Ledger) -> None:
    """An index beyond the size is an error, not an empty trace."""
    with refused("entry.index", NotFound):
        ledger.trace(ledger.size)
