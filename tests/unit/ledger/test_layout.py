"""Where a ledger's files stand, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

from counterfoil.errors import NotFound
from counterfoil.ledger import Layout
from tests.statements import refused


def test_files_stand_where_the_architecture_says() -> None:
    """The names of a ledger's files are fixed: other programs and backups rely on them."""
    layout = Layout(Path("shop"))
    found = {
        name: str(getattr(layout, name))
        for name in ("config", "policy", "database", "index", "keys", "payloads")
    }
    assert found == {
        "config": "shop/counterfoil.toml",
        "policy": "shop/policy.txt",
        "database": "shop/ledger.db",
        "index": "shop/index.db",
        "keys": "shop/keys",
        "payloads": "shop/payload",
    }


def test_a_ledger_is_where_its_settings_are(folder: Path) -> None:
    """A folder is a ledger when it holds counterfoil.toml, and only then."""
    layout = Layout(folder)
    layout.require()
    assert layout.exists()
    layout.config.unlink()
    assert not layout.exists()
    with refused("ledger.missing", NotFound):
        layout.require()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """Whoever names a folder that is not there hears so, and how to make a ledger."""
    with refused("ledger.missing", NotFound):
        Layout(tmp_path / "nowhere").require()


def test_paths_that_are_none_are_refused(tmp_path: Path) -> None:
    """A name that no file system takes is an error of the caller, not a crash."""
    for name in ("x" * 300, "y" * 5000):
        with refused("ledger.path"):
            Layout(tmp_path / name).exists()
    assert not Layout(tmp_path / "a\0b").exists()
