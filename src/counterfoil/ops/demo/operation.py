"""The operation: take the folder, tell the story, then serve a page until a signal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from counterfoil.errors import Conflict, FatalLogError, InputError, Unavailable
from counterfoil.extras import require
from counterfoil.ops.demo.place import DemoPlace, default_folder, take_place
from counterfoil.ops.demo.steps import Step
from counterfoil.ops.demo.tour import Tour
from counterfoil.ops.files import shown
from counterfoil.ops.node.answering import PACKAGES
from counterfoil.ports import Channel, Param, Progress, no_progress

__all__ = ["demo"]


def demo(
    folder: Annotated[
        Path | None,
        Param(
            "Folder to keep everything in; else one in the state folder.", "DIR", holds="machine"
        ),
    ] = None,
    *,
    fresh: Annotated[bool, Param("Begin anew, without what an earlier run left.")] = False,
    once: Annotated[bool, Param("End after the tour.")] = False,
    serve: Annotated[bool, Param("Serve the page also where output is no terminal.")] = False,
    listen: Annotated[
        str | None,
        Param(
            "Where to serve the page; else 127.0.0.1:8420 or the next free port.",
            "HOST:PORT",
            holds="machine",
        ),
    ] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Iterator[Step]:
    """See it work: payments decided, proofs checked, cheats caught, and a page to look around.

    Run again it goes on where it was. Raises InputError with code demo.folder, demo.once or
    serve.address,
    Conflict with code demo.running, FatalLogError with code demo.ledger when the ledger of an
    earlier run must not go on, Unavailable with code demo.place, demo.broken when something
    did not work as told, or one of serve.*.
    """
    if once and (serve or listen is not None):
        raise InputError(
            "demo.once",
            "expected --once, or to serve, found both",
            hint="Leave --once out to have the page after the tour.",
        )
    stays = serve or listen is not None or (not once and channel.sink.isatty())
    place = take_place(default_folder() if folder is None else folder, fresh=fresh)
    asked = serve or listen is not None
    return _story(place, progress, listen, stays=stays, asked=asked)


def has_pages() -> bool:
    """Tell whether the node's shell can be loaded, which the extra `node` brings."""
    try:
        require("node", *PACKAGES)
    except Unavailable:
        return False
    return True


def _story(
    place: DemoPlace, progress: Progress, listen: str | None, *, stays: bool, asked: bool
) -> Iterator[Step]:
    began = time.monotonic()
    try:
        tour = Tour(place, progress)
        yield from tour.steps()
        says = f"Everything is in {shown(place.folder)}, and the next run goes on with it."
        yield Step("end", says, tour.places(), round(time.monotonic() - began, 3))
        if stays and (asked or has_pages()):
            from counterfoil.ops.demo.live import live

            yield from live(place, listen)
    except (Conflict, FatalLogError) as err:
        raise FatalLogError(
            "demo.ledger",
            f"expected the demonstration's ledger to go on, but: {err.message} [{err.code}]",
            hint=f"`counterfoil audit` looks at it (--ledger {shown(place.ledger)}); "
            "`counterfoil demo --fresh` begins anew.",
        ) from err
    finally:
        place.release()
