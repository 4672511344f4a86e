"""What a text such as `module:name` stands for, imported when it is asked for and not before."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["load_target"]


def load_target(target: str) -> Any:
    """Import what a target names; raises what importing it raises.

    >>> load_target("pathlib:PurePosixPath")("a", "b")
    PurePosixPath('a/b')
    """
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
