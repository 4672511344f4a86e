"""Payments come in, a model reads them from the log, and each gets a decision in the log.

The log is what counts: after a crash the model is brought up to date from it, what was decided
stays decided, and what was not is. A decision names the recorded model that it began from and how
many payments that had learned since, so that it can be computed again. This module refuses to let
a payment's label near the model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from counterfoil.errors import CounterfoilError
from counterfoil.formats import json_text
from counterfoil.formats.statement import Subject
from counterfoil.learn import FEATURES, Event, NormalBehaviour, Scored
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.files import write_file
from counterfoil.ports import Said
from counterfoil.testing.payments import Payment, Scenario, payments

__all__ = ["DECISIONS", "MODELS", "PAYMENTS", "THRESHOLD_PPM", "Decided", "Watch"]

PAYMENTS: Final = "simulated-payments"
"""The series of payments."""

DECISIONS: Final = "decisions"
"""The series of decisions: each has the number of its payment."""

MODELS: Final = "models"
"""The series of recorded models."""

THRESHOLD_PPM: Final = 500_000
"""A payment is held from this score on, millionths."""

_SEED: Final = 2026
_START_MS: Final = 1_767_225_600_000  # 2026-01-01
_DAYS_MAX: Final = 1_000_000
_ROWS: Final = 500
_WORST: Final = 2
_NAME: Final = "normal-behaviour"
_OUTCOMES: Final = ("allow", "hold")
_ACCOUNTABLE: Final = {"name": "Ada Example", "role": "head of the payments desk"}


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision in the log: its entry, its payment's, and what it says."""

    index: int
    payment_entry: int
    fields: dict[str, Any]

    @property
    def score(self) -> float:
        """The model's score, 0 to 1."""
        return float(self.fields["score"])


