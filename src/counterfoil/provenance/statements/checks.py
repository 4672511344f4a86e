"""Statements about checks before recording, and about what was refused for want of one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from counterfoil.formats.predicates.header import Header, HexDigest, Name
from counterfoil.provenance.statements.parts import DecimalText, Measurement, Reference, Text

__all__ = ["Check", "CheckItem", "Refusal"]


class CheckItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that was measured and held against a limit.

    name: of the measure. at_most, at_least: its limits. found: for people, what was seen.
    """

    name: Name
    passed: bool
    measured: Measurement | None = None
    at_most: DecimalText | None = None
    at_least: DecimalText | None = None
    found: Text = ""


class Check(Header, frozen=True, kw_only=True):
    """The result of a check, such as `quality` or `fairness`, of a data set or model.

    about: what was checked. data: what it was checked on. suite: digest of the check's own
    settings, so that a gate can ask for exactly these. threshold: score from which on an outcome
    was taken as positive, where the check took it so; a gate holds decisions to it.
    """

    check: Name
    about: Reference
    passed: bool
    items: Annotated[tuple[CheckItem, ...], msgspec.Meta(min_length=1, max_length=512)]
    data: Reference | None = None
    suite: HexDigest | None = None
    threshold: DecimalText | None = None
    note: Text = ""


class Refusal(Header, frozen=True, kw_only=True):
    """Something was not recorded, because a policy asked for checks that it did not have.

    refused: kind of the statement, such as `model`. about: the artefact. code: of the error.
    """

    refused: Name
    about: Reference
    code: Name
    why: Text
    missing: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()
