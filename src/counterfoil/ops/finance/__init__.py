"""Operations on payments: rules, messages, graphs, names and fraud."""

__all__: list[str] = []
