"""The room for models: record one with all that made it, find it, score with it, evaluate it.

The artefact's bytes lie beside the log unless they are not to be kept, so that a decision can be
computed again years later. Whether a model may be recorded without checks is asked where the
ledger is owned, by `ledger.checks.gate`. This module refuses pickles, and to record a model that
cannot be opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.formats.statement import Subject
from counterfoil.ledger.models.code import find_code
from counterfoil.ledger.models.found import (
    RecordedModel,
    find_model,
    list_models,
    reference_to,
)
from counterfoil.ledger.models.made import (
    CARD_MAX,
    Opened,
    measurements,
    open_model,
    read_card,
    texts,
)
from counterfoil.ledger.named import NAMED
from counterfoil.provenance.models import (
    Agreement,
    Artefact,
    Background,
    Scorer,
    agree,
    open_artefact,
    open_scorer,
)
from counterfoil.provenance.statements.models import Evaluation, Model, Slice
from counterfoil.provenance.statements.parts import Accountable, Code, Measurement, Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger
    from counterfoil.ledger.results import Recorded

__all__ = ["Models"]

_SAID_MAX: Final = 46_000  # the rest of an entry is for its subject, signature and references


class Models:
    """The models of a ledger: `ledger.models`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def record(
        self,
        model: Any,
        name: str,
        *,
        version: str | None = None,
        trained_on: Sequence[Any] = (),
        checks: Sequence[Any] = (),
        metrics: Mapping[str, Any] | Sequence[Measurement] = (),
        code: Code | Path | None = None,
        parameters: Mapping[str, Any] | None = None,
        card: str | Path = "",
        accountable: Accountable | str | None = None,
        derived_from: Sequence[Any] = (),
        explained_by: Any = None,
        agreement: Agreement | None = None,
        background: Background | None = None,
        features: Sequence[str] | None = None,
        outcomes: Sequence[str] | None = None,
        task: str | None = None,
        keep: bool = True,
    ) -> RecordedModel:
        """Record a model and wait until it is durable.

        model: an `Artefact`, a path, bytes, a scikit-learn estimator, a LightGBM booster or an
        ONNX model. trained_on, checks, derived_from: one or several of what was recorded, or its
        index, leaf or digest, or the name of a data set or model. metrics: name -> number. code:
        where it was made; found from git in the current folder if left out. parameters: of
        training. card: text, or a Path of a file. explained_by: a recorded model that explains
        this one's scores, such as the booster of an ONNX export; agreement: what `agree` said of
        the two. background: rows that explanations compare with. features, outcomes: in the
        model's order, where it does not know them. keep: keep the bytes beside the log, so that
        decisions can be computed again; else only the digest is known.
        Raises as `open_artefact` and `open_scorer`; Refused with code check.* where a policy asks
        for checks; InputError with code payload.size; and as `Ledger.record_statement`.
        """
        opened = open_model(model, features, outcomes)
        explainer = None if explained_by is None else find_model(self._ledger, explained_by)
        text = read_card(card)
        fields = Model(
            issuer=self._ledger.config.organisation,
            source="-",
            number=0,
            name=name,
            version=version,
            format=opened.artefact.format,
            digest=opened.artefact.digest,
            size=opened.artefact.size,
            task=task or opened.task,
            features=_names(opened, "features", features),
            outcomes=_names(opened, "outcomes", outcomes),
            trained_on=self._references(trained_on, "train", kinds=("dataset",)),
            derived_from=self._references(derived_from),
            explained_by=None if explainer is None else explainer.reference,
            agreement=None if agreement is None else agreement.measurement,
            checks=self._references(checks, kinds=()),
            code=code if isinstance(code, Code) else find_code(code or Path()),
            parameters=texts(parameters or {}),
            metrics=tuple(measurements(metrics)),
            card=text if len(text) <= CARD_MAX else text[: CARD_MAX - 1] + "…",
            accountable=_who(accountable),
        )
        kept = self._keep(fields, opened.artefact, background, text, keep=keep)
        subject = Subject(digest={"sha256": kept.digest}, name=_title(name, version))
        said = _said(kept)
        done = self._ledger.record_statement("model", said, subjects=[subject])
        return find_model(self._ledger, done.index)

    def get(self, model: Any) -> RecordedModel:
        """Find a model's statement, the newest that fits.

        model: index, leaf, the artefact's digest, `name` or `name:version`, or a Reference.
        Raises NotFound with code model.unknown, InputError with code model.other-statement.
        """
        return find_model(self._ledger, model)

    def ls(self, name: str | None = None) -> Iterator[RecordedModel]:
        """List models, newest first; name: only those of this name, of this organisation."""
        return list_models(self._ledger, name)

    def load(
        self, model: Any, *, artefact: str | Path | bytes | None = None, target: str | None = None
    ) -> Scorer:
        """Load a recorded model to score with it, from the bytes beside the log.

        model: as for `get`. artefact: a copy to load in their place; its digest must be the
        recorded one. target: the outcome whose score is wanted. The scorer explains by what was
        recorded for that: another artefact, or a background.
        Raises as `get`; NotFound with code model.not-kept or payload.missing; VerificationError
        with code model.digest or payload.digest; and as `open_scorer`.
        """
        found = find_model(self._ledger, model)
        said = found.model
        opened = self._artefact(found, artefact)
        background = None
        if said.background is not None:
            background = Background.parse(self._ledger.kept(said.background))
        explainer = None
        if said.explained_by is not None:
            explainer = open_scorer(  # under our names: a booster knows its outcomes by number
                self.artefact(said.explained_by),
                features=said.features or None,
                outcomes=said.outcomes or None,
            )
        return open_scorer(
            opened,
            features=said.features or None,
            outcomes=said.outcomes or None,
            target=target,
            background=background,
            explainer=explainer,
        )

    def artefact(self, model: Any) -> Artefact:
        """Open a recorded model's bytes; see `load`."""
        return self._artefact(find_model(self._ledger, model), None)

    def evaluate(
        self,
        model: Any,
        data: Any,
        metrics: Mapping[str, Any] | Sequence[Measurement],
        *,
        slices: Mapping[str, Mapping[str, Any]] | None = None,
        method: str = "",
    ) -> Recorded:
        """Record how well a model does on data that it was not trained on.

        model: as for `get`. data: a recorded data set, or its name, index, leaf or digest; where
        the model was trained on it, its role is `train` and not `test`. metrics: name -> number,
        at least one. slices: part of the data, such as `sex=Female` -> its metrics.
        method: how it was measured. Raises as `get` and `Ledger.record_statement`.
        """
        found = find_model(self._ledger, model)
        said = Evaluation(
            issuer=self._ledger.config.organisation,
            source="-",
            number=0,
            model=found.reference,
            data=self._evaluated_on(found, data),
            metrics=tuple(measurements(metrics)),
            slices=tuple(
                Slice(where=where, metrics=tuple(measurements(of)))
                for where, of in (slices or {}).items()
            ),
            method=method,
        )
        fields = _said(said)
        subject = Subject(digest={"sha256": found.digest}, name=found.title[:255])
        return self._ledger.record_statement("evaluation", fields, subjects=[subject])

    def agree(
        self, model: Any, rows: Sequence[Mapping[str, Any]], *, tolerance: float = 1e-5
    ) -> Agreement:
        """Compare a model with the one that explains it, and record what was found.

        rows: inputs, at least one. tolerance: largest difference of scores that counts as
        agreement. The result is an evaluation of the model on these rows, known by their digest.
        Raises NotFound with code model.no-explainer, and as `load`.
        """
        found = find_model(self._ledger, model)
        if found.model.explained_by is None:
            raise NotFound(
                "model.no-explainer",
                f"expected a model that another one explains, found {found.title} alone",
                hint="Record it with explained_by=..., the model that explains it.",
            )
        scorer = self.load(found)
        explainer = open_scorer(
            self.artefact(found.model.explained_by),
            features=scorer.features,
            outcomes=scorer.outcomes or None,
        )
        done = agree(scorer, explainer, rows, tolerance)
        self.evaluate(
            found,
            Reference(digest=done.rows_digest, name=f"{done.rows} rows of inputs"),
            done.metrics(),
            method=f"Scores compared with those of the explainer {done.explainer}; {done.words}.",
        )
        return done

    def _evaluated_on(self, found: RecordedModel, data: Any) -> Reference:
        """Name the data of an evaluation, and say so where the model was trained on it."""
        named = reference_to(self._ledger, data, kinds=("dataset",))
        ends = {end for one in found.model.trained_on for end in (one.leaf, one.digest) if end}
        if named.role is not None and named.role != "test":
            return named
        role = "train" if ends & {named.leaf, named.digest} else "test"
        return msgspec.structs.replace(named, role=role)

    def _keep(
        self,
        said: Model,
        artefact: Artefact,
        background: Background | None,
        card: str,
        *,
        keep: bool,
    ) -> Model:
        """Check the statement's shape, ask the gate, and put the bytes beside the log."""
        ledger = self._ledger
        _check(said)
        ledger.ask_gate("model", _said(said))
        return msgspec.structs.replace(
            said,
            kept=ledger.keep(artefact.content()) if keep else None,
            background=None if background is None else ledger.keep(background.content()),
            card_file=ledger.keep(card.encode()) if len(card) > CARD_MAX else None,
        )

    def _artefact(self, found: RecordedModel, copy: str | Path | bytes | None) -> Artefact:
        kept = found.model.kept
        if copy is None and kept is None:
            raise NotFound(
                "model.not-kept",
                f"expected the bytes of {found.title} beside the log, found that they were not "
                "kept",
                hint="Give a copy: ledger.models.load(model, artefact=PATH).",
            )
        opened = open_artefact(self._ledger.kept(kept) if copy is None and kept else copy or b"")
        if opened.digest != found.digest:
            raise VerificationError(
                "model.digest",
                f"expected the artefact {found.digest}, found {opened.digest}",
                hint="This is another model, or it was changed since it was recorded.",
            )
        return opened

    def _references(
        self, things: Any, role: str | None = None, *, kinds: Sequence[str] = NAMED
    ) -> tuple[Reference, ...]:
        several = isinstance(things, Iterable) and not isinstance(things, (str, bytes, Mapping))
        listed: Iterable[Any] = things if several else [things]
        return tuple(reference_to(self._ledger, one, role, kinds=kinds) for one in listed)