class Watch:
    """The stream of payments and its model, on an open ledger.

    Where it was is found in the ledger and, to be quick, in the newest saved model.
    held: payments that this run held. planted, found: frauds that the simulation planted in the
    payments of this run, and those of them that were held; the model is told neither. worst: this
    run's decisions with the highest scores, the strangest first.
    """

    def __init__(self, ledger: Ledger, place: DemoPlace) -> None:
        self._ledger, self._place = ledger, place
        self._counts = {name: count for _, name, count in ledger.sources()}
        self._model, self._entry = _load(place)
        self._saved = self._model.seen
        self._digest = self._model.digest()
        self._coming = islice(_simulated(), self.payments, None)
        self.held = self.planted = self.found = 0
        self._planted: set[int] = set()
        self.worst: list[Decided] = []
        if not self._counts.get(MODELS):
            self.save()
        self.follow()

    @property
    def payments(self) -> int:
        """How many payments are recorded."""
        return self._counts.get(PAYMENTS, 0)

    @property
    def decisions(self) -> int:
        """How many of them are decided."""
        return self._counts.get(DECISIONS, 0)

    def take(self, count: int, tell: Callable[[int], None] | None = None) -> None:
        """Record the next payments, and decide about each.

        tell: hears how many of them are done.
        """
        done = 0
        while done < count:
            coming = list(islice(self._coming, min(_ROWS, count - done)))
            frauds = [p.scenario is not Scenario.GENUINE for p in coming]
            self._planted = {self.payments + at for at, fraud in enumerate(frauds) if fraud}
            self.planted += len(self._planted)
            rows = [payment.content() for payment in coming]
            self._record(PAYMENTS, rows)
            self.follow()
            done += len(rows)
            if tell is not None:
                tell(done)

    def follow(self) -> None:
        """Read what is new in the log: score each payment, decide about it, then learn from it."""
        made: list[Decided] = []
        for view in self._ledger.views(self._entry, self._ledger.size):
            self._entry = view.index + 1
            if view.kind != "record" or view.source != PAYMENTS or view.number is None:
                continue
            event = _event(view.content)
            since = self._model.seen - self._saved
            scored = self._model.learn(event)
            if view.number >= self.decisions:
                made.append(Decided(-1, view.index, self._decision(view, scored, since)))
        for first in range(0, len(made), _ROWS):
            part, number = made[first : first + _ROWS], self.decisions
            for index, one in zip(self._record_decisions(part), part, strict=True):
                self._note(number, Decided(index, one.payment_entry, one.fields))
                number += 1

    def save(self) -> None:
        """Save the model as it is, record it, and let the next decisions name it."""
        data = self._model.to_bytes()
        digest = sha256(data).hexdigest()
        self._place.models.mkdir(exist_ok=True)
        write_file(self._place.models / f"{digest}.json", data)
        self._record_model(digest, data)
        pointer = {"model": digest, "entry": self._entry}
        write_file(self._place.model, json.dumps(pointer).encode() + b"\n")
        self._digest, self._saved = digest, self._model.seen

    def _decision(self, view: RecordView, scored: Scored, since: int) -> dict[str, Any]:
        order = sorted(FEATURES, key=lambda name: -scored.contributions[name])
        return {
            "model": {"digest": self._digest, "name": _NAME},
            "outcome": _OUTCOMES[scored.score_ppm >= THRESHOLD_PPM],
            "score": str(scored.score_ppm / 1_000_000),
            "threshold": str(THRESHOLD_PPM / 1_000_000),
            "alternatives": list(_OUTCOMES),
            "inputs": {"payment_entry": view.index, "learned_since": since},
            "explanation": {
                "method": "additive",
                "unit": "log-odds",
                "exact": True,
                "base": str(round(scored.base, 3)),
                "contributions": {
                    name: str(round(scored.contributions[name], 3)) for name in order
                },
            },
            "based_on": [
                {"leaf": view.leaf, "role": "payment", "name": f"{view.source}/{view.number}"}
            ],
            "accountable": _ACCOUNTABLE,
            "purpose": "payment.hold",
        }

    def _note(self, number: int, decided: Decided) -> None:
        if decided.fields["outcome"] == "hold":
            self.held += 1
            self.found += number in self._planted
        if len(self.worst) < _WORST or decided.score > self.worst[-1].score:
            order = sorted([*self.worst, decided], key=lambda one: one.score, reverse=True)
            self.worst = order[:_WORST]

    def _record(self, source: str, rows: list[dict[str, Any]]) -> Sequence[int]:
        first = self._counts.get(source, 0)
        texts = [json_text.format(row) for row in rows]
        recorded = self._ledger.record_rows(texts, source, first).result()
        self._counts[source] = first + len(rows)
        return recorded.indices

    def _record_decisions(self, made: Sequence[Decided]) -> Sequence[int]:
        first, about = self.decisions, (Subject({"sha256": self._digest}, _NAME),)
        said = [Said("decision", one.fields, about) for one in made]
        recorded = self._ledger.record_statements(said, source=DECISIONS, first=first).result()
        self._counts[DECISIONS] = first + len(made)
        return recorded.indices

    def _record_model(self, digest: str, data: bytes) -> None:
        number = self._counts.get(MODELS, 0)
        kept = self._ledger.keep(data)
        fields = {
            "name": _NAME,
            "version": str(number + 1),
            "format": "other",
            "digest": digest,
            "size": len(data),
            "task": "what is normal for each account",
            "features": list(FEATURES),
            "outcomes": list(_OUTCOMES),
            "parameters": {"learned_from": str(self._model.seen), "by": "counterfoil.learn.normal"},
            "accountable": _ACCOUNTABLE,
            "kept": {"sha256": kept.sha256, "size": kept.size},
        }
        about = (Subject({"sha256": digest}, _NAME),)
        self._ledger.record_statement("model", fields, subjects=about, source=MODELS, number=number)
        self._counts[MODELS] = number + 1


def _simulated() -> Iterator[Payment]:
    return payments(_SEED, start_ms=_START_MS, days=_DAYS_MAX)


def _event(content: dict[str, Any]) -> Event:
    return Event(
        content["customer"], content["at_ms"], content["amount_minor"], content["terminal"]
    )


def _load(place: DemoPlace) -> tuple[NormalBehaviour, int]:
    """Load the newest saved model and where it stood in the log; an empty one for none.

    One that is lost or damaged is no loss: the log teaches it again.
    """
    try:
        pointer = json.loads(place.model.read_bytes())
        data = (place.models / f"{pointer['model']}.json").read_bytes()
        if sha256(data).hexdigest() == pointer["model"]:
            return NormalBehaviour.from_bytes(data), int(pointer["entry"])
    except (OSError, ValueError, KeyError, TypeError, CounterfoilError):
        pass
    return NormalBehaviour(), 0
