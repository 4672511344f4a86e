"""Finance on the core: fraud, sanctions and names, compliance rules, messages, and graphs."""

__all__: list[str] = []
