"""Which ledger an operation is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import NotFound
from counterfoil.ops.place import ENVIRONMENT, find_ledger


def test_a_named_folder_beats_the_environment_beats_the_current_folder(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--ledger wins, then the variable, then a ledger that one stands in."""
    monkeypatch.setenv(ENVIRONMENT, str(shop.parent / "other"))
    assert find_ledger(shop) == shop
    with pytest.raises(NotFound, match="other"):
        find_ledger(None)
    monkeypatch.setenv(ENVIRONMENT, str(shop))
    assert find_ledger(None) == shop
    monkeypatch.delenv(ENVIRONMENT)
    monkeypatch.chdir(shop)
    assert find_ledger(None) == Path()


def test_no_ledger_is_said_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any of the three, or with a folder that is none, the error says how to name one."""
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound) as unnamed:
        find_ledger(None)
    assert unnamed.value.code == "ledger.unnamed"
    assert "--ledger" in unnamed.value.hint
    with pytest.raises(NotFound) as missing:
        find_ledger(tmp_path / "nothing")
    assert missing.value.code == "ledger.missing"
