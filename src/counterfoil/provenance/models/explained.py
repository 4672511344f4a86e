"""Why a score is what it is, as figures: a base, and each feature's share.

This module refuses to compute; `explaining` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.json_text import canonicalise

__all__ = ["Background", "Explained"]


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation of one score.

    method: how it was computed, for people and programs. unit: of all figures, such as `log-odds`.
    base + sum(contributions) is total, the model's raw score of this row. contributions: feature
    -> share, in the order of the features. exact: the method has no sampling error. score: the
    model's answer. outcome: whose score it is; empty for a number. explainer: digest of the
    artefact that explained, where another one scored. background: digest of the rows that the
    features were compared with; seed: of the sampling.
    """

    method: str
    unit: str
    base: float
    contributions: dict[str, float]
    exact: bool
    total: float
    score: float
    outcome: str = ""
    explainer: str | None = None
    background: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Background:
    """Rows that stand for nobody in particular: what the features are compared with.

    rows: as the model takes them, 1 to 1,000. seed: of sampling. samples: orders of the features
    that are tried; the sampling error falls with their root.
    """

    rows: Sequence[Mapping[str, Any]]
    seed: int = 0
    samples: int = 200

    def content(self) -> bytes:
        """Write it as canonical JSON (RFC 8785), for the ledger to keep."""
        rows = [{name: _plain(value) for name, value in row.items()} for row in self.rows]
        return canonicalise({"rows": rows, "samples": self.samples, "seed": self.seed})

    @classmethod
    def parse(cls, content: bytes) -> Background:
        """Read what `content` wrote. Raises InputError with code model.background or json.*."""
        said = json_text.parse(content)
        try:
            return cls(said["rows"], said["seed"], said["samples"])
        except (KeyError, TypeError) as err:
            raise InputError(
                "model.background", "expected rows, seed and samples, found something else"
            ) from err

    @property
    def digest(self) -> str:
        """SHA-256 of its content, 64 hexadecimal digits."""
        return sha256(self.content()).hexdigest()


def _plain(value: Any) -> Any:
    """Turn a value into JSON: NumPy scalars are unwrapped, NaN is null."""
    item = getattr(value, "item", None)
    found = item() if callable(item) else value
    return None if isinstance(found, float) and found != found else found
