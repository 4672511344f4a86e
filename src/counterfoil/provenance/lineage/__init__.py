"""Lineage: what statements point at, as a graph, and in other people's standards."""

from counterfoil.provenance.lineage.drawn import draw_trace
from counterfoil.provenance.lineage.graph import Edge, Node, State, Trace, Way
from counterfoil.provenance.lineage.prov_json import PROV_NAMESPACE, to_prov
from counterfoil.provenance.lineage.references import Pointer, artefacts_of, pointers_of

__all__ = [
    "PROV_NAMESPACE",
    "Edge",
    "Node",
    "Pointer",
    "State",
    "Trace",
    "Way",
    "artefacts_of",
    "draw_trace",
    "pointers_of",
    "to_prov",
]
