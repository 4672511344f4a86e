"""A log can be read from an address or a folder; a witness has its checkpoint alone."""

from __future__ import annotations

import socket
from hashlib import sha256
from pathlib import Path

import pytest

from counterfoil.errors import InputError, NotFound, Unavailable
from counterfoil.network import LogApp, open_source
from counterfoil.network.fetch import FetchLimits
from counterfoil.network.sources import FolderSource, HttpSource, WitnessSource
from counterfoil.ops.serving import serving
from counterfoil.storage import PayloadFiles
from tests import c2sp
from tests.http_rig import raw_server
from tests.log_rig import raises_code
from tests.logs_on_disk import entries_of, publish, sign_tree

LIMITS = FetchLimits(tries=1)


def test_an_address_and_a_folder_give_the_same(tmp_path: Path) -> None:
    """Checkpoint, tiles, bundles and payloads are the same bytes, over HTTP and from disk."""
    publish(tmp_path, entries_of(300))
    (tmp_path / "payload").mkdir()
    digest = PayloadFiles(tmp_path / "payload").put(b"a payload")
    folder = open_source(str(tmp_path))
    assert isinstance(folder, FolderSource)
    with serving(LogApp(tmp_path)) as url:
        http = open_source(url, limits=LIMITS)
        assert isinstance(http, HttpSource)
        assert http.checkpoint() == folder.checkpoint() == (tmp_path / "checkpoint").read_bytes()
        for path in ("tile/0/000", "tile/entries/001.p/44", "tile/1/000.p/1", "tile/0/009"):
            assert http.tile(path) == folder.tile(path)
        assert folder.tile("tile/0/009") is None
        assert http.payload(digest) == folder.payload(digest) == b"a payload"
        assert http.payload("00" * 32) is folder.payload("00" * 32) is None
        http.close()
    folder.close()


def test_a_witness_is_asked_by_the_hash_of_the_origin() -> None:
    """The path is the witness's address, the origin's SHA-256 and `checkpoint`; no tiles."""
    signed = sign_tree(entries_of(5), c2sp.witness(1))

    def answer(peer: socket.socket, path: str) -> None:
        right = path == f"/w/{sha256(c2sp.ORIGIN.encode()).hexdigest()}/checkpoint"
        head = b"200 OK" if right else b"404 Not Found"
        body = signed if right else b""
        peer.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body))

    with raw_server(answer) as url:
        source = open_source(f"witness:{url}/w", origin=c2sp.ORIGIN, limits=LIMITS)
        assert isinstance(source, WitnessSource)
        assert source.checkpoint() == signed
        assert source.tile("tile/0/000") is source.payload("00" * 32) is None
        source.close()
        other = open_source(f"witness:{url}/w", origin="another.example", limits=LIMITS)
        with raises_code("source.no-checkpoint", NotFound):
            other.checkpoint()
        other.close()


def test_no_source_reads_more_than_the_format_allows(tmp_path: Path) -> None:
    """A tile or checkpoint larger than any log has is refused."""
    (tmp_path / "tile" / "0").mkdir(parents=True)
    (tmp_path / "tile" / "0" / "000").write_bytes(bytes(8193))
    (tmp_path / "checkpoint").write_bytes(bytes((1 << 20) + 1))
    folder = open_source(str(tmp_path))
    with raises_code("source.too-large", InputError):
        folder.checkpoint()
    with raises_code("source.too-large", InputError):
        folder.tile("tile/0/000")


def test_what_is_not_there_or_makes_no_sense(tmp_path: Path) -> None:
    """No log, no digest, no path of a tile: each by its code."""
    folder = open_source(str(tmp_path))
    with raises_code("source.no-checkpoint", NotFound):
        folder.checkpoint()
    with raises_code("source.digest", InputError):
        folder.payload("../../x")
    with raises_code("tile.path", InputError):
        folder.tile("../checkpoint")
    (tmp_path / "checkpoint").mkdir()
    with raises_code("source.unreachable", Unavailable):
        folder.checkpoint()
    with pytest.raises(NotFound):
        FolderSource(tmp_path / "none")
