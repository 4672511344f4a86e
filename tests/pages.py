"""What tests of pages share: a ledger with a long story, a node that serves it, and eyes to look.

The story is real: a model is trained and decides payments, a contract holds some and a person
decides, watchers look, somebody is erased, names are screened, and somebody records what would do
harm to a page that believed it. `tests/journeys/pages/conftest.py` has the fixtures.
"""

from __future__ import annotations

import atexit
import csv
import json
import math
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, Response, ViewportSize

from counterfoil.access import AccessBook, AccessKeys
from counterfoil.apps.finance.rules.shipped import default_text
from counterfoil.apps.finance.story import demo
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops import alerts, people, quant, watchers
from counterfoil.ops.finance import cases, rules, screening
from counterfoil.ops.place import lending
from counterfoil.ports import APP_LEDGER, Channel, SystemClock, no_progress
from counterfoil.ports.access import ROLES
from tests.lists_made import write_sdn
from tests.nodes import served
from tests.payments_made import NOON
from tests.shared_data import ROOT, require
from tests.supply_story import tell
from tests.tracks import asked

__all__ = [
    "DESKTOP",
    "HOSTILE",
    "PHONE",
    "SCHEMES",
    "PageNode",
    "Seen",
    "artefacts",
    "axe",
    "page_node",
]

PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 900}
SCHEMES: Final = ("light", "dark")

HOSTILE: Final = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{7*7}}\u202e"
"""Text that does harm to a page that believes it."""

_START_S: Final = 1_794_000_000
_HOURS: Final = 24 * 12
_ODD: Final = {180: 40.0, 181: 52.0, 214: 90.0, 262: 140.0}


@dataclass(frozen=True, slots=True)
class PageNode:
    """A node and what is in its ledger.

    keys: role -> a key that has it. cases: held payments that are open, the newest first; decided:
    those that are not. alerts: by their indices, the newest first. hostile: a record of harmful
    text.
    """

    url: str
    ledger: Ledger
    keys: dict[str, str]
    cases: tuple[int, ...]
    decided: tuple[int, ...]
    alerts: tuple[int, ...]
    hostile: int


@contextmanager
def page_node() -> Iterator[PageNode]:
    """Serve the ledger with the story: the same one for all who ask in a process."""
    with open_ledger(_told()) as ledger, served(ledger) as url:
        place = ledger.layout.folder
        with closing(AccessBook(place / "access.db", ledger.origin)) as book:
            made = AccessKeys(book, SystemClock())
            keys: dict[str, str] = {}
            keys |= {role: made.add(f"Ada, {role}", (role,))[1].text for role in ROLES}
        found = list(cases.listing(ledger=place))
        hostile = ledger.search("source=hostile", limit=1).hits[0].index
        yield PageNode(
            url,
            ledger,
            keys,
            tuple(one.number for one in found if one.state == "open"),
            tuple(one.number for one in found if one.state != "open"),
            tuple(one.begun.index for one in alerts.listing(ledger=place)),
            hostile,
        )


@cache
def _told() -> Path:
    """Tell the story, once."""
    parent = Path(tempfile.mkdtemp(prefix="counterfoil-tests-"))
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    for _ in demo(parent, no_progress):
        pass
    place = parent / APP_LEDGER
    (place / "lists").mkdir()
    write_sdn(place / "lists" / "treasury")
    with open_ledger(place) as ledger, lending(ledger):
        _watch(ledger, parent)
        _screen(ledger, parent)
        _forecast(ledger, parent)
        tell(ledger, HOSTILE)
        ledger.record({"note": HOSTILE, HOSTILE: [HOSTILE]}, source="hostile")
        paid = ledger.search("kind=decision outcome=pay", limit=1, newest_first=False).hits[0]
        people.erase(f"handle:{paid.content['sealed']['person']}", ledger=place)
        ledger.publish()
    return place


