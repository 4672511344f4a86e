"""A report on a chain as one HTML page: no script, no network, pictures as SVG.

This room refuses to compute: what it shows is in the figures that it is given.
"""

from counterfoil.insight.page.document import Proof, Shown, page

__all__ = ["Proof", "Shown", "page"]
