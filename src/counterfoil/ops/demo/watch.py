"""Payments come in, a model reads them from the log, and each gets a decision in the log.

The log is what counts: after a crash the model is brought up to date from it, what was decided
stays decided, and what was not is. A decision names the saved model that it began from and how
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
from counterfoil.learn import FEATURES, Event, NormalBehaviour, Scored
from counterfoil.ledger import Ledger, RecordView
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.files import write_file
from counterfoil.testing.payments import Payment, Scenario, payments

__all__ = ["DECISIONS", "MODELS", "PAYMENTS", "THRESHOLD_PPM", "Decided", "Watch"]

PAYMENTS: Final = "simulated-payments"
"""The series of payments."""

DECISIONS: Final = "decisions"
"""The series of decisions: each has the number of its payment."""

MODELS: Final = "models"
"""The series of what is said of saved models."""

THRESHOLD_PPM: Final = 500_000
"""A payment is held from this score on, millionths."""

_SEED: Final = 2026
_START_MS: Final = 1_767_225_600_000  # 2026-01-01
_DAYS_MAX: Final = 1_000_000
_ROWS: Final = 500
_WORST: Final = 2


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision in the log: its entry and its content."""

    index: int
    content: dict[str, Any]


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
        made: list[dict[str, Any]] = []
        for view in self._ledger.views(self._entry, self._ledger.size):
            self._entry = view.index + 1
            if view.kind != "record" or view.source != PAYMENTS or view.number is None:
                continue
            event = _event(view.content)
            since = self._model.seen - self._saved
            scored = self._model.learn(event)
            if view.number >= self.decisions:
                made.append(self._decision(view, scored, since))
        for first in range(0, len(made), _ROWS):
            part, number = made[first : first + _ROWS], self.decisions
            for index, content in zip(self._record(DECISIONS, part), part, strict=True):
                self._note(number, Decided(index, content))
                number += 1

    def save(self) -> None:
        """Save the model as it is, say so in the log, and let the next decisions name it."""
        data = self._model.to_bytes()
        digest = sha256(data).hexdigest()
        self._place.models.mkdir(exist_ok=True)
        write_file(self._place.models / f"{digest}.json", data)
        said = {"model": digest, "learned_from": self._model.seen, "bytes": len(data)}
        self._record(MODELS, [{**said, "how": "counterfoil.learn.normal"}])
        pointer = {"model": digest, "entry": self._entry}
        write_file(self._place.model, json.dumps(pointer).encode() + b"\n")
        self._digest, self._saved = digest, self._model.seen

    def _decision(self, view: RecordView, scored: Scored, since: int) -> dict[str, Any]:
        order = sorted(FEATURES, key=lambda name: -scored.contributions[name])
        return {
            "decision": "hold" if scored.score_ppm >= THRESHOLD_PPM else "allow",
            "payment": view.leaf,
            "payment_entry": view.index,
            "model": self._digest,
            "learned_since": since,
            "score_ppm": scored.score_ppm,
            "threshold_ppm": THRESHOLD_PPM,
            "base_milli": round(scored.base * 1000),
            "reasons": [
                {"feature": name, "logit_milli": round(scored.contributions[name] * 1000)}
                for name in order
            ],
        }

    def _note(self, number: int, decided: Decided) -> None:
        if decided.content["decision"] == "hold":
            self.held += 1
            self.found += number in self._planted
        if len(self.worst) < _WORST or decided.content["score_ppm"] > _score(self.worst[-1]):
            self.worst = sorted([*self.worst, decided], key=_score, reverse=True)[:_WORST]

    def _record(self, source: str, rows: list[dict[str, Any]]) -> Sequence[int]:
        first = self._counts.get(source, 0)
        texts = [json_text.format(row) for row in rows]
        recorded = self._ledger.record_rows(texts, source, first).result()
        self._counts[source] = first + len(rows)
        return recorded.indices


def _score(decided: Decided) -> int:
    score: int = decided.content["score_ppm"]
    return score


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
