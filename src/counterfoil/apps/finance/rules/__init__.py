"""Compliance rules as statements: versioned, dated, tested, and applied with a trail."""

from counterfoil.apps.finance.rules.application import Applied, evaluate_rule
from counterfoil.apps.finance.rules.cases import CaseResult, run_cases
from counterfoil.apps.finance.rules.engine import Engine, Trail
from counterfoil.apps.finance.rules.reading import RULES_MAX_BYTES, read_rules
from counterfoil.apps.finance.rules.ruleset import OUTCOMES, PASS, Rule, RuleSet
from counterfoil.apps.finance.rules.shipped import default_rules

__all__ = [
    "OUTCOMES",
    "PASS",
    "RULES_MAX_BYTES",
    "Applied",
    "CaseResult",
    "Engine",
    "Rule",
    "RuleSet",
    "Trail",
    "default_rules",
    "evaluate_rule",
    "read_rules",
    "run_cases",
]
