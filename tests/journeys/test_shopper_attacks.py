"""Attacks on the shopper's page: other domains, other keys, changed bytes, hostile texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from counterfoil.apps.supply.events.identifiers import canonical
from counterfoil.apps.supply.events.records import SUPPLY_EVENT
from counterfoil.apps.supply.shopper import bundle as bundles
from counterfoil.apps.supply.shopper import code_for
from counterfoil.apps.supply.shopper.bundle import Bundle, Packer
from tests.journeys.receipt_builder import LOG_KEY, OWNER, SmallLog, log_policy, sealed
from tests.journeys.receipt_window import Show
from tests.journeys.shopper_phone import Scan, trust
from tests.shopper_made import (
    BRAND,
    CHEESE,
    chain,
    recorded,
    signed_chain,
    with_bundle,
    with_stranger,
)
from tests.statements import ORG
from tests.supply_made import at, item, seen

pytestmark = pytest.mark.browser

SAID = re.compile(r"\b(as it was written|keys as pinned)\b", re.IGNORECASE)


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
        "All 11 records that https://dairy.example listed"
    )
    expect(page.locator("#warm")).to_contain_text("https://dairy.example, who signed them")
    expect(page.locator("#way")).to_contain_text("Alpine <b>dairy</b>, Bern (place GLN 40123450000")
    others = "The corner shop, as https://dairy.example calls it (place GLN"
    expect(page.locator("#way")).to_contain_text(others)
    expect(page.locator("#way")).to_contain_text("Made of Milk (GTIN 04012345222227, lot MILK)")
    assert page.locator("main b").count() == 0
    assert "Elsewhere" not in page.inner_text("main")
    for log in range(3):

        def drop(found: dict[str, Any], log: int = log) -> None:
            found["logs"][log]["records"].pop(0)

        page = scan(made.code, with_bundle(made.page, _edited(drop)))
        assert trust(page) == ("fails", "none")
        expect(page.locator("#verdict")).to_contain_text("1 missing. [label.incomplete]")
        assert page.locator("#way .step").count() == 0


def test_steps_of_another_product_are_not_shown(show: Show, tmp_path: Path) -> None:
    """A proven record of another item is no step of this one, and is counted."""
    page = show(with_stranger(tmp_path / "shop")).page
    expect(page.locator("#warnings")).to_contain_text("1 record not shown: not about this product")
    assert page.locator("#way .step").count() == 1


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
