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

So 007 and +1 stay text, and a column of 1 and 1.5 is `float`. A column without any value is
`string`. This module refuses to look at a part of a column and guess the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.fingerprint.extra import need

__all__ = ["TYPES", "TypeOf", "check_types", "converted"]

_DAY: Final = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
_FRACTION: Final = r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_PATTERNS: Final = {
    "boolean": r"^(true|false|True|False|TRUE|FALSE)$",
    "integer": r"^(0|-?[1-9][0-9]{0,18})$",
    "float": rf"^({_FRACTION}|nan|NaN|-?inf|-?Infinity)$",
    "date": rf"^{_DAY}$",
    "timestamp": rf"^{_DAY}[ T]{_CLOCK}$",
    "instant": rf"^{_DAY}[ T]{_CLOCK}(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$",
}
TYPES: Final = (*_PATTERNS, "string")
"""Types that CSV text can be read as."""


class TypeOf:
    """Learns a column's type from all of its text, part by part."""

    def __init__(self) -> None:
        self._open = list(_PATTERNS)
        self._seen = False

    def see(self, text: Any) -> None:
        """Take up a part: a pyarrow array of strings, missing ones null."""
        compute = need("pyarrow.compute")
        if len(text) == text.null_count:
            return
        self._seen = True
        kept = []
        for name in self._open:
            fits = compute.all(compute.match_substring_regex(text, _PATTERNS[name])).as_py()
            if fits and (name != "integer" or _within(text)):
                kept.append(name)
        self._open = kept

    @property
    def type(self) -> str:
        """The first type that fits everything seen."""
        return self._open[0] if self._seen and self._open else "string"


def converted(text: Any, kind: str, where: str) -> Any:
    """Read text as a type of `TYPES`.

    text: pyarrow array of strings. where: how errors name the column. Raises InputError with
    code dataset.value, naming a text that is not of the type.
    """
    arrow, compute = need("pyarrow"), need("pyarrow.compute")
    if kind == "string":
        return text
    try:
        if kind == "boolean":
            return compute.utf8_lower(text).cast(arrow.bool_())
        if kind == "integer":
            return text.cast(arrow.int64())
        if kind == "float":
            lower = compute.utf8_lower(text)
            return compute.replace_substring(lower, "infinity", "inf").cast(arrow.float64())
        if kind == "date":
            return text.cast(arrow.date32())
        zone = None if kind == "timestamp" else "UTC"
        return text.cast(arrow.timestamp("ns", zone))
    except arrow.ArrowException as err:
        raise InputError(
            "dataset.value",
            f"expected {kind} in column {where[:80]!a}, but: {str(err)[:200]}",
            hint="Leave the column's type out and let it be inferred, or name it `string`.",
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


def _within(text: Any) -> bool:
    arrow = need("pyarrow")
    try:
        text.cast(arrow.int64())
    except arrow.ArrowException:
        return False
    return True
