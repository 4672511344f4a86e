"""A suite: which checks, with which limits, as data that has a digest.

Written as TOML or JSON; a gate can ask for exactly one suite by its digest. This module refuses
unknown settings: a misspelt limit would silently limit nothing.
"""

from __future__ import annotations

import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from counterfoil.errors import InputError, NotFound
from counterfoil.formats import json_text
from counterfoil.formats.predicates.header import Name

__all__ = [
    "ColumnRule",
    "Drift",
    "Fairness",
    "Leakage",
    "Poisoning",
    "Quality",
    "Suite",
    "format_suite",
    "load_suite",
    "parse_suite",
]

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
"""A share or probability of 0 to 1."""


class ColumnRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a column must be.

    type: of its values. required: the column must be there. whole: numbers are integers. low,
    high: range of a number. categories: all that a text may be. pattern: regular expression that
    a whole text matches. missing_at_most: share of rows. unique: no value twice.
    """

    type: Literal["number", "text"]
    required: bool = True
    whole: bool = False
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] | None = None
    pattern: str | None = None
    missing_at_most: Share = 1.0
    unique: bool = False


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Limits of the check `quality`.

    outside_at_most: share of a column's values that may break its range, categories or pattern.
    duplicates_at_most: share of rows that repeat an earlier one. missing_at_most: of columns
    without a rule of their own. extra_columns: columns without a rule are allowed. constant:
    columns with one value are allowed. overlap_at_most: share of rows that the reference holds,
    too, asked only where it is set (test rows in training data).
    """

    outside_at_most: Share = 0.0
    duplicates_at_most: Share = 0.01
    missing_at_most: Share = 0.5
    extra_columns: bool = False
    constant: bool = False
    overlap_at_most: Share | None = None


class Leakage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Limits of the check `leakage`.

    alone_at_most: AUC by which one feature alone predicts the label on held-out rows.
    suspicious_from: from this AUC on, a feature must not predict better alone than all others
    together by more than `better_by`.
    """

    alone_at_most: Share = 0.95
    suspicious_from: Share = 0.85
    better_by: Share = 0.02


class Drift(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Limits of the check `drift`: effect sizes, asked only where a difference is significant.

    alpha: family-wise error rate over all columns (Holm). psi_at_most: population stability
    index. ks_at_most: largest gap of two distribution functions. js_at_most: Jensen-Shannon
    distance, base 2. missing_at_most: change of the share that is missing.
    """

    alpha: Share = 0.01
    psi_at_most: Annotated[float, msgspec.Meta(ge=0)] = 0.2
    ks_at_most: Share = 0.1
    js_at_most: Share = 0.1
    missing_at_most: Share = 0.05


class Poisoning(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Limits of the check `poisoning`.

    noise_at_most: estimated share of wrong labels among rows that a model is surest of.
    disagreement_at_most: how much more often than on the reference its model disagrees with the
    labels. rate_at_most: change of a label's share. changed_at_most: share of rows that the
    reference holds with another label. clusters_at_most: share of rows in clusters of copies.
    triggers_at_most: number of values that decide the label by themselves, each in at least
    `trigger_from` of all rows; rarer ones are told.
    confidence: of the intervals whose near end must exceed a limit.
    """

    noise_at_most: Share = 0.05
    disagreement_at_most: Share = 0.02
    rate_at_most: Share = 0.02
    changed_at_most: Share = 0.0
    clusters_at_most: Share = 0.005
    triggers_at_most: Annotated[int, msgspec.Meta(ge=0)] = 0
    trigger_from: Share = 0.005
    confidence: Share = 0.99


class Fairness(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Limits of the check `fairness`; a limit that is not set is not asked, the figure is told.

    sensitive: columns whose groups are compared. intersections: their combinations, too.
    difference limits: largest gap between two groups. ratio limits: smallest over largest.
    smallest_group: groups of fewer rows are shown, and compared with none. confidence: of
    intervals.
    """

    sensitive: tuple[Name, ...] = ()
    intersections: bool = True
    demographic_parity_difference: Share | None = 0.1
    demographic_parity_ratio: Share | None = None
    equalized_odds_difference: Share | None = None
    equalized_odds_ratio: Share | None = None
    equal_opportunity_difference: Share | None = None
    accuracy_difference: Share | None = None
    calibration_difference: Share | None = None
    smallest_group: Annotated[int, msgspec.Meta(ge=1)] = 30
    confidence: Share = 0.95


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All settings of checks of one kind of data.

    label: column to be predicted; positive: the outcome that counts as such. keys: columns that
    together name a row. ignore: columns that are no features. seed: of what is random.
    """

    name: Name = "default"
    label: Name | None = None
    positive: str | None = None
    keys: tuple[Name, ...] = ()
    ignore: tuple[Name, ...] = ()
    columns: dict[str, ColumnRule] = msgspec.field(default_factory=dict)
    quality: Quality = msgspec.field(default_factory=Quality)
    leakage: Leakage = msgspec.field(default_factory=Leakage)
    drift: Drift = msgspec.field(default_factory=Drift)
    poisoning: Poisoning = msgspec.field(default_factory=Poisoning)
    fairness: Fairness = msgspec.field(default_factory=Fairness)
    seed: int = 0

    @property
    def digest(self) -> str:
        """SHA-256 of all its settings, defaults too, as canonical JSON; 64 hexadecimal digits."""
        return sha256(json_text.canonicalise(_whole(self))).hexdigest()


def parse_suite(text: str | bytes) -> Suite:
    """Read a suite from TOML or JSON. Raises InputError with code check.suite."""
    try:
        plain = text.decode() if isinstance(text, bytes) else text
        if plain.lstrip().startswith("{"):
            return msgspec.json.decode(plain, type=Suite)
        return msgspec.convert(tomllib.loads(plain), Suite)
    except (ValueError, RecursionError, msgspec.MsgspecError) as err:
        raise InputError(
            "check.suite",
            f"expected a suite of checks, but: {err}",
            hint="`counterfoil check suggest FILE` writes one to begin with.",
        ) from err


def load_suite(path: Path) -> Suite:
    """Read a suite's file.

    Raises NotFound with code check.suite-file, InputError with code check.suite.
    """
    try:
        return parse_suite(path.read_bytes())
    except FileNotFoundError as err:
        raise NotFound(
            "check.suite-file",
            f"expected a suite of checks at {path}, found none",
            hint="Check the path; `counterfoil check suggest FILE` writes one to begin with.",
        ) from err
    except OSError as err:
        raise InputError(
            "check.suite",
            f"expected a suite of checks in {path}, but: {err.strerror}",
            hint="Check the path and its permissions.",
        ) from err


def format_suite(suite: Suite) -> bytes:
    """Write a suite as indented JSON; defaults are left out."""
    return msgspec.json.format(msgspec.json.encode(_json(suite)), indent=2) + b"\n"


def _whole(value: Any) -> Any:
    """Write out what a suite says with its defaults, so that a default cannot change unseen."""
    if isinstance(value, msgspec.Struct):
        return {name: _whole(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return [_whole(one) for one in value]
    return value


def _json(suite: Suite) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(suite, str_keys=True)
    return found
