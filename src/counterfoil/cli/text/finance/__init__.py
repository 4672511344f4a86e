"""Text of `ops.finance`."""

__all__: list[str] = []
