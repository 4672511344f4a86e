"""Names: compared, scored and explained, and screened against sanctions lists."""

from counterfoil.apps.finance.names.matcher import (
    MATCH_FROM,
    Matched,
    Matcher,
    kinds_of,
    load_matcher,
)

__all__ = ["MATCH_FROM", "Matched", "Matcher", "kinds_of", "load_matcher"]
