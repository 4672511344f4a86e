"""What the app records: a parcel that was taken in."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import Name
from counterfoil.formats.sealed import Sealed
from counterfoil.ports import PredicateType

__all__ = ["PARCEL", "Parcel"]


class Parcel(Header, frozen=True, kw_only=True):
    """A parcel was taken in.

    parcel: its number. depot: where. weight_g: grams. sealed: recipient and street, under the
    recipient's key.
    """

    parcel: Name
    depot: Name
    weight_g: Annotated[int, msgspec.Meta(ge=1)]
    sealed: Sealed | None = None


PARCEL: Final = PredicateType("https://parcels.example/parcel/v1", Parcel)
