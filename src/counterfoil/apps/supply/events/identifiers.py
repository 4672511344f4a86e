"""One name for each thing: GS1 keys as constrained canonical Digital Link URIs.

The same carton is `urn:epc:id:sgtin:...` to one company and `https://shop.example/01/.../21/...` to
another; hashes and traces need one name. This module refuses nothing: what carries no GS1 key
stays as it is.
Source: GS1 CBV 2.0, event hash, rules 17 and 18; GS1 TDS 2.0; GS1 Digital Link URI 1.2, 4.11.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final
from urllib.parse import quote

__all__ = ["DOMAIN", "canonical", "check_digit", "class_of", "lot_of"]

DOMAIN: Final = "https://id.gs1.org"
"""Domain of canonical Digital Link URIs."""

_CODE_32: Final = r"[!'()*+,\-./0-9:;=A-Za-z_%]"
_URN: Final = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(\d{6,12})\.(.*)", re.DOTALL)
_ESCAPED: Final = str.maketrans(
    {"!": "%21", "(": "%28", ")": "%29", "*": "%2A", "+": "%2B", ",": "%2C", ":": "%3A"}
)
_PLAIN: Final = "'-.;=_"
_WEB: Final = re.compile(r"https?://[^/?#]+((?:/[^?#]*)?)", re.IGNORECASE)
_NAMES: Final = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017",
    "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402",
    "grai": "8003", "giai": "8004", "cpv": "22", "lot": "10", "ser": "21",
}  # fmt: skip
_X: Final = r"[\"'\-.0-9:;<=>?A-Z_a-z%!&()*+,]"
_KEYS: Final = {
    "00": r"\d{18}", "01": r"\d{14}", "253": rf"\d{{13}}{_X}{{0,17}}", "255": r"\d{13}\d{0,12}",
    "401": rf"{_X}{{1,30}}", "402": r"\d{17}", "414": r"\d{13}", "417": r"\d{13}",
    "8003": rf"\d{{14}}{_X}{{0,16}}", "8004": rf"{_X}{{1,30}}", "8006": r"\d{18}",
    "8010": r"[#\-0-9A-Z%]{1,30}", "8017": r"\d{18}", "8018": r"\d{18}",
}  # fmt: skip
"""Application identifier of a key -> its value. Percent-encoded characters are as they came."""
_FINER: Final = {
    "01": (("21", 20), ("10", 20), ("235", 28)),
    "8006": (("21", 20), ("10", 20)),
    "414": (("254", 20),),
    "8010": (("8011", 12),),
}
"""Key -> what identifies more finely, the finest first, and how long it may be."""


def check_digit(digits: str) -> str:
    """Compute the check digit of a GS1 key.

    digits: the key without it. Source: GS1 General Specifications, 7.9.1.
    """
    total = sum(int(one) * (3 if at % 2 == 0 else 1) for at, one in enumerate(reversed(digits)))
    return str(-total % 10)


@lru_cache(maxsize=65_536)
def canonical(uri: str) -> str:
    """Give the constrained canonical Digital Link URI of a GS1 key, or the text as it came.

    uri: an EPC, EPC class or EPC pattern URN, a Digital Link URI of any domain, or anything else.
    Only the finest level stays: with a serial number the lot is left out. Query and fragment go.
    """
    if not uri.isascii():
        return uri
    found = _URN.fullmatch(uri)
    if found is not None:
        kind, scheme, prefix, rest = found.groups()
        made = _SCHEMES.get((kind, scheme))
        if made is None or (kind == "idpat" and not rest.endswith(".*")):
            return uri
        return made(prefix, rest.removesuffix(".*") if kind == "idpat" else rest) or uri
    return _from_web(uri) or uri


def class_of(name: str) -> str | None:
    """Tell the class of an instance: the GTIN, without its serial number or lot.

    name: canonical. None where there is none.
    """
    key, cut, _ = name.removeprefix(f"{DOMAIN}/01/").partition("/")
    return f"{DOMAIN}/01/{key}" if cut and name.startswith(f"{DOMAIN}/01/") else None


def lot_of(name: str, lot: str) -> str:
    """Name a lot of a class as `canonical` does. name: of the class. lot: its number, as text.

    >>> lot_of("https://id.gs1.org/01/04012345222227", "A/1+2")
    'https://id.gs1.org/01/04012345222227/10/A%2F1%2B2'
    """
    return f"{name}/10/{quote(lot, safe=_PLAIN)}"


def _from_web(uri: str) -> str | None:
    found = _WEB.match(uri)
    if found is None:
        return None
    parts = [_NAMES.get(part, part) for part in found[1].split("/")[1:]]
    for at, ai in enumerate(parts[:-1]):
        if ai in _KEYS:
            pairs = dict(zip(parts[at::2], parts[at + 1 :: 2], strict=False))
            return _canonical_web(ai, pairs)
    return None


def _canonical_web(ai: str, pairs: dict[str, str]) -> str | None:
    value = pairs[ai]
    if ai == "01" and re.fullmatch(r"\d{8}|\d{12}|\d{13}", value):
        value = value.zfill(14)
    if re.fullmatch(_KEYS[ai], value) is None or not re.match(r"\d{4}|[^\d]", value):
        return None
    for finer, longest in _FINER.get(ai, ()):
        if finer in pairs and 0 < len(pairs[finer]) <= 3 * longest:
            return f"{DOMAIN}/{ai}/{value}/{finer}/{pairs[finer]}"
    return f"{DOMAIN}/{ai}/{value}"


def _reference(prefix: str, rest: str, digits: int) -> tuple[str, str] | None:
    """Split what follows a company prefix: a reference of `digits` in all, and what is after it."""
    reference, dot, after = rest.partition(".")
    if len(prefix) + len(reference) != digits or not (reference.isdigit() or not reference):
        return None
    return reference, after if dot else ""


def _gtin(prefix: str, reference: str) -> str:
    raw = reference[:1] + prefix + reference[1:]
    return raw + check_digit(raw)


def _of_item(qualifier: str, longest: int) -> Callable[[str, str], str | None]:
    """Make a GTIN with a serial number or lot; no qualifier: of a pattern, the GTIN alone."""

    def make(prefix: str, rest: str) -> str | None:
        split = _reference(prefix, rest, 13)
        if split is None or not split[0]:
            return None
        name = f"{DOMAIN}/01/{_gtin(prefix, split[0])}"
        if not qualifier:
            return None if split[1] else name
        if not _is_serial(split[1], longest):
            return None
        return f"{name}/{qualifier}/{split[1].translate(_ESCAPED)}"

    return make


def _of_piece(prefix: str, rest: str) -> str | None:
    split = _reference(prefix, rest, 13)
    found = None if split is None else re.fullmatch(r"(\d\d)\.(\d\d)(?:\.(.+))?", split[1])
    if split is None or found is None:
        return None
    name = f"{DOMAIN}/8006/{_gtin(prefix, split[0])}{found[1]}{found[2]}"
    if found[3] is None:  # of a pattern
        return name
    return f"{name}/21/{found[3].translate(_ESCAPED)}" if _is_serial(found[3], 20) else None


def _of_unit(prefix: str, rest: str) -> str | None:
    if len(prefix) + len(rest) != 17 or not rest.replace(".", "", 1).isdigit() or "." in rest:
        return None
    raw = rest[0] + prefix + rest[1:]
    return f"{DOMAIN}/00/{raw}{check_digit(raw)}"


def _of_place(prefix: str, rest: str) -> str | None:
    split = _reference(prefix, rest, 12)
    if split is None or not _is_serial(split[1], 20):
        return None
    raw = prefix + split[0]
    name = f"{DOMAIN}/414/{raw}{check_digit(raw)}"
    return name if split[1] == "0" else f"{name}/254/{split[1].translate(_ESCAPED)}"


def _of_party(prefix: str, rest: str) -> str | None:
    split = _reference(prefix, rest, 12)
    if split is None or split[1]:
        return None
    raw = prefix + split[0]
    return f"{DOMAIN}/417/{raw}{check_digit(raw)}"


def _of_digits(ai: str, digits: int) -> Callable[[str, str], str | None]:
    def make(prefix: str, rest: str) -> str | None:
        raw = prefix + rest
        return f"{DOMAIN}/{ai}/{raw}{check_digit(raw)}" if _all(raw, digits) else None

    return make


def _of_serial(
    ai: str, front: str, longest: int, *, digits: bool = False
) -> Callable[[str, str], str | None]:
    """Make a key of twelve digits and a serial number beside its check digit."""

    def make(prefix: str, rest: str) -> str | None:
        split = _reference(prefix, rest, 12)
        if split is None:
            return None
        raw = front + prefix + split[0]
        name = f"{DOMAIN}/{ai}/{raw}{check_digit(raw)}"
        if not split[1]:  # of a pattern
            return name
        if not _is_serial(split[1], longest) or (digits and not split[1].isdigit()):
            return None
        return name + split[1].translate(_ESCAPED)

    return make


def _of_text(ai: str) -> Callable[[str, str], str | None]:
    def make(prefix: str, rest: str) -> str | None:
        if not _is_serial(rest, 30 - len(prefix)):
            return None
        return f"{DOMAIN}/{ai}/{prefix}{rest.translate(_ESCAPED)}"

    return make


def _of_component(prefix: str, rest: str) -> str | None:
    part, dot, serial = rest.partition(".")
    if not re.fullmatch(r"[0-9A-Z%a-f-]+", part):
        return None
    name = f"{DOMAIN}/8010/{prefix}{part.translate(_ESCAPED)}"
    if not dot:  # of a pattern
        return name
    return f"{name}/8011/{serial}" if re.fullmatch(r"\d{1,12}", serial) else None


def _all(text: str, digits: int) -> bool:
    return len(text) == digits and text.isascii() and text.isdigit()


def _is_serial(text: str, longest: int) -> bool:
    unescaped = re.sub(r"%[0-9A-Fa-f]{2}", "x", text)
    return 0 < len(unescaped) <= longest and re.fullmatch(f"{_CODE_32}+", text) is not None


_Maker = Callable[[str, str], str | None]
_SCHEMES: Final[dict[tuple[str, str], _Maker]] = {
    ("id", "sgtin"): _of_item("21", 20),
    ("class", "lgtin"): _of_item("10", 20),
    ("idpat", "sgtin"): _of_item("", 0),
    ("id", "upui"): _of_item("235", 28),
    ("idpat", "upui"): _of_item("", 0),
    ("id", "itip"): _of_piece,
    ("idpat", "itip"): _of_piece,
    ("id", "sscc"): _of_unit,
    ("id", "sgln"): _of_place,
    ("id", "pgln"): _of_party,
    ("id", "gsrn"): _of_digits("8018", 17),
    ("id", "gsrnp"): _of_digits("8017", 17),
    ("id", "gsin"): _of_digits("402", 16),
    ("id", "grai"): _of_serial("8003", "0", 16),
    ("idpat", "grai"): _of_serial("8003", "0", 16),
    ("id", "gdti"): _of_serial("253", "", 17),
    ("idpat", "gdti"): _of_serial("253", "", 17),
    ("id", "sgcn"): _of_serial("255", "", 12, digits=True),
    ("idpat", "sgcn"): _of_serial("255", "", 12, digits=True),
    ("id", "giai"): _of_text("8004"),
    ("id", "ginc"): _of_text("401"),
    ("id", "cpi"): _of_component,
    ("idpat", "cpi"): _of_component,
}
