"""What every statement of ours says of itself: who issues it, and its number.

Numbers make a gap visible; (issuer, source, number) makes a repeated row the same record. This
module refuses floats: only integers with their unit in the name.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["Condition", "ContentRef", "Count", "Header", "HexDigest", "Millis", "Name", "Uri"]

Uri = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z][A-Za-z0-9+.-]*:[!-~]+\Z", max_length=512)]
"""An absolute URI in visible ASCII (RFC 3986)."""

Name = Annotated[
    str, msgspec.Meta(min_length=1, max_length=255, pattern=r"\A[^\x00-\x1f\x7f-\x9f]*\Z")
]
"""Text of 1 to 255 characters without control characters."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
"""An integer of 0 to 2^53 - 1."""

Millis = Annotated[int, msgspec.Meta(ge=0, le=MAX_SAFE_INTEGER)]
"""Unix time, ms, UTC."""

HexDigest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
"""A SHA-256 digest, 64 hexadecimal digits."""

_Value = Annotated[int, msgspec.Meta(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)] | Name | None
Condition = tuple[_Value, _Value]
"""(old, new) of a counter: appended only while it holds `old`; null is "not there"."""


class ContentRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes that are kept beside the log because they are too large for an entry, or private.

    sha256: their digest. size: bytes.
    """

    sha256: HexDigest
    size: Count


class Header(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Fields that every predicate of ours begins with.

    issuer: the organisation that says it. source: the numbered series that the statement is part
    of, for example `sha256:<digest of a file>`. number: its place there, from 0, each once.
    at_ms: when, by the issuer's clock; absent for rows, whose batch signature carries it.
    on_behalf_of: the organisation that the issuer acts for, by a mandate. audience: the log's
    origin, and nonce: 32 hexadecimal digits, for statements that cause effects, so that they
    cannot be replayed elsewhere. corrects, supersedes: leaf hash of the earlier statement.
    expect: counter -> (old, new), checked and changed in the same transaction as the entry.
    """

    issuer: Uri
    source: Name
    number: Count
    at_ms: Millis | None = None
    on_behalf_of: Uri | None = None
    audience: Name | None = None
    nonce: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")] | None = None
    corrects: HexDigest | None = None
    supersedes: HexDigest | None = None
    expect: Annotated[dict[Name, Condition], msgspec.Meta(min_length=1, max_length=64)] | None = (
        None
    )

    def payloads(self) -> tuple[ContentRef, ...]:
        """List what lies beside the log for this statement; audits and copies go by it."""
        return ()
