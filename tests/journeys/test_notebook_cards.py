"""Cards and pictures in a real browser, as a notebook shows them: in its theme, scriptless."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import counterfoil
from counterfoil.drawing.card import card, wide
from tests.drawings import drawings
from tests.ledgers import copy_ledger
from tests.pages import artefacts, axe
from tests.provenance_story import tell_story

pytestmark = pytest.mark.browser

SURFACE = {"light": "rgb(255, 253, 248)", "dark": "rgb(28, 32, 36)"}
THEMES = {
    "jupyter": '<html lang="en"><body data-jp-theme-light="{light}">',
    "vscode": '<html lang="en"><body class="vscode-{theme}">',
    "colab": '<html lang="en" theme="{theme}"><body>',
}


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Show one of each thing that a ledger gives, and every picture."""
    folder = copy_ledger(tmp_path_factory.mktemp("notebook") / "ledger")
    with counterfoil.open(folder) as ledger:
        told = tell_story(ledger)
        done = ledger.record({"amount": 5, "who": "Köln", "note": "<b>x</b>" * 40})
        receipt = ledger.receipt(done.index)
        things: list[Any] = [
            done,
            ledger.get(done.index),
            receipt,
            ledger.verify(receipt),
            ledger.trace(told["decision 0"]),
            ledger.search(),
            ledger.decisions.get(told["decision 0"]),
            ledger.decisions.ls(),
            ledger,
        ]
        shown = "".join(f"<section>{thing._repr_html_()}</section>" for thing in things)
    return shown + card("Pictures", *map(wide, drawings().values()))


@pytest.fixture(params=[("light", 390), ("dark", 390), ("light", 1200), ("dark", 1200)])
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[tuple[str, Page]]:
    """Open a window of a theme and a width; the system's theme is the other one."""
    theme, width = request.param
    context = browser.new_context(
        color_scheme="dark" if theme == "light" else "light",
        viewport={"width": width, "height": 900},
    )
    yield theme, context.new_page()
    context.close()


def document(theme: str, kind: str, cards: str) -> str:
    body = THEMES[kind].format(theme=theme, light=str(theme == "light").lower())
    return f"<!doctype html>{body.replace('<body', '<head><title>n</title></head><body')}{cards}"


def test_cards_are_fit_for_people(window: tuple[str, Page], cards: str) -> None:
    """Cards have the notebook's theme, ask nothing of anybody, and axe-core finds nothing wrong."""
    theme, page = window
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for kind in THEMES:
        page.set_content(document(theme, kind, cards))
        colour = page.locator(".counterfoil").first.evaluate(
            "one => getComputedStyle(one).backgroundColor"
        )
        assert colour == SURFACE[theme], kind
    page.evaluate(axe())
    options = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'], rules:" + (
        "{region: {enabled: false}, 'page-has-heading-one': {enabled: false}, "
        "'heading-order': {enabled: false}, 'landmark-one-main': {enabled: false}}}"
    )  # those are about a whole page, which is the notebook's
    found = page.evaluate(f"axe.run(document, {options})")
    told = [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]]
    assert told == []
    assert asked == []
    width = page.viewport_size["width"] if page.viewport_size else 0
    page.screenshot(path=artefacts() / f"notebook-{theme}-{width}.png", full_page=True)


def test_a_card_is_as_wide_as_its_place(window: tuple[str, Page], cards: str) -> None:
    """No card is wider than the window, whatever stands in it; what is wider scrolls inside."""
    theme, page = window
    page.set_content(document(theme, "jupyter", cards))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    graph = page.locator(".graph").first
    assert graph.evaluate("one => one.getBoundingClientRect().width") > 600


def test_without_the_style_the_words_stay(browser: Browser, cards: str) -> None:
    """A notebook that is not trusted takes the style away: what is said can still be read."""
    page = browser.new_page()
    page.set_content(document("light", "jupyter", re.sub(r"<style>.*?</style>", "", cards)))
    text = page.locator("body").inner_text()
    page.close()
    for words in ("not checked here", "Recorded as entry", "Köln", "Ada Example"):
        assert words in text
