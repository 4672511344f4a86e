"""One demonstration, told once for a module, and its ledger."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.ledger import Ledger, create_ledger, open_ledger
from counterfoil.ops.demo import Step, demo
from counterfoil.ops.demo.place import DemoPlace, take_place
from counterfoil.ops.demo.watch import Watch
from counterfoil.ports import Channel, SystemClock


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Step]]:
    """Take the tour; gives its folder and its steps."""
    folder = tmp_path_factory.mktemp("told") / "tour"
    return folder, list(demo(folder, channel=Channel(io.BytesIO(), io.BytesIO())))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[DemoPlace]:
    """Take an empty folder with a new ledger in it."""
    place = take_place(tmp_path / "demo")
    create_ledger(place.ledger, SystemClock(), name="demo", organisation="urn:example:shop")
    yield place
    place.release()


@pytest.fixture
def ledger(place: DemoPlace) -> Iterator[Ledger]:
    """Open the new ledger, with some hundred payments that are decided."""
    with open_ledger(place.ledger) as ledger:
        Watch(ledger, place).take(300)
        ledger.publish()
        yield ledger
