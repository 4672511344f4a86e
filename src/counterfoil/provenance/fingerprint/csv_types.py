"""Infer the logical types of CSV text, from all of a column and by rules that anybody can apply.

An empty cell without quotes is missing; so are the texts that the caller names. What is left
decides: a column is the first of these types that every text in it is written as, else `string`:

| type | every text is |
|---|---|
| `boolean` | one of true, false, True, False, TRUE, FALSE |
| `integer` | digits, with a minus if it is negative, no leading zeros, within 64 bits |
| `float` | an integer or a decimal fraction, with or without an exponent; or nan, inf |
| `date` | 2018-07-18 |
| `timestamp` | 2018-07-18 00:00:37, with T for the blank and up to nine decimals if wished |
| `instant` | a timestamp with Z or an offset such as +02:00 |

Each also has to be such a value: 2018-02-30 is text. So are 007 and +1, whole numbers beyond 64
bits, and those of 16 digits or more in a column of fractions, since a double would not keep them
apart. A column of 1 and 1.5 is `float`, one without any value `string`. This module
refuses to look at a part of a column and guess the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.fingerprint.extra import need

__all__ = ["TYPES", "TypeOf", "check_types", "converted"]

_DAY: Final = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
_POINTED: Final = r"(0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+"
_FRACTION: Final = rf"-?(0|[1-9][0-9]{{0,14}}|{_POINTED})([eE][+-]?[0-9]+)?"
_PATTERNS: Final = {
    "boolean": r"^(true|false|True|False|TRUE|FALSE)$",
    "integer": r"^(0|-?[1-9][0-9]{0,19})$",
    "float": rf"^({_FRACTION}|nan|NaN|-?inf|-?Infinity)$",
    "date": rf"^{_DAY}$",
    "timestamp": rf"^{_DAY}[ T]{_CLOCK}$",
    "instant": rf"^{_DAY}[ T]{_CLOCK}(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$",
}
_EXACT: Final = 10**15  # below, a double keeps whole numbers apart
_PROBE_ROWS: Final = 256  # looked at first: what does not fit them needs no look at all
TYPES: Final = (*_PATTERNS, "string")
"""Types that CSV text can be read as."""

_STORED: Final = {
    "boolean": ("bool",),
    "integer": ("int64", "uint64"),
    "float": ("float64",),
    "date": ("date32",),
    "timestamp": ("timestamp[us]", "timestamp[ns]"),
    "instant": ("timestamp[us, UTC]", "timestamp[ns, UTC]"),
    "string": ("string",),
}
"""How Arrow can hold each type: microseconds reach all years, nanoseconds nine decimals."""


class TypeOf:
    """Learns a column's type from all of its text, part by part.

    where: how errors name the column. given: its type, where the caller knows it.
    """

    def __init__(self, where: str, given: str | None = None) -> None:
        self._where, self._given = where, given
        self._open = [
            (name, stored) for name in ([given] if given else _PATTERNS) for stored in _STORED[name]
        ]
        self._seen = False

    def see(self, text: Any) -> None:
        """Take up a part: a pyarrow array of strings, missing ones null.

        Raises InputError with code dataset.value for text that is not of the given type.
        """
        if len(text) == text.null_count:
            return
        self._seen = True
        kept = self._open
        for rows in (text.slice(0, _PROBE_ROWS), text):
            kept = self._fitting(rows, kept)
        if self._given and not kept:
            converted(text, self._open[0][1], self._where)
        self._open = kept

    def _fitting(self, text: Any, candidates: list[tuple[str, str]]) -> list[tuple[str, str]]:
        kept: list[tuple[str, str]] = []
        for name, stored in candidates:
            if name == "float" and kept and kept[0] == ("integer", "int64"):
                fits = _is_exact(text)
            else:
                fits = self._given == name or _written(text, name)
            if fits and _holds(text, stored):
                kept.append((name, stored))
        return kept

    @property
    def type(self) -> str:
        """The first type that fits everything seen."""
        return self._first[0]

    @property
    def stored(self) -> str:
        """How Arrow holds it; for `converted`."""
        return self._first[1]

    @property
    def _first(self) -> tuple[str, str]:
        known = self._open and (self._seen or self._given)
        return self._open[0] if known else ("string", "string")


def converted(text: Any, stored: str, where: str) -> Any:
    """Read text as what `TypeOf.stored` says.

    text: pyarrow array of strings. where: how errors name the column. Raises InputError with
    code dataset.value, naming a text that is not of the type.
    """
    try:
        return _cast(text, stored)
    except need("pyarrow").ArrowException as err:
        raise InputError(
            "dataset.value",
            f"expected {stored} in column {where[:80]!a}, but: {str(err)[:200]}",
            hint="Say what stands for nothing (--missing NA), let the type be inferred, or name it "
            "`string`.",
        ) from err


def check_types(types: Mapping[str, str], columns: Sequence[str]) -> None:
    """Check a schema that the caller gives: column -> type of `TYPES`.

    Raises InputError with code dataset.schema.
    """
    for name, kind in types.items():
        if name not in columns or kind not in TYPES:
            raise InputError(
                "dataset.schema",
                f"expected columns of the file, each with a type of {', '.join(TYPES)}, "
                f"found {name[:80]!a}: {kind[:40]!a}",
                hint=f"The file has: {', '.join(columns)[:300]}.",
            )


def _written(text: Any, name: str) -> bool:
    """Tell whether all of a text is written as a type is."""
    compute = need("pyarrow.compute")
    return bool(compute.all(compute.match_substring_regex(text, _PATTERNS[name])).as_py())


def _is_exact(text: Any) -> bool:
    """Tell whether a double keeps whole numbers of 64 bits apart."""
    found = need("pyarrow.compute").min_max(_cast(text, "int64")).as_py()
    return (found["min"] or 0) > -_EXACT and (found["max"] or 0) < _EXACT


def _holds(text: Any, stored: str) -> bool:
    """Tell whether Arrow can hold a text so; a number or truth as it is written always fits."""
    if stored in ("bool", "float64", "string"):
        return True
    try:
        _cast(text, stored)
    except need("pyarrow").ArrowException:
        return False
    return True


def _cast(text: Any, stored: str) -> Any:
    arrow, compute = need("pyarrow"), need("pyarrow.compute")
    if stored == "string":
        return text
    if stored == "bool":
        return compute.utf8_lower(text).cast(arrow.bool_())
    if stored == "float64":
        lower = compute.utf8_lower(text)
        return compute.replace_substring(lower, "infinity", "inf").cast(arrow.float64())
    if stored.startswith("timestamp"):
        return text.cast(arrow.timestamp(stored[10:12], "UTC" if "UTC" in stored else None))
    return text.cast(getattr(arrow, stored)())
