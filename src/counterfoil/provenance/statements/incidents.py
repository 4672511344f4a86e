"""Statements about incidents, in the shape that a serious-incident report needs."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import Count, Header, HexDigest, Millis, Name
from counterfoil.formats.sealed import Sealed
from counterfoil.provenance.statements.parts import Accountable, Reference, Text

__all__ = ["Harm", "Incident"]

Harm = Literal[
    "death", "health", "critical-infrastructure", "fundamental-rights", "property", "environment"
]
"""What a serious incident harms. Source: Regulation (EU) 2024/1689, article 3(49)."""


class Incident(Header, frozen=True, kw_only=True):
    """Something went wrong with an AI system: what, when, whom it harmed, what was done.

    incident: leaf of the first statement about it; absent in that one. revision: 0, 1, ...; each
    says everything anew and supersedes the one before. system, system_version: of the AI system;
    provider: who answers for it under the law. became_aware_ms: starts the law's clock. harms:
    what was harmed. widespread: an infringement in several member states (article 3(61)).
    persons_affected: how many. cause: what led to it; causal_link: whether the system caused it.
    measures: what was done. authority: whom it was reported to; reported_ms: when. linked:
    alerts, decisions and models, by their statements. sealed: personal data, under the person's
    key. why: what this revision changes. Source: Regulation (EU) 2024/1689, article 73.
    """

    title: Name
    severity: Literal["near-miss", "incident", "serious"]
    state: Literal["open", "contained", "closed"] = "open"
    incident: HexDigest | None = None
    revision: Count = 0
    provider: Name | None = None
    system: Name
    system_version: Name | None = None
    happened_from_ms: Millis
    happened_until_ms: Millis | None = None
    became_aware_ms: Millis
    description: Text
    harms: tuple[Harm, ...] = ()
    widespread: bool = False
    harm: Text = ""
    persons_affected: Count | None = None
    cause: Text = ""
    causal_link: Literal["unknown", "suspected", "reasonably-likely", "established", "none"] = (
        "unknown"
    )
    measures: Text = ""
    authority: Name | None = None
    reported_ms: Millis | None = None
    linked: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=256)] = ()
    sealed: Sealed | None = None
    accountable: Accountable | None = None
    why: Text = ""
