"""Records over HTTP: made durable, made once, found, proven; refused with a code and a hint."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

import counterfoil
from counterfoil.access import AccessBook, AccessKeys, Limits
from counterfoil.formats import statement
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.statement import Statement, Subject
from counterfoil.ledger import Ledger
from counterfoil.ops.node.settings import NodeSettings
from counterfoil.ports import SystemClock
from counterfoil.proofs.verify import verify_receipt
from tests.asking import Asker
from tests.ledgers import copy_ledger, envelope_by, key_of
from tests.nodes import served

PAYMENT = {"amount_minor": 1250, "currency": "EUR", "to": "Ada"}
NDJSON = "application/x-ndjson"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with counterfoil.open(copy_ledger(tmp_path / "shop")) as opened:
        yield opened


@contextmanager
def asking(
    ledger: Ledger, settings: NodeSettings | None = None, limits: Limits | None = None
) -> Iterator[tuple[Asker, Asker]]:
    """Serve, and give a writer and a reader."""
    with ExitStack() as stack:
        url = stack.enter_context(served(ledger, settings, limits=limits, fast=True))
        yield (
            stack.enter_context(Asker(url, "writer")),
            stack.enter_context(Asker(url, "reader")),
        )


def key_for(ledger: Ledger, source: str) -> str:
    """Make a writer's key that is bound to one series."""
    with closing(AccessBook(ledger.layout.folder / "access.db", ledger.origin)) as book:
        return AccessKeys(book, SystemClock()).add(source, ["writer"], sources=[source])[1].text


def test_one_record(ledger: Ledger) -> None:
    """A record is there when it is acknowledged, and its receipt verifies by the node's policy."""
    with asking(ledger) as (writer, reader):
        said = writer.post("/api/v1/records", {"content": PAYMENT})
        assert said.status == 201
        index = said.json["index"]
        assert said.headers["location"] == f"/api/v1/records/{index}"
        assert ledger.get(index).content == PAYMENT
        assert reader.get(f"/api/v1/records/{index}").json["content"] == PAYMENT
        facts = reader.get("/api/v1/ledger").json
        assert (facts["origin"], facts["size"]) == (ledger.origin, ledger.size)
        receipt = writer.get(f"/api/v1/receipts/{index}").body
        found = verify_receipt(receipt, facts["policy"])
        assert json.loads(found.content or b"") == PAYMENT


def test_the_same_number_again(ledger: Ledger) -> None:
    """A number again gets the first receipt with 200; with other content it is a conflict."""
    with asking(ledger) as (writer, _):
        body = {"content": PAYMENT, "source": "orders", "number": 7}
        first = writer.post("/api/v1/records", body)
        again = writer.post("/api/v1/records", body, idempotency_key="a")
        assert (first.status, again.status) == (201, 200)
        assert again.json == {**first.json, "duplicate": True}
        other = writer.post("/api/v1/records", {**body, "content": {"other": 1}})
        assert (other.status, other.code) == (409, "record.number-taken")
        unkept = writer.post("/api/v1/records", {"content": PAYMENT}, idempotency_key="a")
        assert (unkept.status, unkept.code) == (400, "record.idempotency")


def test_options(ledger: Ledger) -> None:
    """Conditions, corrections and header fields go through; what is personal is sealed."""
    with asking(ledger) as (writer, _):
        first = writer.post(
            "/api/v1/records", {"content": PAYMENT, "expect": {"stock": [None, 5]}, "at_ms": 1000}
        ).json["index"]
        assert ledger.counter("stock") == 5
        assert ledger.get(first).at_ms == 1000
        lost = writer.post("/api/v1/records", {"content": PAYMENT, "expect": {"stock": [None, 5]}})
        assert (lost.status, lost.code) == (409, "log.expect")
        fixed = writer.post("/api/v1/records", {"content": {"amount_minor": 1}, "corrects": first})
        assert fixed.status == 201
        whose = {"to": {"person": "ada", "data_class": "contact"}}
        sealed = writer.post("/api/v1/records", {"content": PAYMENT, "personal": whose})
        view = ledger.get(sealed.json["index"])
        assert "to" not in view.content
        assert view.personal[0].names == ("to",)
        assert writer.post(
            "/api/v1/records", {"content": PAYMENT, "anchor_by": 2**52}
        ).code.startswith("anchor.")


