"""The append-only log: sequence, publish, prove and audit, over whatever store it is given."""

from counterfoil.log.edge import TileEdge
from counterfoil.log.engine import Log
from counterfoil.log.reader import LogReader, parse_signed
from counterfoil.log.remembered import check_remembered, root_at
from counterfoil.log.startup import check_start, published_edge
from counterfoil.log.submission import AlreadyRecorded, Appended, Submission

__all__ = [
    "AlreadyRecorded",
    "Appended",
    "Log",
    "LogReader",
    "Submission",
    "TileEdge",
    "check_remembered",
    "check_start",
    "parse_signed",
    "published_edge",
    "root_at",
]
