"""What sensors measure: batches that devices sign, kept as they were received, each once.

A batch is a DSSE envelope, signed by its device (Ed25519), about readings of one place or thing. It
is recorded as it came, and what it says becomes an event. A device's batches are numbered, so that
one that comes again is the same, and one that says otherwise under its number is refused. This
module refuses a batch of a device that the ledger does not know, and one with a wrong signature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.devices import (
    SENSOR_DEVICE,
    SensorDevice,
    add_device,
    key_of,
    series_of,
)
from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.events.model import check
from counterfoil.apps.supply.events.prehash import event_hash, instant_ms
from counterfoil.apps.supply.events.records import said_of
from counterfoil.errors import Conflict, InputError, Refused
from counterfoil.formats import envelope as envelopes
from counterfoil.formats import json_text
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.envelope import Envelope, Signature, keyid_of, pae
from counterfoil.formats.predicates import Header
from counterfoil.formats.predicates.header import Count, HexDigest, Uri
from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger
from counterfoil.ports import PredicateType
from counterfoil.proofs.signature import verify_ed25519

__all__ = [
    "BATCH_MAX_BYTES",
    "PAYLOAD_TYPE",
    "SENSOR_BATCH",
    "SENSOR_DEVICE",
    "Batch",
    "Reading",
    "SensorBatch",
    "SensorDevice",
    "Taken",
    "add_device",
    "event_of",
    "public_key",
    "sign_batch",
    "take",
]

PAYLOAD_TYPE: Final = "application/vnd.counterfoil.sensor-batch+json"
BATCH_MAX_BYTES: Final = 30_000
"""Largest envelope, bytes."""

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
_Time = Annotated[str, msgspec.Meta(min_length=20, max_length=40)]
_Decimal = Annotated[str, msgspec.Meta(pattern=r"\A-?\d{1,15}(\.\d{1,9})?\Z")]


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One reading. at: with its offset from UTC. value: decimal text. uom: of UN/ECE Rec. 20."""

    at: _Time
    value: _Decimal
    type: _Word = "Temperature"
    uom: _Word = "CEL"


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a device says. number: of its batches, from 0. place: where; things: what it watches."""

    device: Uri
    number: Count
    place: Uri
    readings: Annotated[tuple[Reading, ...], msgspec.Meta(min_length=1, max_length=200)]
    things: Annotated[tuple[Uri, ...], msgspec.Meta(max_length=20)] = ()


class SensorBatch(Header, frozen=True, kw_only=True):
    """A batch as a device signed it. envelope: DSSE, its text as received."""

    device: Uri
    digest: HexDigest
    envelope: Annotated[str, msgspec.Meta(min_length=2, max_length=BATCH_MAX_BYTES)]


SENSOR_BATCH: Final = PredicateType(f"{URI_BASE}sensor-batch/v1", SensorBatch)


@dataclass(frozen=True, slots=True)
class Taken:
    """A batch that is recorded. index: of its entry. event: index of the event's entry.

    duplicate: it was recorded before.
    """

    device: str
    number: int
    index: int
    event: int
    readings: int
    duplicate: bool


def take(ledger: Ledger, data: bytes) -> Taken:
    """Check a signed batch, and record it and the event that it tells; each once.

    data: the envelope in its canonical form. Raises InputError with code sensor.batch, NotFound
    with code sensor.device, Refused with code sensor.unsigned or
    sensor.key-revoked, Conflict with code sensor.number,
    VerificationError with code signature.invalid, and as `Ledger.record_statement`.
    """
    if len(data) > BATCH_MAX_BYTES:
        raise _wrong(f"{len(data)} bytes, more than {BATCH_MAX_BYTES}")
    envelope, batch = _parsed(data)
    key = key_of(ledger, batch.device)
    signed = [one for one in envelope.signatures if one.keyid == keyid_of(key)]
    if not signed:
        raise Refused(
            "sensor.unsigned",
            f"expected a signature by the key of {batch.device[:80]}, found none",
            hint="`counterfoil supply device` says which key counts.",
        )
    verify_ed25519(key, pae(envelope.payload_type, envelope.payload), signed[0].sig)
    event = event_of(batch)
    try:  # before the batch is recorded: its event has to be, too
        check(event)
        said_of(event)
    except InputError as err:
        raise _wrong(err.message) from err
    digest = sha256(envelope.payload).hexdigest()
    try:
        done = ledger.record_statement(
            SENSOR_BATCH.uri,
            {"device": batch.device, "digest": digest, "envelope": data.decode(), "at_ms": None},
            subjects=[
                Subject(digest={"sha256": digest}, name="batch"),
                Subject(digest={"sha256": event_hash(event)}, name="event"),
            ],
            source=series_of("sensors", batch.device),
            number=batch.number,
        )
    except Conflict as err:
        if err.code != "record.number-taken":
            raise
        raise Conflict(
            "sensor.number",
            f"expected batch {batch.number} of {batch.device[:80]} as it came first, found another",
            hint="A device gives each batch a number of its own, also after it was reset.",
        ) from err
    captured = capture(ledger, [event])
    if captured.indices[0] is None:
        raise _wrong(captured.wrong[0].message)
    return Taken(
        batch.device,
        batch.number,
        done.index,
        captured.indices[0],
        len(batch.readings),
        done.duplicate,
    )


def event_of(batch: Batch) -> Event:
    """Make the event that a batch tells: at the time of its last reading, by its device.

    Raises InputError with code sensor.batch.
    """
    times = [instant_ms(one.at) for one in batch.readings]
    if None in times:
        raise _wrong("a time without its offset from UTC")
    last = max(batch.readings, key=lambda one: instant_ms(one.at) or 0)
    elements = [
        {
            "sensorMetadata": {"time": one.at, "deviceID": batch.device},
            "sensorReport": [{"type": one.type, "value": float(one.value), "uom": one.uom}],
        }
        for one in batch.readings
    ]
    found = re.search(r"([+-]\d\d):?(\d\d)\Z", last.at)
    zone = "+00:00" if found is None else f"{found[1]}:{found[2]}"
    body: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventTime": last.at,
        "eventTimeZoneOffset": zone,
        "epcList": list(batch.things),
        "action": "OBSERVE",
        "bizStep": "sensor_reporting",
        "readPoint": {"id": batch.place},
        "sensorElementList": elements,
    }
    return Event(body)


def sign_batch(batch: Batch, seed: bytes) -> bytes:
    """Sign a batch as its device does. seed: 32 bytes of its Ed25519 key."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    payload = msgspec.json.encode(batch)
    signature = private.sign(pae(PAYLOAD_TYPE, payload))
    keyid = keyid_of(private.public_key().public_bytes_raw())
    return envelopes.format(Envelope(payload, PAYLOAD_TYPE, (Signature(keyid, signature),)))


def public_key(seed: bytes) -> str:
    """Tell the public key of a device, base64. seed: 32 bytes."""
    return encode_base64(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


def _parsed(data: bytes) -> tuple[Envelope, Batch]:
    try:
        envelope = envelopes.parse(data)
        json_text.parse(envelope.payload)
        batch = msgspec.json.decode(envelope.payload, type=Batch)
    except (InputError, msgspec.MsgspecError) as err:
        raise _wrong(str(err)) from err
    if envelope.payload_type != PAYLOAD_TYPE:
        raise _wrong(f"the payload type {envelope.payload_type[:80]!a}")
    return envelope, batch


def _wrong(what: str) -> InputError:
    return InputError(
        "sensor.batch",
        f"expected a signed batch of readings, found {what[:300]}",
        hint="docs/guides/supply-events.md shows what a device sends.",
    )
