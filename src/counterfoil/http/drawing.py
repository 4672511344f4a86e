"""The pages' door to the pictures of `counterfoil.drawing`, which notebooks and reports draw, too.

What each draws from, and its parameters, stand there. This module refuses to add anything.
"""

from counterfoil.drawing import (
    STYLE,
    Anchoring,
    GraphEdge,
    GraphNode,
    Mark,
    anchor_timing,
    contributions,
    energy_bars,
    line_with_band,
    lineage_graph,
    proof_path,
    sparkline,
    timeline,
)

__all__ = [
    "STYLE",
    "Anchoring",
    "GraphEdge",
    "GraphNode",
    "Mark",
    "anchor_timing",
    "contributions",
    "energy_bars",
    "line_with_band",
    "lineage_graph",
    "proof_path",
    "sparkline",
    "timeline",
]
