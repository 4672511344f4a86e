"""What stands before a node: its own name, bounded bodies that keep coming, and careful headers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from counterfoil.http import shield
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops.node.settings import NodeSettings
from tests.guarded import Browser, GuardedNode, guarded
from tests.ledgers import copy_ledger
from tests.polling import until

RECORDS = "/api/v1/records"
JSON = {"content-type": "application/json"}


@contextmanager
def connected(node: GuardedNode) -> Iterator[socket.socket]:
    parts = urlsplit(node.url)
    place = (parts.hostname or "", parts.port or 0)
    with closing(socket.create_connection(place, timeout=30)) as connection:
        yield connection


def head(node: GuardedNode, key: str, *lines: str) -> bytes:
    host = urlsplit(node.url).netloc
    given = [f"POST {RECORDS} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {key}"]
    return "\r\n".join([*given, "Content-Type: application/json", *lines, "", ""]).encode()


def answered(connection: socket.socket) -> bytes:
    said = b""
    while part := connection.recv(65_536):
        said += part
    return said


def test_a_strangers_name_is_refused(node: GuardedNode) -> None:
    """A Host that is not this node's is refused whatever is asked (DNS rebinding)."""
    key = node.key("operator")
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "a b", "[::1"):
        answer = node.ask("/metrics", key, host=host)
        assert (answer.status, answer.code) == (421, "http.host"), host
    for host in ("localhost", "localhost:1", "127.0.0.1:8420", "[::1]:8420", "LOCALHOST."):
        assert node.ask("/metrics", key, host=host).status == 200, host


def test_the_secret_of_a_link_is_not_recorded(node: GuardedNode) -> None:
    """A sign-in link that reached the node by a wrong name is refused, and stands in no record."""
    assert node.ask("/signin/once-and-secret", host="evil.example").status == 421
    node.guard.tick(now=True)
    *_, last = (view for view in node.ledger.views() if "access-refusal" in view.kind)
    assert [line["what"] for line in last.content["refused"]] == ["/signin"]


def test_further_names_are_those_that_are_set(ledger: Ledger) -> None:
    """A node answers to the name in its URL and to those in its settings."""
    settings = NodeSettings(url="https://ledger.example", hosts=("ledger.internal",))
    with guarded(ledger, settings) as node:
        assert node.ask("/healthz", host="ledger.example").status == 200
        assert node.ask("/healthz", host="ledger.internal:443").status == 200
        assert node.ask("/healthz", host="other.example").status == 421


def test_two_hosts_are_refused(node: GuardedNode) -> None:
    """A request with two Host headers is refused: a proxy before may go by the other one."""
    with connected(node) as connection:
        host = urlsplit(node.url).netloc
        text = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n"
        connection.sendall(text.encode())
        assert connection.recv(100).split()[1] in (b"400", b"421")


def test_every_answer_has_the_headers_of_safety(node: GuardedNode) -> None:
    """Pages, errors, redirects and files alike say what a browser must not do."""
    for path in ("/", "/healthz", "/signin", "/docs", "/nothing", "/checkpoint", "/static/x/y.css"):
        check_headers(node.ask(path).headers)


def check_headers(headers: Mapping[str, str]) -> None:
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in headers
    assert "server" not in headers


def test_https_is_kept(ledger: Ledger) -> None:
    """Behind TLS every answer tells browsers to stay there."""
    with guarded(ledger, NodeSettings(url="https://ledger.example")) as node:
        answer = node.ask("/healthz", host="ledger.example")
        assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_large_bodies_are_refused_before_they_are_read(ledger: Ledger) -> None:
    """A body that says that it is too large, and one that only is, are refused; nothing is kept."""
    with guarded(ledger, NodeSettings(body_max_bytes=1_000)) as node:
        key = node.key("writer")
        size = ledger.size
        shown = {**JSON, "authorization": f"Bearer {key}"}
        told = Browser(node.url).send("POST", RECORDS, b"x" * 1_001, shown)
        assert told.status == 413
        with connected(node) as connection:
            connection.sendall(head(node, key, "Transfer-Encoding: chunked"))
            connection.sendall(b"400\r\n" + b" " * 1_024 + b"\r\n")
            assert connection.recv(100).split()[1] == b"413"
        for length in ("-1", "9" * 30):
            with connected(node) as connection:
                connection.sendall(head(node, key, f"Content-Length: {length}"))
                assert connection.recv(100).split()[1] in (b"400", b"413")
        assert ledger.size == size


