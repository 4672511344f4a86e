"""What several statements are made of: references, measurements, code, who answers for it.

Numbers that were measured are decimal text, the shortest that reads back the same: a float in
signed content is not the same for every reader. This module refuses NaN and infinity.
"""

from __future__ import annotations

import math
from typing import Annotated, SupportsFloat

import msgspec

from counterfoil.errors import InputError
from counterfoil.formats.predicates.header import HexDigest, Name

__all__ = ["Accountable", "Code", "DecimalText", "Measurement", "Reference", "Text", "decimal_text"]

DecimalText = Annotated[
    str,
    msgspec.Meta(
        pattern=r"\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z", min_length=1, max_length=40
    ),
]
"""A finite number in JSON's own form, for example `0.8721`."""

Text = Annotated[str, msgspec.Meta(max_length=8192)]
"""Text for people, up to 8,192 characters."""


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An artefact or statement that this one builds on.

    leaf: leaf hash of the statement about it. digest: of the artefact itself, as that statement's
    subject has it. At least one of them. origin: the other statement's log, absent for this one.
    role: what for, such as `train` or `validation`. name: for people.
    """

    leaf: HexDigest | None = None
    digest: HexDigest | None = None
    origin: Name | None = None
    role: Name | None = None
    name: Name | None = None

    def __post_init__(self) -> None:
        if self.leaf is None and self.digest is None:
            raise ValueError("expected a reference with a leaf or a digest")


class Measurement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A number that was measured.

    value: decimal text. low, high: its confidence interval, at `confidence_ppm` (950,000 is 95 %).
    unit: absent for pure numbers. rows: how many it was measured on.
    """

    name: Name
    value: DecimalText
    low: DecimalText | None = None
    high: DecimalText | None = None
    confidence_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    unit: Name | None = None
    rows: Annotated[int, msgspec.Meta(ge=0)] | None = None


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The program that made an artefact.

    repository: where it is kept. revision: its commit. digest: SHA-256 of a file or of an
    uncommitted change. dirty: it was not all committed.
    """

    repository: Name | None = None
    revision: Name | None = None
    digest: HexDigest | None = None
    dirty: bool = False


class Accountable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The human who answers for something: who, in which role. Recorded openly, by its nature."""

    name: Name
    role: Name | None = None


def decimal_text(value: SupportsFloat, what: str = "a number") -> str:
    """Write a finite number as the shortest decimal text that reads back the same.

    Raises InputError with code statement.number for NaN and infinity, naming `what`.

    >>> decimal_text(0.1), decimal_text(3), decimal_text(1e-9)
    ('0.1', '3', '1e-09')
    """
    number = float(value)
    if not math.isfinite(number):
        raise InputError(
            "statement.number",
            f"expected {what} that is finite, found {number}",
            hint="Decide what a missing or overflowing value means before it is signed.",
        )
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
