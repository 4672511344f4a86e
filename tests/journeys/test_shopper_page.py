"""The shopper's page in a real browser: from a file, the brand's domain, and a thief's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from counterfoil.apps.supply.events.capture import capture
from counterfoil.apps.supply.events.identifiers import canonical, lot_of
from counterfoil.apps.supply.events.records import SUPPLY_EVENT
from counterfoil.apps.supply.shopper import PAGE_MAX_BYTES, code_for, policy_digest
from counterfoil.apps.supply.shopper import bundle as bundles
from counterfoil.apps.supply.shopper.bundle import Bundle, Packer
from counterfoil.ledger import open_ledger
from counterfoil.ops.supply import labels
from tests.journeys.receipt_builder import LOG_KEY, OWNER, SmallLog, log_policy, sealed
from tests.journeys.receipt_window import Show
from tests.ledgers import copy_ledger
from tests.shopper_made import (
    BRAND,
    CERTIFICATE,
    CHEESE,
    chain,
    recorded,
    signed_chain,
    warmed,
    with_bundle,
)
from tests.statements import ORG
from tests.supply_made import at, item, lot, pack, pallet, place, seen, transform

pytestmark = pytest.mark.browser

Scan = Callable[..., Page]
SAID = re.compile(r"\b(as it was written|keys as pinned)\b", re.IGNORECASE)


class Phone:
    """A browser that reaches nothing but one page, under whatever domain it is asked for."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.data = b""
        self.context = browser.new_context(**options)
        self.context.route("**/*", self._answer)
        self.page = self.context.new_page()

    def _answer(self, route: Route) -> None:
        if route.request.is_navigation_request():
            route.fulfill(body=self.data, content_type="text/html; charset=utf-8")
        else:
            route.abort()

    def open(self, link: str, data: bytes) -> Page:
        """Open a link to a page, and wait until it has checked itself."""
        self.data = data
        self.page.goto("about:blank")  # or a change of the fragment alone would load nothing
        self.page.goto(link)
        self.page.wait_for_selector("html[data-trust]", state="attached")
        return self.page


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Phone]:
    """Share one window: opening one takes longer than the page does."""
    found = Phone(browser, viewport={"width": 390, "height": 844})
    yield found
    found.context.close()


@pytest.fixture
def scan(browser: Browser, phone: Phone) -> Iterator[Scan]:
    """Open a link to a page; in a window of its own where it is to be a special one."""
    opened = []

    def open_link(link: str, data: bytes, **options: Any) -> Page:
        if not options:
            return phone.open(link, data)
        opened.append(Phone(browser, **options))
        return opened[-1].open(link, data)

    yield open_link
    for one in opened:
        one.context.close()


def trust(page: Page) -> tuple[str, str]:
    """Tell what the page says of itself: whether it holds, and whose keys."""
    data = page.evaluate("({...document.documentElement.dataset})")
    return data["outcome"], data["trust"]


