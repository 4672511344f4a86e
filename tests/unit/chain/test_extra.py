"""Without the libraries for chains it is said what to install."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.chain import account_of, create_embedded, open_chain
from counterfoil.chain.extra import require_extra
from counterfoil.errors import Unavailable


def test_what_is_there() -> None:
    """Nothing is said while everything is there."""
    require_extra("eth", "eth_account", "eth_hash", "rlp", "web3")


def test_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever needs a missing library says so in words, and leaves nothing behind."""
    monkeypatch.setattr("counterfoil.extras.find_spec", lambda _: None)
    for call in (
        lambda: open_chain("http://127.0.0.1:1"),
        lambda: open_chain(f"embedded:{tmp_path / 'chain.db'}"),
        lambda: create_embedded(tmp_path / "chain.db"),
        lambda: account_of(b"\1" * 32),
    ):
        with pytest.raises(Unavailable, match=r"eth") as caught:
            call()
        assert caught.value.code == "extra.missing"
    assert list(tmp_path.iterdir()) == []
