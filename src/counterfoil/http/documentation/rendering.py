"""Render Markdown to HTML that needs no script, no style of its own, and nothing from elsewhere.

CommonMark with tables and definition lists, and what `directives` and `PageState.role` know of
MyST. HTML in a document is escaped, but for comments, which are dropped; pictures are refused:
the node's pages load nothing, and show what was written, not what somebody could smuggle in.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from html import escape
from typing import Any, Final

from counterfoil import extras
from counterfoil.http.documentation.anchors import slug_of
from counterfoil.http.documentation.article import Article, Heading
from counterfoil.http.documentation.directives import directive
from counterfoil.http.documentation.highlight import code_block
from counterfoil.http.documentation.page_state import PageState
from counterfoil.http.documentation.sources import first_heading

with extras.brings("node"):
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from mdit_py_plugins.colon_fence import colon_fence_plugin
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.myst_role import myst_role_plugin

__all__ = ["make_parser", "render"]

Environment = MutableMapping[str, Any]

_STATE: Final = "counterfoil"


def make_parser() -> MarkdownIt:
    """Make a parser whose `render` needs a page's state in its environment; see `render`."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    parser.use(deflist_plugin).use(colon_fence_plugin).use(myst_role_plugin)
    parser.core.ruler.push("places", _name_places)
    for name, rule in {
        "code_block": _code,
        "colon_fence": _fence(parser),
        "fence": _fence(parser),
        "html_block": _html,
        "html_inline": _html,
        "image": _image,
        "link_open": _link,
        "myst_role": _role,
        "table_close": _table_close,
        "table_open": _table_open,
    }.items():
        parser.add_render_rule(name, rule)
    return parser


def render(parser: MarkdownIt, text: str, state: PageState) -> Article:
    """Render a page."""
    environment: Environment = {_STATE: state, "headings": []}
    html = parser.render(text, environment)
    return Article(
        name=state.name,
        title=first_heading(text) or state.name,
        html=html,
        contents=tuple(one for one in environment["headings"] if one.level > 1),
        anchors=frozenset(state.anchors.given),
        links=tuple(state.links),
        problems=tuple(state.problems),
    )


def _name_places(core: Any) -> None:
    """Give each heading and each defined term its anchor, and numbers a class for their style."""
    state: PageState = core.env[_STATE]
    for token, inline in zip(core.tokens, core.tokens[1:], strict=False):
        if token.type == "heading_open":
            shown = _plain(inline)
            anchor = state.anchors.add(slug_of(shown))
            token.attrSet("id", anchor)
            core.env["headings"].append(Heading(int(token.tag[1:]), anchor, shown))
        elif token.type == "dt_open":
            token.attrSet("id", state.term(inline.content))
        elif token.attrs.pop("style", "") == "text-align:right":
            token.attrSet("class", "n")
    for opened, inline, closed in zip(core.tokens, core.tokens[1:], core.tokens[2:], strict=False):
        if opened.type == "th_open" and not inline.content:
            opened.tag = closed.tag = "td"  # the corner of a table is no heading of a column


def _plain(inline: Token) -> str:
    kinds = ("text", "code_inline")
    return "".join(one.content for one in inline.children or () if one.type in kinds)


def _fence(parser: MarkdownIt) -> Any:
    def rule(
        _: RendererHTML, tokens: Sequence[Token], at: int, __: Any, environment: Environment
    ) -> str:
        token = tokens[at]
        made = directive(
            token.info,
            token.content,
            environment[_STATE],
            lambda inner: str(parser.render(inner, environment)),
        )
        if made is None:
            return code_block(token.content, token.info.strip().partition(" ")[0])
        return made

    return rule


def _code(_: RendererHTML, tokens: Sequence[Token], at: int, __: Any, ___: Environment) -> str:
    return code_block(tokens[at].content, "")


def _html(_: RendererHTML, tokens: Sequence[Token], at: int, __: Any, env: Environment) -> str:
    content = tokens[at].content
    if content.strip().startswith("<!--"):
        return ""
    env[_STATE].problem(f"HTML: {content.strip()[:40]}")
    return escape(content)


def _image(_: RendererHTML, tokens: Sequence[Token], at: int, __: Any, env: Environment) -> str:
    env[_STATE].problem(f"a picture: {tokens[at].attrGet('src')}")
    return escape(tokens[at].content)


def _link(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Environment
) -> str:
    token = tokens[at]
    address = env[_STATE].link(str(token.attrGet("href") or ""))
    token.attrSet("href", "#" if address is None else address)
    if address is not None and address.startswith("http"):
        token.attrSet("rel", "noreferrer")
    return renderer.renderToken(tokens, at, options, env)


def _role(_: RendererHTML, tokens: Sequence[Token], at: int, __: Any, env: Environment) -> str:
    return str(env[_STATE].role(tokens[at].meta["name"], tokens[at].content))


def _table_open(*_: Any) -> str:
    return '<div class="wide" tabindex="0">\n<table>\n'


def _table_close(*_: Any) -> str:
    return "</table>\n</div>\n"
