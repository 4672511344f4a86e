"""Decisions as data: their inputs, their score, and what comes out when they are computed again."""

from counterfoil.provenance.decisions.comparing import (
    TOLERANCE,
    Difference,
    Likeness,
    compare_scores,
    compare_shares,
    same_build,
)
from counterfoil.provenance.decisions.inputs import (
    INPUTS_MAX_BYTES,
    SALT_BYTES,
    inputs_digest,
    plain_inputs,
    schema_digest,
)
from counterfoil.provenance.decisions.scores import choose, score_of

__all__ = [
    "INPUTS_MAX_BYTES",
    "SALT_BYTES",
    "TOLERANCE",
    "Difference",
    "Likeness",
    "choose",
    "compare_scores",
    "compare_shares",
    "inputs_digest",
    "plain_inputs",
    "same_build",
    "schema_digest",
    "score_of",
]
