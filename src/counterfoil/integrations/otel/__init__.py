"""OpenTelemetry: spans and events of models, tools and agents become decision statements.

`CounterfoilSpanExporter(ledger)` goes where any span exporter goes. Needs the extra `otel`.
"""

from counterfoil.errors import Unavailable

try:
    from counterfoil.integrations.otel.exporter import Content, CounterfoilSpanExporter, Others
except ImportError as err:
    raise Unavailable(
        "otel.extra",
        f"expected the Python package opentelemetry-sdk, but: {err}",
        hint="Install it: pip install 'counterfoil[otel]'.",
    ) from err

__all__ = ["Content", "CounterfoilSpanExporter", "Others"]
