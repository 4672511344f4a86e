"""Turn the inputs of a decision into the row that a model takes, or say which one is wrong.

A model that is handed a missing column, a text in place of a number or a NaN that it does not know
answers all the same; so each input is checked against the model's features, by name. This module
refuses to guess: no input is left out, filled in or converted from text. Errors name a feature and
never its value, which may be personal: they end up in logs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, Final, Literal

from counterfoil.errors import InputError

__all__ = ["Columns", "Kind", "check_names"]

Kind = Literal["number", "whole", "text", "any"]
"""What a feature takes: a number, a whole number, text, or a number or text."""

_NAMED_MAX: Final = 5
_MISSING: Final = float("nan")


@dataclass(frozen=True, slots=True)
class Columns:
    """A model's features, in order, and what each takes.

    kinds: one a feature. missing: None and NaN are taken, as NaN. limit: largest magnitude of a
    number, such as that of a 32-bit float. categories: values of a feature that the model knows by
    their place.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    missing: bool
    limit: float = math.inf
    categories: Mapping[str, Mapping[Any, int]] = field(default_factory=dict)

    def row(self, inputs: Mapping[str, Any]) -> list[Any]:
        """Order and check the inputs of one decision.

        inputs: feature -> value. Raises InputError with code model.inputs, model.feature-missing,
        model.feature-unknown, model.feature-type, model.feature-nan, model.feature-range or
        model.feature-category, naming the feature.
        """
        try:
            found = [inputs[name] for name in self.names]
        except (KeyError, TypeError) as err:
            raise self._unequal(inputs) from err
        if len(inputs) != len(found):
            raise self._unequal(inputs)
        for at, value in enumerate(found):
            plain = type(value) is float and self.kinds[at] == "number"
            if not plain or value - value != 0.0 or abs(value) > self.limit:
                found[at] = self._value(at, value)
        return found

    def rows(self, many: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
        """Order and check many; the error's message names the row, from 0."""
        found = []
        for at, inputs in enumerate(many):
            try:
                found.append(self.row(inputs))
            except InputError as err:
                raise err.renewed(f"row {at}: {err.message}") from err
        return found

    def _value(self, at: int, value: Any) -> Any:
        name, kind = self.names[at], self.kinds[at]
        if value is None or (isinstance(value, Real) and value != value):
            return self._absent(name)
        if name in self.categories:
            return self._category(name, value)
        if isinstance(value, str):
            if kind in ("text", "any"):
                return str(value)
            raise _wrong_type(name, "a number", value)
        if not isinstance(value, (bool, Real)):
            value = _plain(name, value, "text" if kind == "text" else "a number")
        if kind == "text":
            raise _wrong_type(name, "text", value)
        if kind == "whole" and not isinstance(value, (bool, Integral)):
            if not float(value).is_integer():
                raise _wrong_type(name, "a whole number", value)
            return int(value)
        number = int(value) if isinstance(value, (bool, Integral)) else float(value)
        if abs(number) > self.limit or math.isinf(number):
            raise InputError(
                "model.feature-range",
                f"expected a finite number of at most {self.limit:g} as {name!a}, found "
                f"{'a larger one' if math.isfinite(value) else 'infinity'}",
                hint="Check its unit, or leave the decision to a person.",
            )
        return number if kind in ("whole", "any") else float(number)

    def _absent(self, name: str) -> float:
        if self.missing:
            return _MISSING
        raise InputError(
            "model.feature-nan",
            f"expected a value of {name!a}, found none: this model does not take missing values",
            hint="Fill it in as in training, or use a model with an imputer.",
        )

    def _category(self, name: str, value: Any) -> float:
        known = self.categories[name]
        try:
            return float(known[value])
        except (KeyError, TypeError) as err:
            listed = ", ".join(map(repr, list(known)[:_NAMED_MAX]))
            raise InputError(
                "model.feature-category",
                f"expected one of the {len(known)} values of {name!a} that the model was trained "
                f"on ({listed}{', ...' if len(known) > _NAMED_MAX else ''}), found another",
                hint="Give None to have it scored as missing, which is what LightGBM does.",
            ) from err

    def _unequal(self, inputs: Any) -> InputError:
        if not isinstance(inputs, Mapping):
            return InputError(
                "model.inputs",
                f"expected a mapping of features to values, found {type(inputs).__name__}",
                hint=f"For example {{{self.names[0]!r}: ...}}." if self.names else "",
            )
        missing = [name for name in self.names if name not in inputs]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            return InputError(
                "model.feature-missing",
                f"expected {len(self.names)} features, found no {missing[0]!a}{more}",
                hint=f"The model takes: {_listed(self.names)}.",
            )
        unknown = [name for name in inputs if name not in self.names]
        return InputError(
            "model.feature-unknown",
            f"expected the model's {len(self.names)} features, found {str(unknown[0])[:80]!a} too",
            hint=f"The model takes: {_listed(self.names)}.",
        )


def check_names(given: Sequence[str] | None, found: Sequence[str], count: int) -> tuple[str, ...]:
    """Choose the names of `count` features: given ones, else those that the model has.

    Raises InputError with code model.features when there are too few, too many or the same twice.
    """
    names = tuple(given) if given else tuple(found)
    if len(names) != count or len(set(names)) != count or not all(names):
        raise InputError(
            "model.features",
            f"expected {count} different names of features, found {len(names)}"
            + (": " + _listed(names) if names else ""),
            hint="Give features=[...] in the order in which the model was trained.",
        )
    return names


def _plain(name: str, value: Any, expected: str) -> Any:
    """Unwrap a NumPy scalar."""
    item = getattr(value, "item", None)
    found = item() if callable(item) and getattr(value, "shape", None) == () else None
    if not isinstance(found, (bool, Real)):
        raise _wrong_type(name, expected, value)
    return found


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    return ", ".join(f"{name}"[:80] for name in names[:_NAMED_MAX]) + more


def _wrong_type(name: str, expected: str, value: Any) -> InputError:
    return InputError(
        "model.feature-type",
        f"expected {expected} as {name!a}, found {type(value).__name__}",
        hint="Convert it as in training, before the decision.",
    )
