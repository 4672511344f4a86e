"""Say what an MLflow run did: its data sets, its models, the step between them, its figures.

All of it is read through MLflow's public client after the run has ended. Data sets are told of as
MLflow knows them: its digest reads a sample, so it is the version, and no fingerprint. A model
that is no pickle is recorded with its bytes; of one that is, only what it is. This module refuses
to load a model, and to fetch artefacts from another machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from mlflow import MlflowClient

from counterfoil.errors import InputError, Refused
from counterfoil.formats.json_text import canonicalise
from counterfoil.formats.statement import Subject
from counterfoil.ports import Said
from counterfoil.provenance.statements.parts import Reference, decimal_text

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel, Run

    from counterfoil.ledger import Ledger

__all__ = ["RecordedRun", "record_run"]

_NAME_MAX: Final = 255
_VALUE_MAX: Final = 500
_PARAMETERS_MAX: Final = 64
_METRICS_MAX: Final = 200
_REFERENCES_MAX: Final = 64
_TEST: Final = ("eval", "evaluation", "test", "testing", "validation", "val")


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run that was recorded. indices: of its statements. models: of those with their bytes."""

    run_id: str
    indices: tuple[int, ...]
    models: tuple[int, ...]


def record_run(ledger: Ledger, run_id: str, client: MlflowClient | None = None) -> RecordedRun:
    """Record a run that has ended, and wait until it is durable.

    client: of the tracking server that has it; else the default. Data sets, the step and figures
    are recorded together or not at all. Raises what MLflow raises for an unknown run, Refused
    where a policy asks for checks, and as `Ledger.record_statements`.
    """
    client = client or MlflowClient()
    run = client.get_run(run_id)
    data = [_dataset(one) for one in (run.inputs.dataset_inputs if run.inputs else ())]
    outputs, kept = [], []
    for output in (run.outputs.model_outputs if run.outputs else ())[:_REFERENCES_MAX]:
        reference, index = _model(ledger, run, client.get_logged_model(output.model_id), data)
        outputs.append(reference)
        kept += [] if index is None else [index]
    said = [one for one, _, _ in data]
    said.append(_step(run, [one for _, one, _ in data], outputs))
    figures = _evaluation(run, data, outputs)
    if figures is not None:
        said.append(figures)
    done = ledger.record_statements(said).result()
    return RecordedRun(run_id, done.indices, tuple(kept))


_Data = tuple[Said, dict[str, Any], str]
"""A data set's statement, a reference to it, and what it was for."""


def _dataset(given: Any) -> _Data:
    found = given.dataset
    context = next((tag.value for tag in given.tags if tag.key == "mlflow.data.context"), "input")
    facts = {
        "mlflow": found.digest,
        "profile": found.profile,
        "schema": found.schema,
        "source": found.source,
        "type": found.source_type,
    }
    named = {"name": _name(found.name), "version": _name(found.digest)}
    digest = sha256(canonicalise({**named, **facts})).hexdigest()
    fields = {
        **named,
        "location": _name(f"{found.source_type}: {found.source}"),
        "description": f"As MLflow tells of it; columns {str(found.schema)[:4000]}",
    }
    title = f"{named['name']}:{named['version']}"[:_NAME_MAX]
    reference = {"digest": digest, "name": title, "role": _name(context)}
    return Said("dataset", fields, (Subject({"sha256": digest}, name=title),)), reference, context


def _model(
    ledger: Ledger, run: Run, model: LoggedModel, data: Iterable[_Data]
) -> tuple[dict[str, Any], int | None]:
    """Refer to a model; where its files are here and safe, record it with them."""
    folder = _local(model.artifact_location)
    name = _name(model.name or model.model_id)
    if folder is None:
        return {"digest": _of(model.model_id), "name": name, "role": "model by id"}, None
    try:
        made = ledger.models.record(
            folder,
            name,
            version=model.model_id,
            trained_on=[msgspec.convert(one, Reference) for _, one, _ in data],
            parameters=_parameters(model.params or run.data.params),
        )
    except Refused:
        raise
    except InputError:  # a pickle, mostly: it is named by its bytes, and never opened
        return {"digest": _manifest(folder), "name": name, "role": "model"}, None
    return {"leaf": made.leaf, "digest": made.digest, "name": name, "role": "model"}, made.index


