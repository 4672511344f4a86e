"""What the supply app records beside events: what came of a forecast or plan.

This module refuses to judge a forecast: it says what was measured, and since when it was known.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import Millis, Name
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.ports import PredicateType
from counterfoil.provenance.statements.parts import DecimalText, Reference, Text

__all__ = ["SUPPLY_OUTCOME", "SupplyOutcome"]


class SupplyOutcome(Header, frozen=True, kw_only=True):
    """What came of a forecast or plan.

    decision: the forecast. purpose: as the forecast's. measured: name -> decimal text, such as
    `late_days`. known_ms: from when on it was known, Unix ms. based_on: what shows it, such as
    events.
    """

    decision: Reference
    purpose: Name
    measured: Annotated[dict[Name, DecimalText], msgspec.Meta(min_length=1, max_length=64)]
    known_ms: Millis
    note: Text = ""
    based_on: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=64)] = ()


SUPPLY_OUTCOME: Final = PredicateType(f"{URI_BASE}supply-outcome/v1", SupplyOutcome)
