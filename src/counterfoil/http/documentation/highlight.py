"""Colour code by classes, never by a style: the node's policy (CSP) allows no style in a page.

What has no known language is escaped and shown plain. This module refuses to guess a language.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Final

from counterfoil import extras

with extras.brings("node"):
    from pygments import highlight as _colour
    from pygments.formatters import HtmlFormatter
    from pygments.lexer import Lexer
    from pygments.lexers import get_lexer_by_name

__all__ = ["code_block"]

_LANGUAGES: Final = frozenset({"console", "json", "python", "toml"})


def code_block(code: str, language: str) -> str:
    """Give a block of code as HTML. It can be reached by the keyboard, since it may scroll."""
    shown = _coloured(code, language) if language in _LANGUAGES else escape(code, quote=False)
    named = f' class="language-{escape(language)}"' if language else ""
    return f'<pre class="code" tabindex="0"><code{named}>{shown}</code></pre>\n'


def _coloured(code: str, language: str) -> str:
    return str(_colour(code, _lexer(language), HtmlFormatter(nowrap=True)))


@cache
def _lexer(language: str) -> Lexer:
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)
