"""The statements of the quant app: a forecast committed, a forecast revealed, and how many so far.

A commitment says nothing of what is forecast but how many things, and of when. Its number in its
strategy and its number among all of the issuer's forecasts have no gaps, so that none can be left
out later. This module refuses a commitment whose outcome would be due for ever.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import Count, HexDigest, Millis, Name
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.ports import PredicateType
from counterfoil.provenance.statements.parts import Reference

__all__ = [
    "BUNDLE_TYPE",
    "COMMITMENT",
    "COUNTER",
    "CUT",
    "CUTS",
    "REVEAL",
    "REVEALS",
    "REVEAL_WITHIN_MS",
    "SOURCE",
    "Commitment",
    "Cut",
    "Reveal",
    "source_of",
]

BUNDLE_TYPE: Final = "https://counterfoil.dev/track-record/v1"
"""Value of the `type` of a track record as one file; see `bundle`."""

REVEAL_WITHIN_MS: Final = 31 * 86_400_000
"""Longest time between the end of a forecast's period and the time to reveal it by, ms."""

SOURCE: Final = "forecasts/"
"""Beginning of the name of a strategy's series; see `Header.source`."""

COUNTER: Final = "forecasts"
"""The log's counter of all forecasts that were committed."""

CUTS: Final = "forecast-cuts"
"""Name of the series of cuts."""

REVEALS: Final = "reveals/"
"""Beginning of the name of the series of a strategy's reveals, under the commitments' numbers."""


class Commitment(Header, frozen=True, kw_only=True):
    """A forecast is committed: hidden, and bound to its issuer, its strategy and its number.

    source: `forecasts/` and the strategy's name. number: the forecast's place in the strategy, from
    0 without gaps. serial: its place among all forecasts of the issuer in this log, likewise;
    `expect` makes the log compare and count. digest: of a 32-byte salt and the forecast, see
    `forecasts.digest_of`. targets: how many things are forecast. starts_ms: when the first outcome
    begins to be known; a commitment that is not proven to be older counts for nothing. ends_ms:
    when all outcomes are known. reveal_by_ms: from then on a forecast that is not revealed counts
    as missed.
    """

    serial: Count
    digest: HexDigest
    targets: Annotated[int, msgspec.Meta(ge=1, le=512)]
    starts_ms: Millis
    ends_ms: Millis
    reveal_by_ms: Millis

    def __post_init__(self) -> None:
        if not self.source.startswith(SOURCE):
            raise ValueError(f"expected a source that begins with {SOURCE}")
        if not self.starts_ms < self.ends_ms <= self.reveal_by_ms:
            raise ValueError("expected starts_ms < ends_ms <= reveal_by_ms")
        if self.reveal_by_ms - self.ends_ms > REVEAL_WITHIN_MS:
            raise ValueError("expected a forecast to be revealed within 31 days after its end")


class Reveal(Header, frozen=True, kw_only=True):
    """A committed forecast is revealed: its salt and its content open the commitment.

    salt: 32 bytes, hexadecimal. forecast: the content's JSON text as it was committed. decisions:
    how many decisions of the model that made it follow, each based on this statement.
    """

    commitment: Reference
    salt: HexDigest
    forecast: Annotated[str, msgspec.Meta(max_length=49_152)]
    decisions: Annotated[int, msgspec.Meta(ge=0, le=512)] = 0


class Cut(Header, frozen=True, kw_only=True):
    """So many forecasts were committed in this log up to here, of so many in each strategy.

    serial: of all; `expect` makes the log compare. strategies: name -> forecasts. Whoever has a
    bundle that ends with a cut sees whether one before it was left out.
    """

    serial: Count
    strategies: dict[Name, Count]


def source_of(strategy: str) -> str:
    """Name the series of a strategy's commitments."""
    return f"{SOURCE}{strategy}"


COMMITMENT: Final = PredicateType(f"{URI_BASE}forecast-commitment/v1", Commitment)
REVEAL: Final = PredicateType(f"{URI_BASE}forecast-reveal/v1", Reveal)
CUT: Final = PredicateType(f"{URI_BASE}forecast-cut/v1", Cut)
