"""The room for checks, and the gate that asks for them; see `Checks` and `Gate`."""

from counterfoil.ledger.checks.checks import CheckResult, Checks
from counterfoil.ledger.checks.requirements import POLICY_FILE, Requirement, read_requirements

__all__ = ["POLICY_FILE", "CheckResult", "Checks", "Requirement", "read_requirements"]
