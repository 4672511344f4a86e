"""Apps: which there are, what they bring, and their stories played in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from counterfoil.errors import InputError, Unavailable
from counterfoil.ops.files import shown
from counterfoil.ops.plugged import app_named, apps
from counterfoil.ops.registry import OPERATIONS
from counterfoil.ports import App, AppDemo, Param, Progress, Scene, load_target

__all__ = ["ListedApp", "demo", "listing"]


@dataclass(frozen=True, slots=True)
class ListedApp:
    """An app. package: who brings it. commands: as people call them. predicates: URIs.

    contracts: that its money or goods move by. extra: what has to be installed for it. trouble: why
    it cannot be used; else empty.
    """

    name: str
    summary: str
    package: str
    commands: tuple[str, ...]
    predicates: tuple[str, ...]
    contracts: tuple[str, ...]
    watchers: tuple[str, ...]
    extra: str
    trouble: str = ""

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


def listing() -> Iterator[ListedApp]:
    """List the apps that are installed, with their commands and contracts."""
    for one in apps():
        if one.app is None:
            nothing: tuple[str, ...] = ()
            yield ListedApp(
                one.name, "", one.package, nothing, nothing, nothing, nothing, "", one.trouble
            )
        else:
            yield _listed(one.app, one.package)


def demo(
    name: Annotated[str, Param("Name of an app.", "APP")],
    folder: Annotated[
        Path, Param("Folder to play it in: none yet, or an empty one.", "DIR", holds="machine")
    ],
    *,
    progress: Progress,
) -> Iterator[Scene]:
    """Play an app's story in a folder, from its first record to its last proof.

    Raises NotFound with code app.unknown, InputError with code app.entry-point or app.folder,
    Unavailable with code extra.missing or file.write, and what the app raises.
    """
    found = app_named(name)
    play: AppDemo = load_target(found.demo)
    try:
        folder.mkdir(exist_ok=True)
        empty = not any(folder.iterdir())
    except (FileExistsError, NotADirectoryError, ValueError):
        empty = False
    except OSError as err:
        raise Unavailable(
            "file.write",
            f"expected to make the folder {shown(folder)}, but: {err.strerror}",
            hint="Check the path and its permissions.",
        ) from err
    if not empty:
        raise InputError(
            "app.folder",
            f"expected no folder or an empty one at {shown(folder)}, found something else there",
            hint="Name another folder.",
        )
    return play(folder, progress)


def _listed(app: App, package: str) -> ListedApp:
    words = (app.name, *app.groups)
    operations = app.operations or tuple(one for one in OPERATIONS if one.words[0] in words)
    try:
        kinds, trouble = tuple(load_target(one).uri for one in app.predicates), ""
    except Exception as err:  # a plug-in may raise anything
        kinds, trouble = (), f"its predicates do not load: {err}"
    commands = tuple(operation.name for operation in operations)
    return ListedApp(
        app.name,
        app.summary,
        package,
        commands,
        kinds,
        app.contracts,
        app.watchers,
        app.extra,
        trouble,
    )
