"""Colour for terminals, none elsewhere. This module refuses to carry meaning by colour alone."""

from __future__ import annotations

import os
from typing import TextIO

__all__ = ["Paint"]


class Paint:
    """Wraps text in colours where they are wanted: on a terminal, and without NO_COLOR."""

    def __init__(self, stream: TextIO) -> None:
        self._on = (
            stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )

    def good(self, text: str) -> str:
        """Paint what holds."""
        return self._wrap("32", text)

    def warn(self, text: str) -> str:
        """Paint what wants a look."""
        return self._wrap("33", text)

    def bad(self, text: str) -> str:
        """Paint what failed."""
        return self._wrap("31", text)

    def strong(self, text: str) -> str:
        """Paint what matters most."""
        return self._wrap("1", text)

    def quiet(self, text: str) -> str:
        """Paint what matters least."""
        return self._wrap("2", text)

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._on else text
