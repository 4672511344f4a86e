"""Protocols, and the types that cross floors: what an engine promises, never how it does it."""

from counterfoil.ports.apps import (
    APP_LEDGER,
    App,
    AppDemo,
    Attempt,
    Example,
    Learning,
    Scene,
)
from counterfoil.ports.chain import (
    BlockRef,
    Chain,
    ChainCall,
    ChainKind,
    ChainLog,
    Fees,
    TxReceipt,
)
from counterfoil.ports.chain_tables import ChainDetector, ChainTables, Finding
from counterfoil.ports.clock import Clock, SystemClock
from counterfoil.ports.detectors import Detector
from counterfoil.ports.forecasters import Forecaster, Series
from counterfoil.ports.operation import (
    STANDARD_STREAM,
    Channel,
    Document,
    Holds,
    Operation,
    Param,
    Progress,
    no_progress,
)
from counterfoil.ports.pace import Choice, FeesSeen, Hold, Pace, Waiting
from counterfoil.ports.predicates import PredicateType
from counterfoil.ports.sealing import Prepared, Said, Sealer, ToSeal
from counterfoil.ports.store import (
    Commit,
    Head,
    LogStore,
    Segment,
    Span,
    StoredCheckpoint,
    TileStore,
)
from counterfoil.ports.targets import load_target
from counterfoil.ports.witnessing import Prove, Unwatched, Witnessing

__all__ = [
    "APP_LEDGER",
    "STANDARD_STREAM",
    "App",
    "AppDemo",
    "Attempt",
    "BlockRef",
    "Chain",
    "ChainCall",
    "ChainDetector",
    "ChainKind",
    "ChainLog",
    "ChainTables",
    "Channel",
    "Choice",
    "Clock",
    "Commit",
    "Detector",
    "Document",
    "Example",
    "Fees",
    "FeesSeen",
    "Finding",
    "Forecaster",
    "Head",
    "Hold",
    "Holds",
    "Learning",
    "LogStore",
    "Operation",
    "Pace",
    "Param",
    "PredicateType",
    "Prepared",
    "Progress",
    "Prove",
    "Said",
    "Scene",
    "Sealer",
    "Segment",
    "Series",
    "Span",
    "StoredCheckpoint",
    "SystemClock",
    "TileStore",
    "ToSeal",
    "TxReceipt",
    "Unwatched",
    "Waiting",
    "Witnessing",
    "load_target",
    "no_progress",
]
