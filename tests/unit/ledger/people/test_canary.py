"""A canary: many people with marked data, some erased, and every byte on disk searched."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import Refused
from counterfoil.ledger.people import PersonIn
from tests.personal import found_on_disk


@pytest.mark.parametrize(
    ("people", "erased"),
    [(60, 12), pytest.param(1000, 1000, marks=pytest.mark.campaign)],
    ids=["60", "1000"],
)
def test_a_canary_is_sealed_and_dies(folder: Path, state: Path, people: int, erased: int) -> None:
    """No name, id or mail is ever in clear on disk; of who is erased no key, no sealed byte is."""
    choice = random.Random(7)
    names = [f"Canary-{choice.randbytes(9).hex()}" for _ in range(people)]
    rows = [
        {"id": f"id-{name}", "name": name, "mail": f"{name}@mail.example", "n": n}
        for n, name in enumerate(names)
    ]
    personal = {"name": PersonIn("id", "contact"), "mail": PersonIn("id", "contact")}
    with counterfoil.open(folder) as ledger:
        done = ledger.record_many(rows, source="canaries", first=0, personal=personal)
        ledger.search("n=5")
        receipts = {n: ledger.receipt(done.indices[n]) for n in (0, people - 1)}
        recorder: Any = ledger._recorder
        vault = recorder._keeper.vault()
        dead = choice.sample(range(people), erased)
        remains = {}
        for n in dead:
            handle = bytes.fromhex(ledger.people.handle(f"id-{names[n]}"))
            (key,) = vault.keys.file.read("SELECT key FROM class_key WHERE handle = ?", handle)
            (sealed,) = vault.bytes.file.read("SELECT bytes FROM sealed WHERE handle = ?", handle)
            remains[n] = key[0], sealed[0][:48], sealed[0][-48:]
        assert found_on_disk((folder, state), *(part for n in dead[:3] for part in remains[n]))
        for n in dead:
            ledger.people.erase(f"id-{names[n]}")
            assert ledger.get(done.indices[n]).personal[0].state == "erased"
            with pytest.raises(Refused):
                ledger.people.open(done.indices[n], actor="a", purpose="p")
        everything = b"".join(
            path.read_bytes()
            for place in (folder, state)
            for path in place.rglob("*")
            if path.is_file()
        )
        assert b"Canary-" not in everything
        assert not [n for n in dead if any(part in everything for part in remains[n])]
        assert found_on_disk((folder, state), b"Canary-", b"mail.example") == []
        for receipt in receipts.values():
            counterfoil.verify(receipt, ledger.policy)
    assert found_on_disk((folder, state), b"Canary-", *remains[dead[0]]) == []
