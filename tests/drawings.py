"""One of each picture, from fixed numbers: for tests of their text, and of their looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from math import nan, sin
from typing import Final

from counterfoil.drawing import (
    Anchoring,
    GraphEdge,
    GraphNode,
    Mark,
    Stop,
    anchor_timing,
    contributions,
    energy_bars,
    journey_map,
    journey_times,
    line_with_band,
    lineage_graph,
    proof_path,
    sparkline,
    temperatures,
    timeline,
)
from counterfoil.drawing.events import Kind

__all__ = ["DRAWINGS", "HASHES", "START_S", "WORDS", "drawings"]

START_S: Final = 1_794_000_000
"""2026-11-06 21:20 UTC."""

HASHES: Final = [sha256(bytes([at])).digest() for at in range(64)]

WORDS: Final = "what was seen"


def _load(words: str) -> str:
    points = [(START_S + 600.0 * at, 40 + 20 * sin(at / 3)) for at in range(20)]
    points[7] = (points[7][0], nan)
    band = [(START_S + 600.0 * at, 30.0, 45 + at / 3, 60.0 + at) for at in range(19, 30)]
    return line_with_band(words, points, band, unit="records/min", now_s=points[-1][0])


def _risk(words: str) -> str:
    marks = [
        Mark(START_S + 3600 * at, (at * 37 % 100) / 100, words, "bad", f"/alerts/{at}")
        for at in range(6)
    ]
    return timeline(words, marks, unit="risk", threshold=0.8)


def _watchers(words: str) -> str:
    kinds: tuple[Kind, ...] = ("ok", "wait", "bad", "seal", "accent")
    lanes = (f"{words} and more words than fit", "flood")
    marks = [
        Mark(START_S + 3600 * at, at / 5, words, kinds[at], lane=lanes[at % 2]) for at in range(5)
    ]
    return timeline(words, marks)


def _anchors(words: str) -> str:
    fees = [(START_S + 600.0 * at, 12 + at * 7 % 5) for at in range(18)]
    anchors = [
        Anchoring(fees[5][0], fees[5][1], words, fees[1][0], "/checkpoints/5"),
        Anchoring(fees[12][0], fees[12][1], words),
    ]
    return anchor_timing(words, fees, anchors)


def _reasons(words: str) -> str:
    values = {f"{words} {at}": (-1) ** at * (6 - at) / 3 for at in range(6)}
    return contributions(words, values, inputs={f"{words} 0": words}, unit="logit", most=4)


def _energy(words: str) -> str:
    return energy_bars(words, [("hashing", 1200.0, True), (words, 800.0, False)])


def _lineage(words: str) -> str:
    nodes = [
        GraphNode("data", "dataset", words, "/lineage/1"),
        GraphNode("model", "model", "credit:1", "/lineage/2"),
        GraphNode("person", "person", words, state="missing"),
        GraphNode("decision", "decision", "hold", "/lineage/3", told=words),
        GraphNode("action", "action", more=True),
        GraphNode("check", "check", "drift"),
    ]
    edges = [
        GraphEdge("data", "model", "trained on"),
        GraphEdge("model", "decision", "model"),
        GraphEdge("data", "decision", words),
        GraphEdge("person", "decision", "accountable"),
        GraphEdge("decision", "action", "decision"),
        GraphEdge("model", "check", "about"),
    ]
    return lineage_graph(words, nodes, edges, "decision")


def _stops(words: str) -> list[Stop]:
    hour = 3600.0
    return [
        Stop(words, START_S, START_S + 2 * hour, words, "ok", at=(53.1, 8.8), href="/records/1"),
        Stop("hub", START_S + 8 * hour, START_S + 9 * hour, "", "bad", "bad", words, (51.5, 7.5)),
        Stop("somewhere", START_S + 12 * hour, START_S + 12 * hour),
        Stop("shop", START_S + 20 * hour, START_S + 30 * hour, words, way_look="ok", at=(50.9, 7)),
        Stop(words, START_S + 40 * hour, START_S + 41 * hour, at=(53.1, 8.8)),
    ]


def _warmth(words: str) -> str:
    readings = [(START_S + 600.0 * at, 6 * sin(at / 4) - 2, words) for at in range(30)]
    readings[9] = (readings[9][0], nan, words)
    later = [(START_S + 60_000.0 + 600 * at, 3.0, "") for at in range(4)]
    return temperatures(words, readings + later, low_c=-5, high_c=3.5)


DRAWINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "load": _load,
    "risk": _risk,
    "watchers": _watchers,
    "anchors": _anchors,
    "reasons": _reasons,
    "energy": _energy,
    "lineage": _lineage,
    "journey": lambda words: journey_map(words, _stops(words)),
    "stays": lambda words: journey_times(words, _stops(words)),
    "warmth": _warmth,
    "proof": lambda _: proof_path(5, 21, HASHES[:5], root=HASHES[9], leaf=HASHES[8]),
    "broken": lambda _: proof_path(20, 21, HASHES[:2], state="bad"),
    "spark": lambda words: sparkline(words, [3, 1, nan, 4, 1, 5, 9, 2, 6]),
}
"""Name -> draws it with the words that are given, wherever a picture takes words."""


def drawings(words: str = WORDS) -> dict[str, str]:
    """Draw them all."""
    return {name: draw(words) for name, draw in DRAWINGS.items()}
