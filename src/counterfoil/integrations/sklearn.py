"""Wrap a scikit-learn estimator: what it is trained on, what it becomes and decides is recorded.

The wrapped estimator is used as before. What a search or a cross-validation makes of it are plain
clones that record nothing: a model that is tried is not one that is released, and a score is no
decision. This module refuses to pickle, and to touch what the estimator computes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

from counterfoil.errors import CounterfoilError, InputError, Refused
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger
    from counterfoil.ledger.datasets import RecordedDataset
    from counterfoil.ledger.models import RecordedModel

__all__ = ["Persons", "RecordedEstimator", "Rows", "wrap"]

Rows = Literal["each", "batch", "none"]
"""What a call of `predict` or `predict_proba` becomes."""

Persons = Callable[[Any], Sequence[str]] | Sequence[str] | str
"""Whose the rows are: a column of X, one id a row, or a function of X that gives these."""

_LOG: Final = logging.getLogger("counterfoil")
_DECIDES: Final = frozenset({"predict", "predict_proba"})
_FITS: Final = frozenset({"fit", "partial_fit", "fit_predict"})


def wrap(
    estimator: Any,
    ledger: Ledger,
    name: str | None = None,
    *,
    rows: Rows = "each",
    person: Persons | None = None,
    personal: bool = False,
    accountable: Any = None,
    purpose: str | None = None,
    strict: bool = False,
) -> Any:
    """Record what an estimator is fitted on and decides; it is used as it was before.

    estimator: any with scikit-learn's interface, fitted or not. name: of the model, else its
    class's. rows: a decision for `each` row; or the call as one transformation of data sets
    (`batch`); or `none`. person: whose the rows are; a column so named is no input of the
    decision. personal: the training data is about people. accountable, purpose: as of
    `Ledger.decision`. strict: raise what kept something from being recorded; else it is logged
    and kept in `recording_errors`. A policy's refusal is always raised.
    Raises InputError with code sklearn.estimator or sklearn.rows.
    """
    if not hasattr(estimator, "fit") or not hasattr(estimator, "get_params"):
        raise InputError(
            "sklearn.estimator",
            f"expected an estimator with fit and get_params, found {type(estimator).__name__}",
            hint="Give an instance, such as wrap(LogisticRegression(), ledger).",
        )
    if rows not in ("each", "batch", "none"):
        raise InputError("sklearn.rows", f"expected each, batch or none, found {rows!a:.80}")
    options = {"accountable": accountable, "purpose": purpose}
    book = _Book(ledger, name or type(estimator).__name__, rows, person, personal, options, strict)
    return RecordedEstimator(estimator, book)


class RecordedEstimator:
    """An estimator that is recorded; made by `wrap`. All but recording is the estimator's own.

    wrapped: the estimator itself. recorded_model, recorded_data: what the last fit recorded.
    recording_errors: what kept something from being recorded.
    """

    def __init__(self, estimator: Any, book: _Book) -> None:
        self._estimator, self._book = estimator, book

    @property
    def wrapped(self) -> Any:
        """The estimator itself."""
        return self._estimator

    @property
    def recorded_model(self) -> RecordedModel | None:
        """The model as it was recorded last."""
        return self._book.model

    @property
    def recorded_data(self) -> RecordedDataset | None:
        """The data that it was fitted on, as recorded last."""
        return self._book.data

    @property
    def recording_errors(self) -> list[CounterfoilError]:
        """What kept something from being recorded."""
        return self._book.errors

    def set_params(self, **parameters: Any) -> RecordedEstimator:
        """Set the estimator's parameters."""
        self._estimator.set_params(**parameters)
        return self

    def __getattr__(self, name: str) -> Any:
        if name in ("_estimator", "_book"):  # while it is copied
            raise AttributeError(name)
        found = getattr(self._estimator, name)
        if name in _FITS:
            return self._fitting(found)
        return self._deciding(name, found) if name in _DECIDES else found

    def _fitting(self, fit: Callable[..., Any]) -> Callable[..., Any]:
        def fit_and_record(X: Any, y: Any = None, *more: Any, **options: Any) -> Any:  # noqa: N803  # scikit-learn's
            result = fit(X, y, *more, **options)
            self._book.fitted(self._estimator, X, y)
            return self if result is self._estimator else result

        return fit_and_record

    def _deciding(self, name: str, decide: Callable[..., Any]) -> Callable[..., Any]:
        def decide_and_record(X: Any, *more: Any, **options: Any) -> Any:  # noqa: N803  # scikit-learn's
            result = decide(X, *more, **options)
            self._book.decided(self._estimator, X, result, probabilities=name == "predict_proba")
            return result

        return decide_and_record

    def __sklearn_clone__(self) -> Any:
        from sklearn.base import clone

        return clone(self._estimator)

    def __sklearn_tags__(self) -> Any:
        return self._estimator.__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        from sklearn.exceptions import NotFittedError
        from sklearn.utils.validation import check_is_fitted

        try:
            check_is_fitted(self._estimator)
        except NotFittedError:
            return False
        return True

    def __reduce__(self) -> Any:
        return _itself, (self._estimator,)  # another process has no ledger

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self._estimator)})

    def __repr__(self) -> str:
        return f"wrap({self._estimator!r})"


