"""The owner's socket: open to its user only, and unmoved by whatever is sent to it."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import CounterfoilError, Refused, Unavailable
from counterfoil.ledger import Ledger
from counterfoil.ledger.forward_server import ForwardServer, socket_path
from counterfoil.ledger.frames import Answer, Request, raised, receive, send
from counterfoil.ledger.key_admin import KeyAdmin
from counterfoil.ledger.opening import Writing, load_keyring
from counterfoil.ledger.recorder import LocalRecorder
from counterfoil.storage import OwnerLock
from tests.ledgers import copy_ledger, prove
from tests.statements import refused

Stall = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def own_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the place of the user's own folder of sockets, under a short path."""
    with tempfile.TemporaryDirectory(prefix="cf") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        yield Path(short) / f"counterfoil-{os.getuid()}"


def call(folder: Path) -> socket.socket:
    """Connect to a ledger's owner as any program of the user can."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(socket_path(folder)))
    except OSError:
        connection.close()
        raise
    return connection


def ask(connection: socket.socket, verb: str, *arguments: Any) -> Any:
    """Send a request and give its result, or raise its error."""
    send(connection, Request(verb, arguments))
    answer = receive(connection, Answer)
    assert answer is not None
    return raised(answer)


# Where the socket is ----------------------------------------------------------------------------


def test_in_the_ledgers_folder(folder: Path) -> None:
    """The socket stands beside the ledger's files, and only its owner may use it."""
    path = folder / "owner.sock"
    before = os.umask(0)
    try:
        with counterfoil.open(folder):
            assert socket_path(folder) == path
            assert stat.S_ISSOCK(path.stat().st_mode)
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert os.umask(0) == 0
    finally:
        os.umask(before)
    assert not path.exists()


def test_long_paths(tmp_path: Path, own_folder: Path) -> None:
    """Where the path is too long for a socket, it stands in a folder that is the user's alone."""
    parent = tmp_path / ("x" * 60) / ("y" * 60)
    parent.mkdir(parents=True)
    folder = copy_ledger(parent / "ledger")
    with counterfoil.open(folder) as owner:
        path = socket_path(folder)
        assert path.parent == own_folder
        assert stat.S_IMODE(own_folder.stat().st_mode) == 0o700
        assert path.exists()
        assert not (folder / "owner.sock").exists()
        with counterfoil.open(folder) as other:
            assert other.record({"a": 1}).index == 3
        assert owner.size == 4
    assert not path.exists()


def test_ledgers_do_not_share_a_socket(tmp_path: Path, own_folder: Path) -> None:
    """Two ledgers of one user have two sockets, wherever they stand; a link leads to the same."""
    for parent in (tmp_path, tmp_path / ("x" * 100)):
        parent.mkdir(exist_ok=True)
        for name in ("one", "two"):
            (parent / name).mkdir()
        (parent / "link").symlink_to(parent / "one")
        assert socket_path(parent / "one") != socket_path(parent / "two")
        assert socket_path(parent / "link") == socket_path(parent / "one")


@pytest.mark.parametrize("trouble", ["open", "link"])
def test_an_insecure_folder_is_refused(tmp_path: Path, own_folder: Path, trouble: str) -> None:
    """A folder that others can write to, or a link to one, could let them take our records."""
    parent = tmp_path / ("x" * 100)
    parent.mkdir()
    folder = copy_ledger(parent / "ledger")
    if trouble == "open":
        own_folder.mkdir()
        own_folder.chmod(0o755)
    else:
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        own_folder.symlink_to(tmp_path / "elsewhere")
    for _ in range(2):  # the first try leaves nothing behind that would change the second
        with refused("ledger.socket-folder", Refused):
            counterfoil.open(folder)
    if trouble == "open":
        own_folder.chmod(0o700)
    else:
        own_folder.unlink()
    counterfoil.open(folder).close()


def test_no_place_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every path is too long the answer says so, and the ledger stays free."""
    parent = tmp_path / ("x" * 100)
    parent.mkdir()
    folder = copy_ledger(parent / "ledger")
    monkeypatch.setattr(tempfile, "tempdir", str(parent))
    with refused("ledger.socket", Unavailable):
        counterfoil.open(folder)
    OwnerLock(folder).release()


def test_stale_sockets(folder: Path) -> None:
    """What a killed owner left in the socket's place, or anybody else, is replaced."""
    path = folder / "owner.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    with counterfoil.open(folder):
        call(folder).close()
    path.write_bytes(b"a file")
    with counterfoil.open(folder):
        call(folder).close()
    path.mkdir()
    with pytest.raises(Unavailable, match="listen") as caught:
        counterfoil.open(folder)
    assert caught.value.code == "ledger.socket"
    path.rmdir()
    counterfoil.open(folder).close()


