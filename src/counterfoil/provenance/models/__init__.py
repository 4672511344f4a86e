"""Models as artefacts: known by their bytes, scored by name of feature, explained.

Nothing is ever unpickled here: what holds code is refused before a library sees it. Libraries that
run models are loaded when one is opened.
"""

from counterfoil.provenance.models.agreement import Agreement, agree
from counterfoil.provenance.models.artefact import Artefact, Format, open_artefact
from counterfoil.provenance.models.card import write_card
from counterfoil.provenance.models.explained import Background, Explained
from counterfoil.provenance.models.folder import Part
from counterfoil.provenance.models.onnx_graph import name_features
from counterfoil.provenance.models.scorer import Scorer, open_scorer
from counterfoil.provenance.models.signing import SignedModel, sign_model, verify_model

__all__ = [
    "Agreement",
    "Artefact",
    "Background",
    "Explained",
    "Format",
    "Part",
    "Scorer",
    "SignedModel",
    "agree",
    "name_features",
    "open_artefact",
    "open_scorer",
    "sign_model",
    "verify_model",
    "write_card",
]
