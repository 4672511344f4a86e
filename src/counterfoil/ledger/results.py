"""What a ledger answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["AnchorState", "Recorded", "RecordedMany"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record that is durable.

    index: its place in the log. leaf: its leaf hash, 64 hexadecimal digits. source, number: its
    place in its series. duplicate: it was in the log before; this is the first one's place.
    """

    index: int
    leaf: str
    source: str
    number: int
    duplicate: bool = False

    @property
    def spooled(self) -> bool:
        """False: it stands in the log. What waits to be sent to a node is a `remote.Spooled`."""
        return False

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.ledger.notebook import recorded_card

        return recorded_card(self)

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "index": self.index,
            "leaf": self.leaf,
            "source": self.source,
            "number": self.number,
            "duplicate": self.duplicate,
        }


@dataclass(frozen=True, slots=True)
class RecordedMany:
    """Records that are durable.

    source, first, count: their series, the first one's number and how many. new: how many of them
    were not in the log before. size: of the log after them. indices: of each, in order.
    """

    source: str
    first: int
    count: int
    new: int
    size: int
    indices: tuple[int, ...]

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        from counterfoil.ledger.notebook import many_card

        return many_card(self)


@dataclass(frozen=True, slots=True)
class AnchorState:
    """How the anchor of a checkpoint stands on one chain.

    chain: its address, without credentials. chain_id, run_by: None while it was never reached.
    contract, owner: addresses. size: of the checkpoint. phase: `none` before it is signed, then
    signed, sent, mined, final. transaction: 0x and 64 hexadecimal digits. time_s: of its block.
    trouble: code and text of what keeps us from going on; None where nothing does.
    """

    chain: str
    chain_id: int | None
    run_by: str | None
    contract: str | None
    owner: str | None
    size: int
    phase: Literal["none", "signed", "sent", "mined", "final"]
    transaction: str | None = None
    block: int | None = None
    time_s: int | None = None
    trouble: tuple[str, str] | None = None
