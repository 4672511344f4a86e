"""What pages load beside themselves: style, scripts, and the modules that check a receipt.

The modules are those of the receipt that checks itself (`formats/assets`), as they are, with the
shapes of their fields made from the classes that Python parses with: one verifier, wherever it
runs. This module refuses to read anything but this package's own data.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Final

from counterfoil import formats
from counterfoil.drawing import STYLE
from counterfoil.formats import json_text
from counterfoil.formats.receipt_page import MODULES
from counterfoil.formats.receipt_shapes import shapes

__all__ = ["KINDS", "STATIC", "stamp", "static_files"]

STATIC: Final = Path(__file__).resolve().parent.parent / "static"
"""Folder of style and scripts."""

KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Media type of each ending that is served."""

_ITS_OWN: Final = "page"  # runs at once, and only in a receipt's own page


@cache
def static_files() -> dict[str, bytes]:
    """Give every file by its name below `/static/{stamp}/`."""
    found = {
        str(path.relative_to(STATIC)): path.read_bytes()
        for path in sorted(STATIC.rglob("*"))
        if path.suffix in KINDS
    }
    found["drawing.css"] = STYLE.encode()
    assets = files(formats) / "assets"
    for name in MODULES:
        if name != _ITS_OWN:
            found[f"receipt/{name}.js"] = (assets / f"{name}.js").read_bytes()
    found["receipt/shapes.js"] = b"export const SHAPES = %s;\n" % json_text.format(shapes())
    return found


@cache
def stamp() -> str:
    """Name the state of all of them, so that they may be cached for ever."""
    digest = sha256()
    for name, data in sorted(static_files().items()):
        digest.update(b"%d %s %d\n" % (len(name), name.encode(), len(data)))
        digest.update(data)
    return digest.hexdigest()[:12]
