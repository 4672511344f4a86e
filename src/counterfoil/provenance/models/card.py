"""Write a model card out of what was recorded, in Markdown.

The headings are those of Mitchell et al., "Model Cards for Model Reporting" (2019), as far as
statements say anything about them. This module refuses to fill in what nobody recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from counterfoil.provenance.statements.models import Evaluation, Model
from counterfoil.provenance.statements.parts import Measurement, Reference

__all__ = ["write_card"]


def write_card(
    model: Model, evaluations: Sequence[Evaluation] = (), index: int | None = None
) -> str:
    """Write a card: what the model is, what it was trained on, its figures, its author's words.

    index: of its statement, for the reader to get the receipt. Empty sections are left out.
    """
    return "\n".join(_lines(model, evaluations, index)) + "\n"


def _lines(model: Model, evaluations: Sequence[Evaluation], index: int | None) -> Iterator[str]:
    yield f"# {_text(model.name)}" + (f" {_text(model.version)}" if model.version else "")
    yield ""
    yield from _section("Model details", _details(model, index))
    yield from _section("Inputs and outcomes", _interface(model))
    yield from _section("Training data", map(_reference, model.trained_on))
    yield from _section(
        "Parameters", (f"`{_text(k)}`: {_text(v)}" for k, v in model.parameters.items())
    )
    yield from _section("Figures of the author", map(_figure, model.metrics))
    for evaluation in evaluations:
        title = f"Evaluation on {evaluation.data.name or 'data'}"
        yield from _section(title, _evaluation(evaluation))
    yield from _section("Checks", map(_reference, model.checks))
    yield from _section("Explanations", _explanation(model))
    if model.card:
        yield from ("## In the author's words", "", model.card.rstrip())


def _section(title: str, items: Iterable[str]) -> Iterator[str]:
    found = list(items)
    if found:
        yield from (f"## {_text(title)}", "", *(f"- {item}" for item in found), "")


def _details(model: Model, index: int | None) -> Iterator[str]:
    yield f"Format: {model.format}, {model.size:,} bytes"
    yield f"SHA-256: `{model.digest}`"
    if index is not None:
        yield f"Recorded by {_text(model.issuer)} as entry {index}"
    if model.task:
        yield f"Task: {_text(model.task)}"
    if model.accountable:
        role = f", {_text(model.accountable.role)}" if model.accountable.role else ""
        yield f"Answers for it: {_text(model.accountable.name)}{role}"
    if model.code and model.code.revision:
        dirty = ", with changes that were not committed" if model.code.dirty else ""
        yield f"Code: {_text(model.code.repository or '')} {model.code.revision}{dirty}".strip()
    for one in model.derived_from:
        yield f"Derived from {_reference(one)}"


def _interface(model: Model) -> Iterator[str]:
    if model.features:
        yield "Features: " + ", ".join(f"`{_text(name)}`" for name in model.features)
    if model.outcomes:
        yield "Outcomes: " + ", ".join(f"`{_text(name)}`" for name in model.outcomes)


def _evaluation(evaluation: Evaluation) -> Iterator[str]:
    yield from map(_figure, evaluation.metrics)
    for part in evaluation.slices:
        for metric in part.metrics:
            yield f"{_text(part.where)}: {_figure(metric)}"
    if evaluation.method:
        yield _text(evaluation.method)


def _explanation(model: Model) -> Iterator[str]:
    if model.explained_by is not None:
        yield f"Scores are explained by {_reference(model.explained_by)}"
    if model.agreement is not None:
        yield _figure(model.agreement)
    if model.background is not None:
        yield f"Compared with background rows `{model.background.sha256}`"


def _figure(metric: Measurement) -> str:
    unit = f" {_text(metric.unit)}" if metric.unit else ""
    between = f" ({metric.low} to {metric.high})" if metric.low and metric.high else ""
    rows = f", on {metric.rows:,} rows" if metric.rows is not None else ""
    return f"{_text(metric.name)}: {metric.value}{unit}{between}{rows}"


def _reference(one: Reference) -> str:
    said = one.leaf or one.digest or ""
    role = f" ({_text(one.role)})" if one.role else ""
    return f"{_text(one.name or 'entry')} `{said}`{role}"


def _text(text: str) -> str:
    """Keep recorded text on its line, without Markdown that would act."""
    return "".join(" " if c in "\n\r\t" else f"\\{c}" if c in "<>[]`" else c for c in text)
