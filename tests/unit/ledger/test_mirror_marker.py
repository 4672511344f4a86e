"""A mirror says what it is of, and its log says whose ledger it would restore."""

from __future__ import annotations

import shutil
from pathlib import Path

from counterfoil.errors import FatalLogError, Refused
from counterfoil.formats import policy as policies
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ledger.config import load_config
from counterfoil.ledger.mirror_marker import (
    MIRROR_FILE,
    MirrorMarker,
    config_of_mirror,
    read_mirror,
)
from counterfoil.ledger.recover import recover
from counterfoil.ports import SystemClock
from tests.ledgers import OWNER, copy_ledger
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, policy_of, publish


def mirror_of(ledger: Path, copy: Path) -> Layout:
    """Copy a ledger's public files into a folder, as a mirror has them."""
    copy.mkdir()
    origin = load_config(Layout(ledger).config).origin
    shutil.copytree(ledger / "tile", copy / "tile")
    for name in ("checkpoint", "policy.txt"):
        shutil.copy(ledger / name, copy / name)
    MirrorMarker(origin, "entries", "a source").write(copy)
    return Layout(copy)


def test_a_marker_is_read_as_it_was_written(tmp_path: Path) -> None:
    """What is no marker is none, and a damaged one is named."""
    assert read_mirror(tmp_path) is None
    assert read_mirror(tmp_path / "none") is None
    marker = MirrorMarker("log.example", "all", "https://log.example")
    marker.write(tmp_path)
    assert read_mirror(tmp_path) == marker
    (tmp_path / MIRROR_FILE).write_bytes(b'{"type":"other"}')
    with raises_code("mirror.marker", FatalLogError):
        read_mirror(tmp_path)


def test_settings_follow_from_the_log(tmp_path: Path) -> None:
    """Origin, owner, name and whether it has a witness of its own are those of the ledger."""
    copy_ledger(tmp_path / "one")
    create_ledger(tmp_path / "two", SystemClock(), name="Two ü", organisation=OWNER)
    for name in ("one", "two"):
        copy = mirror_of(tmp_path / name, tmp_path / f"{name}-copy")
        made, config = config_of_mirror(copy), load_config(Layout(tmp_path / name).config)
        assert made is not None
        assert (made.origin, made.name, made.organisation) == (
            config.origin,
            config.name,
            config.organisation,
        )
        assert made.witness == config.witness == (name == "two")
    assert config_of_mirror(Layout(tmp_path / "one")) is None


def test_a_log_that_names_no_owner_restores_no_ledger(tmp_path: Path) -> None:
    """Any other C2SP log can be mirrored, and is no ledger to restore."""
    publish(tmp_path, entries_of(20))
    (tmp_path / "policy.txt").write_bytes(policies.format(policy_of()))
    MirrorMarker("log.example", "entries", "a source").write(tmp_path)
    with raises_code("recover.damaged", FatalLogError):
        config_of_mirror(Layout(tmp_path))


def test_a_mirror_of_another_log_is_no_source(tmp_path: Path) -> None:
    """A ledger is not mended from a mirror of another one."""
    copy_ledger(tmp_path / "one")
    create_ledger(tmp_path / "two", SystemClock(), name="two", organisation=OWNER, witness=False)
    mirror_of(tmp_path / "two", tmp_path / "copy")
    with raises_code("recover.other-log", Refused):
        recover(tmp_path / "one", source=tmp_path / "copy")
    MirrorMarker("log.example", "hashes", "a source").write(tmp_path / "copy")
    with raises_code("recover.hashes-only", Refused):
        recover(tmp_path / "one", source=tmp_path / "copy")


def test_a_ledger_is_mended_from_a_mirror(tmp_path: Path) -> None:
    """A lost tile comes back from a mirror, and the ledger keeps its own settings."""
    ledger = copy_ledger(tmp_path / "one")
    mirror_of(ledger, tmp_path / "copy")
    before = (ledger / "counterfoil.toml").read_bytes()
    next((ledger / "tile" / "entries").rglob("3")).unlink()
    report = recover(ledger, source=tmp_path / "copy")
    assert (report.way, report.tiles_restored) == ("mended", ("tile/entries/000.p/3",))
    assert (ledger / "counterfoil.toml").read_bytes() == before
