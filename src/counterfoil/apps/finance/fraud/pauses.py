"""Keep the garbage collector from stopping a stream of payments for a tenth of a second.

A full collection walks every object that was ever kept, a model's memory among them, and whoever
waits then waits for that. What stands when a stream begins stands as long as the stream does, so
it is not walked again. This module refuses to switch the collector off: what comes later is still
collected. It changes the whole process: for programs that are the stream, not for libraries.
Source: Python's documentation of `gc.freeze`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["few_pauses"]


@contextmanager
def few_pauses() -> Iterator[None]:
    """Let collections leave alone what is there now, for the duration of a block."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
