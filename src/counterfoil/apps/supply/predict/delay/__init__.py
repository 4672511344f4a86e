"""Which deliveries come late, by what is known when they are ordered."""

__all__: list[str] = []
