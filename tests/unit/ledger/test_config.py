"""Settings: file, environment, defaults, and what is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.ledger.config import ENVIRONMENT_PREFIX, Config, format_config, load_config
from tests.statements import refused

PLAIN = Config(origin="log.example/1", name="Shop", organisation="https://shop.example")

_names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=255)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of plain settings."""
    file = tmp_path / "counterfoil.toml"
    file.write_bytes(format_config(PLAIN))
    return file


@given(_names, _names, st.floats(0.01, 60), st.integers(1, 1024), st.integers(1, 1_048_576))
def test_settings_read_back(
    origin: str, name: str, interval: float, members: int, rows: int
) -> None:
    """What `init` writes is read back the same, whatever the names hold."""
    config = Config(
        origin=origin,
        name=name,
        organisation="urn:x:1",
        publish_interval_s=interval,
        batch_members=members,
        block_rows=rows,
    )
    with tempfile.NamedTemporaryFile() as file:
        file.write(format_config(config))
        file.flush()
        assert load_config(Path(file.name), {}) == config


def test_defaults(path: Path) -> None:
    """A file that names only the ledger gets the documented defaults."""
    path.write_text('origin = "o"\nname = "n"\norganisation = "urn:x:1"\n', encoding="utf-8")
    config = load_config(path, {})
    assert (config.publish_interval_s, config.batch_members, config.block_rows) == (0.2, 128, 10000)


def test_every_setting_is_explained() -> None:
    """The file says of each setting what it means."""
    lines = format_config(PLAIN).decode().splitlines()
    for name in Config.__struct_fields__:
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{name} = "))
        assert lines[at - 1].startswith("# ")


def test_the_environment_beats_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """COUNTERFOIL_* overrides the numbers of the file, and os.environ is what is asked."""
    given_ = {"PUBLISH_INTERVAL_S": "1.5", "BATCH_MEMBERS": "64", "BLOCK_ROWS": "7"}
    for name, value in given_.items():
        monkeypatch.setenv(ENVIRONMENT_PREFIX + name, value)
    config = load_config(path)
    assert (config.publish_interval_s, config.batch_members, config.block_rows) == (1.5, 64, 7)


def test_the_environment_does_not_rename_a_ledger(path: Path) -> None:
    """Who a ledger is stands in its file alone: a stray variable cannot make it another."""
    names = {"COUNTERFOIL_ORIGIN": "x", "COUNTERFOIL_ORGANISATION": "urn:x", "COUNTERFOIL_NAME": ""}
    assert load_config(path, names) == PLAIN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BATCH_MEMBERS", "0"),
        ("BATCH_MEMBERS", "1025"),
        ("BATCH_MEMBERS", "many"),
        ("BATCH_MEMBERS", ""),
        ("BATCH_MEMBERS", "1.5"),
        ("BLOCK_ROWS", "1048577"),
        ("PUBLISH_INTERVAL_S", "0"),
        ("PUBLISH_INTERVAL_S", "61"),
        ("PUBLISH_INTERVAL_S", "nan"),
        ("PUBLISH_INTERVAL_S", "inf"),
        ("PUBLISH_INTERVAL_S", "-1"),
    ],
)
def test_bad_variables_are_refused_and_named(path: Path, name: str, value: str) -> None:
    """A variable that is no such number is refused, and the setting is named."""
    with pytest.raises(InputError, match=name.lower()) as caught:
        load_config(path, {ENVIRONMENT_PREFIX + name: value})
    assert caught.value.code == "config.malformed"


@pytest.mark.parametrize(
    "line",
    [
        "batch_member = 64",
        'origin = ""',
        'name = "a\\u0007b"',
        'organisation = "shop"',
        "batch_members = true",
        "publish_interval_s = nan",
        "block_rows = 10.5",
        "[table]\nx = 1",
    ],
)
def test_bad_files_are_refused_and_named(path: Path, line: str) -> None:
    """A misspelt or impossible setting is refused by name: it would silently do nothing."""
    key = line.split(" = ")[0].strip("[]").split("]")[0]
    kept = [old for old in path.read_text("utf-8").splitlines() if not old.startswith(f"{key} = ")]
    path.write_text("\n".join([*kept, line]) + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_config(path, {})
    assert caught.value.code == "config.malformed"
    assert key in caught.value.message
    assert "batch_members" in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"origin", b"\x00", b"a = " + b"[" * 5000, b"origin = 5\n", b'"origin" = {'],
    ids=["empty", "utf-16", "cut", "null", "deep", "integer", "open"],
)
def test_garbage_is_refused(path: Path, data: bytes) -> None:
    """Whatever stands in the file, the answer is one clear error."""
    path.write_bytes(data)
    with refused("config.malformed"):
        load_config(path, {})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A ledger without settings is refused, and the file is named."""
    with refused("config.malformed"):
        load_config(tmp_path / "counterfoil.toml", {})
