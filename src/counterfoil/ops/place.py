"""Find the ledger that an operation is about, and open it, or borrow it where it is open already.

This module refuses to make a ledger: `init` does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.errors import NotFound
from counterfoil.ledger import Config, Layout, Ledger, SharedLedger, open_ledger
from counterfoil.pace import CheapestWithin, HoldWithin
from counterfoil.ports import Pace, Param

__all__ = [
    "ENVIRONMENT",
    "AcceptNewWitness",
    "LedgerFolder",
    "find_ledger",
    "lending",
    "open_anchoring",
    "open_for_reading",
    "open_for_writing",
]

ENVIRONMENT: Final = "COUNTERFOIL_LEDGER"
"""Environment variable that names the ledger's folder."""

LedgerFolder = Annotated[
    Path | None,
    Param(
        f"The ledger's folder; else ${ENVIRONMENT}, else the current folder.", "DIR", holds="ledger"
    ),
]
"""The parameter that every operation on a ledger has."""

AcceptNewWitness = Annotated[
    bool,
    Param(
        "Go on once where your own witness has no memory of the ledger; this is recorded.",
        holds="machine",
    ),
]
"""The parameter of operations that may be the first after a memory was lost."""


_LENT: Final[dict[Path, Ledger]] = {}


@contextmanager
def lending(ledger: Ledger) -> Iterator[None]:
    """Lend an open ledger, for a block, to every operation of this process that asks for it.

    So that a process that serves many opens its ledger once. ledger: one that this process owns.
    """
    place = ledger.layout.folder.resolve()
    _LENT[place] = ledger
    try:
        yield
    finally:
        del _LENT[place]


def _borrowed(folder: Path) -> Ledger | None:
    lent = _LENT.get(folder.resolve()) if _LENT else None
    return None if lent is None else SharedLedger(lent)


def find_ledger(given: Path | None) -> Path:
    """Tell the folder of the ledger that is meant.

    given: what the caller named. Raises NotFound with code ledger.missing or ledger.unnamed.
    """
    named = given or (Path(os.environ[ENVIRONMENT]) if os.environ.get(ENVIRONMENT) else None)
    if named is not None:
        Layout(named).require()
        return named
    here = Path()
    if Layout(here).config.is_file():
        return here
    raise NotFound(
        "ledger.unnamed",
        f"expected the folder of a ledger, found neither --ledger nor ${ENVIRONMENT} nor a ledger "
        "here",
        hint="Add --ledger DIR; `counterfoil init DIR` makes a ledger.",
    )


def open_for_reading(given: Path | None) -> Ledger:
    """Open the ledger that is meant beside whoever owns it; errors as `open_ledger`."""
    folder = find_ledger(given)
    return _borrowed(folder) or open_ledger(folder, read_only=True)


def open_for_writing(given: Path | None, *, accept_new_witness: bool = False) -> Ledger:
    """Own the ledger that is meant; errors as `open_ledger`."""
    folder = find_ledger(given)
    return _borrowed(folder) or open_ledger(folder, accept_new_witness=accept_new_witness)


def open_anchoring(path: str | Path, **options: Any) -> Ledger:
    """Open a ledger as `open_ledger`, and anchor it in the background while it is open.

    On a chain whose blocks have a price it waits for a low one, and where the settings let
    receipts wait, it commits and publishes more at once.
    """

    def cheapest(config: Config) -> Pace:
        return CheapestWithin(config.anchor_max_wait_s)

    borrowed = _borrowed(Path(path)) if not options else None
    return borrowed or open_ledger(path, **{"pace": cheapest, "hold": HoldWithin, **options})
