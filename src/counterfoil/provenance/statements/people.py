"""Statements about people: consent, who may see what, who saw it, and that it is gone.

A person appears as a random handle, never as an id or its plain hash.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import Count, Header, Millis, Name
from counterfoil.formats.sealed import Handle
from counterfoil.provenance.statements.parts import Reference, Text

__all__ = ["Consent", "Erasure", "Grant", "Hold", "Opening"]

Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=256)]


class Consent(Header, frozen=True, kw_only=True):
    """A person allows, or no longer allows, purposes for classes of data."""

    person: Handle
    given: bool
    purposes: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=64)]
    classes: Names = ()
    until_ms: Millis | None = None
    evidence: Text = ""


class Grant(Header, frozen=True, kw_only=True):
    """A holder may open some of a person's data for a purpose until a time; or no longer.

    grant: id of the permit, which giving and revoking share.
    """

    person: Handle
    grant: Handle
    holder: Name
    action: Literal["give", "revoke"]
    classes: Names
    purpose: Name
    until_ms: Millis | None = None


class Hold(Header, frozen=True, kw_only=True):
    """Data of a person must be kept, for a stated reason, or must no longer."""

    person: Handle
    action: Literal["place", "lift"]
    classes: Names = ()
    why: Text
    until_ms: Millis | None = None


class Opening(Header, frozen=True, kw_only=True):
    """Sealed data was opened: by whom, for which purpose. Recorded before anything is released.

    records: the statements whose data it is. people: the handles of those whom it concerns.
    names: of the fields; all when empty. refused: code of the error, where nothing was released.
    """

    actor: Name
    purpose: Name
    records: Annotated[tuple[Reference, ...], msgspec.Meta(min_length=1, max_length=256)]
    people: Annotated[tuple[Handle, ...], msgspec.Meta(max_length=1024)] = ()
    names: Annotated[tuple[Name, ...], msgspec.Meta(max_length=1024)] = ()
    consent: Reference | None = None
    refused: Name | None = None


class Erasure(Header, frozen=True, kw_only=True):
    """The keys of a person's data were destroyed.

    classes: empty for all of it. sealed_before_ms: only what was sealed before that time. records:
    how many groups of fields it was.
    """

    person: Handle
    classes: Names = ()
    why: Text
    records: Count
    sealed_before_ms: Millis | None = None
