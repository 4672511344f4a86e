"""Sensors: devices that the ledger knows, their signed batches, and loggers that write CSV.

This module refuses a row that is no reading, instead of leaving it out.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec

from counterfoil.apps.supply.events.capture import Captured, capture
from counterfoil.apps.supply.events.devices import add_device as say_device
from counterfoil.apps.supply.events.devices import revoke_device
from counterfoil.apps.supply.events.mqtt import Broker, Message, address_of, follow
from counterfoil.apps.supply.events.sensors import Batch, Reading, Taken, event_of, take
from counterfoil.errors import InputError
from counterfoil.ops.files import read_input
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ports import Channel, Param

__all__ = [
    "PASSWORD_ENVIRONMENT",
    "USER_ENVIRONMENT",
    "Heard",
    "KnownDevice",
    "add_device",
    "listen",
    "read_sensors",
]

_CSV_MAX_BYTES: Final = 32 << 20
_ROWS_AT_ONCE: Final = 100
USER_ENVIRONMENT: Final = "COUNTERFOIL_MQTT_USER"
"""Environment variable with who asks an MQTT broker."""

PASSWORD_ENVIRONMENT: Final = "COUNTERFOIL_MQTT_PASSWORD"  # noqa: S105 - the name of a variable
"""Environment variable with the password for an MQTT broker."""

_Device = Annotated[str, Param("The device's URI, such as urn:epc:id:giai:4000001.111.", "DEVICE")]


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that is known by a key, or by it no more. index: of the entry that says so."""

    device: str
    key: str
    index: int
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of a broker. code: why it was refused; None for one that was taken."""

    topic: str
    taken: Taken | None
    code: str | None
    message: str | None


def add_device(
    device: _Device,
    key: Annotated[str | None, Param("Its public Ed25519 key, base64 of 32 bytes.", "KEY")] = None,
    *,
    revoke: Annotated[bool, Param("Its key counts no more; what was taken stands.")] = False,
    why: Annotated[str, Param("Why it is revoked, in plain words.", "TEXT")] = "",
    ledger: LedgerFolder = None,
) -> KnownDevice:
    """Say by which key a device is known from now on, or that its key counts no more.

    Raises InputError with code sensor.key-said, and as `devices.add_device` and `revoke_device`.
    """
    if (key is None) != revoke or (why and not revoke):
        raise InputError(
            "sensor.key-said",
            "expected either a key, or --revoke with perhaps --why, found both or neither",
            hint="To give a device another key, say the new one: the old counts no more then.",
        )
    with open_for_writing(ledger) as opened:
        if key is not None:
            return KnownDevice(device, key, say_device(opened, device, key))
        gone, index = revoke_device(opened, device, why)
        return KnownDevice(device, gone, index, revoked=True)


def read_sensors(
    readings: Annotated[
        Path,
        Param("CSV with time and value, and perhaps type and uom, or -.", "FILE", holds="file"),
    ],
    *,
    device: _Device,
    place: Annotated[str, Param("Where it is, such as urn:epc:id:sgln:...", "PLACE")],
    thing: Annotated[tuple[str, ...], Param("What it watches.", "EPC")] = (),
    ledger: LedgerFolder = None,
    channel: Channel,
) -> Captured:
    """Record the readings of a logger's file as events, a hundred at a time, each once.

    Nobody but this ledger's organisation signs them. Raises InputError with code sensor.row, and
    as `capture.capture`.
    """
    rows = list(_rows(read_input(readings, channel, _CSV_MAX_BYTES)))
    batches = [
        _batch(device, at // _ROWS_AT_ONCE, place, thing, rows[at : at + _ROWS_AT_ONCE])
        for at in range(0, len(rows), _ROWS_AT_ONCE)
    ]
    events = [event_of(batch) for batch in batches]
    with open_for_writing(ledger) as opened:
        done = capture(opened, events)
    if done.wrong:
        raise InputError(
            "sensor.row",
            f"expected readings that make right events: {done.wrong[0].message}",
            hint="Check the device, the place, the types and their units.",
        )
    return done


def listen(
    broker: Annotated[
        str, Param("The broker: host, host:port, or with mqtts:// before for TLS.", "BROKER")
    ],
    *,
    topic: Annotated[str, Param("The topics to listen to.", "TOPIC")] = "sensors/#",
    client: Annotated[
        str, Param("Names the session that the broker keeps while we are away.", "NAME")
    ] = "counterfoil",
    user: Annotated[
        str,
        Param(f"Who asks, else ${USER_ENVIRONMENT}; password: ${PASSWORD_ENVIRONMENT}.", "USER"),
    ] = "",
    ca: Annotated[
        Path | None,
        Param(
            "Who vouches for the broker, as PEM; else whom this machine trusts.",
            "FILE",
            holds="machine",
        ),
    ] = None,
    count: Annotated[int | None, Param("Stop after so many messages.", "N")] = None,
    idle: Annotated[int | None, Param("Stop when none came for so many seconds.", "S")] = None,
    ledger: LedgerFolder = None,
) -> Iterator[Heard]:
    """Take signed batches of sensors from an MQTT broker, each once, until it is stopped.

    Raises InputError with code mqtt.address, mqtt.ca or mqtt.topic, Unavailable with code
    mqtt.broker.
    """
    host, port, tls = address_of(broker)
    if ca is not None and not tls:
        raise InputError(
            "mqtt.ca",
            "expected a broker with mqtts:// before it, found --ca with one without TLS",
            hint="Such as mqtts://broker.example:8883 --ca ca.pem.",
        )
    where = Broker(
        host,
        port,
        topic,
        client,
        user or os.environ.get(USER_ENVIRONMENT, ""),
        os.environ.get(PASSWORD_ENVIRONMENT, ""),
        tls=tls,
        ca=None if ca is None else os.fspath(ca),
    )
    with open_for_writing(ledger) as opened:
        for one in follow(where, lambda data: take(opened, data), count=count, idle_s=idle):
            yield _heard(one)


def _heard(one: Message[Taken]) -> Heard:
    err = one.refused
    return Heard(
        one.topic,
        one.taken,
        None if err is None else err.code,
        None if err is None else err.message,
    )


def _batch(
    device: str, number: int, place: str, things: tuple[str, ...], rows: list[Reading]
) -> Batch:
    try:
        made = Batch(device, number, place, tuple(rows), things)
        return msgspec.convert(msgspec.to_builtins(made), Batch)
    except msgspec.ValidationError as err:
        named = ", ".join(one[:60] for one in (device, place, *things[:20]))
        raise InputError(
            "sensor.row",
            f"expected a device, a place and at most 20 things by their URIs, found {named!a}",
            hint="Such as --device urn:epc:id:giai:4000001.111 --place "
            "urn:epc:id:sgln:4012345.00001.0.",
        ) from err


def _rows(data: bytes) -> Iterator[Reading]:
    try:
        table = csv.DictReader(io.StringIO(data.decode("utf-8-sig")))
        if not {"time", "value"} <= set(table.fieldnames or ()):
            raise _wrong("no columns time and value")
        for number, row in enumerate(table, 2):
            said = {"at": row["time"], "value": row["value"]}
            said |= {key: row[key] for key in ("type", "uom") if row.get(key)}
            try:
                yield msgspec.convert(said, Reading)
            except msgspec.ValidationError as err:
                at, value = (str(row[name])[:40] for name in ("time", "value"))
                raise _wrong(f"in line {number} {value!a} at {at!a}") from err
    except (UnicodeDecodeError, csv.Error) as err:
        raise _wrong(str(err)) from err


def _wrong(what: str) -> InputError:
    return InputError(
        "sensor.row",
        f"expected readings as CSV, found {what[:200]}",
        hint="The first line names the columns time and value; times have their offset from UTC, "
        "such as 2030-01-01T12:00:00Z, and values are numbers, such as 4.5.",
    )
