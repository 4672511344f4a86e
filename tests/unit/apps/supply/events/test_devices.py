"""Keys of devices: known from an entry on, and no more from another on."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.apps.supply.events.devices import add_device, devices, revoke_device
from counterfoil.apps.supply.events.sensors import Batch, Reading, public_key, sign_batch, take
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import sensing as text
from counterfoil.errors import Conflict, InputError, NotFound, Refused
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops.supply import sensing
from tests.ledgers import copy_ledger, prove
from tests.log_rig import raises_code
from tests.supply_made import at, pallet, place

DEVICE = "urn:epc:id:giai:4000001.111"
OTHER = "urn:epc:id:giai:4000001.222"
SEED, NEXT = bytes(range(32)), bytes(range(1, 33))


def signed(number: int, seed: bytes = SEED, device: str = DEVICE) -> bytes:
    """Sign a batch of one reading."""
    return sign_batch(
        Batch(device, number, place(1), (Reading(at(number), "4.5"),), (pallet(1),)), seed
    )


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger that knows two devices by one key."""
    with open_ledger(copy_ledger(tmp_path / "ledger")) as opened:
        for device in (DEVICE, OTHER):
            add_device(opened, device, public_key(SEED))
        yield opened


def test_a_revoked_key_counts_no_more_and_what_was_taken_stands(ledger: Ledger) -> None:
    """Batches after a revocation are refused, also under an old number; earlier ones stay proven.

    Another device with the same key is not touched; a new key is taken from then on, the old not.
    """
    first = take(ledger, signed(0))
    key, index = revoke_device(ledger, DEVICE, "it was stolen")
    assert (key, ledger.get(index).content["note"]) == (public_key(SEED), "it was stolen")
    size = ledger.size
    for number in (0, 1):
        with raises_code("sensor.key-revoked", Refused):
            take(ledger, signed(number))
    assert ledger.size == size
    assert prove(ledger, first.index) is not None
    assert prove(ledger, first.event) is not None
    assert take(ledger, signed(0, device=OTHER)).duplicate is False
    add_device(ledger, DEVICE, public_key(NEXT))
    assert take(ledger, signed(1, NEXT)).number == 1
    with raises_code("sensor.unsigned", Refused):
        take(ledger, signed(2))


def test_only_a_key_that_counts_is_revoked(ledger: Ledger) -> None:
    """A device that nobody knows, and a key that was revoked, are refused with nothing written."""
    revoke_device(ledger, DEVICE)
    size = ledger.size
    with raises_code("sensor.key-revoked", Conflict):
        revoke_device(ledger, DEVICE)
    with raises_code("sensor.device", NotFound):
        revoke_device(ledger, "urn:epc:id:giai:4000001.333")
    assert ledger.size == size


def test_devices_are_listed_as_they_stand(ledger: Ledger) -> None:
    """Each device once, with what was said last of its key."""
    revoke_device(ledger, DEVICE)
    add_device(ledger, OTHER, public_key(NEXT))
    found = {one.device: (one.key, one.state) for one in devices(ledger)}
    assert found == {
        DEVICE: (public_key(SEED), "revoked"),
        OTHER: (public_key(NEXT), "known"),
    }


def test_the_command_says_a_key_or_revokes_it(tmp_path: Path) -> None:
    """A key, or --revoke and perhaps why: never both, never neither."""
    folder, paint = copy_ledger(tmp_path / "ledger"), Paint(io.StringIO())
    known = sensing.add_device(DEVICE, public_key(SEED), ledger=folder)
    gone = sensing.add_device(DEVICE, revoke=True, why="lost", ledger=folder)
    assert (gone.key, gone.revoked) == (known.key, True)
    assert "revoked" in "\n".join(text.add_device(gone, paint))
    with raises_code("sensor.key-said", InputError):
        sensing.add_device(DEVICE, ledger=folder)
    with raises_code("sensor.key-said", InputError):
        sensing.add_device(DEVICE, public_key(NEXT), revoke=True, ledger=folder)
    with raises_code("sensor.key-said", InputError):
        sensing.add_device(DEVICE, public_key(NEXT), why="lost", ledger=folder)
