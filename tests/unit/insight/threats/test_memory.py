"""What is remembered is bounded, and the longest unseen goes first."""

from __future__ import annotations

from counterfoil.insight.threats.memory import remember


def test_the_longest_unseen_is_forgotten_first() -> None:
    """A name that is asked for again stays; one that is not goes when a new one comes."""
    held: dict[str, list[int]] = {}
    for name in ("a", "b", "c"):
        remember(held, name, list, 3).append(1)
    remember(held, "a", list, 3).append(2)
    remember(held, "d", list, 3)
    assert held == {"c": [1], "a": [1, 2], "d": []}
