"""Every document is whole where the node shows it: rendered, reachable, linked, and found."""

from __future__ import annotations

import re

import pytest

from counterfoil.http.documentation import Article, Library
from counterfoil.http.documentation.searching import places_of
from counterfoil.http.documentation.sources import PROJECT

LIBRARY = Library()
NAMES = sorted(LIBRARY.sources.pages)
ACTIVE = re.compile(r"<(script|style|iframe|object|embed|img|link|form)\b|\s(style|on[a-z]+)=")


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    return {name: LIBRARY.article(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_rendered_as_it_is_meant(name: str) -> None:
    """No directive, role, picture or HTML of a document is one that the node cannot show."""
    article = LIBRARY.article(name)
    assert article.problems == ()
    assert article.title
    assert article.html.count("<h1 ") == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_nothing_that_the_policy_forbids(name: str) -> None:
    """No script, no style of its own, no picture: the node's CSP lets none of them in."""
    assert ACTIVE.findall(LIBRARY.article(name).html) == []


def test_every_link_leads_to_a_page_and_a_place_on_it(articles: dict[str, Article]) -> None:
    """A link to a document names a page that is there; behind `#`, a place on that page."""
    broken = [
        (name, page, anchor)
        for name, article in articles.items()
        for page, anchor in article.links
        if page not in articles or (anchor and anchor not in articles[page].anchors)
    ]
    assert broken == []


def test_other_tools_can_follow_every_link(articles: dict[str, Article]) -> None:
    """No document below docs/ links to one outside, where Sphinx does not follow."""
    outside = set(PROJECT.values())
    inside = [article for name, article in articles.items() if name not in outside]
    assert [one.name for one in inside for page, _ in one.links if page in outside] == []


def test_every_place_that_is_found_is_there(articles: dict[str, Article]) -> None:
    """A search's hit leads to an anchor that its page has."""
    lost = [
        (name, place.anchor)
        for name in NAMES
        for place in places_of(name, LIBRARY.markdown(name))
        if place.anchor not in articles[name].anchors
    ]
    assert lost == []


def test_every_page_stands_once_in_the_reading_order() -> None:
    """Navigation leads to each page; following it from the first one meets all of them."""
    assert sorted(node.name for node in LIBRARY.order) == NAMES
    met = ["index"]
    while following := LIBRARY.neighbours(met[-1]).following:
        met.append(following.name)
    assert met == [node.name for node in LIBRARY.order]


def test_errors_are_places() -> None:
    """The address of an error's problem document leads to that error."""
    assert {"log-expect", "extra-missing", "documentation-page"} <= LIBRARY.article(
        "reference/errors"
    ).anchors


@pytest.mark.parametrize("folder", ["tutorials", "guides", "explain", "reference"])
def test_every_page_is_named_where_its_readers_look(folder: str) -> None:
    """The first page of a folder leads to each page of it, in a place that says what it is for."""
    first = LIBRARY.article(f"{folder}/index")
    named = {page for page, _ in first.links}
    inside = {name for name in NAMES if name.startswith(f"{folder}/")}
    made = {name for name in inside if name.startswith("reference/python/")}
    assert inside - made - named - {f"{folder}/index"} == set()
