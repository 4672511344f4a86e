"""Devices that measure: which key each is known by, and from when on none.

A key counts from the entry that says so until another entry says otherwise. What was taken under a
key stands when the key is revoked: its entries are older than the revocation. This module refuses
to tell a stolen key from a lost one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec

from counterfoil.apps.supply.searching import hits_of
from counterfoil.errors import Conflict, InputError, NotFound, Refused
from counterfoil.formats import entry as entries
from counterfoil.formats.ascii import decode_base64
from counterfoil.formats.entry import StatementEntry
from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import Uri
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger
from counterfoil.ledger.predicate_types import parse_registered
from counterfoil.ports import PredicateType
from counterfoil.provenance.statements.parts import Text

__all__ = [
    "SENSOR_DEVICE",
    "Device",
    "SensorDevice",
    "add_device",
    "devices",
    "key_of",
    "revoke_device",
    "series_of",
]


class SensorDevice(Header, frozen=True, kw_only=True):
    """A device is known by a key from here on, or by none any more.

    key: Ed25519, base64 of 32 bytes. revoked: no batch under it is taken from here on; those that
    were taken stand. note: why, in plain words.
    """

    device: Uri
    key: Annotated[str, msgspec.Meta(min_length=44, max_length=44)]
    revoked: bool = False
    note: Text = ""


SENSOR_DEVICE: Final = PredicateType(f"{URI_BASE}sensor-device/v1", SensorDevice)


@dataclass(frozen=True, slots=True)
class Device:
    """A device. key: base64. state: known or revoked. index: of the entry that said so last."""

    device: str
    key: str
    state: str
    index: int


def add_device(ledger: Ledger, device: str, key: str) -> int:
    """Say that a device is known by a key from now on, instead of an earlier one; give the entry.

    key: base64 of its public Ed25519 key. Raises InputError with code sensor.key, and as
    `Ledger.record_statement`.
    """
    if len(_raw_key(key)) != 32:
        raise InputError(
            "sensor.key",
            "expected 32 bytes of a public Ed25519 key in base64, found others",
            hint="Devices show it when they are set up.",
        )
    digest = sha256(device.encode()).hexdigest()
    return ledger.record_statement(
        SENSOR_DEVICE.uri,
        {"device": device, "key": key},
        subjects=[Subject(digest={"sha256": digest}, name="device")],
        source=series_of("sensor-keys", device),
    ).index


def revoke_device(ledger: Ledger, device: str, why: str = "") -> tuple[str, int]:
    """Say that the key of a device counts no more; give the key and the entry that says so.

    Batches that were taken stand; later ones are refused until the device gets another key. Raises
    NotFound with code sensor.device, Conflict with code sensor.key-revoked.
    """
    said, _ = _known(ledger, device)
    if said.revoked:
        raise Conflict(
            "sensor.key-revoked",
            f"expected a key of {device[:80]} that counts, found it revoked already",
            hint="`counterfoil supply device DEVICE KEY` gives it another.",
        )
    digest = sha256(device.encode()).hexdigest()
    fields: dict[str, Any] = {"device": device, "key": said.key, "revoked": True}
    if why:
        fields["note"] = why
    done = ledger.record_statement(
        SENSOR_DEVICE.uri,
        fields,
        subjects=[Subject(digest={"sha256": digest}, name="device")],
        source=series_of("sensor-keys", device),
    )
    return said.key, done.index


def devices(ledger: Ledger) -> Iterator[Device]:
    """List the devices that the ledger knows, the newest statement first, each once."""
    told: set[str] = set()
    for view in hits_of(ledger, "kind=sensor-device"):
        said = view.content
        if said["device"] not in told:
            told.add(said["device"])
            state = "revoked" if said.get("revoked") else "known"
            yield Device(said["device"], said["key"], state, view.index)


def key_of(ledger: Ledger, device: str) -> bytes:
    """Find the key that a device is known by: the last that was said, unless it was revoked."""
    said, index = _known(ledger, device)
    if said.revoked:
        raise Refused(
            "sensor.key-revoked",
            f"expected a key of {device[:80]} that counts, found it revoked at entry {index}",
            hint="`counterfoil supply device DEVICE KEY` gives it another.",
        )
    return _raw_key(said.key)


def _known(ledger: Ledger, device: str) -> tuple[SensorDevice, int]:
    """Find what was said last of a device's key, and the entry that says it."""
    known: Sequence[tuple[int, int]] = list(ledger.numbered(series_of("sensor-keys", device)))
    for _, index in reversed(known):
        parsed = entries.parse(ledger.entry(index))
        said = parse_registered(parsed.statement) if isinstance(parsed, StatementEntry) else None
        if isinstance(said, SensorDevice) and said.device == device:
            return said, index
    raise NotFound(
        "sensor.device",
        f"expected a device that the ledger knows, found {device[:120]!a}",
        hint="`counterfoil supply device DEVICE KEY` says which key it has.",
    )


def _raw_key(text: str) -> bytes:
    try:
        return decode_base64(text)
    except InputError:
        return b""


def series_of(kind: str, device: str) -> str:
    """Name a series of a device. kind: what it holds, such as `sensors`."""
    return f"{kind}/{sha256(device.encode()).hexdigest()[:32]}"
