"""MLflow runs become statements when they end, and no run ever hears of trouble."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # before it is imported
os.environ["DO_NOT_TRACK"] = "true"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # MLflow's and its libraries' own
    import mlflow
    from mlflow.tracking._tracking_service import utils as service

from counterfoil.integrations.mlflow import Recording, enable, record_run
from counterfoil.ledger import Ledger
from tests.deciding import lightgbm_bytes
from tests.ledgers import prove

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's and its libraries' own


@pytest.fixture(scope="module")
def _database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mlflow")  # making the tables of one costs seconds


@pytest.fixture
def recording(
    ledger: Ledger, _database: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Recording]:
    registry = service._tracking_store_registry
    before, uri = dict(registry._registry), mlflow.get_tracking_uri()
    monkeypatch.chdir(_database)
    mlflow.set_tracking_uri(f"sqlite:///{_database}/runs.db")
    if mlflow.get_experiment_by_name("credit") is None:
        mlflow.create_experiment("credit", artifact_location=(_database / "files").as_uri())
    mlflow.set_experiment("credit")
    with enable(ledger) as made:
        yield made
    registry._registry.clear()
    registry._registry.update(before)
    registry._get_store_with_resolved_uri.cache_clear()
    mlflow.set_tracking_uri(uri)


def frame() -> pd.DataFrame:
    return pd.DataFrame({"income": [31.5, 80.0], "debt": [12.25, 1.0], "bad": [1, 0]})


def log_input(context: str, name: str = "applicants") -> None:
    from mlflow.data.pandas_dataset import from_pandas

    mlflow.log_input(from_pandas(frame(), name=name), context=context)


def found(ledger: Ledger, kind: str) -> list[Any]:
    return list(ledger.search(f"kind={kind}", newest_first=False).hits)


def test_a_run_becomes_statements_when_it_ends(ledger: Ledger, recording: Recording) -> None:
    """Data sets, the step with its parameters, and the figures, each with a receipt."""
    with mlflow.start_run(run_name="first") as run:
        log_input("training")
        log_input("test", "held out")
        mlflow.log_params({"C": 0.5, "solver": "lbfgs"})
        mlflow.log_metrics({"auc": 0.91, "loss": float("nan")})
        assert not found(ledger, "transformation")
    (done,) = recording.runs
    (step,) = found(ledger, "transformation")
    assert step.content["name"] == "mlflow run first"
    assert step.content["parameters"]["C"] == "0.5"
    assert step.content["parameters"]["mlflow.run_id"] == run.info.run_id
    data = found(ledger, "dataset")
    assert [one.content["name"] for one in data] == ["applicants", "held out"]
    (figures,) = found(ledger, "evaluation")
    assert figures.content["data"]["name"].startswith("held out:")
    assert figures.content["metrics"] == [{"name": "auc", "value": "0.91"}]
    assert "1 more were not finite" in figures.content["method"]
    assert len(ledger.search(run.info.run_id).hits) >= 2
    ledger.publish()
    for index in done.indices:
        prove(ledger, index)


def test_a_logged_model_that_is_no_pickle_is_recorded_with_its_bytes(
    ledger: Ledger, recording: Recording, tmp_path: Path
) -> None:
    """The model's statement names its data; the step names the model."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.lgb").write_bytes(lightgbm_bytes())
    with mlflow.start_run():
        log_input("training")
        log_folder(model)
    assert recording.failed == []
    (made,) = found(ledger, "model")
    (step,) = found(ledger, "transformation")
    assert step.content["outputs"][0]["leaf"] == made.leaf
    assert made.content["trained_on"][0]["name"].startswith("applicants:")


def log_folder(folder: Path) -> None:
    """Log a folder as a model, as MLflow's flavours do."""
    client = mlflow.MlflowClient()
    run = mlflow.active_run()
    assert run is not None
    made = client.create_logged_model(run.info.experiment_id, "credit", run.info.run_id)
    client.log_model_artifacts(made.model_id, str(folder))
    client.finalize_logged_model(made.model_id, "READY")
    output = mlflow.entities.LoggedModelOutput(made.model_id, step=0)
    client.log_outputs(run.info.run_id, models=[output])


def test_a_pickle_is_named_by_its_bytes_and_never_opened(
    ledger: Ledger, recording: Recording
) -> None:
    """What MLflow logs for scikit-learn is a pickle: its digest is recorded, and no model."""
    linear = pytest.importorskip("sklearn.linear_model")
    with mlflow.start_run():
        fitted = linear.LogisticRegression().fit(frame()[["income", "debt"]], [1, 0])
        packages = ["scikit-learn"]
        mlflow.sklearn.log_model(
            fitted, name="credit", pip_requirements=packages, serialization_format="cloudpickle"
        )
    assert recording.failed == []
    assert not found(ledger, "model")
    (step,) = found(ledger, "transformation")
    reference = step.content["outputs"][0]
    assert (reference["name"], reference["role"]) == ("credit", "model")
    logged = mlflow.last_logged_model()
    assert logged is not None
    folder = Path(logged.artifact_location.removeprefix("file://"))
    lines = sorted(
        (path.relative_to(folder).as_posix(), sha256(path.read_bytes()).hexdigest())
        for path in folder.rglob("*")
        if path.is_file()
    )
    listed = "".join(f"{digest}  {name}\n" for name, digest in lines)
    assert reference["digest"] == sha256(listed.encode()).hexdigest()


def test_autologged_runs_are_recorded(ledger: Ledger, recording: Recording) -> None:
    """Autologging needs no line more: parameters and figures are there."""
    linear = pytest.importorskip("sklearn.linear_model")
    mlflow.sklearn.autolog(log_models=False, silent=True)
    try:
        linear.Ridge(alpha=2.0).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    (step,) = found(ledger, "transformation")
    assert step.content["parameters"]["alpha"] == "2.0"
    assert found(ledger, "evaluation")


def test_a_run_that_failed_says_so(ledger: Ledger, recording: Recording) -> None:
    """A run that an error ended is recorded with its status, and the error goes on."""
    with pytest.raises(ZeroDivisionError), mlflow.start_run():
        _ = 1 / 0
    (step,) = found(ledger, "transformation")
    assert step.content["parameters"]["mlflow.status"] == "FAILED"


def test_trouble_never_reaches_training(
    ledger: Ledger, recording: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    """With the ledger closed the run ends as always, and is counted as not recorded."""
    ledger.close()
    with mlflow.start_run() as run:
        mlflow.log_metric("auc", 0.5)
    assert mlflow.get_run(run.info.run_id).info.status == "FINISHED"
    assert recording.failed == [run.info.run_id]
    assert "was not recorded" in caplog.text


def test_after_close_nothing_is_recorded_and_by_hand_it_is(
    ledger: Ledger, recording: Recording
) -> None:
    """A closed recording hears nothing; `record_run` needs no hook."""
    recording.close()
    with mlflow.start_run() as run:
        mlflow.log_param("C", 1)
    assert not found(ledger, "transformation")
    done = record_run(ledger, run.info.run_id)
    assert [ledger.get(index).kind for index in done.indices] == ["transformation"]
