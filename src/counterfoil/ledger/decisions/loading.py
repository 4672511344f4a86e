"""Load a recorded model to score with it, from the bytes that the ledger keeps.

Bytes are known by their digest, so a file that changed is never scored with. This module refuses
to fetch a model from anywhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from counterfoil.errors import NotFound
from counterfoil.provenance.statements.models import Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from counterfoil.formats.predicates import ContentRef
    from counterfoil.ledger.view import RecordView
    from counterfoil.provenance.models import Scorer

__all__ = ["load_recorded"]


def load_recorded(
    view: RecordView,
    payload: Callable[[str], bytes],
    explainer: Callable[[str], Scorer] | None = None,
) -> Scorer:
    """Load the model of a statement.

    view: the statement. payload: reads what lies beside the log, by digest. explainer: loads the
    artefact that explains this one, by leaf or digest.
    Raises NotFound with code model.not-kept or payload.missing, VerificationError with code
    payload.digest, and as `open_scorer`.
    """
    from counterfoil.provenance.models import Background, open_artefact, open_scorer

    model = msgspec.convert(view.content, Model)
    kept: ContentRef | None = model.kept
    if kept is None:
        raise NotFound(
            "model.not-kept",
            f"expected the bytes of the model {model.name} beside the log, found that they were "
            "not kept",
            hint="Record the model again with its file, or give its score.",
        )
    other = model.explained_by
    background = None
    if model.background is not None:
        background = Background.parse(payload(model.background.sha256))
    return open_scorer(
        open_artefact(payload(kept.sha256)),
        features=model.features or None,
        outcomes=model.outcomes or None,
        background=background,
        explainer=explainer(other.leaf or other.digest or "") if other and explainer else None,
    )
