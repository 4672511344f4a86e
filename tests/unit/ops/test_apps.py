"""Apps are listed with what they bring, found by their words, and played in a folder."""

from __future__ import annotations

import io
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import Any

import pytest

from counterfoil.apps.quant.app import APP
from counterfoil.cli.paint import Paint
from counterfoil.cli.text import anything
from counterfoil.cli.text import apps as text
from counterfoil.errors import InputError, NotFound
from counterfoil.ops import apps, plugged, registry
from counterfoil.ports import App, Scene, no_progress
from tests.log_rig import raises_code


class Package(Distribution):
    """A package of somebody else."""

    def read_text(self, filename: str) -> str:
        return "Name: other\nVersion: 1\n"

    def locate_file(self, path: Any) -> Any:
        return Path(path)


TOOL = App("tool", "Do something.", "no.such:demo", "no.such:learning", predicates=("no.such:X",))

PLAIN = Paint(io.StringIO())

OURS = plugged._points()


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register an app of another package beside ours."""
    point = EntryPoint("tool", f"{__name__}:TOOL", plugged.GROUP)
    vars(point).update(dist=Package())
    monkeypatch.setattr(plugged, "_points", lambda: (*OURS, point))


def test_ours_are_listed_with_what_they_bring() -> None:
    """The quant app has its commands, its kinds of records, and no trouble."""
    found = next(one for one in apps.listing() if one.name == "quant")
    assert {"quant commit", "quant reveal", "quant report"} <= set(found.commands)
    assert len(found.predicates) == 3
    assert (found.package, found.trouble, found.contracts) == ("counterfoil", "", ())
    assert "quant commit" in "\n".join(text.listing([found], PLAIN))


def test_an_unknown_app_is_named() -> None:
    """An app that nobody registered is not found, and the known ones are told."""
    with raises_code("app.unknown", NotFound) as caught:
        apps.demo("nothing", Path("x"), progress=no_progress)
    assert "quant" in caught.value.message


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    """A story is played in a new or an empty folder; a file, or anything in it, is refused."""
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path, tmp_path / "file"):
        with raises_code("app.folder", InputError):
            apps.demo("quant", folder, progress=no_progress)
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.usefixtures("others")
def test_another_packages_app() -> None:
    """It is listed after ours with its package, and with what does not load of it."""
    assert plugged.find_app("tool") is TOOL
    assert plugged.find_app("quant") is None  # ours are in the catalogue
    assert plugged.app_named("quant") is APP
    found = list(apps.listing())[-1]
    assert (found.name, found.package, found.commands) == ("tool", "other", ())
    assert "do not load" in found.trouble
    group = registry.group_of("tool")
    assert group == ("Do something.", ())
    assert registry.find(("tool", "x")) is None


def test_anything_is_shown() -> None:
    """Results without words of their own are names and values, or one thing a line."""
    listed = list(anything.show(iter([Scene("a", "b"), "c"]), PLAIN))
    assert listed == ['{"name": "a", "says": "b", "facts": {}}', "c"]
    assert list(anything.show(iter([]), PLAIN)) == ["none"]
    assert list(anything.show(Scene("a", "b\x1b"), PLAIN))[:2] == [
        "  name   a",
        "  says   b\\u001b",
    ]
    assert list(anything.show(5, PLAIN)) == ["5"]


def test_scenes_are_told() -> None:
    """A scene is its sentence, and its facts below it."""
    told = list(text.demo([Scene("a", "It is so.", {"n": 1, "file": "x"})], PLAIN))
    assert told == ["a  It is so.", "    n: 1", "    file: x"]
    assert list(text.listing([], PLAIN)) == ["no app"]
