"""What `ledger.lineage` offers: traces, and their exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from counterfoil.ledger.lineage.walk import DEPTH, NODES, WIDTH, Progress, walk
from counterfoil.provenance.lineage import Trace, to_prov

if TYPE_CHECKING:
    from counterfoil.ledger.lineage.pack import Pack
    from counterfoil.ledger.readable import Readable

__all__ = ["Lineage"]


class Lineage:
    """Follows statements of one ledger to their sources and their effects."""

    def __init__(self, ledger: Readable) -> None:
        self._ledger = ledger

    def trace(
        self,
        entry: int | str,
        *,
        up: bool = True,
        down: bool = True,
        depth: int = DEPTH,
        width: int = WIDTH,
        limit: int = NODES,
        as_of: int | None = None,
        progress: Progress | None = None,
    ) -> Trace:
        """Follow a statement up to what it came from and down to what came of it.

        entry: index or leaf hash. depth: most steps each way, 1 to 64. width: most statements
        that are followed from one, 1 to 999. limit: most nodes, 1 to 10,000. as_of: the log's
        size to look at, 1 to its size. progress: told (nodes done, nodes known).
        Raises InputError with code lineage.bound, NotFound with code entry.index or entry.leaf.
        """
        index = entry if isinstance(entry, int) else self._ledger.find_leaf(entry)
        return walk(
            self._ledger,
            index,
            up=up,
            down=down,
            depth=depth,
            width=width,
            limit=limit,
            as_of=as_of,
            progress=progress,
        )

    def period(self, first: str | None = None, until: str | None = None) -> Trace:
        """Gather a period's statements, and what they point at; see `period.gather`."""
        from counterfoil.ledger.lineage.period import gather

        return gather(self._ledger, first, until)

    def pack(self, trace: Trace, about: dict[str, Any], **options: Any) -> Pack:
        """Make the evidence pack of a trace; see `pack.make_pack`."""
        from counterfoil.ledger.lineage.pack import make_pack

        return make_pack(self._ledger, trace, about, **options)

    def prov(self, entry: int | str, **bounds: Any) -> dict[str, Any]:
        """Trace a statement and give it as a W3C PROV-JSON document; bounds: as for `trace`."""
        return to_prov(self.trace(entry, **bounds))
