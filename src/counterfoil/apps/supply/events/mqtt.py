"""Take signed batches from an MQTT broker, each once.

A message is acknowledged when what it says is durable, and not before; the broker sends it again
else, also after this process was away, since its session stays. What is refused is told and
acknowledged: it would be refused again. This module refuses to listen with less than QoS 1, and to
wait for a topic that the broker does not give.
Source: MQTT 3.1.1, 4.3.2 (QoS 1) and 4.1 (session state).
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from counterfoil.errors import CounterfoilError, InputError, Unavailable
from counterfoil.extras import need

__all__ = ["Broker", "Message", "address_of", "follow"]

_T = TypeVar("_T")
_POLL_S: Final = 0.2
_WAITING_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to listen. client: names the session, which the broker keeps while we are away."""

    host: str
    port: int
    topic: str
    client: str
    user: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Message(Generic[_T]):
    """What became of a message: what was made of it, or why it was refused."""

    topic: str
    taken: _T | None
    refused: CounterfoilError | None


def follow(
    broker: Broker,
    take: Callable[[bytes], _T],
    *,
    count: int | None = None,
    idle_s: float | None = None,
) -> Iterator[Message[_T]]:
    """Take messages until `count` came, or none for `idle_s` seconds; else without end.

    take: makes each durable. What it raises as InputError or another lasting error is a refusal;
    Unavailable ends the following, unacknowledged. Raises Unavailable with code mqtt.broker,
    InputError with code mqtt.topic.
    """
    mqtt = need("paho.mqtt.client", "supply")
    came: queue.Queue[Any] = queue.Queue(_WAITING_MAX)
    ended = threading.Event()
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2, client_id=broker.client, clean_session=False,
        manual_ack=True,
    )  # fmt: skip
    if broker.user:
        client.username_pw_set(broker.user, broker.password)

    def put(one: Any) -> None:
        while not ended.is_set():  # else nobody takes it, and the broker sends it again
            with contextlib.suppress(queue.Full):
                came.put(one, timeout=_POLL_S)
                return

    def connected(found: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            put(_not_let_in(str(reason)))
            return
        try:
            found.subscribe(broker.topic, qos=1)
        except ValueError:
            put(_no_topic(broker.topic))

    def subscribed(_: Any, _data: Any, _mid: Any, reasons: Any, _properties: Any) -> None:
        for reason in reasons:
            if reason.is_failure:
                put(_not_let_in(f"{reason} for the topic {broker.topic[:80]!a}"))

    client.on_connect, client.on_subscribe = connected, subscribed
    client.on_message = lambda _client, _data, message: put(message)
    try:
        client.connect(broker.host, broker.port, keepalive=30)
    except (OSError, ValueError) as err:  # ValueError: of a host that is no name
        raise Unavailable(
            "mqtt.broker",
            f"expected an MQTT broker at {broker.host[:80]}:{broker.port}, but: {err}",
            hint="Check its address, and that it runs.",
        ) from err
    client.loop_start()
    try:
        yield from _taken(client, came, take, count, idle_s)
    finally:
        ended.set()
        client.disconnect()
        client.loop_stop()


def _taken(
    client: Any,
    came: queue.Queue[Any],
    take: Callable[[bytes], _T],
    count: int | None,
    idle_s: float | None,
) -> Iterator[Message[_T]]:
    done, last = 0, time.monotonic()
    while count is None or done < count:
        try:
            message = came.get(timeout=_POLL_S)
        except queue.Empty:
            if idle_s is not None and time.monotonic() - last > idle_s:
                return
            continue
        if isinstance(message, CounterfoilError):
            raise message
        try:
            found: Message[_T] = Message(message.topic, take(message.payload), None)
        except Unavailable:
            raise  # it is not acknowledged, and comes again
        except CounterfoilError as err:
            found = Message(message.topic, None, err)
        if message.qos > 0:
            client.ack(message.mid, message.qos)
        done, last = done + 1, time.monotonic()
        yield found


def _not_let_in(what: str) -> Unavailable:
    return Unavailable(
        "mqtt.broker",
        f"expected to be let in by the broker, found: {what}",
        hint="Check the user, the password and what the broker lets this user read.",
    )


def _no_topic(topic: str) -> InputError:
    return InputError(
        "mqtt.topic",
        f"expected topics of MQTT, found {topic[:80]!a}",
        hint="Such as sensors/# or sensors/+/batch.",
    )


def address_of(text: str) -> tuple[str, int]:
    """Read `host` or `host:port`. Raises InputError with code mqtt.address."""
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, 1883
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError(
            "mqtt.address",
            f"expected host or host:port, found {text[:80]!a}",
            hint="Such as localhost:1883.",
        )
    return host, int(port)
