"""Find the model that a decision names, once: its statement, and what scores for it.

This module refuses models that were never recorded, unless a `Reference` says which one is meant.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound
from counterfoil.formats.statement import Subject
from counterfoil.ledger.decisions.loading import load_recorded
from counterfoil.ledger.view import RecordView
from counterfoil.provenance.statements.decisions import Runtime
from counterfoil.provenance.statements.models import Model
from counterfoil.provenance.statements.parts import Accountable, Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger
    from counterfoil.provenance.models import Scorer

__all__ = ["ModelBook", "Used"]

_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(slots=True)
class Used:
    """A model as decisions use it.

    said: its statement's reference, as the log has it. features, outcomes: of its statement.
    accountable: who answers for it. load: gives its scorer. eager: the caller gave a loaded model,
    which scores without being asked.
    """

    reference: Reference
    load: Callable[[], Scorer]
    features: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    accountable: Accountable | None = None
    eager: bool = False
    said: dict[str, Any] = field(init=False)
    subjects: tuple[Subject, ...] = field(init=False)
    _scorer: Scorer | None = None
    _runtime: dict[str, Any] | None = None
    explained: bool = False  # an explanation was computed before: it can be

    def __post_init__(self) -> None:
        self.said = msgspec.to_builtins(self.reference)
        digest = self.reference.digest or self.reference.leaf or ""
        self.subjects = (Subject(digest={"sha256": digest}, name="model"),)

    @property
    def scorer(self) -> Scorer:
        """What scores; loaded at first use. Raises as `load_recorded`."""
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

    payload: reads what lies beside the log, by digest. A name without a version means the newest
    at its first use.
    """

    def __init__(self, ledger: Ledger, payload: Callable[[str], bytes]) -> None:
        self._ledger, self._payload = ledger, payload
        self._known: dict[Any, Used] = {}
        self._lock = threading.RLock()

    def use(self, model: Any) -> Used:
        """Find a model.

        Raises NotFound with code decision.model-unknown, InputError with code decision.model.
        """
        key = id(model) if hasattr(model, "score") else model
        try:
            found = self._known.get(key)
        except TypeError as err:
            raise _unfit(model) from err
        if found is not None:
            return found
        with self._lock:
            found = self._known[key] = self._find(model)
        return found

    def _find(self, model: Any) -> Used:
        if isinstance(model, Reference):
            return self._of_reference(model)
        if hasattr(model, "score") and hasattr(model, "digest"):
            return self._of_scorer(model)
        return self._of_view(self.view(model))

    def view(self, model: int | str) -> RecordView:
        """Find a model's statement: by index, leaf, digest, or name[:version], the newest first."""
        if isinstance(model, bool) or not isinstance(model, (int, str)):
            raise _unfit(model)
        if isinstance(model, int):
            return _require_model(self._ledger.get(model))
        if _HEX.fullmatch(model):
            hexadecimal = model.lower()
            hits = self._search(f"digest={hexadecimal}") or self._search(f"leaf={hexadecimal}")
        else:
            hits = self._search(f"name={_quoted(model)}")
            name, colon, version = model.rpartition(":")
            if not hits and colon:
                hits = self._search(f"name={_quoted(name)} version={_quoted(version)}")
        if not hits:
            raise NotFound(
                "decision.model-unknown",
                f"expected a recorded model, found none called {model[:80]!a}",
                hint="Record it first: `counterfoil model add FILE`, or ledger.models.record(...).",
            )
        return hits[0]

    def _search(self, condition: str) -> tuple[RecordView, ...]:
        return self._ledger.search(f"kind=model {condition}", limit=1).hits

    def _of_view(self, view: RecordView) -> Used:
        model = msgspec.convert(view.content, Model)
        name = model.name if model.version is None else f"{model.name}:{model.version}"
        reference = Reference(view.leaf, model.digest, name=name)
        return Used(
            reference,
            lambda: load_recorded(view, self._payload, lambda other: self.use(other).scorer),
            model.features,
            model.outcomes,
            model.accountable,
        )

    def _of_scorer(self, scorer: Any) -> Used:
        used = self._of_view(self.view(scorer.digest))
        return Used(
            used.reference,
            lambda: scorer,
            used.features or tuple(scorer.features),
            used.outcomes or tuple(scorer.outcomes),
            used.accountable,
            eager=True,
            _scorer=scorer,
        )

    def _of_reference(self, reference: Reference) -> Used:
        def load() -> Scorer:
            named = reference.leaf or reference.digest or ""
            return self.use(named).scorer

        return Used(reference, load)


def _require_model(view: RecordView) -> RecordView:
    if view.kind == "model":
        return view
    raise InputError(
        "decision.model",
        f"expected a model's statement at entry {view.index}, found a {view.kind[:80]}",
        hint="`counterfoil model ls` lists them.",
    )


def _unfit(model: object) -> InputError:
    return InputError(
        "decision.model",
        f"expected an index, leaf, digest, name or loaded model, found {type(model).__name__}",
        hint="Record the model, and name it; what your own code computed is given as the score.",
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fields_of(runtime: Any) -> dict[str, Any]:
    return {name: getattr(runtime, name) for name in Runtime.__struct_fields__}
