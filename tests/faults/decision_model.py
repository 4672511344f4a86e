"""The statement of a model that decisions under faults name."""

from __future__ import annotations

__all__ = ["MODEL"]

MODEL = {
    "name": "credit",
    "format": "onnx",
    "digest": "ab" * 32,
    "size": 5,
    "outcomes": ["grant", "hold"],
}
