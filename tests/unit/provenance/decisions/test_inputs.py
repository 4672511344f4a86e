"""Inputs of decisions become plain JSON values, or an error that names the one that is none."""

from __future__ import annotations

import datetime
from importlib import import_module
from typing import Any

import msgspec
import numpy as np
import pytest

from counterfoil.formats import json_text
from counterfoil.provenance.decisions import (
    INPUTS_MAX_BYTES,
    inputs_digest,
    plain_inputs,
    schema_digest,
)
from tests.statements import refused


def test_values_are_plain_and_copied() -> None:
    """NumPy scalars and rows of pandas are unwrapped, NaN is missing, what is nested is copied."""
    nested = {"list": [1, (2.5, None)], "flag": np.bool_(True)}
    given = {"a": np.float32(0.1), "b": np.int64(3), "c": float("nan"), "d": "x", "n": nested}
    plain = plain_inputs(given)
    nested["list"] = []
    assert plain == {
        "a": float(np.float32(0.1)),
        "b": 3,
        "c": None,
        "d": "x",
        "n": {"list": [1, [2.5, None]], "flag": True},
    }
    assert [type(value) for value in plain.values()][:2] == [float, int]
    row = import_module("pandas").DataFrame({"a": [1.5], "b": ["x"]}).iloc[0]
    assert plain_inputs(row) == {"a": 1.5, "b": "x"}
    assert json_text.parse(msgspec.json.encode(plain)) == plain


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        (39, "decision.inputs"),
        ({"a": float("inf")}, "decision.input-number"),
        ({"a": np.float32("-inf")}, "decision.input-number"),
        ({"a": 2**53}, "decision.input-number"),
        ({"a": 10**400}, "decision.input-number"),
        ({"a": datetime.date(2026, 1, 1)}, "decision.input-type"),
        ({"a": b"bytes"}, "decision.input-type"),
        ({"a": "\ud800"}, "decision.input-type"),
        ({"a": {1: 2}}, "decision.input-type"),
        ({"a": np.zeros(3)}, "decision.input-type"),
        ({1: 2}, "decision.input-name"),
        ({"": 2}, "decision.input-name"),
        ({"a\n": 2}, "decision.input-name"),
        ({"a" * 241: 2}, "decision.input-name"),
        ({"a": "x" * 70_000}, "decision.inputs-size"),
    ],
)
def test_what_is_no_input_is_named(inputs: Any, code: str) -> None:
    """Infinity, huge integers, dates, bytes, odd names and 70,000 bytes are refused."""
    with refused(code):
        plain_inputs(inputs)


def test_the_limit_is_exact() -> None:
    """Inputs of exactly the limit pass, and those of a byte more do not."""
    fitting = {"a": "x" * (INPUTS_MAX_BYTES - len('{"a":""}'))}
    assert plain_inputs(fitting) == fitting
    with refused("decision.inputs-size"):
        plain_inputs({"a": fitting["a"] + "x"})


def test_depth_is_bounded() -> None:
    """A value that never ends is refused, not followed."""
    deep: list[Any] = []
    deep.append(deep)
    with refused("decision.input-type"):
        plain_inputs({"a": deep})


def test_digests_depend_on_what_they_should() -> None:
    """The schema's on names and their order; the inputs' on values and salt, not on order."""
    assert schema_digest(["a", "b"]) != schema_digest(["b", "a"])
    one = inputs_digest({"a": 1, "b": 2.0}, b"s" * 16)
    assert one == inputs_digest({"b": 2, "a": 1}, b"s" * 16)
    assert one != inputs_digest({"a": 1, "b": 2}, b"t" * 16)
    assert one != inputs_digest({"a": 1, "b": 3}, b"s" * 16)
