"""Watchers: models that read a log, a chain or a file from an offset, and say what they see.

This room refuses to score what was already learned, and to lose or double an alert.
"""

from __future__ import annotations

__all__: list[str] = []