# What is sent to it -----------------------------------------------------------------------------


def test_every_verb(ledger: Ledger) -> None:
    """What the owner can do for itself it does for others, with the same answers."""
    with call(ledger.layout.folder) as connection:
        recorded = ask(connection, "record", b'{"a":1}', {}, None, None)
        assert recorded["index"] == 3
        assert ask(connection, "record_rows", [b"{}", b"{}"], "s", 0)["indices"] == [4, 5]
        assert ask(connection, "record_block", [b"{}"], "b", 0)["index"] == 7
        organisation = {"organisation": "urn:x:1", "name": "X"}
        subjects = [{"digest": {"sha256": "ab" * 32}, "name": "x"}]
        said = {"kind": "organisation", "fields": organisation, "subjects": subjects}
        assert ask(connection, "record_statement", said, None, None)["index"] == 8
        many = [{"kind": "urn:note/v1", "fields": {"text": text}} for text in ("a", "b")]
        assert ask(connection, "record_statements", many, None, None)["indices"] == [9, 10]
        assert ask(connection, "append", ledger.entry(3))["duplicate"]
        assert ask(connection, "wait_published", 12) is None
    assert [prove(ledger, index).index for index in range(12)] == list(range(12))


BAD_REQUESTS: list[tuple[str, list[Any]]] = [
    ("", []),
    ("close", []),
    ("_record", []),
    ("__class__", []),
    ("key_admin", []),
    ("record", []),
    ("record", [1, 2, 3, 4, 5, 6]),
    ("record", ["{}", {}, None, None]),
    ("record", [b"{}", None, None, None]),
    ("record", [b"{}", {5: 6}, None, None]),
    ("record", [b"{}", {"issuer": "urn:x"}, None, None]),
    ("record", [b"{}", {"source": "x"}, "y", 0]),
    ("record", [b"{}", {}, 5, 0]),
    ("record", [b"{}", {}, "s", "0"]),
    ("record", [b"{}", {"expect": 5}, None, None]),
    ("record", [b'{"a":1},"number":9', {}, None, None]),
    ("record", [b"[]", {}, None, None]),
    ("record", [b"\xff", {}, None, None]),
    ("record", [None, {}, None, None]),
    ("record_rows", [[], None, None]),
    ("record_rows", [5, None, None]),
    ("record_rows", [[5], None, None]),
    ("record_rows", [[b"{}", b"{"], None, None]),
    ("record_rows", [[b'{"a":1}},{"b":2}'], None, None]),
    ("record_rows", [[b"{}"], "a\x00", 0]),
    ("record_rows", [[b"{}"], "s", -1]),
    ("record_block", [[b"nonsense"], None, None]),
    ("record_block", [[], None, None]),
    ("record_block", [{"a": 1}, None, None]),
    ("record_statement", [{"kind": "organisation", "fields": {}}, None, None]),
    ("record_statement", [{"kind": "organisation", "fields": 5}, None, None]),
    ("record_statement", [{"kind": "x:y", "fields": {}, "subjects": [{"digest": 5}]}, None, None]),
    ("record_statement", [{"kind": "x:y", "fields": {}, "subjects": 5}, None, None]),
    ("record_statement", [{"kind": 5, "fields": {}}, None, None]),
    ("record_statement", ["organisation", None, None]),
    ("record_statements", [[], None, None]),
    ("record_statements", [[{"kind": "x:y", "fields": {}}, 5], None, None]),
    ("append", [b""]),
    ("append", ["{}"]),
    ("append", [None]),
    ("wait_published", ["1"]),
    ("wait_published", [None]),
]


def test_bad_requests(ledger: Ledger) -> None:
    """A wrong verb, or arguments that no client of ours sends, get an error and record nothing."""
    with call(ledger.layout.folder) as connection:
        for verb, arguments in BAD_REQUESTS:
            with pytest.raises(CounterfoilError):
                ask(connection, verb, *arguments)
        assert ledger.size == 3
        assert ask(connection, "record", b"{}", {}, None, None)["number"] == 0


