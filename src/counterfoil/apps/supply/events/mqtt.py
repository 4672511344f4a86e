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
import ssl
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
_HANDSHAKE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to listen. client: names the session, which the broker keeps while we are away.

    tls: the broker has to prove its name. ca: file of who vouches for it, PEM; None for whom this
    machine trusts.
    """

    host: str
    port: int
    topic: str
    client: str
    user: str = ""
    password: str = ""
    tls: bool = False
    ca: str | None = None


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
    InputError with code mqtt.topic or mqtt.ca.
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

    _secure(client, broker)

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


class _Context(ssl.SSLContext):
    """A context whose sockets are closed where a broker does not prove its name."""

    def wrap_socket(self, *args: Any, **given: Any) -> ssl.SSLSocket:
        """Shake hands at once, within a bounded time."""
        made = super().wrap_socket(*args, **{**given, "do_handshake_on_connect": False})
        try:
            made.settimeout(_HANDSHAKE_S)
            made.do_handshake()
        except BaseException:
            made.close()
            raise
        return made


def _secure(client: Any, broker: Broker) -> None:
    """Ask for TLS, where the broker is asked with it: its certificate and name are checked."""
    if not broker.tls:
        return
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if broker.ca is None:
            context.load_default_certs()
        else:
            context.load_verify_locations(cafile=broker.ca)
    except OSError as err:  # SSLError is one
        raise InputError(
            "mqtt.ca",
            f"expected certificates as PEM in {str(broker.ca)[:120]}, but: {err}",
            hint="Name the file with the certificate of who vouches for the broker.",
        ) from err
    client.tls_set_context(context)


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


def address_of(text: str) -> tuple[str, int, bool]:
    """Read a broker: its host, its port, and whether it is asked with TLS.

    text: `host` or `host:port`, perhaps with `mqtt://` or `mqtts://` before. Raises InputError with
    code mqtt.address.

    >>> address_of("localhost"), address_of("mqtts://broker.example")
    (('localhost', 1883, False), ('broker.example', 8883, True))
    """
    scheme, cut, rest = text.partition("://")
    tls = bool(cut) and scheme == "mqtts"
    host, colon, port = (rest if cut else text).rpartition(":")
    if not colon:
        host, port = port, "8883" if tls else "1883"
    known = not cut or scheme in ("mqtt", "mqtts")
    if not known or not host or "/" in host or not port.isdigit() or not 0 < int(port) < 65536:
        raise InputError(
            "mqtt.address",
            f"expected host or host:port, perhaps after mqtts://, found {text[:80]!a}",
            hint="Such as localhost:1883 or mqtts://broker.example:8883.",
        )
    return host, int(port), tls
