"""Whatever is sent to whichever path is answered, never by an error of the node, which goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from counterfoil.http.endpoint import Mounted
from counterfoil.ledger import Ledger
from tests.guarded import Answer, Browser, GuardedNode, guarded

DEEP = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BODIES = [
    (JSON, b""),
    (JSON, DEEP),
    (JSON, b'{"a":\xff\xfe}'),
    (JSON, b'{"content":{"a":1e999},"ledger":"/etc","source":"a/../b"}'),
    (JSON, b'{"content":{"a":"\\u0000\\ud800"},"entry":"\\u0000","name":"../../x","key":"\\n"}'),
    (JSON, b'{"index":999999999999999999999999,"entry":-1,"limit":1e400}'),
    (FORM, b"&".join(b"%d=a" % number for number in range(5_000))),
    ("multipart/form-data", b"no boundary"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../../etc/passwd"'
        b"\r\n\r\nabc\r\n--x--",
    ),
    ("application/x-ndjson", b'{"a":1}\n{'),
    ("application/cose", b"\xd2\x84" * 2_000),
    ("text/evil\x7f", b"x"),
]
FILLS = ("0", "9" * 21, "..%2f..", "%00", "%F0%9F%92%A9", "a" * 3_000, "-1", "%ff")
NAMES = ("q", "limit", "after", "entry", "name", "index", "first", "end", "old", "new", "row")
ENDLESS = re.compile(r"event|follow")


@pytest.fixture
def node(ledger: Ledger) -> Iterator[GuardedNode]:
    limits = "[limits]\nrequests_per_s = 1000000.0\nrequests_burst = 1000000\n"
    with guarded(ledger, access=limits) as found:
        yield found


def paths(node: GuardedNode, method: str) -> list[str]:
    offered = (one for one in node.app.offered if not isinstance(one, Mounted))
    return [o.path for o in offered if o.method == method and not ENDLESS.search(o.path)]


def check(answer: Answer, what: tuple[str, ...]) -> None:
    assert answer.status < 500 or answer.code == "extra.missing", (what, answer.body[:300])
    for secret in (b"Traceback", b"root:x:", b"PRIVATE KEY"):
        assert secret not in answer.body, what


def send_all(node: GuardedNode, every: int) -> None:
    key = node.key("operator")
    shown = {"authorization": f"Bearer {key}"}
    posts = [(path, *body) for path in paths(node, "POST") for body in BODIES]
    for path, kind, body in posts[::every]:
        filled = re.sub(r"\{[^}]*\}", "0", path)
        sent = {**shown, "content-type": kind}
        check(Browser(node.url).send("POST", filled, body, sent), (path, kind, str(body[:40])))
    gets = [(path, fill) for path in paths(node, "GET") for fill in FILLS]
    for path, fill in gets[::every]:
        filled = re.sub(r"\{[^}]*\}", fill, path)
        query = "" if filled != path else "?" + "&".join(f"{name}={fill}" for name in NAMES)
        check(Browser(node.url).send("GET", filled + query, None, shown), (path, fill))
    assert node.ask("/readyz").status == 200
    assert node.guard.in_flight == 0


def test_some_bad_requests_end_well(node: GuardedNode) -> None:
    """Some bad bodies and addresses, over all paths: each is answered as its sender's error."""
    send_all(node, 37)


@pytest.mark.campaign
def test_all_bad_requests_end_well(node: GuardedNode) -> None:
    """Every bad body to every path that takes one, every bad name to every path that has one."""
    send_all(node, 1)
