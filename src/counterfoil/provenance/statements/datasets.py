"""Statements about data: what a data set is, down to row and column, and how it was made."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates import ContentRef
from counterfoil.formats.predicates.header import Count, Header, HexDigest, Name
from counterfoil.provenance.statements.parts import Accountable, Code, Reference, Text

__all__ = ["Column", "Dataset", "Fingerprint", "Transformation"]


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column of a table: its logical type, and the digest of its values in order."""

    name: Name
    type: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
    digest: HexDigest


class Fingerprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The digest of a data set, from which single rows can be proven.

    format: how it is computed; see docs/reference/fingerprints.md. digest: names the data set; of
    `files/v1` the root. root: RFC 9162 root over the leaves of rows or files. rows: how many.
    columns: in order; left out where they are too many for an entry. salted: rows are salted from
    a secret, so that a sibling hash is no dictionary. sorted_root: root of the second tree, whose
    leaves stand in ascending order, where the owner chose to be able to prove absence; sorted_key:
    names the key of these leaves, so that no other key can be passed off for it.
    """

    format: Literal["table/v1", "files/v1"]
    digest: HexDigest
    root: HexDigest
    rows: Count
    columns: Annotated[tuple[Column, ...], msgspec.Meta(max_length=4096)] = ()
    salted: bool = False
    sorted_root: HexDigest | None = None
    sorted_key: HexDigest | None = None

    def __post_init__(self) -> None:
        if (self.sorted_root is None) != (self.sorted_key is None):
            raise ValueError("expected sorted_root and sorted_key together")


class Dataset(Header, frozen=True, kw_only=True):
    """A data set as it stood: its fingerprint, where it came from, who answers for it.

    fingerprint: absent where somebody else only told of the data set. leaves: the rows' leaves
    beside the log, 32 bytes each, so that rows can be proven; sorted_leaves: those of the second
    tree; columns_file: the columns as JSON, where they are too many.
    """

    name: Name
    version: Name | None = None
    fingerprint: Fingerprint | None = None
    derived_from: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=256)] = ()
    licence: Name | None = None
    location: Name | None = None
    personal: bool = False
    description: Text = ""
    accountable: Accountable | None = None
    leaves: ContentRef | None = None
    sorted_leaves: ContentRef | None = None
    columns_file: ContentRef | None = None

    def payloads(self) -> tuple[ContentRef, ...]:
        """List what lies beside the log for this statement."""
        kept = (self.leaves, self.sorted_leaves, self.columns_file)
        return tuple(one for one in kept if one is not None)


class Transformation(Header, frozen=True, kw_only=True):
    """A step that made data sets out of others: inputs, outputs, code and parameters."""

    name: Name
    inputs: Annotated[tuple[Reference, ...], msgspec.Meta(max_length=256)]
    outputs: Annotated[tuple[Reference, ...], msgspec.Meta(min_length=1, max_length=256)]
    code: Code | None = None
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    description: Text = ""
