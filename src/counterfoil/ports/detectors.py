"""How a package brings in a detector of anomalies in a numeric stream.

Registered through the entry point group `counterfoil.detectors`, as a function without arguments
that makes a new detector; those of `learn.anomaly` are, too.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Detector"]


class Detector(Protocol):
    """Scores each value of one stream by those before it."""

    def score(self, value: float, at: float | None = None) -> float:
        """Say how abnormal a value is, 0 to 1, by what came before alone; then learn it.

        value: finite. at: seconds since any fixed moment, or None where times are not known.
        """

    def to_bytes(self) -> bytes:
        """Write all that it knows, as JSON or npz, never as a pickle."""

    def restore(self, data: bytes) -> None:
        """Go on where `to_bytes` was. Raises InputError with code learn.model."""
