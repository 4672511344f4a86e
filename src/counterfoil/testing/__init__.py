"""Conformance suites and working fakes that authors of plug-ins and apps run.

`assert_conforms(app)` is loaded when it is first asked for: it needs a ledger, the fakes do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from counterfoil.testing.apps import assert_conforms

__all__ = ["assert_conforms"]


def __getattr__(name: str) -> Any:
    if name == "assert_conforms":
        from counterfoil.testing.apps import assert_conforms

        return assert_conforms
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
