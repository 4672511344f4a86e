"""OpenTelemetry: spans and events of models, tools and agents become decision statements.

`CounterfoilSpanExporter(ledger)` goes where any span exporter goes. Needs the extra `otel`.
"""

from counterfoil.extras import brings

with brings("otel"):
    from counterfoil.integrations.otel.exporter import Content, CounterfoilSpanExporter, Others

__all__ = ["Content", "CounterfoilSpanExporter", "Others"]