def test_content_is_written_as_the_facade_would(ledger: Ledger) -> None:
    """Content that is JSON but not in its compact form is brought into it, not signed as it is."""
    with call(ledger.layout.folder) as connection:
        ask(connection, "record", b' { "a" : 1.50 } ', {}, "s", 0)
        ask(connection, "record_rows", [b'{"b":\n2}'], "s", 1)
    assert prove(ledger, 3).content == b'{"a":1.5}'
    assert prove(ledger, 4).content == b'{"b":2}'


def test_hostile_bytes(ledger: Ledger) -> None:
    """Random bytes, huge lengths and broken frames end their own connection, and nothing else."""
    chance = random.Random(7)
    frames = [chance.randbytes(chance.randrange(1, 200)) for _ in range(60)]
    frames += [b"\xff\xff\xff\xff", b"\x10\x00\x00\x01" + b"x" * 1000, b"\x00\x00\x00\x00", b"\x00"]
    frames += [b"\x00\x01\x86\xa0" + b"\x91" * 100_000, b"GET / HTTP/1.0\r\n\r\n"]
    for data in frames:
        with call(ledger.layout.folder) as connection, contextlib.suppress(OSError):
            connection.sendall(data)  # the owner may hang up in the middle
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    with call(ledger.layout.folder) as connection:
        assert ask(connection, "record", b"{}", {}, None, None)["index"] == 3


def test_clients_that_vanish(ledger: Ledger) -> None:
    """A client that hangs up without reading its answer has recorded all the same."""
    for number in range(20):
        with call(ledger.layout.folder) as connection:
            send(connection, Request("record", (b"{}", {}, "s", number)))
    deadline = time.monotonic() + 10
    while ledger.size < 23 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ledger.size == 23


def test_silent_clients_do_not_hinder_others(ledger: Ledger) -> None:
    """Connections that say nothing, or stop in a frame, keep nobody from being served."""
    silent = [call(ledger.layout.folder) for _ in range(50)]
    for connection in silent[:25]:
        connection.sendall(b"\x00\x00\xff\xff\x92")
    with call(ledger.layout.folder) as connection:
        assert ask(connection, "record", b"{}", {}, None, None)["index"] == 3
    for connection in silent:
        connection.close()


# Closing ----------------------------------------------------------------------------------------


def test_requests_under_way_are_answered(writing: Writing, stalled: Stall, folder: Path) -> None:
    """Closing waits for the answers of what was asked before."""
    keyring = load_keyring(writing.log.reader, writing.writer.store.key_entries())
    recorder = LocalRecorder(writing, KeyAdmin(writing.writer, writing.keys, keyring))
    server = ForwardServer(folder, recorder)
    answers = list[Any]()

    def client() -> None:
        with call(folder) as connection:
            answers.append(ask(connection, "record", b"{}", {}, None, None))

    with stalled():
        asking = threading.Thread(target=client)
        asking.start()
        while not writing.log._sequencer._queue:
            time.sleep(0.001)
        closing = threading.Thread(target=server.close)
        closing.start()
    closing.join()
    asking.join()
    assert answers[0]["index"] == 3
    assert not server.path.exists()


def test_closing_hangs_up(ledger: Ledger) -> None:
    """After closing, clients see the end of the connection, and nobody can connect."""
    folder = ledger.layout.folder
    with call(folder) as connection:
        ask(connection, "wait_published", 0)
        ledger.close()
        assert connection.recv(1) == b""
    with pytest.raises(OSError, match="No such file"):
        call(folder)


def test_a_folder_that_went_away(folder: Path, tmp_path: Path) -> None:
    """Closing works also where the folder was moved meanwhile."""
    ledger = counterfoil.open(folder)
    folder.rename(tmp_path / "moved")
    ledger.close()


FILES = """
import resource, socket, sys
from pathlib import Path
import counterfoil
from counterfoil.ledger.frames import Answer, Request, receive, send

folder = Path(sys.argv[1])
ledger = counterfoil.open(folder)
ledger.record({"a": 0})
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (40, hard))
clients = []
try:
    while True:
        clients.append(socket.socket(socket.AF_UNIX))
        clients[-1].connect(str(folder / "owner.sock"))
except OSError:
    pass
for client in clients:
    client.close()
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
with socket.socket(socket.AF_UNIX) as client:
    client.settimeout(20)
    client.connect(str(folder / "owner.sock"))
    send(client, Request("record", (b"{}", {}, None, None)))
    print(receive(client, Answer).result["index"])
ledger.close()
"""


def test_too_many_open_files(folder: Path) -> None:
    """An owner that runs out of file handles for a while takes clients again afterwards."""
    ran = subprocess.run(
        [sys.executable, "-c", FILES, folder], capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("4\n", "")
