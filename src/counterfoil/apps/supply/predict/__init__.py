"""What a supply chain's records foretell: how long goods keep, when they come, how many sell."""

__all__: list[str] = []