def _itself(estimator: Any) -> Any:
    return estimator


class _Book:
    """Writes down what a wrapped estimator does."""

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        rows: Rows,
        person: Persons | None,
        personal: bool,  # our own
        options: dict[str, Any],
        strict: bool,  # our own
    ) -> None:
        self._ledger, self._name, self._rows, self._person = ledger, name, rows, person
        self._personal, self._options, self._strict = personal, options, strict
        self.model: RecordedModel | None = None
        self.data: RecordedDataset | None = None
        self.errors: list[CounterfoilError] = []

    def fitted(self, estimator: Any, features: Any, target: Any) -> None:
        """Record the training data and the model."""
        self.model = self.data = None
        self._guard(self._record_fit, estimator, features, target)

    def decided(self, estimator: Any, features: Any, result: Any, *, probabilities: bool) -> None:
        """Record what was decided about rows, and before that a model that came fitted."""
        if self._rows == "none":
            return
        if self.model is None:
            self._guard(self._record_model, estimator, ())
        if self.model is None:
            return
        record = self._record_each if self._rows == "each" else self._record_batch
        self._guard(record, estimator, features, result, probabilities)

    def _guard(self, record: Callable[..., None], *arguments: Any) -> None:
        try:
            record(*arguments)
        except Refused:
            raise  # by a policy: what it does not allow must not go on unseen
        except CounterfoilError as err:
            self._miss(err)
        except Exception as err:  # of Arrow, mostly: what is only recorded must stop nobody
            found = InputError(
                "sklearn.recording",
                f"expected rows that can be recorded, but: {type(err).__name__}",
            )
            found.__cause__ = err
            self._miss(found)

    def _miss(self, error: CounterfoilError) -> None:
        if self._strict:
            raise error
        _LOG.warning("%s was not recorded: %s", self._name, error)
        self.errors.append(error)

    def _record_fit(self, estimator: Any, features: Any, target: Any) -> None:
        table = _table(features, target)
        name = f"{self._name} training data"
        self.data = self._ledger.datasets.record(table, name, personal=self._personal)
        self._record_model(estimator, (self.data,))

    def _record_model(self, estimator: Any, trained_on: Sequence[Any]) -> None:
        parameters = {key: repr(value)[:200] for key, value in estimator.get_params().items()}
        self.model = self._ledger.models.record(
            estimator,
            self._name,
            trained_on=trained_on,
            parameters=parameters,
            features=_names(estimator),
            accountable=self._options["accountable"],
        )

    def _record_each(self, estimator: Any, features: Any, result: Any, chances: bool) -> None:
        if self.model is None:
            return
        people = self._people(features, len(result))
        classes = getattr(estimator, "classes_", None)
        for row, answer, whose in zip(
            _rows(estimator, features, self._person), result, people, strict=True
        ):
            outcome, score = _meaning(answer, classes, chances=chances)
            with self._ledger.decision(self.model.leaf, row, person=whose, **self._options) as made:
                made.outcome = outcome
                if score is not None:
                    made.score = score

    def _record_batch(self, estimator: Any, features: Any, result: Any, chances: bool) -> None:  # noqa: ARG002  # as `_record_each`
        if self.model is None:
            return
        room = self._ledger.datasets
        rows = room.record(_table(features, None), f"{self._name} inputs", personal=self._personal)
        made = room.record(_table(result, None), f"{self._name} answers", personal=self._personal)
        model = Reference(leaf=self.model.leaf, digest=self.model.digest, role="model")
        self._ledger.record_statement(
            "transformation",
            {
                "name": f"{self._name} {'predict_proba' if chances else 'predict'}",
                "inputs": [_plain(rows.reference), _plain(model)],
                "outputs": [_plain(made.reference)],
            },
        )

    def _people(self, features: Any, count: int) -> Sequence[str | None]:
        if self._person is None:
            return [None] * count
        if callable(self._person):
            found: Sequence[Any] = self._person(features)
        else:
            named = isinstance(self._person, str)
            found = _column_of(features, self._person) if named else self._person
        listed = list(found)
        if len(listed) != count or any(one is None or one != one for one in listed):
            missing = "a row without one" if len(listed) == count else str(len(listed))
            raise InputError(
                "sklearn.person",
                f"expected {count} people, one a row, found {missing}",
                hint="Nothing about these rows was recorded.",
            )
        return [str(one) for one in listed]


