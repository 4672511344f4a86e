"""Serve a ledger's or mirror's public files, so that others can mirror and monitor the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from counterfoil.ledger.mirror_marker import MirrorMode, read_mirror
from counterfoil.network.log_app import LogApp
from counterfoil.ops.place import LedgerFolder, find_ledger
from counterfoil.ops.serving import listen_on, serving, until_signal
from counterfoil.ports import Param

__all__ = ["Serving", "serve"]


@dataclass(frozen=True, slots=True)
class Serving:
    """A folder is served. url: where. share: how much of it."""

    event: Literal["serving"]
    url: str
    folder: str
    share: MirrorMode


def serve(
    *,
    ledger: LedgerFolder = None,
    listen: Annotated[
        str, Param("Where to answer.", "HOST:PORT", holds="machine")
    ] = "127.0.0.1:8420",
    share: Annotated[
        Literal["hashes", "entries", "all"],
        Param("Hash tiles and checkpoints alone; entries too; or payloads too."),
    ] = "all",
) -> Iterator[Serving]:
    """Serve a ledger's or mirror's public files over HTTP, read-only, until a signal.

    Another process may write to the ledger meanwhile. Raises NotFound with code ledger.missing or
    ledger.unnamed, and as `listen_on`.
    """
    folder = _folder(ledger)
    listener = listen_on(listen)
    with until_signal() as wait, serving(LogApp(folder, share), listener) as url:
        yield Serving("serving", url, str(folder), share)
        wait()


def _folder(given: Path | None) -> Path:
    """Tell the folder that is meant: a mirror's, or a ledger's."""
    if given is not None and read_mirror(given) is not None:
        return given
    return find_ledger(given)
