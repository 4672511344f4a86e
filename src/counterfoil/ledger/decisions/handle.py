"""What a decision leaves in the caller's hands: a future that gives its index in the log."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

__all__ = ["Handle"]


class Handle(Future[int]):
    """A decision that is being recorded; `result()` waits, and gives its index.

    hurry: tells the recorder not to gather more before it writes. An error that was told here is
    not told again elsewhere.
    """

    def __init__(self, hurry: Callable[[], None]) -> None:
        super().__init__()
        self.set_running_or_notify_cancel()  # what was decided will be recorded
        self._hurry = hurry
        self.told = False

    def result(self, timeout: float | None = None) -> int:
        """Wait until the decision is durable.

        timeout: seconds; then TimeoutError. Raises what kept it from being recorded.
        """
        if not self.done():
            self._hurry()
        try:
            return super().result(timeout)
        finally:
            self.told = self.done()

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait as `result`, and give the error, or None."""
        if not self.done():
            self._hurry()
        try:
            return super().exception(timeout)
        finally:
            self.told = self.done()
