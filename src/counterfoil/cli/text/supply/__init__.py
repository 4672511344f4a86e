"""Text of the supply app's operations."""

__all__: list[str] = []
