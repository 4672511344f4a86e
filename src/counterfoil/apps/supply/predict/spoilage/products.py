"""What products are, as far as spoilage goes: how long they keep, at which temperatures.

A table is the user's: CSV of one place a row, or the layout of USDA's FoodKeeper (`foodkeeper`). A
CSV that is wrong is refused with its line; of FoodKeeper's rows those that say nothing usable are
left out with a reason, as they are not the user's to mend. This module refuses to make up a life.

Temperatures of places that a table only names: refrigerator 4 and freezer -18 degrees C (USDA FSIS,
Refrigeration and Food Safety: at or below 40 F, at 0 F); pantry 21 degrees C, the upper end of dry
storage at 50 to 70 F (USDA, storage of USDA Foods). A real place differs from its name by some 1 K;
`shelf_life` widens its bands by that.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from counterfoil.errors import InputError, NotFound

__all__ = [
    "FREEZES_C",
    "PLACES_C",
    "PRODUCTS_MAX_BYTES",
    "Life",
    "Product",
    "ProductTable",
    "Skipped",
    "make_product",
    "product_of",
    "read_products",
]

PRODUCTS_MAX_BYTES: Final = 64 << 20
"""Largest table that is read, bytes, unpacked."""

FREEZES_C: Final = -2.0
"""Where food begins to freeze, degrees C: -0.5 to -3 for most (ASHRAE Refrigeration, 19)."""

PLACES_C: Final[Mapping[str, float]] = {
    "pantry": 21.0,
    "shelf": 21.0,
    "ambient": 21.0,
    "room": 21.0,
    "refrigerator": 4.0,
    "refrigerate": 4.0,
    "fridge": 4.0,
    "chilled": 4.0,
    "freezer": -18.0,
    "freeze": -18.0,
    "frozen": -18.0,
}
"""Place -> degrees C, where a table names the place alone."""

_COLUMNS: Final = ("product", "storage", "min_days", "max_days")
_LIFE_MAX_H: Final = 24 * 365.25 * 100
_COLDEST_C: Final = -90.0
_WARMEST_C: Final = 60.0  # above, food is cooked, and does not keep or spoil by the same law


@dataclass(frozen=True, slots=True)
class Life:
    """How long a product keeps at a temperature: hours from low_h to high_h, 0 < low_h <= high_h.

    named: the temperature is that of a place by its name.
    """

    place: str
    celsius: float
    low_h: float
    high_h: float
    named: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A product. key: unique in its table. lives: coldest first, each temperature once."""

    key: str
    name: str
    lives: tuple[Life, ...]

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON without floats; `product_of` reads it back."""
        lives = [
            [one.place, _text(one.celsius), _text(one.low_h), _text(one.high_h), one.named]
            for one in self.lives
        ]
        return {"key": self.key, "name": self.name, "lives": lives}


@dataclass(frozen=True, slots=True)
class Skipped:
    """What a table says that cannot be used, and why."""

    product: str
    why: str


@dataclass(frozen=True, slots=True)
class ProductTable:
    """Products by key. digest: SHA-256 of the table as it was read, 64 hexadecimal digits."""

    products: Mapping[str, Product]
    skipped: tuple[Skipped, ...]
    digest: str

    def find(self, name: str) -> Product:
        """Find a product by its key, or by its name where that is one product's alone.

        Raises NotFound with code supply.product.
        """
        if name in self.products:
            return self.products[name]
        wanted = name.strip().casefold()
        found = [one for one in self.products.values() if one.name.casefold() == wanted]
        if len(found) == 1:
            return found[0]
        left = [one for one in self.skipped if one.product.casefold() == wanted]
        if found:
            said = f"{len(found)} of that name, with the keys " + ", ".join(
                one.key for one in found[:5]
            )
        elif left:
            said = f"that it was left out: {left[0].why}"
        else:
            said = f"no {name[:80]!a}"
        names = [one.name for one in self.products.values()]
        near = difflib.get_close_matches(name, names, 3)
        raise NotFound(
            "supply.product",
            f"expected a product of the table, found {said}",
            hint=f"Near it: {'; '.join(near)}."
            if near
            else "`counterfoil supply spoilage-products` lists them.",
        )


def read_products(data: bytes) -> ProductTable:
    """Read a table: CSV or FoodKeeper's JSON, plain or gzipped.

    CSV: product, storage, min_days, max_days, and temperature_c where `storage` is no place of
    `PLACES_C`; one row a place. Raises InputError with code products.packed, products.csv,
    products.row, products.json or products.none.
    """
    digest = sha256(data).hexdigest()
    plain = _unpacked(data)
    if plain.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        from counterfoil.apps.supply.predict.spoilage.foodkeeper import read_foodkeeper

        products, skipped = read_foodkeeper(plain)
    else:
        products, skipped = _read_csv(plain)
    if not products:
        raise InputError(
            "products.none",
            f"expected products that keep for a known time, found none; {len(skipped)} were left "
            "out",
            hint="A table has columns for the product, the place and its least and most days.",
        )
    return ProductTable(products, skipped, digest)


def product_of(said: Mapping[str, Any]) -> Product:
    """Read a product as `Product.to_json` wrote it. Raises InputError with code products.row."""
    try:
        lives = [
            Life(str(place), float(celsius), float(low), float(high), bool(named))
            for place, celsius, low, high, named in said["lives"]
        ]
        return make_product(str(said["key"]), str(said["name"]), lives)
    except (KeyError, TypeError, ValueError) as err:
        raise _row(f"in a recorded product: {err}") from err


def make_product(key: str, name: str, lives: Iterable[Life]) -> Product:
    """Make a product, its lives coldest first. Raises ValueError that says what is odd."""
    ordered = tuple(sorted(lives, key=lambda one: one.celsius))
    if not ordered:
        raise ValueError("it keeps for a known time nowhere")
    for one in ordered:
        if not _COLDEST_C <= one.celsius <= _WARMEST_C:
            raise ValueError(f"{one.celsius:g} degrees C is outside of -90 to 60")
        if not (0 < one.low_h <= one.high_h <= _LIFE_MAX_H):
            raise ValueError(
                f"{one.place or one.celsius}: expected 0 < min <= max <= 100 years, found "
                f"{one.low_h / 24:g} to {one.high_h / 24:g} days"
            )
    for colder, warmer in pairwise(ordered):
        if colder.celsius == warmer.celsius:
            raise ValueError(f"it has two lives at {colder.celsius:g} degrees C")
        if (colder.celsius < FREEZES_C) != (warmer.celsius < FREEZES_C):
            continue  # another reaction: see `shelf_life`
        if _middle(colder) < _middle(warmer):
            raise ValueError(
                f"it keeps longer at {warmer.celsius:g} than at {colder.celsius:g} degrees C: "
                "chilling harms it, or another thing is meant; no rate follows from that"
            )
    return Product(key, name, ordered)


def _middle(life: Life) -> float:
    return math.sqrt(life.low_h * life.high_h)


def _read_csv(data: bytes) -> tuple[dict[str, Product], tuple[Skipped, ...]]:
    try:
        table = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        rows = list(table)
    except (UnicodeDecodeError, csv.Error) as err:
        raise InputError(
            "products.csv",
            f"expected products as CSV in UTF-8, but: {str(err)[:120]}",
            hint="The first line names the columns: product,storage,temperature_c,min_days,"
            "max_days.",
        ) from err
    from counterfoil.apps.supply.predict.spoilage.foodkeeper import is_foodkeeper, read_columns

    if is_foodkeeper(table.fieldnames or ()):
        return read_columns(rows)
    lives: dict[str, list[Life]] = {}
    for line, row in enumerate(rows, 2):
        missing = [name for name in _COLUMNS if not (row.get(name) or "").strip()]
        if missing:
            raise _row(f"line {line}: nothing in {', '.join(missing)}")
        try:
            lives.setdefault(row["product"].strip(), []).append(_life(row))
        except ValueError as err:
            raise _row(f"line {line}: {err}") from err
    products = {}
    for name, several in lives.items():
        try:
            products[name] = make_product(name, name, several)
        except ValueError as err:
            raise _row(f"product {name[:80]!a}: {err}") from err
    return products, ()


def _life(row: Mapping[str, str]) -> Life:
    place, celsius = row["storage"].strip(), (row.get("temperature_c") or "").strip()
    known = PLACES_C.get(place.casefold())
    if not celsius and known is None:
        raise ValueError(f"storage {place[:40]!a} is no place of {', '.join(PLACES_C)}, and has no "
                         "temperature_c")  # fmt: skip
    warmth = _number(celsius) if celsius else float(known or 0.0)
    low, high = _number(row["min_days"]), _number(row["max_days"])
    return Life(place, warmth, low * 24, high * 24, not celsius)


def _number(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"{text[:20]!a} is no finite number")
    return found


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            plain = stream.read(PRODUCTS_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as err:
        raise InputError(
            "products.packed",
            f"expected a gzip file, but: {err}",
            hint="Check that it was copied whole.",
        ) from err
    if len(plain) > PRODUCTS_MAX_BYTES:
        raise InputError(
            "products.packed",
            f"expected at most {PRODUCTS_MAX_BYTES:,} bytes when unpacked, found more",
            hint="Check that it is the file you mean.",
        )
    return plain


def _text(value: float) -> str:
    return repr(float(value))


def _row(what: str) -> InputError:
    return InputError(
        "products.row",
        f"expected how long products keep, found {what[:300]}",
        hint="Columns: product, storage (such as refrigerator), temperature_c, min_days, max_days.",
    )
