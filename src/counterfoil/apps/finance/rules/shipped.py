"""The rules that come with Counterfoil: a place to begin, with their sources, not legal advice.

This module refuses to change them: whoever needs other limits copies the file, and so has a maker
of their own.
"""

from __future__ import annotations

from importlib.resources import files

from counterfoil.apps.finance.rules.reading import read_rules
from counterfoil.apps.finance.rules.ruleset import RuleSet

__all__ = ["default_rules", "default_text"]


def default_text() -> bytes:
    """Give the text of the shipped rules."""
    return files("counterfoil.apps.finance.rules").joinpath("default.toml").read_bytes()


def default_rules() -> RuleSet:
    """Read the shipped rules."""
    return read_rules(default_text())
