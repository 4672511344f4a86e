"""Write a name in plain Latin letters, by rules of its script where sounds would get lost.

anyascii knows every script letter by letter. Greek pairs of letters that are one sound, and Han and
Hangul syllables that Latin spelling runs together, need more. Arabic and Hebrew leave short vowels
unwritten: `consonants` is what is left of a name when both sides are compared without them. This
module refuses to guess vowels.
"""

# ruff: noqa: RUF001 - letters of other scripts are meant

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from anyascii import anyascii

from counterfoil.apps.finance.names.text import Script

__all__ = ["consonants", "romanise"]

_GREEK: Final = (
    ("μπ", "b"),
    ("ντ", "nt"),
    ("γκ", "g"),
    ("γγ", "ng"),
    ("γχ", "nch"),
    ("τζ", "tz"),
    ("ου", "ou"),
    ("αι", "ai"),
    ("ει", "i"),
    ("οι", "i"),
    ("αυ", "av"),
    ("ευ", "ev"),
    ("χ", "ch"),
    ("υ", "y"),
    ("η", "i"),
)
_CYRILLIC: Final = str.maketrans(
    {"ё": "yo", "є": "ye", "ї": "yi", "ъ": "", "ь": "", "Ё": "Yo", "Є": "Ye", "Ї": "Yi"}
    | {"Ъ": "", "Ь": "", "щ": "shch", "Щ": "Shch", "ў": "u", "Ў": "U", "ұ": "u", "Ұ": "U"}
)
_ARABIC: Final = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه"}
    | {"ؤ": "و", "ئ": "ي", "ۀ": "ه", "ہ": "ه", "ھ": "ه", "ـ": "", "پ": "p", "چ": "ch"}
    | {"گ": "g", "ژ": "zh", "ع": "a", "ء": "", "ا": "a"}
)
_CAMEL: Final = re.compile(r"(?<=[a-z'])(?=[A-Z])")
_PAIRS: Final = (
    ("sch", "s"), ("tsch", "c"), ("sh", "s"), ("ch", "c"), ("zh", "z"), ("kh", "k"), ("gh", "g"),
    ("th", "t"), ("dh", "d"), ("ph", "f"), ("ck", "k"), ("ts", "s"), ("tz", "s"), ("x", "ks"),
)  # fmt: skip
_CLASSES: Final = str.maketrans("pfwvzcqgjdy", "bfffskkkkt ", "aeiouh'` ")


@lru_cache(maxsize=1 << 16)
def romanise(text: str, script: Script) -> str:
    """Write a text in lower-case ASCII letters, digits and marks; script: see `script_of`.

    >>> romanise("Αλέξης Τσίπρας", "greek"), romanise("习近平", "han")
    ('alexis tsipras', 'xi jin ping')
    """
    if text.isascii():
        return text.lower()
    if script == "greek":
        text = unicodedata.normalize("NFD", text).lower()
        text = "".join(one for one in text if not unicodedata.combining(one))
        for letters, latin in _GREEK:
            text = text.replace(letters, latin)
    elif script == "cyrillic":
        text = text.translate(_CYRILLIC)
    elif script == "arabic":
        text = "".join(
            one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one)
        )
        text = text.translate(_ARABIC)
    plain = anyascii(text)
    if script in ("han", "hangul"):
        plain = _CAMEL.sub(" ", plain)
    return plain.lower()


@lru_cache(maxsize=1 << 16)
def consonants(word: str) -> str:
    """Reduce a romanised word to classes of consonants, as scripts without vowels write it.

    Letters that Arabic or Hebrew writing does not tell apart fall together: p and b, v, w and f,
    g, j and k. w and y are dropped: there they are vowels as often as not.

    >>> consonants("fernando") == consonants("frnndw"), consonants("obama") == consonants("awbama")
    (True, True)
    """
    for letters, one in _PAIRS:
        word = word.replace(letters, one)
    word = word.replace("w", "").replace("y", "").translate(_CLASSES)
    return "".join(one for at, one in enumerate(word) if at == 0 or word[at - 1] != one)
