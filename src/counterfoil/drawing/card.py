"""Write a card for a notebook: HTML that brings its own style, and needs nothing from anywhere.

Notebooks show it where a cell's value has `_repr_html_`. It follows the notebook's theme (Jupyter,
VS Code, Colab), else the system's; where a notebook that is not trusted takes the style away, the
words stay. Whatever text comes in is escaped here. This module refuses scripts and links.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final, Literal

from counterfoil.drawing.scale import instant
from counterfoil.drawing.style import COLOURS, STYLE

__all__ = ["Mark", "card", "content", "facts", "mark", "note", "table", "when", "wide"]

Mark = Literal["ok", "wait", "bad", "seal"]

_ICONS: Final[dict[Mark, str]] = {"ok": "✓", "wait": "▲", "bad": "■", "seal": "◆"}
_TEXT_MAX: Final = 20_000
_CELL_MAX: Final = 120
_WHOLE: Final = 24
_ROWS_MAX: Final = 50
_DARK: Final = '[data-jp-theme-light="false"],.vscode-dark,.vscode-high-contrast,html[theme=dark]'
_LIGHT: Final = '[data-jp-theme-light="true"],.vscode-light,html[theme=light]'
_CARD: Final = (
    f".counterfoil{{color-scheme:light dark;{COLOURS}}}"
    f":is({_DARK}) .counterfoil{{color-scheme:dark}}"
    f":is({_LIGHT}) .counterfoil{{color-scheme:light}}"
    """
.counterfoil{max-width:900px;padding:12px 16px;font:14px/1.5 system-ui,sans-serif;
color:var(--ink);background:var(--surface);border:1px solid var(--line);border-radius:8px}
.counterfoil h4{margin:0 0 4px;font-size:16px;color:var(--ink)}.counterfoil p{margin:4px 0}
.counterfoil dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:8px 0}
.counterfoil dt,.counterfoil .note,.counterfoil th{color:var(--muted);font-weight:400}
.counterfoil dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
.counterfoil code,.counterfoil pre{font:13px/1.5 ui-monospace,monospace;color:inherit;
background:none}
.counterfoil pre{max-height:24em;margin:8px 0 0;padding:8px;overflow:auto;white-space:pre-wrap;
overflow-wrap:anywhere;border:1px solid var(--line);border-radius:8px}
.counterfoil table{margin:8px 0 0;border-collapse:collapse;font-variant-numeric:tabular-nums}
.counterfoil th,.counterfoil td{padding:3px 8px;text-align:left;vertical-align:top;
color:var(--ink);background:none;border-bottom:1px solid var(--line)}
.counterfoil th{color:var(--muted)}.counterfoil .n{text-align:right}
.counterfoil .s{white-space:nowrap}
.counterfoil b.ok{color:var(--ok)}.counterfoil b.wait{color:var(--wait)}
.counterfoil b.bad{color:var(--bad)}.counterfoil b.seal{color:var(--seal)}
.counterfoil .wide{overflow-x:auto}.counterfoil summary{cursor:pointer;color:var(--accent)}
"""
)


def card(title: str, *parts: str) -> str:
    """Put parts into a card. title: in words. parts: of this module, or pictures."""
    return (
        f'<div class="counterfoil"><style>{_CARD}{STYLE}</style>'
        f"<h4>{escape(title)}</h4>{''.join(parts)}</div>"
    )


def mark(kind: Mark, words: str) -> str:
    """Say how something stands, in a word, a colour and a sign."""
    return f'<p><b class="{kind}">{_ICONS[kind]} {escape(words)}</b></p>'


def note(words: str) -> str:
    """Say something beside."""
    return f'<p class="note">{escape(words)}</p>'


def facts(*rows: tuple[str, Any]) -> str:
    """List names and values; those that are None or empty are left out."""
    shown = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(_short(value, _TEXT_MAX))}</dd>"
        for name, value in rows
        if value is not None and value != ""
    )
    return f"<dl>{shown}</dl>" if shown else ""


def content(value: Any, title: str = "Content") -> str:
    """Show a JSON value, indented, as far as it is not too long to be read."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return (
        f"<details open><summary>{escape(title)}</summary>"
        f'<pre tabindex="0">{escape(_short(text, _TEXT_MAX))}</pre></details>'
    )


def wide(shown: str) -> str:
    """Let what may be wider than the card scroll in it. shown: HTML."""
    return f'<div class="wide" tabindex="0">{shown}</div>'


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], total: int) -> str:
    """Show rows, at most 50 of them; numbers stand to the right. total: how many there are."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    shown = [row for row, _ in zip(rows, range(_ROWS_MAX), strict=False)]
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in shown)
    left = total - len(shown)
    more = note(f"{left:,} more rows.") if left > 0 else ""
    return wide(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>") + more


def when(at_ms: Any) -> str:
    """Write a time in UTC; empty for what is none. at_ms: Unix ms."""
    return instant(at_ms / 1000) if type(at_ms) is int else ""


def _cell(value: Any) -> str:
    if value is None:
        return "<td></td>"
    if type(value) in (int, float):
        return (
            f'<td class="n">{value:,}</td>' if type(value) is int else f'<td class="n">{value}</td>'
        )
    text = _short(value, _CELL_MAX)
    kind = ' class="s"' if len(text) <= _WHOLE else ""
    return f"<td{kind}>{escape(text)}</td>"


def _short(value: Any, most: int) -> str:
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return value if len(value) <= most else f"{value[:most]}…"
