"""Anomalies in numeric streams: each value is scored by those before it, and learned after.

Models say how odd a value is, ranks make their numbers comparable, an ensemble speaks for them.
This room refuses to see a file or a label, and to score with what it has already learned.
"""

from counterfoil.learn.anomaly.detectors import GROUP, auto, detector
from counterfoil.learn.anomaly.ensemble import Ensemble
from counterfoil.learn.anomaly.member import Member
from counterfoil.learn.anomaly.tail import DECADES_MAX, Tail

__all__ = ["DECADES_MAX", "GROUP", "Ensemble", "Member", "Tail", "auto", "detector"]
