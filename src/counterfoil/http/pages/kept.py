"""Work something out once for all who look, and no oftener than it changes.

What takes long is worked out behind the page's back, which says so until it is there. This module
refuses to keep anything of a ledger that is gone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

from counterfoil.ledger import Ledger

__all__ = ["worked_out"]

_T = TypeVar("_T")


@dataclass(slots=True)
class _Kept:
    due_s: float
    future: Future[Any]
    older: Any = None


_LOCK: Final = threading.Lock()
_KEPT: Final[WeakKeyDictionary[Ledger, dict[str, _Kept]]] = WeakKeyDictionary()


def worked_out(
    ledger: Ledger,
    name: str,
    every_s: float,
    work: Callable[[], _T],
    *,
    wait_s: float | None = None,
) -> _T | None:
    """Give what `work` found for a ledger, at most about `every_s` seconds old.

    name: of what is worked out. wait_s: how long to wait for it; None: until it is there. What was
    found before is given while it is worked out anew; None where there is nothing yet. Raises what
    `work` raised.
    """
    begin = False
    with _LOCK:
        kept = _KEPT.setdefault(ledger, {}).get(name)
        if kept is None or (kept.future.done() and time.monotonic() >= kept.due_s):
            older = None
            if kept is not None and kept.future.exception() is None:
                older = kept.future.result()
            kept = _Kept(float("inf"), Future(), older)
            _KEPT[ledger][name] = kept
            begin = True
    if begin:
        thread = threading.Thread(target=_work, args=(kept, every_s, work), name=name, daemon=True)
        thread.start()
    if kept.older is not None and not kept.future.done():
        wait_s = 0.0
    try:
        found: _T = kept.future.result(wait_s)
    except TimeoutError:
        if not kept.future.done():
            return kept.older  # type: ignore[no-any-return]  # what `work` gave before
        found = kept.future.result()  # it came just now, or that is what `work` raised
    return found


def _work(kept: _Kept, every_s: float, work: Callable[[], Any]) -> None:
    try:
        kept.future.set_result(work())
    except Exception as err:
        kept.future.set_exception(err)
    finally:
        kept.due_s = time.monotonic() + every_s
