"""C2SP tlog-witness: remember what a log showed, cosign what extends it, collect cosignatures."""

from counterfoil.witness.memory import Evidence, Remembered, WitnessMemory
from counterfoil.witness.witness import Witness

__all__ = ["Evidence", "Remembered", "Witness", "WitnessMemory"]
