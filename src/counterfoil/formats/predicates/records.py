"""Records: any JSON object, and tables of many rows as one statement."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from counterfoil.formats.predicates.header import ContentRef, Header, HexDigest, Name
from counterfoil.formats.predicates.sealed import Sealed

__all__ = ["ROWS_MAX", "Block", "ContentRef", "Record"]

ROWS_MAX = 1_048_576
"""Most rows in one block."""


class Record(Header, frozen=True, kw_only=True):
    """Any JSON object: a payment, a line of a file, a row of a table.

    Exactly one of content (an object, its JSON text as received) and content_ref.
    The statement's subject is the content's bytes and their digest. sealed: personal fields that
    were taken out of the content, a group for each person and class of data.
    """

    content: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    content_ref: ContentRef | None = None
    sealed: Annotated[tuple[Sealed, ...], msgspec.Meta(max_length=64)] = ()

    def __post_init__(self) -> None:
        if (self.content is msgspec.UNSET) == (self.content_ref is None):
            raise ValueError("expected exactly one of content and content_ref")
        if self.content is not msgspec.UNSET and bytes(self.content)[:1] != b"{":
            raise ValueError("expected content that is an object")

    def payloads(self) -> tuple[ContentRef, ...]:
        """List the content, where it lies beside the log."""
        return () if self.content_ref is None else (self.content_ref,)


class Block(Header, frozen=True, kw_only=True):
    """Many rows as one statement: the log holds their root, the rows lie beside it.

    rows: 1 to 1,048,576. row_format: how a row's bytes and leaf are made. root: RFC 9162 root
    over the salted row leaves. payload: the row file's digest and size. columns: names, in the
    order of the first row.
    """

    rows: Annotated[int, msgspec.Meta(ge=1, le=ROWS_MAX)]
    row_format: Literal["salted-json/v1"] = "salted-json/v1"
    root: HexDigest
    payload: ContentRef
    columns: Annotated[tuple[Name, ...], msgspec.Meta(max_length=4096)] = ()

    def payloads(self) -> tuple[ContentRef, ...]:
        """List the file of rows."""
        return (self.payload,)