def test_a_scanned_code_shows_the_way_by_the_brands_keys(scan: Scan) -> None:
    """Who scans the code sees the truth answered first, then origin, steps, warmth, papers."""
    page = scan(chain().code, chain().page)
    assert trust(page) == ("holds", "pinned")
    expect(page.get_by_role("heading", level=1)).to_have_text("As it was written")
    expect(page.locator("#keys")).to_contain_text("Keys as pinned by brand.example")
    expect(page.locator("#keys")).to_contain_text("address bar: it must say brand.example")
    expect(page.locator("#verdict")).to_contain_text("8 steps of 3 companies")
    steps = page.locator("#way .step").all_inner_texts()
    assert [one.lower() for one in steps] == [
        "commissioning", "packing", "shipping", "sensor reporting", "receiving", "unpacking",
        "retail selling", "commissioning",
    ]  # fmt: skip
    text = page.inner_text("main")
    for said in (
        "Mountain cheese 200 g", "https://carrier.example", "GLN 4012345000023", CERTIFICATE,
        "3 readings from 4.0 °C to 5.0 °C; 0 of them outside of at most 7.0 °C",
        "GTIN 04012345222227, lot MILK", "a code can be copied onto another",
        "That a sensor was in the box", "That nothing was left out",
    ):  # fmt: skip
        assert said in text, said
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_offline_from_a_file(show: Show) -> None:
    """From a file the page asks nothing of a network; the pasted link of the code pins its keys."""
    shown = show(chain().page, offline=True)
    assert shown.outcome == "holds"
    page = shown.page
    page.wait_for_selector("html[data-trust]", state="attached")
    assert trust(page) == ("holds", "unpinned")
    expect(page.locator("#verdict")).to_contain_text("nobody vouched for yet")
    page.fill("#link", chain().code)
    expect(page.locator("#keys")).to_contain_text("Keys as pinned by brand.example")
    expect(page.get_by_role("heading", level=1)).to_have_text("As it was written")
    page.fill("#link", "")
    expect(page.locator("html")).to_have_attribute("data-trust", "unpinned")
    assert shown.requests == [shown.url]
    assert shown.complaints == []


def links() -> dict[str, tuple[str, str]]:
    """Give links that do not vouch for the page, and what it has to say to each."""
    code, [path, keys] = chain().code, chain().code.split("#")
    digest = keys.rpartition("-")[2] if keys.count("-") == 1 else keys.removeprefix("keys=sha256-")
    return {
        "a thief's domain": (code.replace("brand.example", "brand-example.shop"), "elsewhere"),
        "a thief's subdomain": (code.replace("brand.example", "brand.example.shop"), "elsewhere"),
        "another port": (code.replace("brand.example", "brand.example:8443"), "elsewhere"),
        "other keys": (f"{path}#keys=sha256-{digest[:-1]}{'A' if digest[-1] != 'A' else 'B'}",
                       "mismatch"),
        "no keys": (path, "unpinned"),
        "keys cut short": (code[:-1], "unpinned"),
        "another product": (code_for(item(2), BRAND, chain().policy), "another"),
        "without https": (code.replace("https:", "http:"), "unpinned"),
    }  # fmt: skip


def test_links_that_do_not_vouch(scan: Scan, show: Show) -> None:
    """A page under another domain, with other keys or of another product is never trusted.

    Whether it was opened there, or its link was pasted.
    """
    pasted = show(chain().page).page
    for name, (link, wanted) in links().items():
        page = scan(link, chain().page)
        heading = page.inner_text("h1")
        if link.startswith("http:"):
            # Browsers give no cryptography to a page that anybody on the way can change.
            assert trust(page) == ("unable", "none"), name
            assert heading == "Could not be checked here"
        else:
            assert trust(page) == ("holds", wanted), name
            said = "vouched for yet" if wanted == "unpinned" else "do not rely on this page"
            assert said in heading, name
        assert not re.search("keys as pinned", page.inner_text("main"), re.IGNORECASE), name
        pasted.fill("#link", link)
        expect(pasted.locator("html")).to_have_attribute("data-trust", wanted)


def test_a_link_that_is_none(show: Show) -> None:
    """What is no link is said to be none."""
    page = show(chain().page).page
    page.fill("#link", "brand.example")
    expect(page.locator("#keys")).to_contain_text("That is no link of a code.")


def test_a_thiefs_keys_do_not_become_the_brands(scan: Scan) -> None:
    """A page with a thief's own chain, said to be the brand's, does not fit the brand's code."""
    forged = recorded({"dairy": (seen(0, 1, CHEESE, step="commissioning", action="ADD"),)})
    page = scan(chain().code, forged.page)
    assert trust(page) == ("holds", "mismatch")
    expect(page.get_by_role("heading", level=1)).to_have_text("No: do not rely on this page")


def _change(old: str, new: str) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old.encode(), new.encode(), 1)


