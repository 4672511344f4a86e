"""Figures are compared to the bit, or within what is allowed between builds."""

from __future__ import annotations

import math

from counterfoil.provenance.decisions import Difference, compare_scores, compare_shares, same_build
from counterfoil.provenance.statements.decisions import Runtime


def test_the_next_float_is_not_identical() -> None:
    """One bit is told apart where bits must be the same, and allowed where they need not."""
    near = math.nextafter(0.3, 1)
    assert compare_scores(0.3, 0.3, 0, exact=True) == "identical"
    assert compare_scores(0.3, near, 1e-6, exact=True) == "different"
    assert compare_scores(0.3, near, 1e-6, exact=False) == "within-tolerance"
    assert compare_scores(0.3, 0.4, 1e-6, exact=False) == "different"
    assert compare_scores(1e9, 1e9 + 1, 1e-6, exact=False) == "within-tolerance"


def test_shares_that_differ_are_named_largest_first() -> None:
    """A missing name is the largest difference; equal ones are left out."""
    recorded = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 0.0}
    found = {"a": 1.0, "b": 2.5, "c": 3.1, "e": 0.0}
    verdict, differences = compare_shares(recorded, found, 1e-6)
    assert verdict == "different"
    assert [one.name for one in differences] == ["d", "e", "b", "c"]
    assert differences[2] == Difference("b", 2.0, 2.5)
    assert compare_shares(recorded, dict(recorded), 0) == ("identical", ())
    assert compare_shares({"a": 1.0}, {"a": 1.0 + 1e-9}, 1e-6)[0] == "within-tolerance"


def test_a_build_is_library_version_and_machine() -> None:
    """Any of the three that changed makes another build; what was not recorded is none."""
    one = Runtime("onnxruntime", "1.0", "Linux x86_64")
    assert same_build(one, Runtime("onnxruntime", "1.0", "Linux x86_64"))
    assert not same_build(one, Runtime("onnxruntime", "1.1", "Linux x86_64"))
    assert not same_build(None, one)