def test_a_batch(ledger: Ledger) -> None:
    """Lines are recorded under batch signatures, once, and all or none."""
    lines = b"\n".join(json.dumps({"row": row}).encode() for row in range(300)) + b"\n"
    with asking(ledger) as (writer, _):
        path = "/api/v1/records?source=file&first=0"
        first = writer.post(path, lines, NDJSON)
        assert (first.status, first.json["new"], first.json["count"]) == (201, 300, 300)
        again = writer.post(path, lines, NDJSON)
        assert (again.status, again.json["new"]) == (200, 0)
        assert again.json["indices"] == first.json["indices"]
        assert ledger.get(first.json["indices"][299]).content == {"row": 299}
        size = ledger.size
        broken = writer.post(path, lines[:40] + b'\n{"a":1,"a":2}\n', NDJSON)
        assert broken.status == 400
        assert "line" in broken.json["detail"]
        assert writer.post(path, b"\n", NDJSON).code == "record.empty"
        assert ledger.size == size
        whose = '{"name":{"field":"id","data_class":"contact"}}'
        people = b'{"id":"a","name":"Ada"}\n{"id":"b","name":"Bob"}'
        sealed = writer.post(f"/api/v1/records?source=people&personal={whose}", people, NDJSON)
        assert ledger.get(sealed.json["indices"][0]).content == {}


def test_each_by_itself(ledger: Ledger) -> None:
    """Records of several series go in one request, in order, and each is answered by itself."""
    with asking(ledger) as (writer, _):
        body = {"content": {"n": 0}, "source": "a", "number": 0, "at_ms": 7}
        lines = [body, {**body, "source": "b"}, {**body, "content": {"other": 1}}, body]
        said = writer.post("/api/v1/records/each", b"\n".join(map(_json, lines)), NDJSON)
        first, second, third, fourth = said.json
        assert (said.status, second["index"]) == (200, first["index"] + 1)
        assert (third["status"], third["code"]) == (409, "record.number-taken")
        assert fourth == {**first, "duplicate": True}
        assert ledger.get(first["index"]).at_ms == 7
        size = ledger.size
        assert writer.post("/api/v1/records/each", _json(body) + b"\n{", NDJSON).code == "http.body"
        assert writer.post("/api/v1/records/each", b"{}\n" * 1001, NDJSON).code == "http.lines"
        assert ledger.size == size
        assert writer.get("/api/v1/series?source=a").json == {"source": "a", "next": 1}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "http.body"),
        (b"", "application/json", 400, "http.body"),
        (b"[" * 100_000, "application/json", 400, "http.body"),
        (b'{"content":{},"corects":1}', "application/json", 400, "http.body"),
        (b'{"content":[1]}', "application/json", 400, "json.not-object"),
        (b'{"content":{"a":1,"a":2}}', "application/json", 400, "json.duplicate-key"),
        (b'{"content":{"a":NaN}}', "application/json", 400, "http.body"),
        (b'{"content":{},"source":"a\\u0000b"}', "application/json", 400, "record.source"),
        (b'{"content":{},"number":1}', "application/json", 400, "record.source"),
        (b'{"content":{},"source":"a","number":-1}', "application/json", 400, "record.number"),
        (b'{"content":{},"corrects":99999}', "application/json", 404, "entry.index"),
        (b'{"content":{},"nonce":"x"}', "application/json", 400, "predicate.malformed"),
        (b'{"content":{"a":1},"personal":{"a":{"data_class":"c"}}}', "application/json", 400, None),
        (b"a,b", "text/csv", 415, "http.media-type"),
    ],
)
def test_bad_input(ledger: Ledger, body: bytes, kind: str, status: int, code: str | None) -> None:
    """What cannot be recorded is told with a code, and nothing of it is stored."""
    with asking(ledger) as (writer, _):
        size = ledger.size
        said = writer.post("/api/v1/records", body, kind)
        assert said.status == status
        assert code is None or said.code == code
        assert said.json["title"][0] != "_"  # a name that its documentation knows
        assert ledger.size == size