def _edited(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def edit(data: bytes) -> bytes:
        found = json.loads(data)
        change(found)
        return json.dumps(found, separators=(",", ":")).replace("<", "\\u003c").encode()

    return edit


def _swap_texts(found: dict[str, Any]) -> None:
    [one, other] = [log["entries"] for log in found["logs"][:2]]
    one[0][1], other[0][1] = other[0][1], one[0][1]


ATTACKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "an entry's byte": (_edited(lambda f: f["logs"][0]["entries"][-1].__setitem__(
        1, f["logs"][0]["entries"][-1][1].replace("A", "B", 1))), "fails"),
    "entries swapped between logs": (_edited(_swap_texts), "fails"),
    "a record without its batch": (
        _edited(lambda f: f["logs"][0]["records"][0].__setitem__(1, -1)), "fails"),
    "another log's key statements": (
        _edited(lambda f: f["logs"][0].__setitem__("keys", f["logs"][0]["keys"][1:])), "fails"),
    "another place": (_edited(lambda f: f["logs"][0]["entries"][3].__setitem__(0, 5)), "fails"),
    "a place that is not there": (
        _edited(lambda f: f["logs"][0]["records"][0].__setitem__(0, 999)), "fails"),
    "another checkpoint": (_edited(lambda f: f["logs"][0].__setitem__(
        "checkpoint", f["logs"][1]["checkpoint"])), "fails"),
    "a witness's signature taken away": (_edited(lambda f: f["logs"][0].__setitem__(
        "checkpoint", "\n".join(f["logs"][0]["checkpoint"].split("\n")[:5]) + "\n")), "fails"),
    "about another product": (_edited(lambda f: f.__setitem__(
        "thing", "https://id.gs1.org/01/04012345999990/21/1")), "fails"),
    "no records": (_edited(lambda f: f.__setitem__("logs", [])), "fails"),
    "broken JSON": (lambda data: data[:-9], "fails"),
    "a key twice": (lambda data: b'{"thing":"x",' + data[1:], "fails"),
    "a field more": (_change('{"type"', '{"steps":[],"type"'), "fails"),
    "no JSON": (lambda data: b"null", "fails"),
    "nested too deep": (lambda data: b"[" * 5000, "fails"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_tampered_pages_say_so(name: str, scan: Scan) -> None:
    """Whatever is changed in what the page carries, it says not to rely on it and shows no step."""
    change, wanted = ATTACKS[name]
    page = scan(chain().code, with_bundle(chain().page, change))
    outcome, _ = trust(page)
    assert outcome == wanted
    expect(page.get_by_role("heading", level=1)).to_have_text("No: do not rely on this page")
    assert not SAID.search(page.inner_text("body"))
    assert page.locator("#way .step").count() == 0


def test_a_step_less_is_not_noticed_and_the_page_says_that_it_cannot(scan: Scan) -> None:
    """A page cannot prove that it carries all: it says so, and names what has no beginning here."""
    fewer = with_bundle(
        chain().page, _edited(lambda f: f["logs"][0]["records"].pop(0))
    )  # where the milk came from
    page = scan(chain().code, fewer)
    assert trust(page) == ("holds", "pinned")
    expect(page.locator("#limits")).to_contain_text("That nothing was left out")
    expect(page.locator("#limits")).to_contain_text(
        "Where these began, of which no beginning is carried here: GTIN 04012345222227, lot MILK"
    )


def test_a_step_that_was_listed_is_missed(scan: Scan) -> None:
    """Where the maker signed which records belong here, a step that was taken out is noticed."""
    made = signed_chain()
    page = scan(made.code, made.page)
    assert trust(page) == ("holds", "pinned")
    expect(page.locator("#warnings")).to_contain_text(
        "All 8 records that https://dairy.example listed"
    )
    expect(page.locator("#warm")).to_contain_text("https://dairy.example, who signed them")
    for log in range(3):

        def drop(found: dict[str, Any], log: int = log) -> None:
            found["logs"][log]["records"].pop(0)

        page = scan(made.code, with_bundle(made.page, _edited(drop)))
        assert trust(page) == ("fails", "none")
        expect(page.locator("#verdict")).to_contain_text("1 missing. [label.incomplete]")
        assert page.locator("#way .step").count() == 0


def test_markup_that_lies_is_not_shown(scan: Scan) -> None:
    """What the markup claims gives way to what was proven, and foreign script does not run."""
    lying = chain().page.replace(
        b'<ul id="claims">', b'<ul id="claims"><li>grown on the moon</li><script>pwned=1</script>'
    )
    page = scan(chain().code, lying)
    assert trust(page) == ("holds", "pinned")
    assert "moon" not in page.inner_text("body")
    assert page.evaluate("window.pwned") is None


HOSTILE = "<img src=x onerror=pwned=1></script><script>pwned=1</script>\u202egnp"


def hostile_page(bodies: list[dict[str, Any]]) -> bytes:
    """Make the page of events that no check of ours has seen, by a log in bad hands."""
    log, packer = SmallLog(), Packer()
    for body in bodies:
        said = {
            "issuer": ORG, "source": "s", "number": 0, "digest": "0" * 64,
            "event": json.dumps(body), "on_behalf_of": HOSTILE, "received": {"origin": HOSTILE},
        }  # fmt: skip
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "event", "digest": {"sha256": "0" * 64}}],
            "predicateType": SUPPLY_EVENT.uri,
            "predicate": said,
        }
        log.append(sealed(json.dumps(statement).encode(), OWNER))
    for index in range(1, len(log.entries)):
        packer.add(log.receipt(index), LOG_KEY)
    thing = canonical(CHEESE)
    bundle = Bundle(thing, BRAND, 0, log_policy(), 1, "-1", "1", (HOSTILE,), packer.packed())
    data = bundles.format(bundle)
    return with_bundle(chain().page, lambda _: data.replace(b"<", b"\\u003c"))


