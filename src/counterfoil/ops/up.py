"""Run a ledger as a node: one process that records, shows, watches, anchors and acts.

This module refuses to serve a ledger that another process owns, and to leave one behind where it
was refused before.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Annotated, Any, Final, Literal

from counterfoil.errors import InputError, Unavailable
from counterfoil.extras import require
from counterfoil.ledger import Layout, create_ledger
from counterfoil.ops.files import shown
from counterfoil.ops.node.answering import PACKAGES, answering
from counterfoil.ops.node.logs import Logged, logging_to
from counterfoil.ops.node.node import opened_node, require_watchers
from counterfoil.ops.node.notify import tell_systemd
from counterfoil.ops.node.settings import NodeSettings, Public
from counterfoil.ops.node.status import Service
from counterfoil.ops.place import LedgerFolder, find_ledger
from counterfoil.ops.serving import Listener, listen_on, until_signal
from counterfoil.ports import Channel, Param, SystemClock

__all__ = ["NodeStarted", "NodeStopped", "ServiceChanged", "up"]

_LOOK_S: Final = 0.2
_TOLD_MAX: Final = 10_000  # that wait for who reads them; more are left out, not kept in memory


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """A node serves.

    url: where. operator_key: made now, where nobody had one; shown only once. link: signs in, as
    the operator, once and within a quarter of an hour; at a first start and on a terminal.
    """

    event: Literal["serving"]
    at_ms: int
    url: str
    ledger: str
    origin: str
    size: int
    operator_key: str | None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceChanged:
    """A part of the node began, failed, or ended; see `Service`."""

    event: Literal["service"]
    at_ms: int
    service: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class NodeStopped:
    """The node ended, by a signal. size: entries, all of them committed and published."""

    event: Literal["stopped"]
    at_ms: int
    size: int


def up(
    *,
    ledger: LedgerFolder = None,
    create: Annotated[bool, Param("Make the ledger where there is none.")] = False,
    listen: Annotated[
        str, Param("Where to answer.", "HOST:PORT", holds="machine")
    ] = "127.0.0.1:8420",
    url: Annotated[
        str | None, Param("What clients call it by; else http:// and the address.", "URL")
    ] = None,
    host: Annotated[
        tuple[str, ...], Param("One more name by which clients may call it.", "NAME")
    ] = (),
    proxy: Annotated[
        tuple[str, ...], Param("A reverse proxy whose X-Forwarded headers count.", "ADDRESS")
    ] = (),
    public: Annotated[
        Literal["nothing", "hashes", "entries", "all"],
        Param("What of the log anybody may read without a key."),
    ] = "nothing",
    watch: Annotated[tuple[str, ...], Param("Watchers to run: names, all, or none.", "NAME")] = (
        "all",
    ),
    channel: Channel,
) -> Iterator[NodeStarted | ServiceChanged | Logged | NodeStopped]:
    """Serve a ledger: API, pages, watchers, anchoring, actions in one process, until a signal.

    Nothing but what `public` shares is answered without a key; the first start makes one for the
    operator and shows it once. Other processes on the machine record through this one. Raises as
    `opened_node`, `listen_on` and `require_watchers`, FatalLogError when the log must not go on,
    Unavailable with code extra.missing or node.deaf.
    """
    require("node", *PACKAGES)
    require_watchers(watch)
    told: SimpleQueue[ServiceChanged | Logged] = SimpleQueue()
    clock = SystemClock()

    def tell(one: ServiceChanged | Logged) -> None:
        if told.qsize() < _TOLD_MAX:
            told.put(one)

    def heard(one: Service) -> None:
        tell(ServiceChanged("service", one.since_ms, one.name, one.state, one.detail))

    with contextlib.ExitStack() as stack:
        listener = listen_on(listen)
        stack.callback(listener.socket.close)
        settings = _settings(listener, url, host, proxy, public)
        folder = _folder(ledger, create=create)  # last: who is refused before leaves no ledger
        ended = stack.enter_context(until_signal())
        stack.enter_context(logging_to(tell))
        node = stack.enter_context(opened_node(folder, watchers=watch, heard=heard))
        deaf = threading.Event()
        stack.enter_context(answering(node, settings, listener, deaf.set))
        tell_systemd("READY=1")
        shows_link = node.operator_key is not None or channel.sink.isatty()
        yield NodeStarted(
            "serving",
            clock.now_ms(),
            settings.url,
            shown(folder),
            node.ledger.origin,
            node.ledger.size,
            node.operator_key,
            node.sign_in_link(settings.url) if shows_link else None,
        )
        while not ended(_LOOK_S):
            yield from _waiting(told)
            if node.ledger.fatal is not None:
                raise node.ledger.fatal.renewed()
            if deaf.is_set():
                raise Unavailable(
                    "node.deaf",
                    "expected the node to go on answering, found that its server ended",
                    hint="Start it again; what went wrong stands before this.",
                )
        tell_systemd("STOPPING=1")
        size = node.ledger.size
    yield from _waiting(told)
    yield NodeStopped("stopped", clock.now_ms(), size)


def _folder(given: Path | None, *, create: bool) -> Path:
    if create and given is None:
        raise InputError(
            "up.create",
            "expected --ledger with --create, found none",
            hint="Name the folder to make: counterfoil up --ledger DIR --create.",
        )
    if create and given is not None and not Layout(given).exists():
        create_ledger(given, SystemClock())
    return find_ledger(given)


def _settings(
    listener: Listener,
    url: str | None,
    hosts: tuple[str, ...],
    proxies: tuple[str, ...],
    public: Public,
) -> NodeSettings:
    named = (url or listener.url).rstrip("/")
    if not named.startswith(("http://", "https://")) or len(named) > 1000:
        raise InputError(
            "up.url",
            f"expected an address with http:// or https://, found {named[:80]!a}",
            hint="For example --url https://ledger.example.org.",
        )
    return NodeSettings(named, public, hosts, proxies)


def _waiting(told: SimpleQueue[Any]) -> Iterator[Any]:
    with contextlib.suppress(Empty):
        while True:
            yield told.get_nowait()
