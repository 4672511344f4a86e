"""The page shows the ledger as it is, to anybody, and can change nothing."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from counterfoil.formats import policy as policies
from counterfoil.ledger import Ledger
from counterfoil.ledger.energy import Spent
from counterfoil.ops.demo import page_parts as parts
from counterfoil.ops.demo.page import DemoPage
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.recent import AnchorRow, PaymentRow, Recent, SignedState
from counterfoil.ops.demo.watch import DECISIONS, PAYMENTS
from counterfoil.ops.energy import Energy, energy_of
from counterfoil.ops.verification import verify_bytes

EVIL = "<script>alert(1)</script>\"'&"


@dataclass(frozen=True, slots=True)
class Got:
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


Get = Callable[..., Got]


@pytest.fixture
def get(ledger: Ledger, place: DemoPlace) -> Get:
    """Ask the page as a server would."""
    page = DemoPage(ledger, place)

    def ask(path: str, method: str = "GET") -> Got:
        sent: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request"}

        scope = {"type": "http", "method": method, "path": path, "headers": []}
        asyncio.run(page(scope, receive, send))
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Got(sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]))

    return ask


def test_the_overview(get: Get, ledger: Ledger) -> None:
    """Name, origin, size, grade, who signed, and the newest payments with their decisions."""
    got = get("/")
    assert got.status == 200
    for word in (ledger.origin, f"{ledger.size:,}", "self-witnessed", "its own witness", "300"):
        assert word in got.text
    decided = re.findall(r'href="/records/(\d+)">(?:<span[^>]*>.</span>) (allowed|held)', got.text)
    assert len(decided) >= 30
    assert got.text.count("<h1>") == 1
    cost = re.compile(r"(?<=<dt>CPU time an entry</dt>).*?</dd>")  # goes on meanwhile
    assert cost.sub("", get("/live").text) in cost.sub("", got.text)


@pytest.mark.parametrize("joules", [None, 1.5], ids=["estimated", "measured"])
def test_the_cost_says_how_it_is_known(get: Get, ledger: Ledger, joules: float | None) -> None:
    """CPU milliseconds an entry, and joules, measured or estimated; nothing where none is known."""
    assert "CPU time an entry" in get("/").text
    counted = 0.0 if joules is None else 2.0
    spent = Spent(since_ms=0, entries=4, process_cpu_s=2.0, machine_j=joules, machine_cpu_s=counted)
    shown = parts.overview(_standing(ledger, energy_of(spent)), {})
    assert "<strong>500.00 ms</strong>" in shown
    known = "14.0 J in all, estimated at 7 W a core" if joules is None else "1.5 J in all, measured"
    assert known in shown
    assert "CPU time" not in parts.overview(_standing(ledger, None), {})


def _standing(ledger: Ledger, cost: Energy | None) -> parts.Standing:
    state = SignedState(3, "ab" * 32, (), "signed by the log alone", unseen=True, trusted=False)
    return parts.Standing("demo", ledger.origin, 3, state, None, cost)


def test_no_page_may_run_other_scripts(get: Get, ledger: Ledger) -> None:
    """Each page forbids inline script and style, frames, and what other sites serve."""
    for path in ("/", "/live", "/checkpoints", "/records/5", "/nothing", "/assets/live.js"):
        got = get(path)
        rules = got.headers["content-security-policy"]
        assert "default-src 'none'" in rules
        assert "unsafe" not in rules
        assert got.headers["x-content-type-options"] == "nosniff"
        if "html" in got.headers["content-type"]:
            assert not re.search(r"<script(?! src=\"/assets/live.js\")", got.text)
            assert " style=" not in got.text
            assert "http://" not in got.text.replace("http://www.w3.org/", "")


def test_a_record_leads_on(get: Get, ledger: Ledger) -> None:
    """A decision shows its reasons and leads to its payment and its receipts."""
    view = next(v for v in ledger.views() if v.source == DECISIONS)
    got = get(f"/records/{view.index}")
    assert f"/records/{view.content['payment_entry']}" in got.text
    assert view.leaf in got.text
    for name in ("amount", "gap", "payee", "hour"):
        assert f"<th>{name}</th>" in got.text
    for form in ("html", "json"):
        assert f"/receipt/{view.index}.{form}" in got.text
    for index in range(ledger.size - 1):
        assert get(f"/records/{index}").status == 200, index
        if index > 8:
            break


def test_its_receipts_verify(get: Get, place: DemoPlace) -> None:
    """What the page gives away proves itself; a page brings its own rules for its own script."""
    policy = policies.parse((place.ledger / "policy.txt").read_bytes())
    for form in ("html", "json"):
        got = get(f"/receipt/7.{form}")
        assert verify_bytes(got.body, policy).index == 7
        assert "content-security-policy" not in got.headers


def test_checkpoints_and_public_files(get: Get, ledger: Ledger) -> None:
    """Kept checkpoints are listed; the signed one and tiles are there for mirrors."""
    assert "self-witnessed" in get("/checkpoints").text
    assert get("/checkpoint").body == ledger.published()
    assert get("/tile/entries/000").status == 200
    assert get("/tile/../policy.txt").status == 404


@pytest.mark.parametrize(
    "path",
    ["/x", "/records/999999", "/records/-1", "/records/1e3", "/receipt/999999.json", "/assets/",
     "/assets/../page.py", "/receipt/1.exe", "/keys/log.key", "/favicon.ico",
     "/records/" + "9" * 40],
)  # fmt: skip
def test_what_is_not_there(get: Get, path: str) -> None:
    """Other paths are answered with a page that says so, and the status that says so."""
    got = get(path)
    assert got.status == 404
    assert "<h1>Not here</h1>" in got.text


def test_nothing_can_be_changed(get: Get) -> None:
    """Only GET and HEAD are answered; HEAD without a body."""
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert get("/", method).status == 405
    head = get("/checkpoints", "HEAD")
    assert (head.status, head.body) == (200, b"")


def test_other_events_of_a_server_are_answered(ledger: Ledger, place: DemoPlace) -> None:
    """A server's start and stop are answered; a websocket is not."""
    sent: list[MutableMapping[str, Any]] = []
    coming = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> MutableMapping[str, Any]:
        return dict(next(coming))

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(DemoPage(ledger, place)({"type": "lifespan"}, receive, send))
    assert [m["type"] for m in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_damage_is_shown_not_hidden(get: Get, place: DemoPlace) -> None:
    """A tile that is damaged makes a page that says so, with a server's status."""
    tile = place.ledger / "tile" / "entries" / "000"
    tile.chmod(0o644)
    tile.write_bytes(b"\x00\x01x")
    got = get("/records/9")
    assert got.status == 500
    assert "It does not go on" in got.text


def test_what_comes_from_records_is_escaped(ledger: Ledger, get: Get) -> None:
    """Markup in a record is shown, never obeyed."""
    index = ledger.record({"note": EVIL, EVIL: [EVIL]}).index
    assert "<script>alert" not in get(f"/records/{index}").text
    row = PaymentRow(1, {"customer": EVIL, "terminal": EVIL, "currency": EVIL, "at_ms": EVIL})
    shown = parts.payments([row, replace(row, decision=EVIL, decided_at=3)], [])
    state = SignedState(1, EVIL, ((EVIL, 1),), EVIL, False, False)
    shown += parts.overview(parts.Standing(EVIL, EVIL, 1, state, None), {})
    shown += parts.checkpoints([(state, 2**60)], {}) + parts.page(EVIL, parts.problem(EVIL, EVIL))
    assert EVIL not in shown
    assert "<script>alert" not in shown


def test_what_is_anchored_is_sealed() -> None:
    """The last anchor and each anchored checkpoint name chain and block."""
    anchor = AnchorRow(1_234, 77, 9, 1_700_000_000)
    state = SignedState(1_234, "ab" * 32, (("self", 1_700_000_000),), "self-witnessed", False, True)
    shown = parts.overview(parts.Standing("demo", "x", 1_240, state, anchor), {})
    assert "Last anchor" in shown
    assert "chain 77, block 9, 2023-11-14" in shown
    listed = parts.checkpoints(
        [(state, 1_700_000_000_000), (replace(state, size=5), 0)], {1_234: anchor}
    )
    assert listed.count("◆") == 1
    unseen = replace(state, trusted=False, unseen=True, grade="shown to no witness")
    assert 'class="wait"' in parts.checkpoints([(unseen, 0)], {})


def test_newest_payments_and_held_ones(ledger: Ledger) -> None:
    """The newest come first, what was held is kept apart, and what is new is read."""
    recent = Recent(ledger)
    rows, alerts = recent.look(10)
    paid = [v.index for v in ledger.views() if v.source == PAYMENTS]
    assert [row.index for row in rows] == paid[:-11:-1]
    assert all(row.decision == "hold" and row.score_ppm for row in alerts)
    held = [v for v in ledger.views() if v.source == DECISIONS and v.content["decision"] == "hold"]
    assert len(alerts) == min(8, len(held))
    ledger.record_rows([json.dumps(rows[0].content).encode()], PAYMENTS, 300).result()
    fresh, _ = recent.look(10)
    assert fresh[0].decision == ""
    assert "not decided yet" in parts.payments(fresh, [])
    stray = {"decision": "hold", "payment_entry": 999_999, "score_ppm": 1}
    ledger.record(stray, source=DECISIONS, number=300)
    assert recent.look(10)[0] == fresh
