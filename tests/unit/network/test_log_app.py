"""What a log's folder serves: the public files with the right cache rules, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from counterfoil.ledger.mirror_marker import MirrorMode
from counterfoil.network import LogApp
from counterfoil.storage import PayloadFiles
from tests.logs_on_disk import entries_of, publish


def ask(
    app: LogApp, path: str, method: str = "GET", kind: str = "http"
) -> tuple[int, dict[str, str], bytes]:
    """Call the application as a server does; returns status, headers and body."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app({"type": kind, "method": method, "path": path}, receive, send))
    if not sent:
        return 0, {}, b""
    headers = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message["body"] for message in sent[1:])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a log of 300 entries with one payload, some secrets beside it, and a file above it."""
    log = tmp_path / "log"
    publish(log, entries_of(300))
    (log / "payload").mkdir()
    PayloadFiles(log / "payload").put(b"a payload")
    for name in ("counterfoil.toml", "ledger.db", "owner.lock", "mirror.json"):
        (log / name).write_bytes(b"private")
    (log / "keys").mkdir()
    (log / "keys" / "log.key").write_bytes(b"private")
    (tmp_path / "checkpoint").write_bytes(b"another")
    return log


def test_public_files_and_their_cache_rules(folder: Path) -> None:
    """Tiles may be kept for ever, partial ones a while; checkpoints and payloads may not."""
    digest = next((folder / "payload").glob("*/*")).relative_to(folder)
    rules = {
        "checkpoint": "no-cache",
        "tile/0/000": "public, max-age=31536000, immutable",
        "tile/entries/000": "public, max-age=31536000, immutable",
        "tile/0/001.p/44": "public, max-age=86400, immutable",
        "tile/entries/001.p/44": "public, max-age=86400, immutable",
        str(digest): "no-store",
    }
    for path, rule in rules.items():
        status, headers, body = ask(LogApp(folder), f"/{path}")
        assert (status, headers["cache-control"]) == (200, rule), path
        assert body == (folder / path).read_bytes()
        assert headers["content-length"] == str(len(body))
        assert headers["x-content-type-options"] == "nosniff"
    assert ask(LogApp(folder), "/checkpoint")[1]["content-type"].startswith("text/plain")


def test_head_has_the_headers_and_no_body(folder: Path) -> None:
    """HEAD answers as GET does, without the bytes; other methods are refused."""
    got, head = (ask(LogApp(folder), "/checkpoint", method) for method in ("GET", "HEAD"))
    assert (head[0], head[1], head[2]) == (got[0], got[1], b"")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        status, headers, _ = ask(LogApp(folder), "/checkpoint", method)
        assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/.",
        "/../checkpoint",
        "//checkpoint",
        "/checkpoint/",
        "/checkpoint\n",
        "/tile",
        "/tile/",
        "/tile/0",
        "/tile/0/",
        "/tile/0/../../../checkpoint",
        "/tile/0/000/../000",
        "/tile/0/%2e%2e/000",
        "/tile/00/000",
        "/tile/0/0000",
        "/tile/0/x000/000",
        "/tile/0/000.p/256",
        "/tile/0/000.p/0",
        "/tile/0/000\0",
        "/tile/64/000",
        "/tile/0/999",
        "/tile/0/001.p",
        "/tile/entries",
        "/payload",
        "/payload/",
        "/payload/00/../../keys/log.key",
        "/payload/00/" + "0" * 63,
        "/payload/01/" + "0" * 64,
        "/payload/00/" + "0" * 64,
        "/payload/00/" + "0" * 64 + "/",
        "/keys/log.key",
        "/ledger.db",
        "/counterfoil.toml",
        "/owner.lock",
        "/mirror.json",
        "/evidence/x.json",
        "/../../etc/passwd",
    ],
)
def test_nothing_else_is_served(path: str, folder: Path) -> None:
    """No name outside the layout is looked at: no settings, keys, databases, or other folders."""
    status, headers, body = ask(LogApp(folder), path)
    assert (status, body) == (404, b"not here\n")
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("share", "entries", "payload"),
    [("hashes", 404, 404), ("entries", 200, 404), ("ciphertext", 200, 404), ("all", 200, 200)],
)
def test_what_is_not_shared_is_not_served(
    share: MirrorMode, entries: int, payload: int, folder: Path
) -> None:
    """Hash tiles can be public while entries and payloads stay private."""
    digest = next((folder / "payload").glob("*/*")).relative_to(folder)
    app = LogApp(folder, share)
    assert ask(app, "/checkpoint")[0] == ask(app, "/tile/0/000")[0] == 200
    assert ask(app, "/tile/entries/000")[0] == entries
    assert ask(app, f"/{digest}")[0] == payload


def test_a_file_that_no_log_has_is_not_served(folder: Path) -> None:
    """A tile larger than the format allows is not sent, nor read whole."""
    (folder / "tile" / "0" / "000").write_bytes(bytes(8193))
    assert ask(LogApp(folder), "/tile/0/000")[0] == 404


def test_a_large_bundle_comes_in_pieces(folder: Path) -> None:
    """A bundle of several pieces arrives whole."""
    data = bytes(1_000_000)
    (folder / "tile" / "entries" / "000").write_bytes(data)
    assert ask(LogApp(folder), "/tile/entries/000")[2] == data


def test_it_starts_and_stops_with_its_server(folder: Path) -> None:
    """The server's start and stop are answered; what is not HTTP is let be."""
    incoming = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": next(incoming)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    asyncio.run(LogApp(folder)({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert ask(LogApp(folder), "/checkpoint", kind="websocket") == (0, {}, b"")
