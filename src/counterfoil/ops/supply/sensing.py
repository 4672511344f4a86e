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
from counterfoil.apps.supply.events.mqtt import Broker, Message, address_of, follow
from counterfoil.apps.supply.events.sensors import Batch, Reading, Taken, event_of, take
from counterfoil.apps.supply.events.sensors import add_device as say_device
from counterfoil.errors import InputError
from counterfoil.ops.files import read_input
from counterfoil.ops.place import LedgerFolder, open_for_writing
from counterfoil.ports import Channel, Param

__all__ = [
    "PASSWORD_ENVIRONMENT",
    "Heard",
    "KnownDevice",
    "add_device",
    "listen",
    "read_sensors",
]

_CSV_MAX_BYTES: Final = 32 << 20
_ROWS_AT_ONCE: Final = 100
PASSWORD_ENVIRONMENT: Final = "COUNTERFOIL_MQTT_PASSWORD"  # noqa: S105 - the name of a variable
"""Environment variable with the password for an MQTT broker."""

_Device = Annotated[str, Param("The device's URI, such as urn:epc:id:giai:4000001.111.", "DEVICE")]


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device that is known by a key. index: of the entry that says so."""

    device: str
    key: str
    index: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of a broker. code: why it was refused; None for one that was taken."""

    topic: str
    taken: Taken | None
    code: str | None
    message: str | None


def add_device(
    device: _Device,
    key: Annotated[str, Param("Its public Ed25519 key, base64 of 32 bytes.", "KEY")],
    *,
    ledger: LedgerFolder = None,
) -> KnownDevice:
    """Say that a device is known by a key from now on, instead of an earlier one.

    Raises as `sensors.add_device`.
    """
    with open_for_writing(ledger) as opened:
        return KnownDevice(device, key, say_device(opened, device, key))


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
    broker: Annotated[str, Param("The broker, host or host:port.", "BROKER")],
    *,
    topic: Annotated[str, Param("The topics to listen to.", "TOPIC")] = "sensors/#",
    client: Annotated[
        str, Param("Names the session that the broker keeps while we are away.", "NAME")
    ] = "counterfoil",
    user: Annotated[
        str, Param(f"Who asks; the password is in ${PASSWORD_ENVIRONMENT}.", "USER")
    ] = "",
    count: Annotated[int | None, Param("Stop after so many messages.", "N")] = None,
    idle: Annotated[int | None, Param("Stop when none came for so many seconds.", "S")] = None,
    ledger: LedgerFolder = None,
) -> Iterator[Heard]:
    """Take signed batches of sensors from an MQTT broker, each once, until it is stopped.

    Raises InputError with code mqtt.address or mqtt.topic, Unavailable with code mqtt.broker.
    """
    host, port = address_of(broker)
    where = Broker(host, port, topic, client, user, os.environ.get(PASSWORD_ENVIRONMENT, ""))
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
        raise _wrong(str(err)) from err


def _rows(data: bytes) -> Iterator[Reading]:
    try:
        for number, row in enumerate(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))), 2):
            said = {"at": row["time"], "value": row["value"]}
            said |= {key: row[key] for key in ("type", "uom") if row.get(key)}
            try:
                yield msgspec.convert(said, Reading)
            except msgspec.ValidationError as err:
                raise _wrong(f"line {number}: {err}") from err
    except (KeyError, UnicodeDecodeError, csv.Error) as err:
        raise _wrong(f"no columns time and value: {err}") from err


def _wrong(what: str) -> InputError:
    return InputError(
        "sensor.row",
        f"expected readings as CSV, found {what[:200]}",
        hint="The first line names the columns; times have their offset from UTC, such as "
        "2030-01-01T12:00:00Z.",
    )
