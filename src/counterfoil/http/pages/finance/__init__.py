"""The finance app in the node's frame: the stream, its cases, rules and screening."""

from typing import Final

from counterfoil.http.pages.finance import cases, rules, screening, stream

__all__ = ["PAGES"]

PAGES: Final = (*stream.PAGES, *cases.PAGES, *rules.PAGES, *screening.PAGES)
"""Pages and forms' targets of the app."""
