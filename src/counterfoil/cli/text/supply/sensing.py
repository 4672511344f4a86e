"""Text of `ops.supply.sensing`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.apps.supply.events.capture import Captured
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply.events import capture_events
from counterfoil.cli.text.words import counted, or_nothing, plain
from counterfoil.ops.supply.sensing import Heard, KnownDevice

__all__ = ["add_device", "listen", "read_sensors"]


def add_device(found: KnownDevice, paint: Paint) -> Iterator[str]:
    """Tell that a device is known, or that its key counts no more."""
    if found.revoked:
        yield (
            f"{paint.bad('revoked')} the key of {plain(found.device)}, {found.key}, "
            f"entry {found.index}"
        )
        return
    yield f"{paint.good('known')} {plain(found.device)} by {found.key}, entry {found.index}"


def read_sensors(found: Captured, paint: Paint) -> Iterator[str]:
    """Tell what was recorded."""
    yield from capture_events(found, paint)


def listen(found: Iterable[Heard], paint: Paint) -> Iterator[str]:
    """Tell each message as it comes."""

    def lines() -> Iterator[str]:
        for one in found:
            if one.taken is None:
                yield f"{paint.bad('refused')} {plain(one.topic)}: {plain(one.message or '')}"
                continue
            word = "again" if one.taken.duplicate else "taken"
            yield (
                f"{paint.good(word)} batch {one.taken.number} of {plain(one.taken.device)}, "
                f"{counted(one.taken.readings, 'reading')}, entry {one.taken.index}"
            )

    yield from or_nothing(lines(), "no messages")
