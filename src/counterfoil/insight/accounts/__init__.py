"""Accounts of EVM chains: which ones look like fraud, and whom other traders trust.

The classifier learns from a table of what accounts did; trust features come from ratings that
traders gave each other. This room refuses to learn from names, addresses, row numbers and the
order of rows.
"""

from counterfoil.insight.accounts.features import FEATURES, feature_rows, features
from counterfoil.insight.accounts.from_tables import accounts_of
from counterfoil.insight.accounts.grouping import folds, group_rows
from counterfoil.insight.accounts.judging import Judged, Judgement, judge
from counterfoil.insight.accounts.model import score, train
from counterfoil.insight.accounts.table import (
    COLUMNS,
    TOKEN_COLUMNS,
    AccountTable,
    Blank,
    heading_of,
    read_accounts,
)
from counterfoil.insight.accounts.trust import Ratings, read_ratings, trust_features
from counterfoil.insight.accounts.trust_judged import JudgedTrust, judge_trust

__all__ = [
    "COLUMNS",
    "FEATURES",
    "TOKEN_COLUMNS",
    "AccountTable",
    "Blank",
    "Judged",
    "JudgedTrust",
    "Judgement",
    "Ratings",
    "accounts_of",
    "feature_rows",
    "features",
    "folds",
    "group_rows",
    "heading_of",
    "judge",
    "judge_trust",
    "read_accounts",
    "read_ratings",
    "score",
    "train",
    "trust_features",
]
