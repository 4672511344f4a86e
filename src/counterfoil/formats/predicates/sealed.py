"""What a statement says of fields that are sealed: whose, what they are called, and two digests.

How they are hashed and laid out stands in `formats.sealed`; here is only the shape, which several
predicates hold.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from counterfoil.formats.predicates.header import HexDigest, Name

__all__ = ["FIELDS_MAX", "Handle", "Sealed"]

Handle = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
"""A person's random name in one ledger, 32 hexadecimal digits."""

FIELDS_MAX: Final = 1024
"""Most fields of one group."""


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of one person and one class of data, sealed together.

    person: the handle. data_class: such as `contact` or `decision`. names: of the fields, in the
    order of their leaves. root: RFC 9162 root over the field leaves. ciphertext: SHA-256 of the
    sealed bytes.
    """

    person: Handle
    data_class: Name
    names: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=FIELDS_MAX)]
    root: HexDigest
    ciphertext: HexDigest
