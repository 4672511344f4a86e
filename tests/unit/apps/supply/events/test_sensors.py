"""Signed batches are recorded once, from files and from a real broker; forged ones are not."""

from __future__ import annotations

import io
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from paho.mqtt import publish

from counterfoil.apps.supply.events import mqtt
from counterfoil.apps.supply.events.index import index_of
from counterfoil.apps.supply.events.mqtt import Broker, follow
from counterfoil.apps.supply.events.sensors import (
    Batch,
    Reading,
    add_device,
    event_of,
    public_key,
    sign_batch,
    take,
)
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.supply import sensing as text
from counterfoil.errors import Conflict, InputError, NotFound, Refused, Unavailable
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops.supply import sensing
from counterfoil.ports import STANDARD_STREAM, Channel
from tests.ledgers import copy_ledger
from tests.log_rig import raises_code
from tests.shared_data import program
from tests.supply_made import at, pallet, place
from tests.tls_made import certificate

DEVICE = "urn:epc:id:giai:4000001.111"
SEED = bytes(range(32))
PLAIN = Paint(io.StringIO())


def batch(number: int, *celsius: str) -> Batch:
    """Measure."""
    readings = tuple(Reading(at(number + step / 60), c) for step, c in enumerate(celsius))
    return Batch(DEVICE, number, place(1), readings, (pallet(1),))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Open a ledger that knows the device."""
    with open_ledger(copy_ledger(tmp_path / "ledger")) as opened:
        add_device(opened, DEVICE, public_key(SEED))
        yield opened


def test_a_batch_is_recorded_once_with_its_event(ledger: Ledger) -> None:
    """A signed batch gets two entries, as received and as an event; again it gets the same."""
    data = sign_batch(batch(0, "4.5", "5.0"), SEED)
    first = take(ledger, data)
    again = take(ledger, data)
    assert (again.index, again.event, again.duplicate) == (first.index, first.event, True)
    assert not first.duplicate
    with index_of(ledger) as index:
        rows = index.database.execute("SELECT low, high, step FROM event").fetchall()
    assert rows == [(4.5, 5.0, "sensor_reporting")]


def test_what_is_forged_is_refused(ledger: Ledger) -> None:
    """Another key, another content of a number, an unknown device, other bytes: all refused."""
    data = sign_batch(batch(0, "4.5"), SEED)
    with raises_code("sensor.unsigned", Refused):
        take(ledger, sign_batch(batch(0, "4.5"), bytes(32)))
    size = ledger.size
    take(ledger, data)
    with raises_code("sensor.number", Conflict):
        take(ledger, sign_batch(batch(0, "9.9"), SEED))
    assert ledger.size > size
    with raises_code("sensor.device", NotFound):
        take(ledger, sign_batch(Batch("urn:x:y", 0, place(1), (Reading(at(1), "1"),)), SEED))
    for wrong in (b"{}", data[:-3], b"x" * 40_000):
        with raises_code("sensor.batch", InputError):
            take(ledger, wrong)
    with raises_code("sensor.key", InputError):
        add_device(ledger, DEVICE, "short")


def test_a_key_replaces_an_earlier_one(ledger: Ledger) -> None:
    """After a device's key was changed, what the old one signs is refused."""
    add_device(ledger, DEVICE, public_key(bytes(32)))
    with raises_code("sensor.unsigned", Refused):
        take(ledger, sign_batch(batch(0, "4.5"), SEED))
    take(ledger, sign_batch(batch(0, "4.5"), bytes(32)))


def csv_of(*lines: str) -> Channel:
    """Give a logger's file on standard input."""
    return Channel(io.BytesIO("\n".join(("time,value", *lines)).encode()), io.BytesIO())


