"""Run the tests that stand with the rules, each on a stream of its own.

A case is a short stream and what its rule makes of the last payment. Fields that every payment has
may be left out. This module refuses to let a rule pass that has no test of either kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from counterfoil.apps.finance.payments import parse_payment
from counterfoil.apps.finance.rules.application import Result
from counterfoil.apps.finance.rules.engine import Engine
from counterfoil.apps.finance.rules.ruleset import PASS, Case, Rule, RuleSet
from counterfoil.errors import InputError

__all__ = ["CaseResult", "run_cases"]

_USUAL: Final[dict[str, Any]] = {"currency": "USD", "method": "transfer"}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of a case.

    expected, found: outcomes. passed: they are the same. conditions: of the last payment. note:
    what else is to be said.
    """

    rule: str
    case: str
    expected: str
    found: str
    passed: bool
    result: Result | str
    conditions: Mapping[str, bool | None]
    note: str = ""


def run_cases(rules: RuleSet) -> Iterator[CaseResult]:
    """Run all cases, in the order of the file.

    A rule without a case that meets it, and one that does not, gives a row that has not passed.
    """
    for rule in rules.rules:
        for case in rule.cases:
            yield _run(rules, rule, case)
        expected = {case.expect for case in rule.cases}
        for missing in sorted({PASS, rule.outcome} - expected):
            note = f"expected a case whose result is {missing}, found none"
            yield CaseResult(rule.name, "", missing, "", False, "untested", {}, note)


def _run(rules: RuleSet, rule: Rule, case: Case) -> CaseResult:
    engine = Engine(replace(rules, rules=(rule,)))
    found = None
    try:
        for at, row in enumerate(case.payments):
            found = engine.apply(parse_payment(_whole(row, at)))
    except InputError as err:
        raise err.renewed(f"in case {case.name!a} of {rule.name}: {err.message}") from err
    applied = found.applied[0] if found is not None and found.applied else None
    if applied is None:
        done: tuple[str, str, Mapping[str, bool | None]] = (PASS, "not in force", {})
    else:
        done = (applied.outcome, applied.result, applied.conditions)
    note = applied.trouble if applied is not None else ""
    passed = done[0] == case.expect and done[1] != "undecided"
    return CaseResult(rule.name, case.name, case.expect, done[0], passed, done[1], done[2], note)


def _whole(row: Mapping[str, Any], at: int) -> dict[str, Any]:
    """Fill in what a test need not say; times of TOML become text."""
    given = {
        name: value.isoformat() if isinstance(value, (date, datetime)) else value
        for name, value in row.items()
    }
    return {"id": f"case-{at + 1}", **_USUAL, **given}