def _names(opened: Opened, which: str, given: Sequence[str] | None) -> tuple[str, ...]:
    if opened.scorer is None:
        return tuple(given or ())
    found: tuple[str, ...] = getattr(opened.scorer, which)
    return found


def _check(said: Model) -> None:
    """Check a statement before anything is kept for it: its shape, and that an entry holds it."""
    try:
        msgspec.convert(msgspec.to_builtins(said), Model)
    except msgspec.ValidationError as err:
        raise InputError(
            "predicate.malformed",
            f"expected a model's statement, but: {err}",
            hint="`counterfoil schema model` prints its shape.",
        ) from err
    size = len(msgspec.json.encode(said))
    if size > _SAID_MAX:
        raise InputError(
            "statement.size",
            f"expected a model's statement of at most {_SAID_MAX} bytes, found {size}",
            hint="Put what is large into a card: one of more than 8,192 characters is a file.",
        )


def _said(statement: Model | Evaluation) -> dict[str, Any]:
    """Give the fields that the ledger does not write by itself."""
    fields: dict[str, Any] = msgspec.to_builtins(statement)
    return {n: v for n, v in fields.items() if n not in ("issuer", "source", "number")}


def _title(name: str, version: str | None) -> str:
    return f"{name}:{version}" if version else name


def _who(accountable: Accountable | str | None) -> Accountable | None:
    return Accountable(accountable) if isinstance(accountable, str) else accountable
