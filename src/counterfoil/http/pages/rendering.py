"""Turn facts into a page: one environment of templates, everything escaped.

Formats are filters: how a time, a hash, a count or an amount looks is said here once. This module
refuses to fetch facts.
"""

from __future__ import annotations

import datetime
import json
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.requests import Request

from counterfoil import __version__
from counterfoil.http.pages.static_files import stamp
from counterfoil.http.site import Site

__all__ = ["NAVIGATION", "TEMPLATES", "render"]

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "templates"
"""Folder of templates."""

NAVIGATION: Final = (
    ("overview", "Overview", "/"),
    ("records", "Records", "/records"),
    ("checkpoints", "Checkpoints", "/checkpoints"),
    ("lineage", "Lineage", "/lineage"),
    ("models", "Models", "/models"),
    ("watch", "Watch", "/watch"),
    ("contracts", "Contracts", "/contracts"),
    ("finance", "Finance", "/apps/finance"),
    ("apps", "Apps", "/apps"),
    ("verify", "Verify", "/verify"),
    ("ops", "Operations", "/ops"),
    ("api", "API", "/api"),
    ("docs", "Docs", "/docs"),
)
"""The menu: name, words, address."""

_WHOLE_FROM: Final = 1000
_PLAIN_MAX: Final = 2000
_SHORT: Final = 12
_HASH: Final = re.compile(r"(0x)?[0-9a-fA-F]{32,}")
_FRACTION: Final = re.compile(r"-?[0-9]{1,15}\.[0-9]{5,30}([eE][-+]?[0-9]{1,2})?")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"  # join and part letters of scripts such as Persian


def render(site: Site, template: str, facts: Mapping[str, Any], request: Request) -> str:
    """Render a template of this node with facts, its frame included."""
    principal = getattr(request.state, "principal", None)
    common = {
        "navigation": NAVIGATION,
        "origin": site.ledger.origin,
        "principal": principal,
        "csrf": getattr(request.state, "csrf", ""),
        "version": __version__,
        "here": request.url.path,
        "static": stamp(),
    }
    shown = {**common, **facts}
    if isinstance(problem := shown.get("problem"), Mapping):
        shown["problem"] = {"hint": "", **problem}  # not every error has one
    return _environment().get_template(template).render(shown)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "when": _when,
        "short": _short,
        "count": _count,
        "pretty": _pretty,
        "drawn": Markup,
        "plain": _plain,
        "brief": _brief,
        "ticked": _ticked,
        "minor": _minor,
        "query": lambda found: urlencode(found, doseq=True),
    }
    return environment


def _when(at_ms: int | None) -> Markup:
    """Show a time, Unix ms, in UTC to the second; a dash where there is none."""
    if at_ms is None:
        return Markup("–")
    try:
        moment = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
    except (OverflowError, OSError, ValueError):
        return Markup("<span class='mono'>%s</span>") % at_ms
    full = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="%s" title="%s">%s</time>') % (
        full,
        full,
        moment.strftime("%Y-%m-%d %H:%M:%S"),
    )


def _short(text: str | None) -> Markup:
    """Show a hash; the style cuts it to its beginning, so that whoever copies it has all of it."""
    if not text:
        return Markup("–")
    return Markup('<code class="hash" title="%s" data-copy>%s</code>') % (text, text)


def _count(number: float | None) -> str:
    """Show a number with thin spaces between thousands; a dash where there is none."""
    if number is None:
        return "–"
    if number == round(number) or abs(number) >= _WHOLE_FROM:
        return f"{round(number):,}".replace(",", "\u202f")
    return f"{number:.3g}"


def _minor(amount: int | None, currency: str = "") -> str:
    """Show an amount in hundredths of its unit."""
    if amount is None:
        return "–"
    sign, units = ("\u2212" if amount < 0 else ""), abs(amount)
    return f"{sign}{units // 100:,}.{units % 100:02} {currency}".replace(",", "\u202f").strip()


def _brief(value: Any) -> str:
    """Shorten what nobody reads to its end: a hash to 12 digits, a long fraction to four."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if _HASH.fullmatch(text):
        return f"{text[:_SHORT]}…"
    return f"{float(text):.4g}" if _FRACTION.fullmatch(text) else text


def _plain(value: Any, most: int = _PLAIN_MAX) -> Markup:
    """Show text that anybody may have written: bounded, by itself, its hidden characters as codes.

    A character that turns the direction of writing, or that is not seen, could make one text pose
    as another.
    """
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    seen = "".join(c if c == "\n" or not _is_hidden(c) else f"\\u{{{ord(c):x}}}" for c in cut)
    return Markup("<bdi>%s</bdi>") % seen


def _ticked(text: str) -> Markup:
    """Show words of ours in which what stands in backticks is typed as it is."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    made = (Markup("<code>%s</code>") if at % 2 else Markup("%s") for at in range(len(parts)))
    return Markup("").join(form % part for form, part in zip(made, parts, strict=True))


def _is_hidden(character: str) -> bool:
    return character not in _JOINERS and unicodedata.category(character) in _HIDDEN


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
