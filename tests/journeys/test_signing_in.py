"""Somebody signs in with a real browser: with scripts and without, and back to where they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from counterfoil.access.tokens import new_token
from counterfoil.ledger import open_ledger
from tests.guarded import GuardedNode, guarded
from tests.ledgers import copy_ledger
from tests.pages import DESKTOP, PHONE, SCHEMES, artefacts, axe

pytestmark = pytest.mark.browser

PROVIDER = '[[issuer]]\nname = "corp"\nissuer = "https://login.example"\naudience = "x"\n'


@pytest.fixture
def node(tmp_path: Path) -> Iterator[GuardedNode]:
    access = f'{PROVIDER}client_id = "y"\n'
    with open_ledger(copy_ledger(tmp_path / "shop")) as ledger, guarded(ledger, access=access) as n:
        yield n


@pytest.mark.parametrize("scripts", [True, False])
def test_a_key_opens_the_page_that_was_wanted(
    node: GuardedNode, browser: Browser, scripts: bool
) -> None:
    """Asked for a page, a stranger signs in, sees it, and signs out, with scripts and without."""
    with browser.new_context(base_url=node.url, java_script_enabled=scripts) as context:
        page = context.new_page()
        page.goto("/records?limit=3")
        expect(page).to_have_url(re.compile(r"/signin\?next="))
        page.get_by_label("Key").fill(new_token().text)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("did not count")
        page.get_by_label("Key").fill(node.key("reader"))
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{node.url}/records?limit=3")
        (cookie,) = context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
        page.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(f"{node.url}/signin")
        assert context.cookies() == []


def test_the_page_is_for_everybody(node: GuardedNode, browser: Browser) -> None:
    """Axe finds nothing, in both themes and widths, before and after a wrong key; no complaint."""
    with browser.new_context(base_url=node.url) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        for wrong in (False, True):
            page.goto("/signin")
            if wrong:
                page.get_by_label("Key").fill("cfk_wrong")
                page.get_by_role("button", name="Sign in").click()
                expect(page.get_by_role("alert")).to_be_visible()
            page.evaluate(axe())
            for width, size in (("phone", PHONE), ("desktop", DESKTOP)):
                page.set_viewport_size(size)
                for scheme in SCHEMES:
                    page.emulate_media(color_scheme=scheme)
                    found = page.evaluate("axe.run(document).then(done => done.violations)")
                    assert [one["id"] for one in found] == [], (width, scheme)
                    name = f"signin-{'wrong' if wrong else 'first'}-{scheme}-{width}.png"
                    page.screenshot(path=artefacts() / name)
        assert [one for one in complaints if "401" not in one] == []


def test_a_page_of_a_stranger_does_nothing(
    node: GuardedNode, browser: Browser, tmp_path: Path
) -> None:
    """A form on another page, sent by a browser that is signed in, changes nothing here (CSRF)."""
    evil = tmp_path / "evil.html"
    evil.write_text(
        f'<form method="post" action="{node.url}/signout"><input name="csrf" value="a">'
        "<button>Win a prize</button></form>"
    )
    with browser.new_context(base_url=node.url) as context:
        page = context.new_page()
        page.goto("/signin")
        page.get_by_label("Key").fill(node.key("operator"))
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        page.goto(evil.as_uri())
        page.get_by_role("button").click()
        expect(page.locator("body")).to_contain_text("another page's")
        page.goto("/")
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
