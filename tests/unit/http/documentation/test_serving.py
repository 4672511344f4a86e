"""The node serves its documents to anybody: pages, sources, JSON and search, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from counterfoil.http.documentation import Library
from counterfoil.ledger import open_ledger
from tests.nodes import served

LINK = re.compile(r'(?:href|src|action)="([^"]+)"')


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("documented") / "ledger"
    with open_ledger(folder, create=True) as ledger, served(ledger) as url:
        yield url


def get(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, retries=False, redirect=False, timeout=60)


def test_every_page_is_served_to_anybody(node: str) -> None:
    """Every document answers 200 without a key, in its frame, under the node's policy."""
    library = Library()
    for name in library.sources.pages:
        answer = get(node + library.address(name))
        assert answer.status == 200, name
        page = answer.data.decode()
        assert 'aria-current="page"' in page
        assert "<h1 " in page
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_what_a_page_loads_comes_from_the_node(node: str) -> None:
    """Style, script and icon of a page are paths of the node, and are there."""
    page = get(f"{node}/docs/guides/act").data.decode()
    head = page.partition("</head>")[0]
    loaded = LINK.findall(head)
    assert loaded
    for address in loaded:
        assert address.startswith("/static/")
        assert get(node + address).status == 200


def test_links_of_the_frame_lead_somewhere(node: str) -> None:
    """Before, after, trail, contents and tree of a page lead to pages that are there."""
    page = get(f"{node}/docs/guides/act").data.decode()
    below = {link.partition("#")[0] for link in LINK.findall(page) if link.startswith("/docs")}
    library = Library()
    pages = {library.address(name) for name in library.sources.pages}
    assert pages < below
    assert below - pages == {
        "/docs/search",
        "/docs/guides/act.md",
        "/docs/guides/act.json",
    }


def test_a_page_is_also_markdown_and_json(node: str) -> None:
    """`.md` is the very source; `.json` holds it, the page and what leads through it."""
    source = Library().markdown("guides/act")
    plain = get(f"{node}/docs/guides/act.md")
    assert plain.data.decode() == source
    assert plain.headers["content-type"] == "text/markdown; charset=utf-8"
    found = json.loads(get(f"{node}/docs/guides/act.json").data)
    assert found["markdown"] == source
    assert found["title"] == "Let a contract act on a decision"
    assert found["next"].startswith("/docs/guides/")
    assert {"level": 2, "anchor": "govern", "text": "Govern"} in found["contents"]


def test_search_works_without_a_script(node: str) -> None:
    """A form leads to a page of hits; the same as JSON; each hit leads to a page."""
    page = get(f"{node}/docs/search?q=log.expect").data.decode()
    assert '<a href="/docs/reference/errors#log-expect">' in page
    assert "<mark>" in get(f"{node}/docs/search?q=erase+person").data.decode()
    hits = json.loads(get(f"{node}/docs/search.json?q=erase+person").data)["hits"]
    assert hits
    for hit in hits:
        assert get(node + hit["address"].partition("#")[0]).status == 200


def test_a_query_is_text(node: str) -> None:
    """What is looked for comes back escaped; an empty, an endless and an odd query are answered."""
    page = get(node + "/docs/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").data.decode()
    assert "<script>alert" not in page
    for query in ("", "q=", "q=" + "a" * 5_000, "q=%00%ff", "q=a&q=b"):
        assert get(f"{node}/docs/search?{query}").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/docs/none",
        "/docs/none.md",
        "/docs/none.json",
        "/docs/../pyproject.toml",
        "/docs/..%2fpyproject.toml",
        "/docs/files/..%2f..%2fetc%2fpasswd",
        "/docs/files/docs/conf.py/..",
        "/docs/guides/act.md.md",
        "/docs/%00",
    ],
)
def test_nothing_else_is_served(node: str, path: str) -> None:
    """A path that is no document's is not found, or no path at all, whatever it would lead to."""
    assert get(node + path).status in (400, 404)


def test_an_error_leads_to_its_explanation(node: str) -> None:
    """The type of a problem document is the address of that error in the documents."""
    problem = json.loads(get(f"{node}/nothing").data)
    name, _, anchor = problem["type"].removeprefix("/docs/").partition("#")
    assert anchor in Library().article(name).anchors


def test_a_file_that_a_page_shows_is_text(node: str) -> None:
    """The files of the example app are served as plain text."""
    answer = get(f"{node}/docs/files/docs/guides/parcels/pyproject.toml")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    shown = answer.data.decode()
    source = Path(__file__).parents[4] / "docs" / "guides" / "parcels" / "pyproject.toml"
    assert shown == source.read_text()
