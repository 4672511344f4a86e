"""Tell what is new from what goes on: of a stretch of abnormal values, its beginning matters.

Where a series has moved for good, or shakes for hours, every value is rare and only the first one
is news. This module refuses to forget at once: what is said again has to be louder than an echo
that fades by half every 150 values.
"""

from __future__ import annotations

from typing import Final

import msgspec

__all__ = ["News"]

_FADE: Final = 0.5 ** (1 / 150)


class News(msgspec.Struct):
    """The echo of what was said. echo: >= 0, in the unit of what is said."""

    echo: float = 0.0

    def of(self, loud: float) -> float:
        """Give `loud` where it is news, and 0 where it is no louder than the echo."""
        said = loud if loud > self.echo else 0.0
        self.echo = max(self.echo * _FADE, loud)
        return said
