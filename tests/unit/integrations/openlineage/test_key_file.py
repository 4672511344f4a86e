"""The clients' key: made once, kept from others, and never weak."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import InputError, Refused, Unavailable
from counterfoil.integrations.openlineage import load_or_make_key


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """The first start makes it for its owner alone; the next one reads the same."""
    path = tmp_path / "ol.key"
    key = load_or_make_key(path)
    assert len(key) >= 43
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_make_key(path) == key


def test_a_bad_key_file_is_refused(tmp_path: Path) -> None:
    """A key that others can read, a short one and a missing folder are each said."""
    path = tmp_path / "ol.key"
    path.write_text("short\n")
    path.chmod(0o600)
    with pytest.raises(InputError, match="16 to 512"):
        load_or_make_key(path)
    path.write_text("0123456789abcdef\n")
    path.chmod(0o640)
    with pytest.raises(Refused, match="alone"):
        load_or_make_key(path)
    with pytest.raises(Unavailable, match="none"):
        load_or_make_key(tmp_path / "none" / "ol.key")
