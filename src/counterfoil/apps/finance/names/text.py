"""Clean a name as it came: what people cannot see goes, what they can see stays.

Lists, forms and messages carry direction marks, zero-width characters, full-width letters and line
breaks; two names that look alike must read alike. This module refuses to judge whether a text is a
name: any text comes out as a text, perhaps an empty one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

__all__ = ["NAME_MAX", "Script", "clean", "script_of"]

NAME_MAX: Final = 400
"""Characters of a name that are compared; longer ones are cut, and their hits say so."""

Script = Literal["latin", "cyrillic", "greek", "arabic", "hebrew", "han", "kana", "hangul", "other"]
"""Writing systems that are romanised by rules of their own; `other` by anyascii alone."""

_SPACE: Final = re.compile(r"\s+")
_RAW_MAX: Final = 20 * NAME_MAX  # what is looked at, so that a huge cell costs no more
_RANGES: Final[tuple[tuple[int, int, Script], ...]] = (
    (0x0370, 0x03FF, "greek"),
    (0x1F00, 0x1FFF, "greek"),
    (0x0400, 0x052F, "cyrillic"),
    (0x1C80, 0x1C8F, "cyrillic"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x06FF, "arabic"),
    (0x0750, 0x077F, "arabic"),
    (0x08A0, 0x08FF, "arabic"),
    (0x3040, 0x30FF, "kana"),
    (0x3400, 0x4DBF, "han"),
    (0x4E00, 0x9FFF, "han"),
    (0x20000, 0x323AF, "han"),
    (0x1100, 0x11FF, "hangul"),
    (0xAC00, 0xD7AF, "hangul"),
)


def clean(name: str) -> str:
    r"""Fold widths and forms (NFKC), drop marks nobody sees, make every space one space.

    At most `NAME_MAX` characters come back.

    >>> clean("\u202bJohn\u200b\tDOE\u0007 ")
    'John DOE'
    """
    folded = unicodedata.normalize("NFKC", name[:_RAW_MAX])
    if not folded.isascii() or not folded.isprintable():
        folded = "".join(map(_seen, folded))
    return _SPACE.sub(" ", folded).strip()[:NAME_MAX].strip()


def script_of(text: str) -> Script:
    """Tell the script of a text's first letter that is not Latin; `latin` where none is.

    >>> script_of("Łódź"), script_of("Жд")
    ('latin', 'cyrillic')
    """
    if text.isascii():
        return "latin"
    for character in text:
        if not character.isalpha() or ord(character) < 0x370 or 0x1E00 <= ord(character) < 0x1F00:
            continue
        code = ord(character)
        return next((name for low, high, name in _RANGES if low <= code <= high), "other")
    return "latin"


def _seen(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if kind in ("Cc", "So", "Zl", "Zp", "Zs") else character
