"""Checks of data and models: each with a stated method, a limit, and what it found.

Pure functions on tables; `counterfoil.ledger.checks` records what they say. They need the extras
`frames` and `models`.
"""

from counterfoil.extras import brings

with brings("frames,models"):
    from counterfoil.provenance.checks.drift import check_drift
    from counterfoil.provenance.checks.fairness import GAPS, check_fairness, gap
    from counterfoil.provenance.checks.groups import RATES, Group, count_groups
    from counterfoil.provenance.checks.intervals import difference_interval, ratio_interval, wilson
    from counterfoil.provenance.checks.leakage import check_leakage
    from counterfoil.provenance.checks.poisoning import check_poisoning
    from counterfoil.provenance.checks.quality import check_quality
    from counterfoil.provenance.checks.reading import read_table, table_of
    from counterfoil.provenance.checks.results import Item, Report
    from counterfoil.provenance.checks.run import KINDS, Kind, require_kind, run_check
    from counterfoil.provenance.checks.suggest import suggest_suite
    from counterfoil.provenance.checks.suite import (
        ColumnRule,
        Drift,
        Fairness,
        Leakage,
        Poisoning,
        Quality,
        Suite,
        format_suite,
        load_suite,
        parse_suite,
    )
    from counterfoil.provenance.checks.table import Column, Table
    from counterfoil.provenance.checks.thresholds import Thresholds, choose_thresholds

__all__ = [
    "GAPS",
    "KINDS",
    "RATES",
    "Column",
    "ColumnRule",
    "Drift",
    "Fairness",
    "Group",
    "Item",
    "Kind",
    "Leakage",
    "Poisoning",
    "Quality",
    "Report",
    "Suite",
    "Table",
    "Thresholds",
    "check_drift",
    "check_fairness",
    "check_leakage",
    "check_poisoning",
    "check_quality",
    "choose_thresholds",
    "count_groups",
    "difference_interval",
    "format_suite",
    "gap",
    "load_suite",
    "parse_suite",
    "ratio_interval",
    "read_table",
    "require_kind",
    "run_check",
    "suggest_suite",
    "table_of",
    "wilson",
]
