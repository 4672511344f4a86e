"""After the tour payments keep coming, until a signal or a failure."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from counterfoil.errors import FatalLogError, Unavailable
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops.demo import live as module
from counterfoil.ops.demo.live import Feed, find_listener, live
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.watch import Watch


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let payments come faster than people could read."""
    monkeypatch.setattr(module, "_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "_SAVE_EVERY", 4)


def wait_for(ready: Callable[[], bool]) -> None:
    """Wait until something is so, at most a minute."""
    pause = threading.Event()
    for _ in range(6_000):
        if ready():
            return
        pause.wait(0.01)
    pytest.fail("expected it within a minute")


def test_payments_come_and_are_decided(ledger: Ledger, place: DemoPlace) -> None:
    """During the block the log grows; afterwards each payment is decided and the model saved."""
    with Feed(ledger, place) as feed:
        wait_for(lambda: feed.payments > 310)
    watch = Watch(ledger, place)
    assert watch.payments == watch.decisions == feed.payments
    assert watch.held == 0  # nothing was left to decide


def test_the_pages_are_there_until_a_signal(place: DemoPlace) -> None:
    """It tells where; its link signs in, once; it ends on Ctrl-C with how much came."""
    steps = live(place, "127.0.0.1:0")
    serving = next(steps)
    assert serving.name == "serving"
    opener = build_opener(HTTPCookieProcessor())
    with opener.open(serving.facts["link"], timeout=30) as page:
        assert page.url == serving.facts["url"]
        assert b"Sign out" in page.read()
    again = build_opener(HTTPCookieProcessor())
    with pytest.raises(HTTPError) as refused:
        again.open(serving.facts["link"], timeout=30)
    assert refused.value.code == 401
    refused.value.close()
    os.kill(os.getpid(), signal.SIGINT)
    (stopped,) = steps
    assert stopped.name == "stopped"
    with open_ledger(place.ledger) as ledger:
        assert ledger.size >= stopped.facts["entries"]


def test_what_fails_in_the_background_ends_it(
    place: DemoPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were recording to fail, it would not serve on as if nothing were."""
    broken = FatalLogError("witness.forked", "expected one history, found two")

    def fail(self: Watch, count: int) -> None:
        raise broken

    monkeypatch.setattr(Watch, "take", fail)
    with pytest.raises(FatalLogError) as caught:
        list(live(place, "127.0.0.1:0"))
    assert caught.value is broken


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Take a port, and make it the usual one."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(module, "HOME", ("127.0.0.1", port))
        yield port


def test_a_port_that_is_taken(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a wish another port is taken; a wish that cannot be met is refused."""
    listener = find_listener(None)
    assert not listener.address.endswith(f":{taken}")
    listener.socket.close()
    monkeypatch.setattr(module, "_PORTS_TRIED", 1)
    listener = find_listener(None)
    assert not listener.address.endswith(f":{taken}")
    listener.socket.close()
    with pytest.raises(Unavailable) as caught:
        find_listener(f"127.0.0.1:{taken}")
    assert caught.value.code == "serve.in-use"


def test_a_port_that_was_moved_is_said(taken: int, place: DemoPlace) -> None:
    """People who know the usual address hear that it is another one."""
    steps = live(place, None)
    assert f"port {taken} is taken" in next(steps).says
    os.kill(os.getpid(), signal.SIGTERM)
    list(steps)
