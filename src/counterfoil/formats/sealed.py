"""Commit to a person's fields without showing them: what a statement says of what is sealed.

The log holds a root over salted field leaves and the digest of the ciphertext; values and salts
are in the ciphertext, which dies with the person's key. This module refuses to encrypt: `vault`
does that.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from counterfoil.formats.predicates.header import HexDigest, Name

__all__ = ["Handle", "Sealed"]

Handle = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
"""A person's random name in one ledger, 32 hexadecimal digits."""


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of one person and one class of data, sealed together.

    person: the handle. data_class: such as `contact` or `decision`. names: of the fields, in the
    order of their leaves. root: RFC 9162 root over the field leaves. ciphertext: SHA-256 of the
    sealed bytes.
    """

    person: Handle
    data_class: Name
    names: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=1024)]
    root: HexDigest
    ciphertext: HexDigest
