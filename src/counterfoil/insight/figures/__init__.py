"""The figures of a report on a chain: each a query, its result, and how it is drawn.

A figure is remade by anybody who has the data: the query is whole, and its result has one order.
This room refuses to judge anybody: detectors do, and a report shows what they found.
"""

from counterfoil.insight.figures.figure import Figure, Result, Shape, run, shape_of
from counterfoil.insight.figures.listed import figures

__all__ = ["Figure", "Result", "Shape", "figures", "run", "shape_of"]
