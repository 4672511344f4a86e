"""Whoever writes through the owner sees no difference, except when the owner goes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import Conflict, Refused, Unavailable, VerificationError
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.statement import Subject
from counterfoil.ledger import Ledger, Recorded
from counterfoil.ledger.forward_client import ForwardingRecorder
from counterfoil.ledger.forward_server import socket_path
from counterfoil.ledger.frames import Request, receive
from tests.ledgers import CORE_STATEMENTS, envelope_by, key_of, prove
from tests.statements import payload_of, record, refused


@pytest.fixture
def guest(ledger: Ledger) -> Iterator[Ledger]:
    """Open the ledger a second time: it writes through the first."""
    with counterfoil.open(ledger.layout.folder) as opened:
        assert isinstance(opened._recorder, ForwardingRecorder)
        yield opened


def test_every_verb(ledger: Ledger, guest: Ledger) -> None:
    """Each verb answers as the owner's does, and its receipts verify."""
    first = guest.record({"a": 1}, nonce="0f" * 16)
    assert first == Recorded(3, ledger.get(3).leaf, first.source, 0)
    assert guest.record({"a": 1}, source="s", number=4) == Recorded(4, ledger.get(4).leaf, "s", 4)
    assert guest.record({"a": 1}, source="s", number=4).duplicate
    many = guest.record_many([{"n": n} for n in range(200)], source="rows", first=0)
    assert (many.new, len(many.indices), many.size) == (200, 200, ledger.size)
    block = guest.record_block([{"n": n} for n in range(5)])
    assert prove(guest, block.index, 3).content == b'{"n":3}'
    party = guest.record_statement("party", CORE_STATEMENTS["party"])
    subjects = [Subject(digest={"sha256": "ab" * 32}, name="x")]
    other = guest.record_statement("https://x.example/v1", {"a": None}, subjects=subjects)
    envelope = envelope_by(
        payload_of(record(7, issuer="https://org.example")),
        STATEMENT_PAYLOAD_TYPE,
        key_of(ledger.layout.folder),
    )
    appended = guest.append(envelope)
    guest.publish()
    for index in (0, first.index, many.indices[150], party.index, other.index, appended.index):
        assert prove(guest, index) == prove(ledger, index)
    assert (guest.size, guest.sources()) == (ledger.size, ledger.sources())


def test_options_of_every_kind(ledger: Ledger, guest: Ledger) -> None:
    """Conditions, corrections and large content travel as they are given to the owner."""
    change: dict[str, Any] = {"stock": (None, 3), "seat": (None, "12A")}
    guest.record({"x": "y" * 100_000}, expect=change, corrects=0, audience=guest.origin)
    assert (guest.counter("stock"), guest.counter("seat")) == (3, "12A")
    conditional = {**CORE_STATEMENTS["organisation"], "expect": {"stock": (3, 2)}}
    guest.record_statement("organisation", conditional)
    assert ledger.counter("stock") == 2
    assert len(prove(guest, 3).content or b"") == 100_008


def test_errors_come_back(guest: Ledger) -> None:
    """What the owner refuses is refused with its class, code, message and hint."""
    guest.record({"a": 1}, source="s", number=0)
    with pytest.raises(Conflict, match="expected number 0 of s to be free") as caught:
        guest.record({"a": 2}, source="s", number=0)
    assert caught.value.code == "record.number-taken"
    assert caught.value.hint.startswith("Use another source")
    with refused("log.expect", Conflict):
        guest.record({}, expect={"k": (1, 2)})
    with refused("claim.binding", VerificationError):
        guest.record_statement("party", {**CORE_STATEMENTS["party"], "party": "urn:x:2"})
    with refused("append.unsigned", Refused):
        guest.append(guest.entry(3).split(b'"signatures"')[0] + b'"signatures":[]}')
    with refused("block.rows"):
        guest.record_block([])
    with refused("record.empty"):
        guest.record_many([])
    assert guest.record({}).number == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"source": "\ud800"}, "ledger.frame"),
        ({"source": object()}, "ledger.frame"),
        ({"source": "s", "number": 2**80}, "ledger.frame"),
        ({"number": 1}, "record.source"),
        ({"source": "s", "number": -1}, "record.number"),
        ({"expect": {"k": object()}}, "ledger.frame"),
        ({"expect": 7}, "record.expect"),
        ({"colour": "red"}, "record.header"),
        ({"issuer": "urn:x"}, "record.header"),
    ],
    ids=map(str, range(9)),
)
def test_bad_options(guest: Ledger, options: dict[str, Any], code: str) -> None:
    """What cannot even be sent is refused here; the connection goes on."""
    with refused(code):
        guest.record({"a": 1}, **options)
    assert guest.record({"a": 1}).index == 3


