"""Turn what the node's parts log into events, so that it tells all in one stream, in order.

Each is one object: an entry of a log cannot begin a line of its own. This module refuses levels
below warning, and what other packages log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["Logged", "logging_to"]

_ROOT: Final = "counterfoil"
_TEXT_MAX: Final = 2000


@dataclass(frozen=True, slots=True)
class Logged:
    """Something that a part wrote into its log. error: type and words of what went wrong."""

    event: Literal["log"]
    at_ms: int
    level: str
    where: str
    message: str
    error: str = ""


class _Handler(logging.Handler):
    def __init__(self, tell: Callable[[Logged], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of one."""
        try:
            error = record.exc_info[1] if record.exc_info else None
            self._tell(
                Logged(
                    "log",
                    int(record.created * 1000),
                    record.levelname.lower(),
                    record.name,
                    record.getMessage()[:_TEXT_MAX],
                    "" if error is None else f"{type(error).__name__}: {error}"[:_TEXT_MAX],
                )
            )
        except Exception:
            self.handleError(record)


@contextmanager
def logging_to(tell: Callable[[Logged], None]) -> Iterator[None]:
    """Tell, for a block, of all that our own parts log. tell: quick, and safe for threads."""
    logger, handler = logging.getLogger(_ROOT), _Handler(tell)
    before = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = before
