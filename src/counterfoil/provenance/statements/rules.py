"""Statements about rules: a text that decides, as a maker with a digest, and what stands in it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from counterfoil.formats.predicates.header import (
    ContentRef,
    Count,
    Header,
    HexDigest,
    Millis,
    Name,
)
from counterfoil.provenance.statements.parts import Accountable, Text

__all__ = ["Rule", "RuleVersion"]


class RuleVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One version of one rule.

    digest: of all that decides in it. from_ms, until_ms: when it is in force, the end not
    included; absent where it is without end. outcome: what it makes of a payment that meets it.
    """

    id: Name
    version: Name
    digest: HexDigest
    outcome: Name
    severity: Name
    jurisdiction: Name
    title: Text = ""
    from_ms: Millis | None = None
    until_ms: Millis | None = None


class Rule(Header, frozen=True, kw_only=True):
    """Rules as one text: its digest is the maker that decisions name and that owners approve.

    language: of its expressions. digest, size: of the text, which is kept beside the log. cases:
    how many tests of its own it passed before it was recorded.
    """

    name: Name
    version: Name
    language: Name
    digest: HexDigest
    size: Count
    kept: ContentRef
    rules: Annotated[tuple[RuleVersion, ...], msgspec.Meta(min_length=1, max_length=64)]
    cases: Count = 0
    accountable: Accountable | None = None

    def payloads(self) -> tuple[ContentRef, ...]:
        """List what lies beside the log for this statement."""
        return (self.kept,)
