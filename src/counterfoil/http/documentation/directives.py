"""What MyST adds to Markdown, as far as our documents use it: directives in a fence.

`toctree`, `glossary`, `literalinclude` and the admonitions. A directive that is not known is a
problem of its page and shown as code, so that nothing a document says is lost. This module refuses
what runs code, and what reads a file that is none of the documents'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from html import escape
from typing import Any, Final

from counterfoil.errors import NotFound
from counterfoil.http.documentation.highlight import code_block
from counterfoil.http.documentation.page_state import PageState

__all__ = ["ADMONITIONS", "Entries", "directive", "split_options", "toctree_entries"]

Entries = tuple[str, ...]
Nested = Callable[[str], str]

ADMONITIONS: Final = {
    "attention": "Attention",
    "caution": "Caution",
    "danger": "Danger",
    "important": "Important",
    "note": "Note",
    "seealso": "See also",
    "tip": "Tip",
    "warning": "Warning",
}

_INFO: Final = re.compile(r"\{([a-z-]+)\}\s*(.*)")
_OPTION: Final = re.compile(r":([a-z-]+):\s*(.*)")
_TOCTREE: Final = re.compile(r"^```\{toctree\}[ ]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_TERM: Final = re.compile(r"^(?=\S)", re.MULTILINE)


def directive(info: str, body: str, state: PageState, nested: Nested) -> str | None:
    """Render a fence whose info is `{name} argument`; None when it is an ordinary one.

    nested: renders Markdown inside of it, on the same page.
    """
    found = _INFO.fullmatch(info.strip())
    if found is None:
        return None
    name, argument = found.groups()
    options, content = split_options(body)
    if name in ADMONITIONS:
        title = argument or ADMONITIONS[name]
        return (
            f'<aside class="admonition {name}" aria-label="{escape(title)}">\n'
            f'<p class="admonition-title">{escape(title)}</p>\n{nested(content)}</aside>\n'
        )
    if name == "toctree":
        return _toctree(options, content, state)
    if name == "glossary":
        return _glossary(content, state, nested)
    if name == "literalinclude":
        return _included(argument, options, state)
    state.problem(f"no directive {name}")
    return code_block(body, "")


def split_options(body: str) -> tuple[Mapping[str, str], str]:
    """Split a directive's body into its options, `:name: value` lines at its top, and the rest."""
    options: dict[str, str] = {}
    lines = body.splitlines(keepends=True)
    while lines and (found := _OPTION.fullmatch(lines[0].strip())):
        options[found[1]] = found[2]
        lines.pop(0)
    return options, "".join(lines).lstrip("\n")


def toctree_entries(state: PageState, text: str) -> Entries:
    """Name the pages that the tables of contents in a document's Markdown list, in their order."""
    found: list[str] = []
    for match in _TOCTREE.finditer(text):
        options, content = split_options(match[1])
        found += _entries(options, content, state)
    return tuple(dict.fromkeys(found))


def _toctree(options: Mapping[str, str], content: str, state: PageState) -> str:
    entries = _entries(options, content, state)
    if "hidden" in options or not entries:
        return ""
    items = (f"<li>{state.link_to(name)}</li>\n" for name in entries)
    return f'<ul class="toctree">\n{"".join(items)}</ul>\n'


def _entries(options: Mapping[str, str], content: str, state: PageState) -> list[str]:
    found: list[str] = []
    for line in filter(None, map(str.strip, content.splitlines())):
        file = state.sources.resolve(state.name, f"{line}.md")
        if "glob" in options:
            found += [
                name
                for name, one in state.sources.pages.items()
                if fnmatchcase(one, file) and one.count("/") == file.count("/")
                if name != state.name and name not in found
            ]
        elif (name := state.sources.name_of(file)) is not None:
            found.append(name)
        else:
            state.problem(f"no page {line}")
    return found


def _glossary(content: str, state: PageState, nested: Nested) -> str:
    parts = []
    for block in filter(str.strip, _TERM.split(content)):
        term, _, meaning = block.partition("\n")
        anchor = state.term(term)
        lines = (line.removeprefix("  ") for line in meaning.splitlines())
        shown = nested("\n".join(lines).strip())
        parts.append(f'<dt id="{escape(anchor)}">{escape(term)}</dt>\n<dd>{shown}</dd>\n')
    return f'<dl class="glossary">\n{"".join(parts)}</dl>\n'


def _included(argument: str, options: Mapping[str, Any], state: PageState) -> str:
    try:
        text = state.sources.file(state.sources.resolve(state.name, argument))
    except NotFound as err:
        state.problem(err.message)
        return ""
    return code_block(text, options.get("language", ""))