def test_who_may(ledger: Ledger) -> None:
    """Nobody records without a key that may, and a key bound to series writes only those."""
    token = key_for(ledger, "till-1")
    with (
        served(ledger, fast=True) as url,
        Asker(url, None) as nobody,
        Asker(url, "reader") as reader,
        Asker(url, "writer") as writer,
        Asker(url, token) as till,
    ):
        size, body = ledger.size, {"content": PAYMENT}
        assert nobody.post("/api/v1/records", body).status == 401
        assert reader.post("/api/v1/records", body).code == "access.role"
        for source in (None, "till-2"):
            assert till.post("/api/v1/records", {**body, "source": source}).code == "access.source"
        assert till.post("/api/v1/records?source=till-2", b"{}", NDJSON).code == "access.source"
        assert till.post("/api/v1/statements", {"kind": "alert", "fields": {}}).status == 403
        assert till.post("/api/v1/verdicts", {"verdict": "", "decision": 0}).status == 403
        assert ledger.size == size
        own = till.post("/api/v1/records", {**body, "source": "till-1"}).json["index"]
        other = writer.post("/api/v1/records", {**body, "source": "till-2"}).json["index"]
        assert till.get(f"/api/v1/receipts/{own}").status == 200
        assert till.get(f"/api/v1/receipts/{other}").status == 404
        assert till.get("/api/v1/receipts/0").status == 404
        assert writer.get(f"/api/v1/receipts/{other}").status == 200
        assert reader.get(f"/api/v1/receipts/{own}").status == 200
        assert nobody.get(f"/api/v1/receipts/{own}").status == 401
        assert till.get(f"/api/v1/records/{own}").status == 403


def test_statements(ledger: Ledger) -> None:
    """Statements, blocks, envelopes and payloads come in as they do in Python."""
    with asking(ledger) as (writer, reader):
        fields = {"name": "Shop", "uri": "https://shop.example"}
        party = writer.post("/api/v1/statements", {"kind": "organisation", "fields": fields})
        assert party.status in (201, 400), party.body
        kept = writer.post("/api/v1/payloads", b"bytes of a model", "application/octet-stream")
        assert kept.status == 201
        digest = kept.json["sha256"]
        assert reader.get(f"/api/v1/payloads/{digest}").body == b"bytes of a model"
        assert reader.get(f"/api/v1/payloads/{'0' * 64}").status == 404
        assert reader.get("/api/v1/payloads/..%2f..%2fkeys").status in (400, 404)
        foreign = {"kind": "https://own.example/kind/v1", "fields": {"a": 1}}
        said = writer.post("/api/v1/statements", foreign)
        assert said.status == 201
        many = writer.post(
            "/api/v1/statements/batch", {"statements": [foreign] * 3, "source": "own", "first": 0}
        )
        assert (many.status, many.json["new"]) == (201, 3)
        for place in ({"source": "b"}, {"number": 0}):
            placed = writer.post("/api/v1/statements/batch", {"statements": [{**foreign, **place}]})
            assert placed.code == "http.body"
        block = writer.post("/api/v1/blocks?source=table&number=0", b'{"a":1}\n{"a":2}', NDJSON)
        assert block.status == 201
        row = reader.get(f"/api/v1/receipts/{block.json['index']}?row=1")
        assert json.loads(ledger.verify(row.body).content or b"") == {"a": 2}
        assert writer.post("/api/v1/gate", {"kind": "alert", "fields": {}}).json == {"passes": True}
        assert writer.post("/api/v1/gate", {"kind": "decision", "fields": {}}).status in (200, 400)
        assert writer.post("/api/v1/publish", b"").json == {"size": ledger.size}
        assert writer.post("/api/v1/envelopes", b"{}").status == 400
        verdict = {"verdict": base64.b64encode(b"x").decode(), "decision": 0}
        assert writer.post("/api/v1/verdicts", verdict).status == 400


def test_an_envelope(ledger: Ledger) -> None:
    """What the ledger's organisation signed elsewhere is appended as it is, once, in its series."""
    said = {"issuer": ledger.config.organisation, "source": "till-1", "number": 0, "a": 1}
    subject = [Subject({"sha256": "0" * 64}, "thing")]
    text = msgspec.Raw(json.dumps(said, separators=(",", ":")).encode())
    payload = statement.format(Statement(tuple(subject), "https://own.example/kind/v1", text))
    signed = envelope_by(payload, STATEMENT_PAYLOAD_TYPE, key_of(ledger.layout.folder))
    till = key_for(ledger, "till-1")
    with served(ledger, fast=True) as url, Asker(url, till) as own, Asker(url, "writer") as writer:
        first = own.post("/api/v1/envelopes", signed)
        assert first.status == 201, first.body
        assert ledger.entry(first.json["index"]) == signed
        assert writer.post("/api/v1/envelopes", signed).status == 200
    other = key_for(ledger, "till-2")
    with served(ledger, fast=True) as url, Asker(url, other) as stranger:
        assert stranger.post("/api/v1/envelopes", signed).code == "access.source"


