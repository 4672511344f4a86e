"""Sanctions lists that a ledger has at hand, in its folder `lists`, and lists made ready once.

Reading a list and indexing its names takes seconds: whoever screens one name after another in one
process waits once, until the files change. This module refuses to fetch a list: its owner puts it
there.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from counterfoil.apps.finance.names.lists import SanctionsList
    from counterfoil.apps.finance.names.screening import Screener
    from counterfoil.ledger import Layout

__all__ = ["made_ready", "own_lists", "read_once"]

Made = TypeVar("Made")

_KEPT_MAX: Final = 8
_LOCK: Final = threading.Lock()
_KEPT: Final[OrderedDict[Hashable, Any]] = OrderedDict()


def own_lists(layout: Layout) -> tuple[Path, ...]:
    """Tell which lists a ledger has at hand, by name: what is in its folder, but for notes.

    Each is a file or a folder as `--list` takes it; hidden files, and such that end in .md or
    .txt, are none.
    """
    try:
        parts = sorted(layout.lists.iterdir())
    except OSError:
        return ()
    notes = (".md", ".txt")
    return tuple(one for one in parts if one.name[0] != "." and one.suffix.lower() not in notes)


def read_once(path: Path) -> SanctionsList:
    """Read a list unless it was read, and has not changed since; raises as `read_list`."""
    from counterfoil.apps.finance.names.lists import list_files, read_list

    stamps = []
    if path.exists():
        for one in list_files(path).values():
            if one.exists():
                found = one.stat()
                stamps.append((str(one.resolve()), found.st_mtime_ns, found.st_size))
    if not stamps:
        return read_list(path)
    return _once(("list", *stamps), lambda: read_list(path))


def made_ready(lists: Sequence[SanctionsList], hit_from: float) -> Screener:
    """Index lists unless the same ones were indexed. hit_from: as of `Screener`."""
    from counterfoil.apps.finance.names.screening import Screener

    versions = tuple((one.version.form, one.version.digest) for one in lists)
    return _once(("index", hit_from, versions), lambda: Screener(lists, hit_from=hit_from))


def _once(key: Hashable, make: Callable[[], Made]) -> Made:
    with _LOCK:  # two who ask at once: the second waits, and has what the first made
        if key not in _KEPT:
            _KEPT[key] = make()
            while len(_KEPT) > _KEPT_MAX:
                _KEPT.popitem(last=False)
        _KEPT.move_to_end(key)
        found: Made = _KEPT[key]
        return found
