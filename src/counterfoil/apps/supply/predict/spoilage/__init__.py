"""How long goods keep, by their temperatures, corrected by what came of them."""

__all__: list[str] = []