def test_a_loggers_file_is_recorded_once(tmp_path: Path) -> None:
    """Rows become events of at most a hundred readings; the same file again adds nothing."""
    folder = copy_ledger(tmp_path / "ledger")
    lines = [f"{at(step / 60)},{4 + step / 100:.2f}" for step in range(150)]
    for new in (2, 0):
        done = sensing.read_sensors(
            STANDARD_STREAM, device=DEVICE, place=place(1), ledger=folder, channel=csv_of(*lines)
        )
        assert done.new == new
        assert f"recorded {new}" in "\n".join(text.read_sensors(done, PLAIN))
    empty = Channel(io.BytesIO(b"\n"), io.BytesIO())
    for channel, device, said in (
        (csv_of("noon,4"), DEVICE, "in line 2 '4' at 'noon'"),
        (csv_of(f"{at(1)},4", f"{at(2)},warm"), DEVICE, "in line 3 'warm' at"),
        (csv_of(f"{at(1)}"), DEVICE, "in line 2 'None' at"),
        (csv_of(f"{at(1)},4"), "fridge", "by their URIs, found 'fridge, urn:"),
        (empty, DEVICE, "no columns time and value"),
    ):
        with raises_code("sensor.row", InputError) as caught:
            sensing.read_sensors(
                STANDARD_STREAM, device=device, place=place(1), ledger=folder, channel=channel
            )
        assert said in str(caught.value)


@contextmanager
def brokered(tmp_path: Path, *settings: str) -> Iterator[int]:
    """Run a real broker (mosquitto), and give its port."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    path = tmp_path / "mosquitto.conf"
    lines = (f"listener {port} 127.0.0.1", "persistence false", "user root", *settings)
    path.write_text("\n".join(lines) + "\n")
    run = subprocess.Popen(
        [program("mosquitto"), "-c", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with closing(socket.socket()) as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        run.terminate()
        run.wait(10)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """Run a broker that lets anybody in."""
    with brokered(tmp_path, "allow_anonymous true") as port:
        yield port


def test_a_broker_is_asked_with_tls_and_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over TLS a batch is taken from a broker that the given CA vouches for, and from no other.

    User and password come from the environment; without the right ones nobody is let in.
    """
    folder = copy_ledger(tmp_path / "ledger")
    sensing.add_device(DEVICE, public_key(SEED), ledger=folder)
    pem, secrets = certificate(tmp_path), tmp_path / "passwords"
    secrets.touch(0o600)
    made = [program("mosquitto_passwd"), "-b", str(secrets), "shop", "a secret"]
    subprocess.run(made, check=True, capture_output=True)
    tls = (f"certfile {pem}", f"keyfile {pem}", "allow_anonymous false", f"password_file {secrets}")
    with brokered(tmp_path, *tls) as port:
        where = f"mqtts://127.0.0.1:{port}"
        with raises_code("mqtt.broker", Unavailable):  # whose certificate nobody vouches for
            list(sensing.listen(where, idle=1, user="shop", ledger=folder))
        with raises_code("mqtt.broker", Unavailable):  # no password
            list(sensing.listen(where, idle=5, user="shop", ca=pem, ledger=folder))
        monkeypatch.setenv(sensing.USER_ENVIRONMENT, "shop")
        monkeypatch.setenv(sensing.PASSWORD_ENVIRONMENT, "a secret")
        assert list(sensing.listen(where, idle=1, ca=pem, ledger=folder)) == []
        publish.single(
            "sensors/1", sign_batch(batch(0, "4.5"), SEED), qos=1, hostname="127.0.0.1", port=port,
            auth={"username": "shop", "password": "a secret"}, tls={"ca_certs": str(pem)},
        )  # fmt: skip
        (heard,) = sensing.listen(where, count=1, ca=pem, ledger=folder)
    assert heard.code is None
    with raises_code("mqtt.ca", InputError):
        list(sensing.listen("localhost", ca=pem, ledger=folder))
    secrets.write_text("no certificate")
    with raises_code("mqtt.ca", InputError):
        list(sensing.listen("mqtts://localhost", ca=secrets, ledger=folder))


@pytest.mark.parametrize(
    "text", ["", ":1883", "host:port", "http://host", "mqtt://a/b", "host:0", "host:70000"]
)
def test_what_is_no_broker_is_refused(text: str) -> None:
    """An address is a host, perhaps with a port and a scheme of MQTT."""
    with raises_code("mqtt.address", InputError):
        mqtt.address_of(text)


