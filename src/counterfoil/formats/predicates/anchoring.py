"""A statement about where a log's roots are anchored: outside its operator's reach."""

from __future__ import annotations

from typing import Annotated

import msgspec

from counterfoil.formats.predicates.header import Header, Name
from counterfoil.units import MAX_SAFE_INTEGER

__all__ = ["Anchoring"]

Address = Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-fA-F]{40}\Z")]


class Anchoring(Header, frozen=True, kw_only=True):
    """A log begins to be anchored on an EVM chain.

    origin: the log. chain_id: of the chain (EIP-155). contract: the anchor's address. log_id: the
    log's id there, 0x and 64 hexadecimal digits. owner: the account that registered it.
    anchor_key: the account that anchors, at first.
    """

    origin: Name
    chain_id: Annotated[int, msgspec.Meta(ge=1, le=MAX_SAFE_INTEGER)]
    contract: Address
    log_id: Annotated[str, msgspec.Meta(pattern=r"\A0x[0-9a-f]{64}\Z")]
    owner: Address
    anchor_key: Address
