"""What a single model of a stream has to do to be one voice of a detector.

This module refuses to compare voices: a raw number means nothing outside of the model it came
from until `tail` has ranked it.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

__all__ = ["Member"]


class Member(Protocol):
    """A model that says how odd each value is, by the ones before it."""

    def odd(self, value: float, at: float | None) -> float | None:
        """Say how odd a value is, and only then learn it.

        value: finite. at: seconds since any fixed moment, or None where times are not known.
        Returns a number that is larger for odder values, finite; None while too little is known.
        """

    def state(self) -> msgspec.Raw:
        """Give all that was learned, as JSON."""

    def restore(self, state: msgspec.Raw) -> None:
        """Take back what `state` gave. Raises msgspec.MsgspecError or ValueError."""
