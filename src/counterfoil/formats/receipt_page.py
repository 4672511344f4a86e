"""Join the page that a receipt travels in: template, style, script, and the rules of its fields.

The parts are package data under `assets`: small ES modules, commented there. The page must work
from a file, so it is one file; it must be small, so comments and needless blanks stay behind. The
field rules are made from the classes that `formats` parses with, so browser and Python cannot
drift apart. The only thing read is this package's own data, once; that is code, not input. Other
pages that verify are joined here, too. This module refuses to know a receipt: the page is the same
for all.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from counterfoil.formats import json_text
from counterfoil.formats.receipt_shapes import shapes

__all__ = ["MODULES", "ReceiptPage", "asset", "join_page", "join_script", "receipt_page"]

MODULES: Final = (
    "bytes", "json", "shape", "ed25519", "merkle", "notes", "policy", "trust", "entries",
    "keyring", "verify", "dom", "tally", "findings", "page",
)  # fmt: skip
"""The script's modules, each after those that it uses."""

_LINKAGE: Final = re.compile(r"^import [^;]*;\n|^export ", re.MULTILINE)
_PART: Final = re.compile(
    r"""
    //[^\n]* | /\*.*?\*/                                              # comments, left out
    | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `(?:[^`\\]|\\.)*`         # texts, kept as they are
    | /(?:[^/\\\[\n]|\\.|\[(?:[^\]\\]|\\.)*\])+/[a-z]*                  # patterns, too
    | \s+ | [\w$]+ | .
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """The page around what differs: head + log key + middle + receipt + tail, UTF-8."""

    head: bytes
    middle: bytes
    tail: bytes


@lru_cache(1)
def receipt_page() -> ReceiptPage:
    """Read and join the page's parts; a script or style of another hash would not run in it."""
    script = join_script(asset(f"{name}.js") for name in MODULES)
    page = join_page(asset("receipt.html"), asset("receipt.css"), script)
    head, middle = page.split("{{log-key}}")
    middle, tail = middle.split("{{receipt}}")
    return ReceiptPage(head.encode(), middle.encode(), tail.encode())


def join_page(template: str, style: str, script: str) -> str:
    """Put style and script into a page, and the rules that let those two run and nothing else.

    template: HTML with `{{policy}}`, `{{style}}` and `{{script}}`. style: CSS, squeezed here.
    script: of `join_script`.
    """
    style = _squeeze_style(style)
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {"policy": policy, "style": style, "script": script}
    return re.sub(r"\{\{(policy|style|script)\}\}", lambda m: parts[m[1]], template)


def asset(name: str) -> str:
    """Read one of this package's parts of pages."""
    from importlib.resources import files  # 15 ms that reading a receipt need not pay

    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """Name an inline script or style by its hash (Content Security Policy Level 3, 2.3.1)."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def join_script(sources: Iterable[str]) -> str:
    """Join modules to one script; their names are distinct, so imports and exports can go.

    sources: text of ES modules, each after those that it uses, in the style of `_squeeze`.
    """
    modules = [f"const SHAPES={json_text.format(shapes()).decode()};\n"]
    modules += [_squeeze(_LINKAGE.sub("", source)) for source in sources]
    return "".join(modules)


def _squeeze(source: str) -> str:
    """Leave out comments and needless blanks and commas: about a statement a line is left.

    source: JavaScript without division, empty statements and templates inside templates.
    """
    parts: list[str] = []
    last, blank = "\n", ""
    for part in _PART.findall(source):
        if part.startswith(("//", "/*")):
            continue
        if part.isspace():
            blank = "\n" if "\n" in blank + part else " "
            continue
        # A line break may end a statement; not after these, nor before those.
        if blank == "\n" and (last in "\n{[(,=>?:&|+" or part[0] in "}]),.?:&|=+"):
            blank = ""
        if blank == "\n" or (blank and _is_word(last) and _is_word(part[0])):
            parts.append(blank)
        elif last + part in (",)", ",]", ",}", ";}"):
            parts.pop()
        parts.append(part)
        last, blank = part[-1], ""
    return "".join(parts) + "\n"


def _is_word(character: str) -> bool:
    """Tell whether a blank beside this character may matter; `a + +b` is none of our style."""
    return character.isalnum() or character in "_$"


def _squeeze_style(source: str) -> str:
    text = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return re.sub(r" ?([{};,]) ?", r"\1", re.sub(r"\s+", " ", text)).strip()
