"""How many sell, as a distribution, and whether stock will do."""

__all__: list[str] = []
