"""Statements about incidents, in the shape that a serious-incident report needs."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import Header, Millis, Name
from counterfoil.provenance.statements.parts import Accountable, Reference, Text

__all__ = ["Incident"]


class Incident(Header, frozen=True, kw_only=True):
    """Something went wrong with an AI system: what, when, whom it harmed, what was done.

    linked: alerts, decisions and models, by their statements. became_aware_ms: starts the law's
    clock. Source: Regulation (EU) 2024/1689, article 73.
    """

    title: Name
    severity: Literal["near-miss", "incident", "serious"]
    state: Literal["open", "contained", "closed"] = "open"
    system: Name
    happened_from_ms: Millis
    happened_until_ms: Millis | None = None
    became_aware_ms: Millis
    description: Text
    harm: Text = ""
    cause: Text = ""
    measures: Text = ""
    linked: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=256)] = ()
    accountable: Accountable | None = None