ODD: list[Any] = [None, 7, "x", [], {}, [[]], [None], {"id": 7}, [{"a": None}], True, HOSTILE]


def bodies() -> Iterator[dict[str, Any]]:
    """Give events with hostile texts in every field, and with values of every wrong kind."""
    plain = {
        "type": "ObjectEvent", "eventTime": at(1), "action": "ADD", "epcList": [CHEESE],
    }  # fmt: skip
    report = {"type": "Temperature", "value": 4, "uom": "CEL", "deviceID": HOSTILE, "time": at(1)}
    yield plain | {
        "type": HOSTILE, "bizStep": HOSTILE, "disposition": HOSTILE, "eventTimeZoneOffset": HOSTILE,
        "readPoint": {"id": HOSTILE}, "bizLocation": {"id": HOSTILE}, "parentID": HOSTILE,
        "certificationInfo": [HOSTILE, {HOSTILE: HOSTILE}], "transformationID": HOSTILE,
        "ilmd": {"cbvmda:descriptionShort": HOSTILE, "cbvmda:lotNumber": HOSTILE, HOSTILE: HOSTILE},
        "sensorElementList": [{"sensorReport": [report]}], "childEPCs": [HOSTILE],
        "quantityList": [{"epcClass": HOSTILE, "quantity": HOSTILE, "uom": HOSTILE}], HOSTILE: 1,
    }  # fmt: skip
    fields = (
        "bizStep", "disposition", "readPoint", "parentID", "certificationInfo", "ilmd", "childEPCs",
        "sensorElementList", "quantityList", "persistentDisposition", "transformationID",
    )  # fmt: skip
    for odd in ODD:
        yield plain | dict.fromkeys(fields, odd)
        yield plain | {"sensorElementList": [{"sensorReport": [{**report, "value": odd}]}]}
        yield plain | {"sensorElementList": [{"sensorReport": odd, "sensorMetadata": odd}]}