def _column_of(features: Any, name: Any) -> Sequence[Any]:
    """Give the column that names persons; raises InputError with code sklearn.person."""
    titles = [str(one) for one in getattr(features, "columns", ())]
    if name in titles:
        found: Sequence[Any] = features[name]
        return found
    there = f"{', '.join(titles)[:200]}" if titles else "no names of columns"
    raise InputError(
        "sklearn.person",
        f"expected a column {name[:80]!a} in X, which has {there}",
        hint="Name one of its columns, or give one id a row: person=[...].",
    )


def _meaning(answer: Any, classes: Any, *, chances: bool) -> tuple[str, float | None]:
    """Tell outcome and score: of two classes the chance of the second, else a regressor's value."""
    if chances:
        outcome = str(classes[int(answer.argmax())])
        return outcome, float(answer[1]) if len(answer) == 2 else None
    if classes is not None:
        return str(answer), None
    value = answer.item() if hasattr(answer, "item") and getattr(answer, "size", 1) == 1 else None
    return "predicted", float(value) if isinstance(value, (int, float)) else None


def _names(estimator: Any) -> list[str] | None:
    found = getattr(estimator, "feature_names_in_", None)
    if found is not None:
        return [str(one) for one in found]
    count = getattr(estimator, "n_features_in_", None)
    return None if count is None else [f"x{number}" for number in range(count)]


def _rows(estimator: Any, features: Any, person: Persons | None) -> list[dict[str, Any]]:
    """Lay features out as one dictionary a row, in plain Python values; no column of persons."""
    if not hasattr(features, "__arrow_c_stream__"):
        columns = _columns(features)
        names = _titles(columns, _names(estimator))
        return [dict(zip(names, row, strict=True)) for row in columns.tolist()]
    table = _table(features, None)
    hidden = person if isinstance(person, str) else None
    kept = [name for name in table.column_names if name != hidden]
    rows: list[dict[str, Any]] = table.select(kept).to_pylist()
    return rows


def _columns(features: Any) -> Any:
    """Make an (n, d) array of an (n, d) or (n,) one, sparse ones too."""
    import numpy as np

    array = np.asarray(features.toarray() if hasattr(features, "toarray") else features)
    return array.reshape(len(array), -1)


def _titles(columns: Any, names: Sequence[str] | None) -> Sequence[str]:
    """Name columns as the estimator knows them, else by their place."""
    width = columns.shape[1]
    return names if names and len(names) == width else [f"x{number}" for number in range(width)]


def _table(features: Any, target: Any) -> Any:
    """Make an Arrow table of a frame, or of an (n, d) or (n,) array; target becomes a column."""
    import numpy as np
    import pyarrow as pa

    if hasattr(features, "__arrow_c_stream__"):
        table = pa.table(features)
    else:
        columns = _columns(features)
        titles = _titles(columns, None)
        table = pa.table({one: pa.array(columns[:, n]) for n, one in enumerate(titles)})
    if target is None:
        return table
    answers = np.asarray(target)
    for number, column in enumerate(answers.reshape(len(answers), -1).T):
        title = str(getattr(target, "name", None) or "target") + (f"-{number}" if number else "")
        while title in table.column_names:  # y = X.income > 50 keeps the name of its column
            title = f"target {title}"
        table = table.append_column(title, pa.array(column))
    return table


def _plain(reference: Reference) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(reference)
    return found
