"""Watchers are found by name, and take the settings that they have."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from counterfoil.errors import InputError, NotFound
from counterfoil.watch import GROUP, choose, registered, watcher_types
from tests.log_rig import raises_code


def test_each_watcher_makes_itself_and_saves_its_state() -> None:
    """What is registered can be made with its defaults, and says what it does."""
    import msgspec

    for name, kind in watcher_types().items():
        state = choose(name).make().start()
        saved = msgspec.json.encode(state)
        assert msgspec.json.encode(msgspec.json.decode(saved, type=kind.state)) == saved
        assert kind.summary.endswith(".")


def test_a_digest_names_the_settings() -> None:
    """Other settings, or another window, are another watcher on record; the order is none."""
    plain = choose("odd-rate")
    one = choose("odd-rate", {"per_week": "0.5", "window_s": "300"})
    same = choose("odd-rate", {"window_s": "300", "per_week": "0.5"})
    other = choose("odd-rate", window_s=60)
    assert len({plain.digest, one.digest, other.digest}) == 3
    assert one.digest == same.digest
    assert one.settings["window_s"] == 300


def test_what_is_not_there_is_refused() -> None:
    """An unknown watcher, setting or value is named."""
    with raises_code("watch.unknown", NotFound):
        choose("crystal-ball")
    for given, window in (({"colour": "red"}, 60), ({"per_week": "often"}, 60), ({}, 0)):
        with raises_code("watch.setting", InputError):
            choose("odd-rate", given, window_s=window)


@pytest.mark.parametrize("value", ["json:dumps", "no.such.module:X"])
def test_a_plug_in_that_is_none_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that brings no watcher where it says so is named by its entry point."""
    point = EntryPoint("bad", value, GROUP)
    monkeypatch.setattr(registered, "entry_points", lambda group: [point])
    with raises_code("watch.entry-point", InputError):
        watcher_types.__wrapped__()


def test_two_packages_do_not_share_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that another watcher has already is refused."""
    points = [
        EntryPoint("a", "counterfoil.watch.threats:FLOOD", GROUP),
        EntryPoint("b", "tests.watchers:OTHER_FLOOD", GROUP),
    ]
    monkeypatch.setattr(registered, "entry_points", lambda group: points)
    with raises_code("watch.entry-point", InputError):
        watcher_types.__wrapped__()
