"""Supply chains: events with receipts, what they predict, and what follows from it.

Every forecast and plan is recorded and closed through `foreseen`; `records` has the kinds.
"""

__all__: list[str] = []
