"""Find the watchers that packages brought in, and choose one with its settings.

This module refuses a setting that a watcher does not have, and one of another type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import entry_points
from typing import Any, Final

from counterfoil.errors import InputError, NotFound
from counterfoil.formats import json_text
from counterfoil.ports.watchers import Setting, Watcher, WatcherType

__all__ = ["GROUP", "WINDOW_S", "Chosen", "choose", "watcher_types"]

GROUP: Final = "counterfoil.watchers"
"""Entry point group."""

WINDOW_S: Final = 3600
"""Seconds without a repeat after which an alert is closed, unless another window is chosen."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A watcher with all its settings. window_s: of its alerts.

    digest: SHA-256 of name, version, window and settings as canonical JSON (RFC 8785).
    """

    kind: WatcherType
    settings: Mapping[str, Setting]
    window_s: int

    @property
    def digest(self) -> str:
        """Name the watcher with its settings."""
        said = {"name": self.kind.name, "version": self.kind.version, "settings": self.said()}
        return sha256(json_text.canonicalise(said)).hexdigest()

    def said(self) -> dict[str, str]:
        """Give the settings as a statement has them."""
        return {**{name: str(v) for name, v in self.settings.items()}, "window": str(self.window_s)}

    def make(self) -> Watcher[Any, Any]:
        """Make the watcher. Raises InputError with code watch.setting."""
        return self.kind.make(self.settings)


@cache
def watcher_types() -> Mapping[str, WatcherType]:
    """Load what is registered, by name. Raises InputError with code watch.entry-point."""
    found: dict[str, WatcherType] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            kind = point.load()
        except Exception as err:  # a plug-in may raise anything
            raise _wrong(point.value, str(err)) from err
        if not isinstance(kind, WatcherType) or not _NAME.fullmatch(kind.name):
            raise _wrong(point.value, "it is no WatcherType with a fit name")
        if found.setdefault(kind.name, kind) is not kind:
            raise _wrong(point.value, f"{kind.name} is another's already")
    return found


def choose(
    name: str, given: Mapping[str, str] | None = None, *, window_s: int = WINDOW_S
) -> Chosen:
    """Choose a watcher by name.

    given: settings as text, those that are not the default. window_s: of its alerts, seconds.
    Raises NotFound with code watch.unknown, InputError with code watch.setting.
    """
    kinds = watcher_types()
    if name not in kinds:
        raise NotFound(
            "watch.unknown",
            f"expected one of {', '.join(kinds)}, found {name[:80]!a}",
            hint="`counterfoil watch ls` says what each of them sees.",
        )
    kind, settings = kinds[name], dict(kinds[name].settings)
    for key, text in (given or {}).items():
        if key not in settings:
            known = ", ".join(kind.settings) or "none"
            raise _bad(name, f"{key[:80]!a}", f"a setting of {name} ({known})")
        settings[key] = _typed(name, key, text, settings[key])
    if not 1 <= window_s <= 86_400:
        raise _bad(name, f"a window of {window_s} s", "a window of 1 to 86,400 s")
    return Chosen(kind, settings, window_s)


def _typed(name: str, key: str, text: str, default: Setting) -> Setting:
    try:
        return type(default)(text)
    except ValueError as err:
        raise _bad(name, f"{key}={text[:40]!a}", f"{key} like {default}") from err


def _bad(name: str, found: str, wanted: str) -> InputError:
    return InputError(
        "watch.setting",
        f"expected {wanted}, found {found}",
        hint=f"`counterfoil watch ls` lists the settings of {name}.",
    )


def _wrong(value: str, why: str) -> InputError:
    return InputError(
        "watch.entry-point",
        f"expected a WatcherType at the entry point {value}, but: {why}",
        hint="Mend or remove the package that brings it.",
    )