def _step(run: Run, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> Said:
    info, tags = run.info, run.data.tags
    itself = {"digest": _of(info.run_id), "name": info.run_id, "role": "run by id"}
    fields: dict[str, Any] = {
        "name": _name(f"mlflow run {info.run_name or info.run_id}"),
        "inputs": inputs[:_REFERENCES_MAX],
        "outputs": [*outputs, itself],
        "parameters": {
            **_parameters(run.data.params),
            "mlflow.run_id": info.run_id,
            "mlflow.experiment_id": info.experiment_id,
            "mlflow.status": str(info.status),
        },
    }
    code = {
        "repository": tags.get("mlflow.source.git.repoURL"),
        "revision": tags.get("mlflow.source.git.commit"),
    }
    known = {key: _name(value) for key, value in code.items() if value}
    if known:
        dirty = tags.get("mlflow.source.git.dirty", "").lower() == "true"
        fields["code"] = {**known, "dirty": dirty}
    subjects = [Subject({"sha256": one["digest"]}, name=one["name"]) for one in fields["outputs"]]
    return Said("transformation", fields, tuple(subjects))


def _evaluation(run: Run, data: list[_Data], outputs: list[dict[str, Any]]) -> Said | None:
    """Tell the run's figures: of its model, on the data for that, else on what it was given."""
    metrics = run.data.metrics
    finite = {key: value for key, value in sorted(metrics.items()) if math.isfinite(value)}
    told = list(finite.items())[:_METRICS_MAX]
    if not told:
        return None
    itself = {"digest": _of(run.info.run_id), "name": run.info.run_id, "role": "run by id"}
    held_out = [one for _, one, context in data if context.lower() in _TEST]
    on = (held_out or [one for _, one, _ in data] or [{**itself, "role": "data not told"}])[0]
    about = (outputs or [itself])[0]
    left = len(metrics) - len(told)
    fields = {
        "model": about,
        "data": on,
        "metrics": [{"name": _name(key), "value": decimal_text(value)} for key, value in told],
        "method": f"Figures of MLflow run {run.info.run_id}, as it logged them"
        + ("." if held_out else "; MLflow did not tell that the data was held out.")
        + (f" {left} more were not finite, or too many." if left else ""),
    }
    return Said("evaluation", fields, (Subject({"sha256": about["digest"]}, name=about["name"]),))


def _parameters(given: Mapping[str, Any]) -> dict[str, str]:
    listed = sorted(given.items())[:_PARAMETERS_MAX]
    return {str(key)[:_NAME_MAX]: str(value)[:_VALUE_MAX] for key, value in listed}


def _local(location: str) -> Path | None:
    """Give the folder of artefacts that are on this machine."""
    parts = urlsplit(location)
    if parts.scheme not in ("", "file"):
        return None
    folder = Path(unquote(parts.path))
    return folder if folder.is_dir() else None


def _manifest(folder: Path) -> str:
    """Digest a folder as `sha256sum` lists its files, by name."""
    lines = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        with path.open("rb") as file:
            digest = sha256()
            while part := file.read(1 << 20):
                digest.update(part)
        lines.append(f"{digest.hexdigest()}  {path.relative_to(folder).as_posix()}\n")
    return sha256("".join(sorted(lines, key=lambda line: line[66:].encode())).encode()).hexdigest()


def _of(identity: str) -> str:
    return sha256(identity.encode()).hexdigest()


def _name(text: str) -> str:
    return "".join(one for one in str(text) if one.isprintable())[:_NAME_MAX] or "unnamed"
