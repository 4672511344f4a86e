"""A decision that was made, as it waits to become a statement.

Holds copies only: what the caller changes afterwards changes nothing. What costs time, such as
an explanation that a policy asks for, is computed here, in the background.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.ledger.decisions.handle import Handle
from counterfoil.ledger.decisions.models_used import Used
from counterfoil.ports import Said, ToSeal
from counterfoil.provenance.decisions import SALT_BYTES, inputs_digest, schema_digest
from counterfoil.provenance.statements.parts import decimal_text

if TYPE_CHECKING:
    from counterfoil.provenance.models import Explained

__all__ = ["DATA_CLASS", "EXPLANATION", "INPUT", "SALT", "SCORE", "Made", "told"]

DATA_CLASS: Final = "decision"
"""Class of the personal data that decisions seal."""

INPUT: Final = "inputs/"
"""Before the name of a sealed input."""

EXPLANATION: Final = "explanation"
"""Sealed name of the base and contributions."""

SCORE: Final = "score"
"""Sealed name of the score, where that is sealed, too."""

SALT: Final = "inputs_salt"
"""Sealed name of the salt of inputs that are not kept."""


@dataclass(slots=True)
class Made:
    """A decision between its caller and the log.

    inputs: plain. person: whose they are; None for nobody's. keep_inputs: else only their digest
    is recorded, under `salt`. seal_score: the score is sealed with the inputs. explain: an
    explanation is to be computed here. fields: further fields of the predicate, as JSON.
    """

    handle: Handle
    used: Used
    inputs: dict[str, Any]
    fields: dict[str, Any]
    person: str | None = None
    keep_inputs: bool = True
    seal_score: bool = False
    explain: bool = False
    explained: Explained | None = None
    score: float | None = None
    scored: bool = False
    salt: bytes = b""

    def said(self) -> Said:
        """Build the statement; raises what explaining raises."""
        fields: dict[str, Any] = {"model": self.used.said, **self.fields}
        sealed: dict[str, Any] = {}
        if self.score is not None:
            text = decimal_text(self.score, "score")
            if self.seal_score and self.person is not None:
                sealed[SCORE] = text
            else:
                fields["score"] = text
        if self.scored:
            fields["runtime"] = self.used.runtime
            if self.used.scorer.target is not None:
                fields["score_of"] = self.used.scorer.target
        self._add_inputs(fields, sealed)
        if self.explain and self.explained is None:
            self.explained = self.used.scorer.explain(self.inputs)
        if self.explained is not None:
            public, private = told(self.explained)
            fields["explanation"] = public
            if self.person is not None:
                sealed[EXPLANATION] = private
            elif self.keep_inputs:  # else its shares would tell what is not to be kept
                public |= private
        seal = {}
        if sealed and self.person is not None:
            seal["sealed"] = ToSeal(self.person, DATA_CLASS, sealed)
        return Said("decision", fields, self.used.subjects, seal)

    def _add_inputs(self, fields: dict[str, Any], sealed: dict[str, Any]) -> None:
        if not self.inputs:
            return
        names = self.used.features
        order = names if len(names) == len(self.inputs) else tuple(self.inputs)
        fields["input_schema"] = schema_digest(order)
        if not self.keep_inputs:
            self.salt = self.salt or secrets.token_bytes(SALT_BYTES)
            fields["inputs_digest"] = inputs_digest(self.inputs, self.salt)
            if self.person is not None:
                sealed[SALT] = self.salt.hex()
        elif self.person is None:
            fields["inputs"] = self.inputs
        else:
            sealed |= {f"{INPUT}{name}": value for name, value in self.inputs.items()}


def told(explained: Explained) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write an explanation as JSON: what may stand openly, and what tells of the inputs."""
    public: dict[str, Any] = {"method": explained.method, "unit": explained.unit}
    for name in ("exact", "outcome", "explainer", "background"):
        if value := getattr(explained, name, None):
            public[name] = value
    if (seed := getattr(explained, "seed", None)) is not None:
        public["seed"] = seed
    private = {
        "base": decimal_text(explained.base, "base of the explanation"),
        "contributions": {
            name: decimal_text(share, f"contribution of {name}")
            for name, share in explained.contributions.items()
        },
    }
    return public, msgspec.to_builtins(private)