def test_reading(ledger: Ledger) -> None:
    """Search pages through every field, entries are bytes that never change."""
    with asking(ledger) as (writer, reader):
        for row in range(5):
            writer.post("/api/v1/records", {"content": {"row": row, "who": "a b"}, "source": "s"})
        page = reader.get("/api/v1/records?source=s&row>=1&who=a%20b&limit=2&order=oldest")
        assert [hit["content"]["row"] for hit in page.json["hits"]] == [1, 2]
        following = page.headers["link"].split(">")[0].removeprefix("<")
        after = reader.get(following)
        assert [hit["content"]["row"] for hit in after.json["hits"]] == [3, 4]
        assert reader.get("/api/v1/records?q=row<2").json["hits"][0]["content"]["row"] == 1
        assert reader.get("/api/v1/records?order=any").code == "http.parameter"
        assert reader.get("/api/v1/records?limit=x").code == "http.parameter"
        assert reader.get("/api/v1/records?limit=0").code == "search.limit"
        index = page.json["hits"][0]["index"]
        entry = reader.get(f"/api/v1/entries/{index}")
        assert entry.body == ledger.entry(index)
        assert "immutable" in entry.headers["cache-control"]
        same = reader.get(f"/api/v1/entries/{index}", if_none_match=entry.headers["etag"])
        assert (same.status, same.body) == (304, b"")
        assert reader.get("/api/v1/records/99999").code == "entry.index"
        assert reader.get("/api/v1/counter?key=none").json == {"key": "none", "value": None}
        run = reader.get(f"/api/v1/entries?first={index}&end={index + 2}")
        assert run.headers["x-next"] == str(index + 2)
        length = int.from_bytes(run.body[:2], "big")
        assert run.body[2 : 2 + length] == entry.body
        ledger.publish()
        assert reader.get("/api/v1/checkpoint").body == ledger.published()
        assert len(reader.get("/api/v1/checkpoints").json) == len(ledger.checkpoints())
        proof = reader.get(f"/api/v1/consistency?old=1&new={ledger.size}").json
        assert proof["path"]
        assert reader.get("/api/v1/consistency?old=1").code == "http.parameter"


def test_erased_is_asked_for_again(ledger: Ledger) -> None:
    """A record with personal fields is never kept for ever; erased, it has another tag."""
    whose = {"to": {"person": "ada", "data_class": "contact"}}
    with asking(ledger) as (writer, reader):
        index = writer.post("/api/v1/records", {"content": PAYMENT, "personal": whose}).json[
            "index"
        ]
        before = reader.get(f"/api/v1/records/{index}")
        assert before.headers["cache-control"] == "private, no-cache"
        ledger.people.erase("ada", why="asked")
        after = reader.get(f"/api/v1/records/{index}", if_none_match=before.headers["etag"])
        assert after.status == 200
        assert after.json["personal"][0]["state"] == "erased"


def test_back_pressure(ledger: Ledger) -> None:
    """Who finds no room is told 429 with when to come again; all that was acknowledged is there."""
    with asking(ledger, limits=Limits(in_flight=4)) as (writer, _), ThreadPoolExecutor(32) as many:

        def ask(number: int) -> tuple[int, int, str | None]:
            said = writer.post("/api/v1/records", {"content": {}, "source": "s", "number": number})
            return number, said.status, said.headers.get("retry-after")

        answers = list(many.map(ask, range(600)))
        taken = {number for number, status, _ in answers if status == 201}
        told = [again for _, status, again in answers if status == 429]
        assert {status for _, status, _ in answers} == {201, 429}
        assert all(again is not None and int(again) >= 1 for again in told)
        assert {number for number, _ in ledger.numbered("s")} == taken


def test_a_large_body(ledger: Ledger) -> None:
    """A body that is too large is refused, one whose size is not told too, and others go on."""
    with asking(ledger, NodeSettings(body_max_bytes=5000)) as (writer, _):
        size = ledger.size
        large = writer.post("/api/v1/records", {"content": {"a": "x" * 6000}})
        assert (large.status, large.code) == (413, "http.body-size")
        address = urlsplit(writer.url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as line:
            line.sendall(
                b"POST /api/v1/records HTTP/1.1\r\nHost: localhost\r\n"
                b"Authorization: Bearer writer\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"2000\r\n" + b"x" * 0x2000 + b"\r\n"
            )
            assert line.recv(4096).startswith(b"HTTP/1.1 413")
        assert ledger.size == size
        assert writer.post("/api/v1/records", {"content": PAYMENT}).status == 201
