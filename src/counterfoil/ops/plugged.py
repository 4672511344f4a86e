"""Find the apps that packages brought in, through the entry point `counterfoil.apps`.

Those of Counterfoil itself are registered as a third party's are; only their commands stand in the
catalogue. Looking at every installed package takes longer than showing help, so that help first
looks whether any other package names the entry point at all. This module refuses an app under
another name than its entry point's, and one that would take a word of ours.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from counterfoil.errors import CounterfoilError, InputError, NotFound
from counterfoil.ports import App

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "Plugged", "app_named", "apps", "apps_of_others", "find_app"]

GROUP: Final = "counterfoil.apps"
"""Entry point group."""

_OURS: Final = "counterfoil"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,47}")
_SECTION: Final = f"[{GROUP}]".encode()


@dataclass(frozen=True, slots=True)
class Plugged:
    """An app as it was found. package: who brings it. trouble: why it cannot be used, else empty.

    app: None where it cannot be loaded.
    """

    name: str
    package: str
    app: App | None
    trouble: str = ""


def apps() -> Iterator[Plugged]:
    """List all apps by name, those that cannot be loaded, too."""
    for point in sorted(_points(), key=lambda point: (_package(point) != _OURS, point.name)):
        try:
            yield Plugged(point.name, _package(point), _load(point))
        except CounterfoilError as err:
            yield Plugged(point.name, _package(point), None, err.message)


def app_named(name: str) -> App:
    """Find an app, ours or another's. Raises NotFound with code app.unknown, and as `find_app`."""
    found = [point for point in _points() if point.name == name]
    if not found:
        known = ", ".join(sorted({point.name for point in _points()})) or "none"
        raise NotFound(
            "app.unknown",
            f"expected one of {known}, found {name[:80]!a}",
            hint="`counterfoil app ls` lists them.",
        )
    return _load(next((point for point in found if _package(point) == _OURS), found[0]))


def find_app(word: str) -> App | None:
    """Find another package's app by the first word of its commands; None where there is none.

    Raises InputError with code app.entry-point naming the package that is wrong.
    """
    found = next((one for one in _points() if one.name == word and _package(one) != _OURS), None)
    return None if found is None else _load(found)


@cache
def apps_of_others() -> tuple[App, ...]:
    """List the apps of other packages; one that cannot be loaded is left out."""
    if not any(_names_group(Path(place)) for place in sys.path):
        return ()
    return tuple(one.app for one in apps() if one.app is not None and one.package != _OURS)


def _names_group(place: Path) -> bool:
    """Tell whether another package's metadata in a folder of the path names the entry point.

    A look at the files alone: importlib.metadata takes longer to be imported than help to be shown.
    """
    try:
        with os.scandir(place) as found:
            names = [one.name for one in found if one.name.endswith((".dist-info", ".egg-info"))]
    except OSError:  # no folder, such as a zip file: what is in it is found when it is called
        return False
    for name in names:
        if name.partition("-")[0] == _OURS:
            continue
        try:
            if _SECTION in (place / name / "entry_points.txt").read_bytes():
                return True
        except OSError:
            continue
    return False


@cache
def _points() -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else ""


def _load(point: EntryPoint) -> App:
    try:
        found = point.load()
    except Exception as err:  # a plug-in may raise anything
        raise _wrong(point, str(err) or type(err).__name__) from err
    if not isinstance(found, App):
        raise _wrong(point, "it is no App")
    if found.name != point.name or not _NAME.fullmatch(found.name):
        raise _wrong(point, f"it calls itself {found.name[:80]!a}")
    if any(operation.words[:1] != (found.name,) for operation in found.operations):
        raise _wrong(point, f"a command of it does not begin with {found.name}")
    return found


def _wrong(point: EntryPoint, why: str) -> InputError:
    return InputError(
        "app.entry-point",
        f"expected an App at the entry point {point.name} = {point.value}, but: {why}",
        hint="Mend or remove the package that brings it.",
    )
