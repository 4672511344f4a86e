"""What is known while one page is rendered: its name, its anchors and links, and its problems."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Final

from counterfoil.http.documentation.anchors import Anchors, term_anchor
from counterfoil.http.documentation.sources import Sources

__all__ = ["PageState"]

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_OUTSIDE: Final = ("http:", "https:", "mailto:")
_TARGETED: Final = re.compile(r"(?s)(.*?)\s*<([^<>]+)>")


class PageState:
    """One page while it is rendered.

    base: the path below which the documents are served, such as `/docs`.
    title_of: gives the title of a page by its name.
    """

    def __init__(
        self, sources: Sources, name: str, base: str, title_of: Callable[[str], str]
    ) -> None:
        self.sources, self.name, self.base = sources, name, base
        self._title_of = title_of
        self.anchors = Anchors()
        self.links: list[tuple[str, str]] = []
        self.problems: list[str] = []

    def problem(self, what: str) -> None:
        """Note what cannot be rendered as it is meant."""
        self.problems.append(what)

    def term(self, source: str) -> str:
        """Give a defined term its anchor."""
        return self.anchors.add(term_anchor(source))

    def address(self, name: str, anchor: str = "") -> str:
        """Give the address of a page."""
        path = self.base if name == "index" else f"{self.base}/{name}"
        return f"{path}#{anchor}" if anchor else path

    def link(self, target: str) -> str | None:
        """Give the address of a link's target on this page; None, and a problem, if it has none."""
        if scheme := _SCHEME.match(target):
            if scheme[0].lower() in _OUTSIDE:
                return target
            self.problem(f"a link to {target}")
            return None
        path, _, anchor = target.partition("#")
        if not path:
            self.links.append((self.name, anchor))
            return f"#{anchor}"
        file = self.sources.resolve(self.name, path)
        name = self.sources.name_of(file)
        if name is not None:
            self.links.append((name, anchor))
            return self.address(name, anchor)
        if file in self.sources.files:
            return f"{self.base}/files/{file}"
        self.problem(f"no page or file {target}")
        return None

    def link_to(self, name: str, anchor: str = "", text: str = "") -> str:
        """Give an HTML link to a page, under its title if no text is given."""
        self.links.append((name, anchor))
        shown = escape(text or self._title_of(name), quote=False)
        return f'<a href="{escape(self.address(name, anchor))}">{shown}</a>'

    def role(self, role: str, content: str) -> str:
        """Render a role of MyST: `doc` and `term`, each with a text of its own if it has one."""
        found = _TARGETED.fullmatch(content)
        text, target = found.groups() if found else ("", content)
        if role == "term":
            return self.link_to("glossary", term_anchor(target), text or target)
        if role == "doc":
            name = self.sources.name_of(self.sources.resolve(self.name, f"{target}.md"))
            if name is not None:
                return self.link_to(name, text=text)
            self.problem(f"no page {target}")
        else:
            self.problem(f"no role {role}")
        return f"<code>{escape(content, quote=False)}</code>"
