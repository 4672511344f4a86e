"""The documents, served by the node: the same Markdown as in `docs/`, with search, offline.

They come with the package, so what a node shows is of its own version. Nothing is loaded from a
network, and no page needs a script.
"""

from counterfoil.http.documentation.article import Article, Heading, Hit, Node
from counterfoil.http.documentation.library import Library, Neighbours
from counterfoil.http.documentation.serving import endpoints

__all__ = ["Article", "Heading", "Hit", "Library", "Neighbours", "Node", "endpoints"]
