"""The demonstration: payments, a model, decisions, proofs, and cheats that are caught.

Needs no key, network or question. The payments are simulated (`testing.payments`); everything
else is real, and stays to be looked at. This room refuses to touch a folder that is not its own.
"""

from counterfoil.ops.demo.operation import demo
from counterfoil.ops.demo.steps import Step

__all__ = ["Step", "demo"]
