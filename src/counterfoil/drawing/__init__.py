"""Pictures as SVG text, for pages, reports and notebooks: pure functions on plain numbers.

Every picture has a name (title) and says the same in words (desc); marks have titles, which a
pointer shows; looks are classes, explained by `STYLE`, so that a strict Content-Security-Policy
and both themes need nothing more. A page puts the numbers beside a picture as a table, and a wide
picture into something that scrolls. Times are Unix seconds, shown in UTC. Whatever text comes in
is escaped; an address that does not stay on this site is no link.

    line_with_band(title, points, band=(), *, unit="", now_s=None, names=("measured", "forecast"))
        points: [(at_s, value)], band: [(at_s, low, middle, high)]
    sparkline(title, values, *, width=120, height=24)
    timeline(title, marks, *, first_s=None, last_s=None, unit="", threshold=None)
        marks: [Mark(at_s, value, told, kind="bad", href="", lane="")]
    anchor_timing(title, fees, anchors, *, unit="gwei")
        fees: [(at_s, fee)], anchors: [Anchoring(at_s, fee, told, due_s=None, href="")]
    contributions(title, values, *, inputs=None, unit="", most=12)
        values: {input: contribution}, inputs: {input: its value as text}
    energy_bars(title, rows, *, unit="J", most=20)
        rows: [(name, amount, measured)]
    proof_path(index, size, hashes, *, state="ok", root=None, leaf=None)
    journey_map(title, stops), journey_times(title, stops)
        stops: [Stop(name, first_s, last_s, told="", look="plain", way_look="plain", handover="",
        at=None, href="")]
    temperatures(title, readings, *, low_c=None, high_c=None, gap_s=None)
        readings: [(at_s, degrees C, told)]
    lineage_graph(title, nodes, edges, start, *, depth=None, most=200)
        nodes: [GraphNode(id, kind, name="", href="", state="here", more=False, told="")]
        edges: [GraphEdge(before, after, name="")]

This room refuses to read a ledger, to compute what it shows, and to run anything.
"""

from counterfoil.drawing.bars import contributions, energy_bars
from counterfoil.drawing.events import Anchoring, Mark, anchor_timing, timeline
from counterfoil.drawing.graph import GraphEdge, GraphNode, lineage_graph
from counterfoil.drawing.journey import Stop, journey_map, journey_times
from counterfoil.drawing.series import line_with_band, sparkline
from counterfoil.drawing.stick import proof_path
from counterfoil.drawing.style import STYLE
from counterfoil.drawing.warmth import temperatures

__all__ = [
    "STYLE",
    "Anchoring",
    "GraphEdge",
    "GraphNode",
    "Mark",
    "Stop",
    "anchor_timing",
    "contributions",
    "energy_bars",
    "journey_map",
    "journey_times",
    "line_with_band",
    "lineage_graph",
    "proof_path",
    "sparkline",
    "temperatures",
    "timeline",
]
