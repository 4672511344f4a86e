"""Serve the documents below `/docs`: for people, as Markdown and as JSON; with search.

`/docs/NAME` is a page, `/docs/NAME.md` its source, `/docs/NAME.json` both and what leads through
it; `/docs/search?q=` finds places. Anybody may read them: they are the same for each node of a
version, and say nothing about its ledger. This module refuses to render.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.http.documentation.article import Article, Node
from counterfoil.http.documentation.library import Library
from counterfoil.http.endpoint import ANYBODY, Answer, Endpoint
from counterfoil.http.pages.rendering import render
from counterfoil.http.site import Site

__all__ = ["endpoints"]

_BASE: Final = "/docs"
_UNSAVED: Final = {"cache-control": "no-store"}
_SAVED: Final = {"cache-control": "public, max-age=300"}


def endpoints(site: Site) -> list[Endpoint]:
    """List the paths of the documents."""
    shelf = _Shelf(site, Library(base=_BASE))
    paths: dict[str, Answer] = {
        _BASE: shelf.start,
        f"{_BASE}/search": shelf.search,
        f"{_BASE}/search.json": shelf.search_json,
        f"{_BASE}/files/{{path:path}}": shelf.file,
        f"{_BASE}/{{name:path}}": shelf.named,
    }
    return [Endpoint("GET", path, ANYBODY, answer, "page") for path, answer in paths.items()]


class _Shelf:
    """Answers requests from one library."""

    def __init__(self, site: Site, library: Library) -> None:
        self._site, self._library = site, library

    async def start(self, request: Request) -> Response:
        """Answer with the first page."""
        return await asyncio.to_thread(self._page, request, "index")

    async def named(self, request: Request) -> Response:
        """Answer with a page, its source, or both as JSON, by the ending of its name."""
        name = request.path_params["name"].rstrip("/") or "index"
        for ending, answer in ((".md", self._markdown), (".json", self._json)):
            if name.endswith(ending):
                return await asyncio.to_thread(answer, name.removesuffix(ending))
        return await asyncio.to_thread(self._page, request, name)

    async def file(self, request: Request) -> Response:
        """Answer with a file that a page shows, as text."""
        text = await asyncio.to_thread(self._library.file, request.path_params["path"])
        return Response(text, media_type="text/plain; charset=utf-8", headers=_SAVED)

    async def search(self, request: Request) -> Response:
        """Answer with what a search finds, as a page."""
        return await asyncio.to_thread(self._found, request)

    async def search_json(self, request: Request) -> Response:
        """Answer with what a search finds, as JSON."""
        query = request.query_params.get("q", "")
        hits = await asyncio.to_thread(self._hits, query)
        plain = [{**hit, "excerpt": "".join(text for text, _ in hit["excerpt"])} for hit in hits]
        return _told_json({"q": query, "hits": plain})

    def _page(self, request: Request, name: str) -> Response:
        library = self._library
        article = library.article(name)
        near = library.neighbours(name)
        facts = {
            "title": article.title,
            "article": article,
            "trail": library.trail(name),
            "previous": near.previous,
            "following": near.following,
            "as_data": [("Markdown", f"{_BASE}/{name}.md"), ("JSON", f"{_BASE}/{name}.json")],
        }
        return self._shown(request, "documentation.html", facts, name)

    def _found(self, request: Request) -> Response:
        query = request.query_params.get("q", "")
        address = request.url.path + ".json"
        data = [("JSON", f"{address}?{request.url.query}" if request.url.query else address)]
        facts = {
            "title": "Search the documentation",
            "q": query,
            "hits": self._hits(query),
            "as_data": data,
        }
        return self._shown(request, "documentation_search.html", facts, "")

    def _shown(self, request: Request, template: str, facts: dict[str, Any], name: str) -> Response:
        library = self._library
        frame = {"nav": "docs", "tree": library.tree, "name": name, "address": library.address}
        body = render(self._site, template, {"q": "", **frame, **facts}, request)
        return Response(body, media_type="text/html", headers=_UNSAVED)

    def _hits(self, query: str) -> list[dict[str, Any]]:
        return [
            {
                "address": self._library.address(hit.name, hit.anchor),
                "title": hit.title,
                "heading": hit.heading,
                "excerpt": hit.excerpt,
            }
            for hit in self._library.search(query)
        ]

    def _markdown(self, name: str) -> Response:
        text = self._library.markdown(name)
        return Response(text, media_type="text/markdown; charset=utf-8", headers=_SAVED)

    def _json(self, name: str) -> Response:
        article = self._library.article(name)
        near = self._library.neighbours(name)
        return _told_json(
            {
                "name": name,
                "address": self._library.address(name),
                "title": article.title,
                "contents": _contents(article),
                "markdown": self._library.markdown(name),
                "html": article.html,
                "previous": self._address(near.previous),
                "next": self._address(near.following),
            }
        )

    def _address(self, node: Node | None) -> str | None:
        return None if node is None else self._library.address(node.name)


def _contents(article: Article) -> list[dict[str, Any]]:
    return [
        {"level": one.level, "anchor": one.anchor, "text": one.text} for one in article.contents
    ]


def _told_json(found: dict[str, Any]) -> Response:
    body = json.dumps(found, ensure_ascii=False, indent=1).encode(errors="replace")
    return Response(body, media_type="application/json", headers=_SAVED)
