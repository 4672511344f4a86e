"""Keys: seen, made, replaced and ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.errors import InputError, Refused
from counterfoil.ledger import open_ledger
from counterfoil.ops import keys


def test_a_life_of_keys(shop: Path) -> None:
    """A key is added, the producer's is rotated, and the old one revoked; all are listed."""
    keys.new("intake-2", ledger=shop, why="a second line")
    assert (shop / "keys" / "intake-2.key").exists()
    old = next(key for key in keys.listing(ledger=shop) if key.role == "producer")
    rotated = keys.rotate(ledger=shop, why="a year is over")
    with pytest.raises(Refused) as needed:  # the new key was added by the old one's word
        keys.revoke(old.keyid, ledger=shop, from_index=rotated.index)
    assert needed.value.code == "key.last"
    revoked = keys.revoke(old.keyid[:12], ledger=shop, from_index=rotated.index + 1)
    listed = {key.keyid: key for key in keys.listing(ledger=shop)}
    assert len(listed) == 4
    assert not listed[old.keyid].in_force
    assert revoked.index == rotated.index + 1
    with open_ledger(shop) as ledger:
        done = ledger.record({"n": 1})
        assert ledger.verify(ledger.receipt(done.index)).signer.keyid != old.keyid


@pytest.mark.parametrize("name", ["../escape", "", ".hidden", "a/b", "a b", "recovery"])
def test_a_key_stays_in_its_folder(shop: Path, name: str) -> None:
    """A name that would lead elsewhere is refused, and no file is made."""
    before = sorted(shop.parent.rglob("*.key"))
    with pytest.raises(InputError) as found:
        keys.new(name, ledger=shop)
    assert found.value.code in ("key.file-name", "key.name", "key.exists")
    assert sorted(shop.parent.rglob("*.key")) == before


def test_the_key_that_signs_now_is_not_ended(shop: Path) -> None:
    """Without another key nothing could be recorded any more; an unknown one is named."""
    current = next(key for key in keys.listing(ledger=shop) if key.role == "producer")
    with pytest.raises(Refused) as last:
        keys.revoke(current.keyid, ledger=shop)
    with pytest.raises(InputError) as unknown:
        keys.revoke("zz", ledger=shop)
    assert (last.value.code, unknown.value.code) == ("key.last", "key.unknown")
