"""Say what a conformance check expected and what came. Refuses to know what is checked."""

from __future__ import annotations

from collections.abc import Callable

from counterfoil.errors import CounterfoilError

__all__ = ["check", "refuses"]


def check(what: str, expected: object, came: object) -> None:
    """Compare; raises AssertionError that names both."""
    if expected != came:
        raise AssertionError(f"{what}: expected {expected!r}, came {came!r}")


def refuses(kind: type[CounterfoilError], call: Callable[[], object]) -> CounterfoilError:
    """Call, and return the error of that kind; raises AssertionError when there is none."""
    try:
        came = call()
    except kind as err:
        return err
    raise AssertionError(f"expected {kind.__name__}, came {came!r}")
