"""Models that learn from a stream, one event at a time: scores with reasons, and their quality.

They know events as plain values, and nothing of where those come from or go to. This room refuses
to read a ledger, a clock or a file, to learn before it scores, and to be random.
"""

from counterfoil.learn.metrics import average_precision
from counterfoil.learn.normal import (
    FEATURES,
    BehaviourState,
    Event,
    NormalBehaviour,
    Scored,
)

__all__ = ["FEATURES", "BehaviourState", "Event", "NormalBehaviour", "Scored", "average_precision"]
