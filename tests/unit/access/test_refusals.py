"""Every refusal is on record: grouped, bounded, and without what must not stand in a log."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.access import Refusal, RefusalLog, open_guard
from counterfoil.access.audit import EVERY_MS, SELDOM_MS, network_of, visible
from counterfoil.access.tokens import new_token
from counterfoil.errors import CounterfoilError, Refused, Unauthenticated, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.testing.clock import ManualClock


def statements(ledger: Ledger) -> list[dict[str, Any]]:
    found = [view for view in ledger.views() if "access-refusal" in view.kind]
    return [view.content for view in found]


def test_refusals_are_recorded(ledger: Ledger, clock: ManualClock) -> None:
    """Wrong keys and missing roles become one statement, with a line and a count for each kind."""
    guard = open_guard(ledger, clock)
    reader = guard.keys.add("alice", ["reader"])[0].principal()
    wrong = new_token().text
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            guard.identify({"authorization": f"Bearer {wrong}"}, {}, "192.0.2.77")
    with pytest.raises(Refused):
        guard.require(reader, "operator", ("access", "add"), "192.0.2.77")
    guard.close()
    (said,) = statements(ledger)
    lines = [
        (one["code"], one["count"], one.get("key"), one.get("what")) for one in said["refused"]
    ]
    assert lines == [
        ("access.key-refused", 3, None, None),
        ("access.role", 1, reader.key_id, "access add"),
    ]
    assert {one["network"] for one in said["refused"]} == {"192.0.2.0/24"}
    assert wrong.encode() not in ledger.layout.database.read_bytes()


def test_at_most_one_statement_in_some_seconds(ledger: Ledger, clock: ManualClock) -> None:
    """However fast requests are refused, the log grows by one statement in five seconds."""
    guard = open_guard(ledger, clock)
    for _ in range(100):
        with pytest.raises(Unauthenticated):
            guard.require(None, "reader", ("record", "ls"), "192.0.2.1")
        guard.tick()
        clock.advance(EVERY_MS // 20)
    guard.close()
    counts = [one["count"] for said in statements(ledger) for one in said["refused"]]
    assert sum(counts) == 100
    assert len(counts) <= 7


def test_a_flood_cannot_fill_the_log(clock: ManualClock) -> None:
    """A day of refusals in each second is a few hundred statements, and after it they are quick."""
    kept: list[dict[str, Any]] = []
    log = RefusalLog(kept.append, clock)
    for second in range(86_400):
        log(Refusal("access.unknown", f"10.{second & 255}.0.1", what=str(second)))
        log.flush()
        clock.advance(1_000)
    assert len(kept) < 300
    log.flush(now=True)
    counted = [one["count"] for said in kept for one in said["refused"]]
    assert sum(counted) + sum(sum(said.get("more", {}).values()) for said in kept) == 86_400
    clock.advance(2 * SELDOM_MS)
    for _ in range(2):
        log(Refusal("access.role", "192.0.2.1"))
        assert log.flush()
        clock.advance(EVERY_MS)


def test_a_flood_is_counted_in_bounded_memory(clock: ManualClock) -> None:
    """Beyond the bound of lines refusals are counted by code: none is lost, and none hidden."""
    kept: list[dict[str, Any]] = []
    log = RefusalLog(kept.append, clock)
    for number in range(5_000):
        log(Refusal("access.key-refused", f"10.{number >> 8}.{number & 255}.1", what=str(number)))
    log(Refusal("access.role", "192.0.2.1"))
    assert log.waiting == 5_001
    assert log.flush()
    (fields,) = kept
    assert len(fields["refused"]) == 128
    assert fields["more"] == {"access.key-refused": 5_000 - 128, "access.role": 1}
    assert not log.flush(now=True)


def test_what_cannot_be_recorded_waits(clock: ManualClock) -> None:
    """While the ledger cannot take a statement the refusals stay, and go with the next one."""
    kept: list[dict[str, Any]] = []
    broken = [True]

    def record(fields: dict[str, Any]) -> None:
        if broken:
            raise Unavailable("store.full", "the disk is full")
        kept.append(fields)

    log = RefusalLog(record, clock)
    log(Refusal("access.role", "192.0.2.1"))
    with pytest.raises(CounterfoilError):
        log.flush()
    log(Refusal("access.role", "192.0.2.1"))
    broken.clear()
    assert log.flush()
    assert [one["count"] for one in kept[0]["refused"]] == [2]


def test_none_is_lost_while_it_cannot_be_recorded(clock: ManualClock) -> None:
    """Refusals that come while a statement fails are put together with those that it held."""
    kept: list[dict[str, Any]] = []

    def record(fields: dict[str, Any]) -> None:
        if not kept:
            kept.append({})
            for number in range(130):
                log(Refusal("access.role", "192.0.2.1", what=str(number)))
            raise Unavailable("store.full", "the disk is full")
        kept.append(fields)

    log = RefusalLog(record, clock)
    for number in range(2):
        log(Refusal("access.role", "192.0.2.1", what=str(number)))
    with pytest.raises(Unavailable):
        log.flush(now=True)
    assert log.waiting == 132
    assert log.flush(now=True)
    assert sum(one["count"] for one in kept[1]["refused"]) + kept[1]["more"]["access.role"] == 132
    assert len(kept[1]["refused"]) == 128


def test_a_log_that_has_ended_is_read_on(
    ledger: Ledger, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the log takes no more statements the guard goes on, and keeps its counts."""

    def ended(*_: object, **__: object) -> None:
        raise Refused("log.frozen", "expected a log that goes on, found it frozen")

    guard = open_guard(ledger, clock)
    monkeypatch.setattr(ledger, "record_statement", ended)
    with pytest.raises(Unauthenticated):
        guard.require(None, "reader", (), "192.0.2.1")
    guard.tick(now=True)
    assert guard._refusals is not None
    assert guard._refusals.waiting == 1
    guard.close()