def test_a_slow_body_is_given_up(node: GuardedNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends a byte now and then is hung up on, and holds no place of others meanwhile."""
    monkeypatch.setattr(shield, "_PATIENCE_S", 0.5)
    key = node.key("writer")
    with connected(node) as connection:
        connection.sendall(head(node, key, "Content-Length: 1000"))
        connection.settimeout(0.1)
        end, said = time.monotonic() + 20, b""
        while time.monotonic() < end and not said:
            try:
                connection.sendall(b"{")
                said = connection.recv(1_000)
            except TimeoutError:
                continue
            except OSError:
                break
        assert b" 408 " in said.split(b"\r\n")[0]
        assert b"connection: close" in said.lower()
    assert until(lambda: node.guard.in_flight == 0)
    answer = Browser(node.url).send(
        "POST", RECORDS, b'{"a": 1}', {**JSON, "authorization": f"Bearer {key}"}
    )
    assert answer.status != 408


def test_deep_json_is_refused(node: GuardedNode) -> None:
    """A body that is nested without end is an error of its sender, and the node goes on."""
    shown = {**JSON, "authorization": f"Bearer {node.key('writer')}"}
    body = b'{"content": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"
    answer = Browser(node.url).send("POST", RECORDS, body, shown)
    assert answer.status == 400
    assert node.ask("/healthz").status == 200


OUTSIDE = [
    "/static/x/../../../../etc/passwd",
    "/static/x/..%2f..%2f..%2fkeys%2fproducer.key",
    "/tile/../keys/producer.key",
    "/tile/%2e%2e/keys/producer.key",
    "/payload/..%2f..%2fkeys/producer.key",
    "/keys/producer.key",
    "/access.db",
    "/docs/..%2f..%2fpyproject.toml",
    "/api/v1/records/..%2f..",
    "//etc/passwd",
    "/%00",
    "/tile/0/%0d%0aSet-Cookie:a=b",
]


def test_no_path_leads_out(node: GuardedNode) -> None:
    """No name in an address reaches a file that is not served, or adds a header."""
    key = node.key("operator")
    for path in OUTSIDE:
        answer = node.ask(path, key)
        assert answer.status in (400, 404), path
        assert "set-cookie" not in answer.headers
        for secret in (b"PRIVATE", b"root:", b"SQLite format"):
            assert secret not in answer.body


def test_long_addresses_are_refused(node: GuardedNode) -> None:
    """An address has a longest path, which is refused before anything looks at it."""
    assert node.ask("/" + "a" * 5_000).code == "http.address"


def test_only_named_proxies_are_believed(ledger: Ledger) -> None:
    """X-Forwarded-For counts from a proxy that the settings name, and only its last stranger."""
    said = {"x_forwarded_for": "198.51.100.1, 203.0.113.9, 127.0.0.1"}
    for proxies, network in (((), "127.0.0.0/24"), (("127.0.0.1",), "203.0.113.0/24")):
        with guarded(ledger, NodeSettings(proxies=proxies)) as node:
            assert node.ask("/metrics", "cfk_wrong", **said).status == 401
        *_, last = (view for view in ledger.views() if "access-refusal" in view.kind)
        assert {line["network"] for line in last.content["refused"]} == {network}


def test_what_is_too_much_is_told_so(ledger: Ledger) -> None:
    """Over a key's rate an answer is 429 and says when to come again."""
    with guarded(ledger) as node:
        key = node.key("reader", rate=0.001, burst=1)
        assert node.ask("/metrics", key).status == 200
        answer = node.ask("/metrics", key)
        assert (answer.status, answer.code) == (429, "access.rate")
        assert int(answer.headers["retry-after"]) >= 1


def test_a_busy_node_still_lives(ledger: Ledger) -> None:
    """While all places are taken others get 429, and health checks their answer."""
    access = "[limits]\nin_flight = 1\n"
    with guarded(ledger, access=access) as node:
        key = node.key("operator")
        with node.guard.admit(None, 0, 0, "192.0.2.1"):
            assert node.ask("/metrics", key).code == "access.busy"
            assert node.ask("/healthz").status == 200
        assert node.ask("/metrics", key).status == 200


def test_keys_end_at_once(node: GuardedNode) -> None:
    """A key that is revoked is refused by the next request on a connection that is open."""
    key = node.key("reader")
    assert node.ask("/metrics", key).status == 200
    node.guard.keys.revoke(key[4:16])
    answer = node.ask("/metrics", key)
    assert (answer.status, answer.code) == (401, "access.key-refused")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_of_another_node_reads_nothing(node: GuardedNode, tmp_path: Path) -> None:
    """Keys of one ledger's node open nothing at another's (cross-tenant)."""
    folder = copy_ledger(tmp_path / "other", post_quantum=True)
    with open_ledger(folder) as other, guarded(other) as others:
        key = others.key("operator")
        assert others.ask("/metrics", key).status == 200
        for path in ("/metrics", "/checkpoint", RECORDS, "/"):
            assert node.ask(path, key).status in (303, 401)
