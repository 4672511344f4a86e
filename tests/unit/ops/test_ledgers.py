"""Making a ledger, and asking how it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import InputError
from counterfoil.ops import ledgers, records
from counterfoil.ports import Channel


def test_a_new_ledger_says_where_everything_is(tmp_path: Path) -> None:
    """Policy, keys and recovery key are where the answer says, keys for their owner alone."""
    made = ledgers.init(tmp_path / "shop", post_quantum=True)
    assert (made.name, made.post_quantum) == ("shop", True)
    assert made.organisation.startswith("urn:uuid:")
    assert made.origin in Path(made.policy).read_text()
    assert Path(made.recovery_key).stat().st_mode & 0o077 == 0
    assert (Path(made.keys) / "log-ml-dsa-44.key").exists()


def test_a_ledger_is_never_overwritten(shop: Path) -> None:
    """A folder that holds anything is refused, and stays as it was."""
    before = (shop / "counterfoil.toml").read_bytes()
    with pytest.raises(InputError) as found:
        ledgers.init(shop)
    assert found.value.code == "ledger.exists"
    assert (shop / "counterfoil.toml").read_bytes() == before


def test_status_counts(shop: Path, channel: Channel) -> None:
    """Size, sources, keys and the published state follow what was recorded."""
    new = ledgers.status(ledger=shop)
    assert (new.size, new.published_size, new.sources, new.keys_in_force) == (3, 3, 1, 2)
    records.add('{"n":1}', ledger=shop, source="till", channel=channel)
    later = ledgers.status(ledger=shop)
    assert (later.size, later.published_size, later.sources, later.statements) == (4, 4, 2, 4)
    assert later.root != new.root
    assert later.organisation == "https://shop.example"
    (shop / "checkpoint").unlink()
    assert ledgers.status(ledger=shop).root is None
