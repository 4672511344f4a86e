"""Supply chains: events with receipts, what they predict, and what follows from it."""

__all__: list[str] = []