def test_a_broker_delivers_each_batch_once(broker: int, tmp_path: Path) -> None:
    """What a real broker delivers is recorded, what comes twice once, and what is forged is told.

    Messages that come while nobody listens wait in the session, and are recorded afterwards.
    """
    folder = copy_ledger(tmp_path / "ledger")
    known = sensing.add_device(DEVICE, public_key(SEED), ledger=folder)
    assert "known" in "\n".join(text.add_device(known, PLAIN))
    where = f"127.0.0.1:{broker}"
    assert list(sensing.listen(where, idle=1, ledger=folder)) == []  # which makes the session
    good = [sign_batch(batch(number, "4.5"), SEED) for number in range(3)]
    for data in (*good, good[1], sign_batch(batch(9, "4.5"), bytes(32)), b"noise"):
        publish.single("sensors/1", data, qos=1, hostname="127.0.0.1", port=broker)
    heard = list(sensing.listen(where, count=6, ledger=folder))
    assert [one.code for one in heard] == [None] * 4 + ["sensor.unsigned", "sensor.batch"]
    taken = [one.taken for one in heard if one.taken is not None]
    assert [one.duplicate for one in taken] == [False, False, False, True]
    assert taken[1].index == taken[3].index
    shown = "\n".join(text.listen(heard, PLAIN))
    assert "again batch 1" in shown
    assert "refused sensors/1" in shown
    assert list(sensing.listen(where, idle=1, ledger=folder)) == []  # all was acknowledged


def test_a_broker_that_is_not_there(tmp_path: Path) -> None:
    """An address without a broker, and one that is none, end in errors of ours."""
    folder = copy_ledger(tmp_path / "ledger")
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        with raises_code("mqtt.broker", Unavailable):
            list(sensing.listen(f"127.0.0.1:{taken.getsockname()[1]}", ledger=folder))
    with raises_code("mqtt.address", InputError):
        list(sensing.listen("host:port", ledger=folder))


def test_what_could_not_be_recorded_comes_again(broker: int) -> None:
    """A message that was not made durable is not acknowledged, and the broker sends it again."""
    where = Broker("127.0.0.1", broker, "sensors/#", "a session")
    assert list(follow(where, len, idle_s=1)) == []
    publish.single("sensors/1", b"four", qos=1, hostname="127.0.0.1", port=broker)

    def full(_: bytes) -> int:
        raise Unavailable("disk.full", "expected space, found none")

    with raises_code("disk.full", Unavailable):
        list(follow(where, full, count=1))
    assert [one.taken for one in follow(where, len, count=1)] == [4]


def test_what_nobody_takes_any_more_does_not_hold_up_the_end(
    broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more messages than may wait, following ends all the same; the others come again."""
    monkeypatch.setattr(mqtt, "_WAITING_MAX", 1)
    where = Broker("127.0.0.1", broker, "sensors/#", "a session")
    assert list(follow(where, len, idle_s=1)) == []
    for size in range(1, 7):
        publish.single("sensors/1", b"x" * size, qos=1, hostname="127.0.0.1", port=broker)
    assert [one.taken for one in follow(where, len, count=1)] == [1]
    others = set()
    for one in follow(where, len, idle_s=30):  # the first may come again, too: at least once
        others.add(one.taken)
        if others >= {2, 3, 4, 5, 6}:
            break
    assert others >= {2, 3, 4, 5, 6}


def test_a_topic_that_is_none_is_refused(broker: int) -> None:
    """Listening to what can be no topic ends with an error, instead of waiting for ever."""
    with raises_code("mqtt.topic", InputError):
        list(follow(Broker("127.0.0.1", broker, "a/#/b", "a session"), len, count=1))


def test_a_batch_without_a_right_event_leaves_nothing(ledger: Ledger) -> None:
    """A batch whose event would be refused is refused before any of it is recorded."""
    size = ledger.size
    wrong = Batch(DEVICE, 0, place(1), (Reading(at(1), "4", type="no type"),), (pallet(1),))
    with raises_code("sensor.batch", InputError):
        take(ledger, sign_batch(wrong, SEED))
    assert ledger.size == size
    assert take(ledger, sign_batch(batch(0, "4"), SEED)).index == size


@pytest.mark.parametrize("zone", ["+01:00", "+0100"])
def test_an_event_has_the_offset_of_its_readings(zone: str) -> None:
    """However a device writes its offset from UTC, its event has that offset."""
    one = Batch(DEVICE, 0, place(1), (Reading(f"2030-01-01T12:00:00{zone}", "4"),))
    assert event_of(one).body["eventTimeZoneOffset"] == "+01:00"
