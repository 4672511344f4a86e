"""Where things stand in a picture: true to the numbers, and readable."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.drawing import (
    GraphEdge,
    GraphNode,
    Mark,
    contributions,
    energy_bars,
    line_with_band,
    lineage_graph,
    proof_path,
    timeline,
)
from counterfoil.drawing.layers import place, reached
from counterfoil.drawing.scale import instant, time_ticks
from counterfoil.drawing.stick import sides_of
from counterfoil.drawing.svg import Plot
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, node_hash, reader_of, root_of

TIES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30)


@given(st.integers(1, 70), st.data())
def test_notches_are_the_path_of_the_proof(size: int, data: st.DataObject) -> None:
    """Hashing a path on the sides that the stick shows leads to the root."""
    leaves = [leaf_hash(bytes([at])) for at in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(index, size, reader_of(leaves))
    found = leaves[index]
    for side, sibling in zip(sides_of(index, size, len(path)), path, strict=True):
        found = node_hash(sibling, found) if side == "left" else node_hash(found, sibling)
    assert found == root_of(leaves)
    picture = proof_path(index, size, path)
    assert all(sibling.hex()[:12] in picture for sibling in path)
    halves = re.findall(r'class="half" d="([^"]*)"', picture)
    notches = [half.count("L") // 3 for half in halves]
    sides = sides_of(index, size, len(path))
    assert notches == [sides.count("left"), sides.count("right")]


def test_halves_of_a_false_proof_do_not_fit() -> None:
    """What does not hold is drawn apart, and says so; what nobody checked says that."""
    path = [bytes(32)] * 3
    good, bad = proof_path(2, 8, path), proof_path(2, 8, path, state="bad")
    assert re.findall(r'class="half" d="([^"]*)"', good) != re.findall(
        r'class="half" d="([^"]*)"', bad
    )
    assert "does not hold" in bad
    assert "not checked" in proof_path(2, 8, path, state="wait")


@given(TIES)
def test_layers_go_from_left_to_right(numbers: list[tuple[int, int]]) -> None:
    """Of a graph without cycles each tie goes to a later layer, and no two nodes share a place."""
    nodes = [str(at) for at in range(12)]
    ties = [(str(min(tie)), str(max(tie))) for tie in numbers if tie[0] != tie[1]]
    placed = place(nodes, ties)
    assert len(set(placed.nodes.values())) == len(nodes)
    for before, after in ties:
        first, last = placed.nodes[before][0], placed.nodes[after][0]
        assert first < last
        assert len(placed.bends[before, after]) == last - first - 1
    for layer in range(placed.layers):
        rows = sorted(
            [row for at, row in placed.nodes.values() if at == layer]
            + [
                bends[layer - placed.nodes[tie[0]][0] - 1]
                for tie, bends in placed.bends.items()
                if placed.nodes[tie[0]][0] < layer < placed.nodes[tie[1]][0]
            ]
        )
        assert all(0 <= row <= placed.rows - 1 for row in rows)
        assert all(two - one >= 1 for one, two in pairwise(rows)), "a tie runs through a node"


@given(TIES)
def test_cycles_are_placed_too(numbers: list[tuple[int, int]]) -> None:
    """Whatever the ties are, every node has a place, the same one each time."""
    nodes = [str(at) for at in range(12)]
    ties = [(str(one), str(two)) for one, two in numbers]
    placed = place(nodes, ties)
    assert set(placed.nodes) == set(nodes)
    assert placed == place(nodes, ties)
    picture = lineage_graph(
        "t", [GraphNode(one, one) for one in nodes], [GraphEdge(*tie) for tie in ties], "0"
    )
    assert picture.count('class="box"') == len(nodes)


def test_up_and_down_are_told_apart() -> None:
    """What leads to the start is of one class, what follows from it of another, the rest aside."""
    nodes = [GraphNode(name, name) for name in ("data", "start", "effect", "other")]
    edges = [
        GraphEdge("data", "start"),
        GraphEdge("start", "effect"),
        GraphEdge("data", "other"),
        GraphEdge("nowhere", "start"),
    ]
    picture = lineage_graph("t", nodes, edges, "start")
    found = dict(
        re.findall(r'<g class="node (\w+) here"><rect[^>]*><title>(\w+)</title>', picture)[::-1]
    )
    assert {name: way for way, name in found.items()} == {
        "data": "up", "start": "start", "effect": "down", "other": "aside",
    }  # fmt: skip


def test_a_graph_is_cut_where_it_was_asked() -> None:
    """Nodes farther away than the depth are left out, counted, and marked where they hung."""
    nodes = [GraphNode(str(at), f"n{at}") for at in range(6)]
    edges = [GraphEdge(str(at), str(at + 1)) for at in range(5)]
    picture = lineage_graph("t", nodes, edges, "0", depth=2)
    assert [f"n{at}<" in picture for at in range(6)] == [True, True, True, False, False, False]
    assert "3 more are farther away" in picture
    assert picture.count(">+<") == 1
    assert lineage_graph("t", nodes, edges, "0", most=2).count('class="box"') == 2


def test_steps_are_counted_along_ties() -> None:
    """A walk tells how far each node is, once, by the shortest way."""
    ties = [("a", "b"), ("b", "c"), ("a", "c"), ("c", "a"), ("x", "y")]
    assert reached("a", ties) == {"a": 0, "b": 1, "c": 1}


@given(st.integers(0, 4_000_000_000), st.integers(0, 3_000_000_000))
def test_times_on_an_axis_are_few_and_in_order(first: int, span: int) -> None:
    """An axis has at most seven moments, all within it, in order, named unlike their neighbours."""
    marks = time_ticks(first, first + span)
    moments = [at for at, _ in marks]
    assert len(marks) <= 7
    assert all(first <= at <= first + span for at in moments)
    assert moments == sorted(set(moments))
    assert all(one != two for (_, one), (_, two) in pairwise(marks))
    assert span < 120 or marks


@pytest.mark.parametrize(
    ("at_s", "words"),
    [(0, "1970-01-01 00:00:00 UTC"), (-1, "-1 s after 1970"), (1e12, "1000000000000 s after 1970")],
)
def test_moments_are_in_utc(at_s: float, words: str) -> None:
    """A moment is written in UTC; one beyond the calendar as its seconds."""
    assert instant(at_s) == words


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_places_stay_in_the_picture(value: float, other: float) -> None:
    """Whatever the value, its place is in the box; a larger one is not left of a smaller."""
    plot = Plot(0, 1000, 50)
    assert plot.left <= plot.x(value) <= plot.width - plot.right
    assert plot.top <= plot.y(value) <= plot.floor
    assert (plot.x(value) <= plot.x(other)) == (value <= other) or plot.x(value) == plot.x(other)


def test_what_is_left_out_is_summed_up() -> None:
    """Bars beyond the most are one more bar, an estimate if any of them is."""
    rows = [(f"part {at}", 10.0, at != 5) for at in range(6)]
    assert "3 others 30 J estimated" in energy_bars("energy", rows, most=3)
    assert "1 others 10 J estimated" in energy_bars("energy", rows, most=5)
    assert "others 40 J measured" in energy_bars("energy", [*rows[:5], ("x", 0.0, True)], most=1)
    values = {f"v{at}": float(at - 3) for at in range(7)}
    assert "5 others +0" in contributions("why", values, most=2)


def test_a_forecast_alone_is_drawn() -> None:
    """Where nothing was measured yet, the band stands alone, and the words say what it says."""
    picture = line_with_band("load", [], [(1e9, 1.0, 2.0, 3.0), (1e9 + 60, 1.0, 2.5, 4.0)])
    assert "Forecast for 2001-09-09 01:47:40 UTC: 2.5, between 1 and 4." in picture
    assert 'class="area"' in picture


def test_a_window_leaves_out_what_is_outside() -> None:
    """Marks before and after the window are not drawn, and not counted."""
    marks = [Mark(1e9 + at, 1, f"m{at}") for at in range(10)]
    picture = timeline("t", marks, first_s=1e9 + 2, last_s=1e9 + 4)
    assert picture.count("<circle") == 3
    assert "3 marks" in picture
