"""What a request may cost is bounded by what it says before it is taken apart."""

from __future__ import annotations

import gzip
import json

import pytest

from counterfoil.errors import InputError
from counterfoil.http.api import recording
from counterfoil.http.tally import Tally
from counterfoil.ledger import Ledger
from tests.guarded import Answer, Browser, GuardedNode, guarded
from tests.polling import until

LINES = "application/x-ndjson"


def post(node: GuardedNode, path: str, key: str, body: bytes, kind: str) -> Answer:
    given = {"authorization": f"Bearer {key}", "content-type": kind}
    return Browser(node.url).send("POST", path, body, given)


def test_payloads_count_against_a_quota(ledger: Ledger) -> None:
    """A key with a quota cannot fill the disk with bytes that no record names."""
    with guarded(ledger) as node:
        key = node.key("writer", quota=2)
        said = [
            post(node, "/api/v1/payloads", key, b"%d" % n, "application/octet-stream")
            for n in range(3)
        ]
        assert [one.status for one in said] == [201, 201, 429]
        assert said[2].code == "access.quota"


def test_lines_have_a_most(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """More lines than a batch has are refused before each of them costs memory."""
    monkeypatch.setattr(recording, "_LINES_MAX", 3)
    assert recording.lines_of(b"1\n\n2") == [b"1", b"2"]
    with guarded(ledger) as node:
        key = node.key("writer")
        for path in ("/api/v1/records", "/api/v1/records/each", "/api/v1/blocks?source=a"):
            assert post(node, path, key, b"\n" * 4, LINES).code == "http.lines", path


def test_lists_have_a_most(ledger: Ledger) -> None:
    """A list of millions of values, each of which costs memory, is refused as a body."""
    with guarded(ledger) as node:
        body = json.dumps({"terms": [0] * 1_000_002}).encode()
        answer = post(node, "/api/v1/record/search", node.key("reader"), body, "application/json")
        assert (answer.status, answer.code) == (400, "http.body")


def test_no_word_of_a_stranger_is_counted_by_itself(ledger: Ledger) -> None:
    """However many methods are made up, the figures of a node have no more lines for it."""
    with guarded(ledger) as node:
        for number in range(3):
            assert node.ask("/healthz", method=f"BREW{number}").status == 405
        assert isinstance(node.app.tally, Tally)
        told = node.ask("/metrics", node.key("operator")).body
        assert b'method="other",status="405"} 3' in told
        assert b"BREW" not in told


def test_lines_are_told_apart() -> None:
    """What has too many lines is the sender's error, by a code of its own."""
    with pytest.raises(InputError) as caught:
        recording.lines_of(b"\n" * 1_000_001)
    assert caught.value.code == "http.lines"


def test_packed_bodies_count_as_what_they_are(ledger: Ledger) -> None:
    """A small body that unpacks to much is held to the memory that all requests have together."""
    packed = gzip.compress(b"{" + b" " * (3 << 20) + b"}")
    with guarded(ledger, access="[limits]\nin_flight_bytes = 2097152\n") as node:
        given = {
            "authorization": f"Bearer {node.key('writer')}",
            "content-type": "application/json",
            "content-encoding": "gzip",
        }
        browser = Browser(node.url)
        alone = browser.send("POST", "/v1/traces", packed, given)
        assert alone.status == 200  # one request may have all of it
        assert until(lambda: node.guard.in_flight == 0)
        with node.guard.admit(None, 0, 1, "192.0.2.1"):
            answer = browser.send("POST", "/v1/traces", packed, given)
        assert (answer.status, answer.code) == (429, "access.busy")
        assert until(lambda: node.guard.in_flight == 0)


def test_a_method_that_is_not_taken_is_told_which_are(node: GuardedNode) -> None:
    """A path asked in a wrong way names all right ones (RFC 9110, 15.5.6), whoever answers them."""
    said = node.ask("/api/v1/records", method="DELETE")
    assert (said.status, said.headers["allow"]) == (405, "GET, HEAD, POST")
    assert node.ask("/healthz", method="POST").headers["allow"] == "GET, HEAD"
