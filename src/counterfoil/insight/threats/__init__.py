"""Attacks on the users of an EVM chain, found in its tables or block by block.

Each detector is a fold over blocks, in a small file of its own: it says what it sees from that
block and those before it alone. This room refuses to act on what it finds.
"""

from counterfoil.insight.threats.approvals import ApprovalPhishing, approval_phishing
from counterfoil.insight.threats.drains import Drains, drains
from counterfoil.insight.threats.events import Approval, Fold, Paid, SeenBlock, Transfer
from counterfoil.insight.threats.fees import FeeAnomalies, fee_anomalies
from counterfoil.insight.threats.known import read_known
from counterfoil.insight.threats.merging import merge
from counterfoil.insight.threats.neighbours import KnownBad, known_bad
from counterfoil.insight.threats.poisoning import Poisoning, poisoning
from counterfoil.insight.threats.ponzi import Ponzi, ponzi
from counterfoil.insight.threats.reading import read_blocks
from counterfoil.insight.threats.wash import WashTrades, wash_trades

__all__ = [
    "Approval",
    "ApprovalPhishing",
    "Drains",
    "FeeAnomalies",
    "Fold",
    "KnownBad",
    "Paid",
    "Poisoning",
    "Ponzi",
    "SeenBlock",
    "Transfer",
    "WashTrades",
    "approval_phishing",
    "drains",
    "fee_anomalies",
    "known_bad",
    "merge",
    "poisoning",
    "ponzi",
    "read_blocks",
    "read_known",
    "wash_trades",
]
