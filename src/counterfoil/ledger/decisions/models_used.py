"""Find the model that a decision names, once: its statement, and what scores for it.

This module refuses models that were never recorded, unless a `Reference` says which one is meant.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from counterfoil.errors import InputError, NotFound
from counterfoil.formats.statement import Subject
from counterfoil.ledger.models import RecordedModel
from counterfoil.ledger.models.found import find_model
from counterfoil.provenance.statements.decisions import Runtime
from counterfoil.provenance.statements.parts import Accountable, Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger
    from counterfoil.provenance.models import Scorer

__all__ = ["ModelBook", "Used"]


@dataclass(slots=True)
class Used:
    """A model as decisions use it.

    reference: to its statement; said: as the log has it. load: gives its scorer. features,
    outcomes, accountable: of its statement. origin: what the caller gave, kept so that it stays
    the same object. given: the scorer, where the caller gave one, which scores without being asked.
    explained: an explanation was computed before, so it can be.
    """

    reference: Reference
    load: Callable[[], Scorer]
    features: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    accountable: Accountable | None = None
    origin: Any = None
    given: Scorer | None = None
    explained: bool = False
    said: dict[str, Any] = field(init=False)
    subjects: tuple[Subject, ...] = field(init=False)
    _scorer: Scorer | None = field(init=False)
    _runtime: dict[str, Any] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.said = msgspec.to_builtins(self.reference)
        digest = self.reference.digest or self.reference.leaf or ""
        self.subjects = (Subject(digest={"sha256": digest}, name="model"),)
        self._scorer = self.given

    @property
    def eager(self) -> bool:
        """The caller gave a loaded model."""
        return self.given is not None

    @property
    def scorer(self) -> Scorer:
        """What scores; loaded at first use. Raises as `Models.load`."""
        if self._scorer is None:
            self._scorer = self.load()
        return self._scorer

    @property
    def runtime(self) -> dict[str, Any]:
        """What computes its scores, as a statement has it."""
        if self._runtime is None:
            self._runtime = msgspec.to_builtins(Runtime(**_fields_of(self.scorer.runtime)))
        return self._runtime

    def pair(self) -> tuple[str, str] | None:
        """Name the outcomes below a threshold, and from it on, where the model has two."""
        names = self.outcomes or (self._scorer.outcomes if self._scorer is not None else ())
        if len(names) != 2:
            return None
        target = self._scorer.target if self._scorer is not None else None
        return (names[1], names[0]) if target == names[0] else (names[0], names[1])


class ModelBook:
    """The models that a ledger's decisions have named, each looked up once.

    A name without a version means the newest at its first use.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[Any, Used] = {}
        self._lock = threading.RLock()

    def use(self, model: Any) -> Used:
        """Find a model; see `Decisions.decision` for how it is named.

        Raises NotFound with code model.unknown, InputError with code decision.model or
        model.other-statement.
        """
        loaded = hasattr(model, "score") or isinstance(model, RecordedModel)
        key = ("object", id(model)) if loaded else model
        try:
            found = self._known.get(key)
        except TypeError as err:
            raise _unfit(model) from err
        if found is not None:
            return found
        with self._lock:
            found = self._known[key] = self._find(model)
        return found

    def find(self, model: Any) -> RecordedModel:
        """Find a model's statement. Raises as `use`."""
        known = isinstance(model, (int, str, Reference, RecordedModel))
        if isinstance(model, bool) or not known:
            raise _unfit(model)
        return find_model(self._ledger, model)

    def _find(self, model: Any) -> Used:
        if hasattr(model, "score") and hasattr(model, "digest"):
            return self._of_scorer(model)
        try:
            return self._of_found(self.find(model), model)
        except NotFound:
            if not isinstance(model, Reference):
                raise
            return Used(model, lambda: self._ledger.models.load(model), origin=model)

    def _of_found(self, found: RecordedModel, origin: Any, scorer: Scorer | None = None) -> Used:
        said = found.model
        return Used(
            found.reference,
            lambda: self._ledger.models.load(found),
            said.features or (scorer.features if scorer is not None else ()),
            said.outcomes or (scorer.outcomes if scorer is not None else ()),
            said.accountable,
            origin,
            scorer,
        )

    def _of_scorer(self, scorer: Scorer) -> Used:
        return self._of_found(self.find(scorer.digest), scorer, scorer)


def _unfit(model: object) -> InputError:
    return InputError(
        "decision.model",
        f"expected an index, leaf, digest, name or loaded model, found {type(model).__name__}",
        hint="Record the model, and name it; what your own code computed is given as the score.",
    )


def _fields_of(runtime: Any) -> dict[str, Any]:
    return {name: getattr(runtime, name) for name in Runtime.__struct_fields__}