def _watch(ledger: Ledger, parent: Path) -> None:
    """Let watchers look at the log and at twelve days of temperatures, some of them odd."""
    chance = random.Random(4)
    with (parent / "heat.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["at", "value"])
        for hour in range(_HOURS):
            usual = 60 + 8 * math.sin(hour / 24 * math.tau) + chance.gauss(0, 1)
            rows.writerow([_START_S + 3600 * hour, f"{usual + _ODD.get(hour, 0):.2f}"])
    place = ledger.layout.folder
    heat = f"{parent / 'heat.csv'}#at"
    odd = ("per_week=80",)
    list(watchers.run(("stream",), ledger=place, from_=heat, set_=odd, once=True))
    list(watchers.run(("model-drift", "habits"), ledger=place, once=True))
    first = min(one.begun.index for one in alerts.listing(ledger=place))
    alerts.ack(str(first), verdict="false", by="Ada Example", note="a filter change", ledger=place)


def _screen(ledger: Ledger, parent: Path) -> None:
    """Record the rules that are shipped, and screenings of two names."""
    place = ledger.layout.folder
    (parent / "rules.toml").write_bytes(default_text())
    with (parent / "rules.toml").open("rb") as nothing, (parent / "out").open("wb") as sink:
        channel = Channel(nothing, sink)
        file = parent / "rules.toml"
        rules.add(file, accountable="Ada Example", ledger=place, channel=channel)
        told = rules.run(_cash(parent), rules=file, record=True, ledger=place, channel=channel)
        assert {one.outcome for one in told} >= {"report", "flag", "hold"}
        for name in ("Grigori Sokoloff", "Jane Doe"):
            lists = (place / "lists" / "treasury",)
            list(screening.screen(name, list=lists, ledger=place, channel=channel))


def _forecast(ledger: Ledger, parent: Path) -> None:
    """Commit forecasts: two in time, and one of days that are over."""
    path = parent / "forecast.json"
    for strategy, entry, exit_ in (
        ("steady", "2040-01-02", "2040-02-01"),
        ("bold", "2040-01-02", "2040-03-01"),
        ("steady", "2020-01-02", "2020-02-01"),
    ):
        path.write_text(json.dumps(asked("0.01", "-0.02", entry=entry, exit=exit_)))
        with path.open("rb") as nothing, (parent / "out").open("wb") as sink:
            place = ledger.layout.folder
            quant.commit(strategy, path, ledger=place, channel=Channel(nothing, sink))


def _cash(parent: Path) -> Path:
    """Write payments of which rules say something: in cash, in parts, without a payee's name."""
    path = parent / "cash.ndjson"
    with path.open("w") as stream:
        for n in range(24):
            row = {
                "id": f"c-{n}", "at_ms": NOON + n * 120_000, "currency": "USD", "method": "cash",
                "amount_minor": (950_000, 1_200_000, 4_200)[n % 3],
                "debtor": {"account": f"A{n % 3}", "country": "US"},
                "creditor": {"account": f"B{n % 5}", "country": "US"},
            } if n % 4 else {
                "id": f"c-{n}", "at_ms": NOON + n * 120_000, "currency": "EUR",
                "amount_minor": 180_000, "method": "transfer",
                "debtor": {"account": "DE02", "country": "DE"},
                "creditor": {"account": "US9", "country": "US"},
            }  # fmt: skip
            stream.write(f"{json.dumps(row)}\n")
    return path


def artefacts() -> Path:
    """Give the folder that pictures of pages go to: of the gate, else one of this checkout."""
    folder = Path(os.environ.get("COUNTERFOIL_ARTEFACTS") or ROOT / ".dev" / "artefacts")
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    return folder / "pages"


def axe() -> str:
    """Give the script that looks for what keeps people from using a page."""
    __tracebackhide__ = True
    found = sorted((ROOT / ".dev" / "npm").glob("axe-*/axe.min.js"))
    require(found, "axe-core is not installed: ./dev test gets it where npm is there")
    return found[-1].read_text(encoding="utf-8")


@dataclass
class Seen:
    """A window of a browser onto a node, and all that it complained about.

    role: whose key signs in; None for nobody's. options: of the browser's context. outside:
    requests that left the node.
    """

    browser: Browser
    node: PageNode
    role: str | None = "operator"
    options: dict[str, Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the window."""
        options = {"viewport": DESKTOP, "base_url": self.node.url, **self.options}
        self.context: BrowserContext = self.browser.new_context(**options)
        if self.role is not None:
            form: dict[str, str | float | bool] = {"key": self.node.keys[self.role]}
            signed_in = self.context.request.post("/signin", form=form, max_redirects=0)
            assert signed_in.status == 303, signed_in.text()
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self.node.url}/", "data:", "about:")):
            self.outside.append(url)

    def go(self, address: str) -> Response:
        """Go to an address of the node, which must answer."""
        answer = self.page.goto(address, wait_until="load")
        assert answer is not None
        return answer

    def violations(self, *rules: str) -> list[str]:
        """Let axe look at the page as it is: what it found, a line each. rules: else all."""
        only = f"{{runOnly: {json.dumps(list(rules))}}}" if rules else "{}"
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(axe())
        found = self.page.evaluate(f"axe.run(document, {only}).then(done => done.violations)")
        return [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
            for one in found
            for node in one["nodes"]
        ]

    def too_wide(self) -> list[str]:
        """Tell what makes the page scroll sideways: nothing, on a good one."""
        found: list[str] = self.page.evaluate(
            """() => {
              const most = document.documentElement.clientWidth
              if (document.documentElement.scrollWidth <= most) return []
              return [...document.querySelectorAll('body *')]
                .filter(one => one.getBoundingClientRect().right > most + 1)
                .slice(0, 5).map(one => one.outerHTML.slice(0, 120))
                .concat(['scrolls sideways'])
            }"""
        )
        return found

    def close(self) -> None:
        """Close the window."""
        self.context.close()
