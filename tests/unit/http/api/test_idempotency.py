"""Idempotency-Key: a request that comes again is done once, and gets the first answer."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

import counterfoil
from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    FatalLogError,
    InputError,
    TooMany,
    Unavailable,
)
from counterfoil.http.api import idempotency
from counterfoil.http.api.idempotency import KEPT_S, Once
from counterfoil.ledger import Ledger
from counterfoil.ports.access import Principal
from tests.asking import Asker
from tests.ledgers import copy_ledger
from tests.nodes import served

PATH = "/api/v1/record/add"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


def request_by(key: str, who: str = "one", path: str = PATH) -> Request:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"idempotency-key", key.encode()), (b"host", b"x")],
        "state": {"principal": Principal(who, who, frozenset({"writer"}))},
    }
    return Request(scope)


def ask(once: Once, key: str, body: bytes, said: Response | Exception, **more: str) -> Response:
    """Answer a request as `said`."""

    async def run() -> Response:
        if isinstance(said, Exception):
            raise said
        return said

    return asyncio.run(once.answer(request_by(key, **more), body, run))


def test_a_retry_gets_the_first_answer(ledger: Ledger) -> None:
    """The same request with the same key records once, also when it is sent many times at once."""
    body = {"content": {"amount": 1}}
    with served(ledger) as url, Asker(url, "writer") as writer:
        first = writer.post(PATH, body, idempotency_key="k-1")
        again = writer.post(PATH, body, idempotency_key="k-1")
        assert (first.status, again.body) == (200, first.body)
        assert again.headers["idempotency-replayed"] == "true"
        size = ledger.size
        with ThreadPoolExecutor(8) as pool:
            said = list(
                pool.map(lambda _: writer.post(PATH, body, idempotency_key="k-2"), range(16))
            )
        assert {one.status for one in said} <= {200, 409}
        assert len({one.body for one in said if one.status == 200}) == 1
        assert ledger.size == size + 1


def test_a_key_is_for_one_request(ledger: Ledger) -> None:
    """Another body, another operation or an odd key is refused; another principal has own keys."""
    with served(ledger) as url, Asker(url, "writer") as writer, Asker(url, "operator") as other:
        writer.post(PATH, {"content": {"n": 1}}, idempotency_key="k")
        reused = writer.post(PATH, {"content": {"n": 2}}, idempotency_key="k")
        assert (reused.status, reused.code) == (422, "http.idempotency-reused")
        elsewhere = writer.post("/api/v1/incident/add", {"fields": {}}, idempotency_key="k")
        assert elsewhere.code == "http.idempotency-reused"
        assert other.post(PATH, {"content": {"n": 3}}, idempotency_key="k").status == 200
        for odd in ("", "a b", "x" * 256):
            said = writer.post(PATH, {"content": {"n": 1}}, idempotency_key=odd)
            assert said.code == "http.idempotency-key"
        lines = writer.post(
            PATH, {"content": {}}, idempotency_key="z", accept="application/x-ndjson"
        )
        assert lines.code == "http.idempotency-stream"


def test_answers_outlive_the_node(tmp_path: Path) -> None:
    """After a restart the first answer is still given; what was cut off is told as unknown."""
    path = tmp_path / "http.db"
    ask(Once(path), "done", b"1", Response(b"{}", 200, media_type="application/json"))
    with pytest.raises(RuntimeError):
        ask(Once(path), "torn", b"1", RuntimeError("killed"))
    fresh = Once(path)
    again = ask(fresh, "done", b"1", Response(b"another"))
    assert (again.body, again.headers["content-type"]) == (b"{}", "application/json")
    with pytest.raises(Conflict) as unknown:
        ask(fresh, "torn", b"1", Response(b"{}"))
    assert unknown.value.code == "http.idempotency-unknown"
    assert path.stat().st_mode & 0o077 == 0


def test_while_it_is_under_way(tmp_path: Path) -> None:
    """A second request during the first is told to come again, and is not done."""
    once, begun, go = Once(tmp_path / "http.db"), threading.Event(), threading.Event()

    async def slow() -> Response:
        begun.set()
        await asyncio.to_thread(go.wait)
        return Response(b"first")

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: asyncio.run(once.answer(request_by("k"), b"", slow)))
        begun.wait()
        with pytest.raises(Conflict) as running:
            ask(once, "k", b"", Response(b"second"))
        assert running.value.code == "http.idempotency-running"
        go.set()
        assert first.result().body == b"first"


def test_errors_are_not_kept(tmp_path: Path) -> None:
    """What was refused did nothing, and may be tried anew; a log that must not go on is unknown."""
    once = Once(tmp_path / "http.db")
    for err in (InputError("a.b", "expected c, found d"), TooMany("a.busy", "expected few")):
        with pytest.raises(type(err)):
            ask(once, "again", b"", err)
    assert ask(once, "again", b"", Response(b"fine")).body == b"fine"
    with pytest.raises(FatalLogError):
        ask(once, "torn", b"", FatalLogError("a.torn", "expected a log, found none"))
    with pytest.raises(Conflict):
        ask(once, "torn", b"", Response(b"fine"))


def test_nothing_is_to_be_read_in_its_file(tmp_path: Path) -> None:
    """Neither keys, requests nor answers stand in the file; what is secret is not even sealed."""
    once = Once(tmp_path / "http.db")
    ask(once, "key-of-a-client", b"request of Ada", Response(b"answer about Ada"))
    files = [one.read_bytes() for one in tmp_path.iterdir()]
    assert files
    for word in (b"key-of-a-client", b"request of Ada", b"answer about Ada"):
        assert not [data for data in files if word in data]
    assert ask(once, "key-of-a-client", b"request of Ada", Response(b"")).body == (
        b"answer about Ada"
    )

    async def run() -> Response:
        return Response(b"cfk_secret")

    for _ in range(2):
        request = request_by("of-an-operator")
        with contextlib.suppress(Conflict):
            said = asyncio.run(once.answer(request, b"", run, secret=True))
    assert said.body == b"cfk_secret"
    with sqlite3.connect(tmp_path / "http.db") as database:
        kept = database.execute("select count(*), count(body) from asked").fetchone()
    database.close()
    assert kept == (2, 1)


def test_a_day_later(tmp_path: Path) -> None:
    """A key is forgotten after a day, and not before."""
    now = [1_800_000_000.0]
    once = Once(tmp_path / "http.db", lambda: now[0])
    ask(once, "k", b"", Response(b"first"))
    now[0] += KEPT_S - 1
    assert ask(once, "k", b"", Response(b"second")).body == b"first"
    now[0] += 2
    assert ask(once, "k", b"", Response(b"third")).body == b"third"


def test_large_answers_are_not_kept(tmp_path: Path) -> None:
    """A key of what was answered at length is still done once; the answer is to be asked for."""
    once = Once(tmp_path / "http.db")
    ask(once, "k", b"", Response(bytes(2 << 20)))
    with pytest.raises(Conflict) as lost:
        ask(once, "k", b"", Response(b""))
    assert lost.value.code == "http.idempotency-lost"


def test_a_damaged_store_is_told(tmp_path: Path) -> None:
    """A file that is no database stops requests with a key, in words, and nothing is done."""
    path = tmp_path / "http.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(CounterfoilError) as told:
        ask(Once(path), "k", b"", Response(b""))
    assert told.value.code == "http.idempotency-store"


def test_one_client_does_not_take_all_of_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who uses up its keys, or the bytes of its answers, leaves those of others as they were."""
    monkeypatch.setattr(idempotency, "_KEYS_EACH", 3)
    monkeypatch.setattr(idempotency, "_ANSWERS_EACH", 150)
    once, answer = Once(tmp_path / "http.db"), Response(b"a" * 60)
    for key in ("1", "2", "3"):
        ask(once, key, b"", answer)
    with pytest.raises(Unavailable, match="fewer than 3 keys"):
        ask(once, "4", b"", answer)
    assert ask(once, "1", b"", Response(b"b")).body == answer.body
    with pytest.raises(Conflict, match="150 of one key"):
        ask(once, "2", b"", answer)
    assert ask(once, "4", b"", answer, who="other") is answer
    assert ask(once, "4", b"", Response(b"b"), who="other").body == answer.body