def test_scope_and_series_are_refused_on_record(ledger: Ledger, clock: ManualClock) -> None:
    """What lies outside of a key's scopes or series is refused, and the log says what it was."""
    guard = open_guard(ledger, clock)
    key = guard.keys.add("till", ["writer"], scopes=["record"], sources=["till/1"])[0].principal()
    guard.require(key, "writer", ("record", "add"), "192.0.2.1")
    guard.require_source(key, "till/1", "192.0.2.1")
    with pytest.raises(Refused):
        guard.require(key, "writer", ("case", "decide"), "192.0.2.1")
    for source in ("till/2", None):
        with pytest.raises(Refused):
            guard.require_source(key, source, "192.0.2.1")
    free = guard.keys.add("any", ["writer"])[0].principal()
    guard.require_source(free, "till/7", "192.0.2.1")
    for source in ("order-money/00", "order/00", "escrowed/p-1"):
        with pytest.raises(Refused):  # what stands there moves money
            guard.require_source(free, source, "192.0.2.1")
    guard.require_source(guard.keys.add("boss", ["operator"])[0].principal(), "order/1", "::1")
    guard.close()
    (said,) = statements(ledger)
    assert {(one["code"], one["what"], one["count"]) for one in said["refused"]} == {
        ("access.scope", "case decide", 1),
        ("access.source", "record", 2),
        ("access.source", "record", 3),
    }


@pytest.mark.parametrize(
    "text", ["a\nrefused: nobody", "\x1b[2J", "\u202egnp.exe", "a\u2028b", "\udc80", "\x00"]
)
def test_no_line_can_be_forged(ledger: Ledger, clock: ManualClock, text: str) -> None:
    """What a stranger sends is one visible line in the log, whatever is in it (log injection)."""
    assert visible(text).isprintable()
    guard = open_guard(ledger, clock)
    with pytest.raises(Unauthenticated):
        guard.require(None, "reader", (text,), text)
    guard.close()
    ((line,),) = (said["refused"] for said in statements(ledger))
    assert line["what"] == visible(text)
    assert line["network"] == "unknown"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:7:8::9", "2001:db8:7::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", "unknown"),
    ],
)
def test_no_whole_address_is_recorded(address: str, network: str) -> None:
    """An address is personal data, and a log forgets nothing: only its network is recorded."""
    assert network_of(address) == network
