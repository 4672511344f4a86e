"""A node's figures for Prometheus: the log, its parts, its cost, and what was asked of it.

This module refuses to ask a chain or a peer: an answer costs nothing, however often it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable

from counterfoil.errors import NotFound
from counterfoil.ledger import Ledger
from counterfoil.log import parse_signed
from counterfoil.ops.energy import counters_of
from counterfoil.ops.node.status import NodeStatus
from counterfoil.ops.openmetrics import Counter, Gauge, format_metrics

__all__ = ["node_metrics"]


def node_metrics(
    ledger: Ledger, status: NodeStatus, more: Iterable[Counter | Gauge], now_ms: int
) -> bytes:
    """Write them as OpenMetrics text, with the ledger's origin as a label.

    more: of the shell, such as requests. now_ms: Unix ms.
    """
    size, at_ms = ledger.committed
    spent = ledger.spent()
    families: list[Counter | Gauge] = [
        Gauge("counterfoil_entries", "Committed entries.", {(): size}),
        Gauge(
            "counterfoil_published_entries",
            "Entries under the published checkpoint.",
            {(): _published(ledger)},
        ),
        Gauge(
            "counterfoil_last_entry_timestamp_seconds",
            "When the last entries were committed, Unix time.",
            {(): at_ms / 1000} if size else {},
            "seconds",
        ),
        Gauge(
            "counterfoil_up_seconds",
            "How long the node has run.",
            {(): max(now_ms - status.started_ms, 0) / 1000},
            "seconds",
        ),
        Gauge(
            "counterfoil_service_running",
            "Whether a part of the node runs.",
            {(("service", one.name),): float(one.state == "running") for one in status.services},
        ),
        Counter(
            "counterfoil_service_restarts",
            "How often a part of the node was begun again.",
            {(("service", one.name),): one.restarts for one in status.services},
        ),
        *more,
        *(() if spent is None else counters_of(spent)),
    ]
    return format_metrics(families, {"ledger": ledger.origin})


def _published(ledger: Ledger) -> int:
    try:
        return parse_signed(ledger.published()).size
    except NotFound:
        return 0