def test_no_text_of_an_event_becomes_markup(show: Show) -> None:
    """Whatever stands in an event is shown as text or left out, and never stops the page."""
    made = list(bodies())
    shown = show(hostile_page(made))
    assert shown.outcome == "holds"
    page = shown.page
    expect(page.locator("#way .step")).to_have_count(len(made))
    page.wait_for_selector("#limits li", state="attached")
    assert page.evaluate("window.pwned") is None
    assert page.locator("img, iframe, b, #way script, header script").count() == 0
    assert "\u202e" not in page.inner_text("body")
    assert "<img src=x onerror=pwned=1></script>" in page.inner_text("#about")
    assert shown.requests == [shown.url]
    assert shown.complaints == []


def test_recalled_and_doubted(scan: Scan) -> None:
    """A recall comes before all else, also one of its lot; a broken cold chain is told, too."""
    recalled = seen(
        20, 1, step="holding", epcList=[], disposition="recalled",
        quantityList=[{"epcClass": lot("L7"), "quantity": 1}],
    )  # fmt: skip
    made = transform(1, [lot("MILK", 22222)], [CHEESE], ilmd={"cbvmda:lotNumber": "L7"})
    warm = warmed(4, 4.5, 11.25)
    events = (made, pack(2, pallet(1), CHEESE), warm, recalled)
    found = recorded({"dairy": events}, high_c="7")
    page = scan(found.code, found.page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Recalled")
    expect(page.locator("#warnings")).to_contain_text("https://dairy.example said so")
    expect(page.locator("#warnings")).to_contain_text("Doubted by who made this page: was at 11.25")
    expect(page.locator("#warm")).to_contain_text("Out of limits:")


def test_a_long_way_is_cut_to_what_fits(scan: Scan) -> None:
    """A page of a long way keeps its ends, and says how much it leaves out."""
    many = [seen(2 + n / 1000, 2, CHEESE, step="inspecting") for n in range(600)]
    first = transform(1, [lot("MILK", 22222)], [CHEESE], bizStep="commissioning")
    last = seen(12, 3, CHEESE, step="retail_selling")
    found = recorded({"dairy": (first, *many, last)})
    assert len(found.page) <= PAGE_MAX_BYTES
    page = scan(found.code, found.page)
    assert trust(page) == ("holds", "pinned")
    left = re.search(r"(\d+) records of its way did not fit", page.inner_text("#warnings"))
    assert left
    steps = page.locator("#way .step").all_inner_texts()
    assert len(steps) + int(left[1]) == 602
    assert [steps[0].lower(), steps[-1].lower()] == ["commissioning", "retail selling"]


def test_without_scripts(show: Show) -> None:
    """Where scripts are off, the page says that nothing was checked, and calls claims claims."""
    page = show(chain().page, java_script_enabled=False).page
    expect(page.get_by_role("heading", level=1)).to_have_text("Not checked")
    expect(page.locator("#way h2")).to_have_text("What this file claims (not verified)")
    expect(page.locator("#claims")).to_contain_text("retail_selling, said by https://shop.example")
    assert not SAID.search(page.inner_text("body"))


def test_a_browser_that_cannot_check_says_so(show: Show) -> None:
    """Without working cryptography there is no tick, but the command that checks."""
    shown = show(
        chain().page, script="Object.defineProperty(crypto, 'subtle', { value: undefined })"
    )
    assert shown.outcome == "unable"
    expect(shown.page.get_by_role("heading", level=1)).to_have_text("Could not be checked here")
    expect(shown.page.locator("#verdict")).to_contain_text("counterfoil supply label-check FILE")
    assert not SAID.search(shown.page.inner_text("body"))


NAMES = [
    item(1), item(999), lot("L/1"), lot("A%2F1"), lot("a!b(c)"),
    "urn:epc:idpat:sgtin:4012345.011111.*",
    "urn:epc:idpat:sgtin:4012345.011111.5", pallet(3), "urn:epc:id:sscc:4012345.1", place(1),
    "urn:epc:id:sgln:4012345.00001.dock-1", "urn:epc:id:pgln:4012345.00001",
    "urn:epc:id:grai:4012345.00001.77", "urn:epc:idpat:grai:4012345.00001.*",
    "urn:epc:id:giai:4000001.111", "urn:epc:id:sgtin:1.2.3", "urn:epc:id:sgtin:4012345.011111.",
    "https://id.gs1.org/01/04012345111118/21/1", "https://shop.example/gtin/4012345111118/lot/L7",
    "http://shop.example/a/b/01/04012345111118/10/L7/21/S?x=1#y", "https://x.example/01/123",
    "https://x.example/00/040123450000000016", "https://x.example/gln/4012345000016/254/d",
    "https://x.example/8003/04012345000016ABC", "https://x.example/01/0401234511111\u0666",
    "geo:1,2", "", "https://x.example", "urn:uuid:1", "HTTPS://X.example/01/04012345111118",
    "https://x.example/01/04012345111118/21/", "https://x.example/constructor/1/01",
    "urn:epc:id:upui:4012345.011111.51qIgY)%3C%26Jp3*j7'SDB", "urn:epc:constructor:x:4012345.1",
]  # fmt: skip


def test_things_have_the_names_that_python_gives(show: Show) -> None:
    """The page's script and Python name things alike, or two things would be one, or one two."""
    shown = show(chain().page)
    assert shown.outcome == "holds"
    named = shown.page.evaluate("names => names.map(counterfoil.canonicalName)", NAMES)
    assert named == [canonical(name) for name in NAMES]
    of = "https://id.gs1.org/01/04012345222227"
    lots = ["L7", "A/1+2", "a b", "!'()*~;=:,&%", "ä€", "x.y-z_"]
    script = "lots => lots.map(([of, lot]) => counterfoil.lotName(of, lot))"
    made = shown.page.evaluate(script, [[of, one] for one in lots])
    assert made == [lot_of(of, one) for one in lots]


def test_a_node_shows_what_was_published(browser: Browser, tmp_path: Path) -> None:
    """Where the code leads the node gives the page to anybody, and lets it check itself."""
    from tests.nodes import served

    with open_ledger(copy_ledger(tmp_path / "shop")) as ledger, served(ledger) as url:
        capture(ledger, [seen(1, 1, CHEESE, action="ADD")])
        made = labels.publish_label(CHEESE, brand=BRAND, ledger=ledger.layout.folder)
        assert made.code is not None
        context = browser.new_context()
        page, complaints = context.new_page(), []
        page.on("console", lambda message: complaints.append(message.text))
        for path in (made.code.removeprefix(BRAND), "/supply/label/01/4012345111118/21/1"):
            answer = page.goto("about:blank") or page.goto(url + path)
            assert answer is not None
            assert answer.status == 200
            assert answer.headers["content-security-policy"].endswith("frame-ancestors 'none'")
            page.wait_for_selector("html[data-trust]", state="attached")
            assert trust(page) == ("holds", "unpinned"), "a node without TLS is not the brand"
        policy = context.request.get(url + "/.well-known/counterfoil-policy.txt")
        assert policy_digest(policy.body()) == made.policy_digest
        assert page.request.get(url + "/01/04012345111118/21/2").status == 404
        context.close()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_read_it(scheme: Any, width: int, scan: Scan) -> None:
    """The page fits a phone and a desk, in light and dark, and axe finds nothing to mend."""
    from tests.pages import axe

    page = scan(
        chain().code, chain().page, viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate(axe())
    found = page.evaluate("axe.run(document).then(done => done.violations)")
    assert [one["help"] for one in found] == []
    expect(page.get_by_role("img")).to_have_accessible_name(re.compile("^Temperatures from 2030"))
    expect(page.locator("#link")).to_have_accessible_name("The link of the code on the product")
