"""The statements about data, models, decisions, people and alerts: their predicates, as data.

Each is registered through the entry point `counterfoil.predicates`, as a third party's is.
"""

from typing import Final

from counterfoil.formats.predicates.registry import URI_BASE
from counterfoil.ports import PredicateType
from counterfoil.provenance.statements.access import AccessChange, AccessRefusal
from counterfoil.provenance.statements.acting import Decider, Governance
from counterfoil.provenance.statements.alerts import Acknowledgement, Alert, Watcher
from counterfoil.provenance.statements.checks import Check, Refusal
from counterfoil.provenance.statements.circuits import Circuit
from counterfoil.provenance.statements.datasets import Dataset, Transformation
from counterfoil.provenance.statements.decisions import Action, Decision
from counterfoil.provenance.statements.incidents import Incident
from counterfoil.provenance.statements.models import Evaluation, Model
from counterfoil.provenance.statements.people import Consent, Erasure, Grant, Hold, Opening
from counterfoil.provenance.statements.rules import Rule

__all__ = [
    "ACCESS_CHANGE",
    "ACCESS_REFUSAL",
    "ACKNOWLEDGEMENT",
    "ACTION",
    "ALERT",
    "CHECK",
    "CIRCUIT",
    "CONSENT",
    "DATASET",
    "DECIDER",
    "DECISION",
    "ERASURE",
    "EVALUATION",
    "GOVERNANCE",
    "GRANT",
    "HOLD",
    "INCIDENT",
    "MODEL",
    "OPENING",
    "REFUSAL",
    "RULE",
    "TRANSFORMATION",
    "WATCHER",
]

ACCESS_CHANGE: Final = PredicateType(f"{URI_BASE}access-change/v1", AccessChange)
ACCESS_REFUSAL: Final = PredicateType(f"{URI_BASE}access-refusal/v1", AccessRefusal)
ACKNOWLEDGEMENT: Final = PredicateType(f"{URI_BASE}acknowledgement/v1", Acknowledgement)
ACTION: Final = PredicateType(f"{URI_BASE}action/v1", Action)
ALERT: Final = PredicateType(f"{URI_BASE}alert/v1", Alert)
CHECK: Final = PredicateType(f"{URI_BASE}check/v1", Check)
CIRCUIT: Final = PredicateType(f"{URI_BASE}circuit/v1", Circuit)
CONSENT: Final = PredicateType(f"{URI_BASE}consent/v1", Consent)
DATASET: Final = PredicateType(f"{URI_BASE}dataset/v1", Dataset)
DECIDER: Final = PredicateType(f"{URI_BASE}decider/v1", Decider)
DECISION: Final = PredicateType(f"{URI_BASE}decision/v1", Decision)
ERASURE: Final = PredicateType(f"{URI_BASE}erasure/v1", Erasure)
EVALUATION: Final = PredicateType(f"{URI_BASE}evaluation/v1", Evaluation)
GOVERNANCE: Final = PredicateType(f"{URI_BASE}governance/v1", Governance)
GRANT: Final = PredicateType(f"{URI_BASE}grant/v1", Grant)
HOLD: Final = PredicateType(f"{URI_BASE}hold/v1", Hold)
INCIDENT: Final = PredicateType(f"{URI_BASE}incident/v1", Incident)
MODEL: Final = PredicateType(f"{URI_BASE}model/v1", Model)
OPENING: Final = PredicateType(f"{URI_BASE}opening/v1", Opening)
REFUSAL: Final = PredicateType(f"{URI_BASE}refusal/v1", Refusal)
RULE: Final = PredicateType(f"{URI_BASE}rule/v1", Rule)
TRANSFORMATION: Final = PredicateType(f"{URI_BASE}transformation/v1", Transformation)
WATCHER: Final = PredicateType(f"{URI_BASE}watcher/v1", Watcher)