def test_a_store_that_fails_on_the_way_is_told(tmp_path: Path) -> None:
    """A file with other columns is told as one that is damaged, and nothing is done."""
    path = tmp_path / "http.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("create table asked (name text, who text, began integer)")
    with pytest.raises(Unavailable) as told:
        ask(Once(path), "k", b"", RuntimeError("it was done"))
    assert told.value.code == "http.idempotency-store"


def test_what_was_done_is_told_though_it_cannot_be_kept(tmp_path: Path) -> None:
    """Where the file is lost while a request is under way, its answer is given all the same."""
    path = tmp_path / "http.db"
    once = Once(path)

    async def run() -> Response:
        for one in tmp_path.iterdir():
            one.unlink()
        path.write_bytes(b"not a database" * 100)
        return Response(b"done")

    assert asyncio.run(once.answer(request_by("k"), b"", run)).body == b"done"


def test_what_could_not_be_kept_is_not_told_as_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry of what was done, but not kept, hears that nobody knows: it need not come again."""
    once = Once(tmp_path / "http.db")

    def full(*_: object, **__: object) -> None:
        raise Unavailable("http.idempotency-store", "expected room, found none")

    monkeypatch.setattr(once, "_keep", full)
    assert ask(once, "k", b"", Response(b"done")).body == b"done"
    with pytest.raises(Conflict) as again:
        ask(once, "k", b"", Response(b"twice"))
    assert again.value.code == "http.idempotency-unknown"