def test_futures_in_order(guest: Ledger) -> None:
    """What is recorded in the background is recorded in the order of the calls."""
    futures = [guest.record_later({"n": n}, source="s") for n in range(30)]
    assert [future.result().number for future in futures] == list(range(30))
    indices = [future.result().index for future in futures]
    assert indices == sorted(indices)


def test_many_threads_and_guests(ledger: Ledger) -> None:
    """Threads of several guests and the owner number one source without a gap."""
    guests = [counterfoil.open(ledger.layout.folder) for _ in range(3)]
    results = list[Recorded]()

    def work(opened: Ledger, name: int) -> None:
        results.extend([opened.record({"t": name, "n": n}, source="s") for n in range(20)])

    threads = [
        threading.Thread(target=work, args=(opened, name))
        for name, opened in enumerate([ledger, *guests, *guests])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for opened in guests:
        opened.close()
    assert sorted(result.number for result in results) == list(range(140))


def test_closing(ledger: Ledger, guest: Ledger) -> None:
    """A guest finishes what it began; closed, it says so and records nothing; the owner goes on."""
    futures = [guest.record_later({"n": n}) for n in range(10)]
    recorder = guest._recorder
    guest.close()
    guest.close()
    assert [future.result().index for future in futures] == list(range(3, 13))
    with refused("ledger.closed", Unavailable):
        guest.record({})
    assert recorder is not None
    with refused("ledger.closed", Unavailable):
        recorder.append(b"{}")
    with refused("ledger.owner-gone", Unavailable):
        recorder.wait_published(1)
    assert ledger.record({}).index == 13


def test_the_owner_closes(ledger: Ledger, guest: Ledger) -> None:
    """When the owner has gone, a guest is told to open the ledger again, and can still read."""
    guest.record({"a": 1}, source="s", number=0)
    ledger.close()
    for _ in range(2):
        with refused("ledger.owner-gone", Unavailable):
            guest.record({"a": 2}, source="s", number=1)
    with refused("ledger.owner-gone", Unavailable):
        guest.receipt(3)
    assert guest.get(3).content == {"a": 1}
    with counterfoil.open(guest.layout.folder) as again:
        assert again.record({"a": 1}, source="s", number=0).duplicate
        assert again.record({"a": 2}, source="s", number=1).index == 4


def test_guests_own_no_keys(guest: Ledger) -> None:
    """Keys are changed where the ledger is owned."""
    with refused("ledger.not-owner", Refused):
        _ = guest.key_admin


def test_nobody_there(folder: Path) -> None:
    """Without an owner's socket the answer says so, and no handle is lost."""
    handles = list(Path("/proc/self/fd").iterdir())
    with refused("ledger.owner-unreachable", Unavailable):
        ForwardingRecorder(folder)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(socket_path(folder)))
        with refused("ledger.owner-unreachable", Unavailable):
            ForwardingRecorder(folder)
    assert len(list(Path("/proc/self/fd").iterdir())) == len(handles)


@pytest.mark.parametrize(
    "answer",
    [b"", b"\x00", b"\x00\x00\x00\x09abc", b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1"],
    ids=["silence", "cut head", "cut", "long", "garbage"],
)
def test_an_owner_that_dies_in_an_answer(folder: Path, answer: bytes) -> None:
    """Whatever arrives of an answer, the outcome is unknown, and is said to be."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path(folder)))
        listener.listen()

        def die() -> None:
            connection, _ = listener.accept()
            with connection:
                receive(connection, Request)
                connection.sendall(answer)

        dying = threading.Thread(target=die)
        dying.start()
        recorder = ForwardingRecorder(folder)
        with pytest.raises(Unavailable, match="expected an answer of the ledger's owner") as caught:
            recorder.record(b"{}", {}, "s", 0).result()
        assert caught.value.code == "ledger.owner-gone"
        assert "never recorded twice" in caught.value.hint
        recorder.close()
        dying.join()
