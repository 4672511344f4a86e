"""Changes of a data set that MLflow's digest does not see, and ours does."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from counterfoil.provenance.fingerprint import fingerprint_table, open_table

ROWS = 50_000


def digest(frame: pd.DataFrame) -> str:
    opened = open_table(frame)
    return fingerprint_table(opened.schema, opened.batches()).digest


def mlflow_digest(frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> str:
    """Compute the digest that MLflow records for a data set."""
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("DO_NOT_TRACK", "true")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of MLflow's own imports
        from mlflow.data.pandas_dataset import from_pandas

        return str(from_pandas(frame, source="memory").digest)


def frame_of() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, ROWS),
            "label": rng.integers(0, 2, ROWS),
            "paid": rng.random(ROWS) < 0.5,
            "day": pd.date_range("2020-01-01", periods=ROWS, freq="h"),
        }
    )


def flipped(frame: pd.DataFrame) -> pd.DataFrame:
    """Flip four of five labels: all but the first rows, beyond which MLflow does not look."""
    labels = frame["label"].to_numpy().copy()
    labels[ROWS // 5 :] = 1 - labels[ROWS // 5 :]
    kept = frame["label"].to_numpy()
    assert (labels != kept).mean() == 0.8
    return frame.assign(label=labels)


def shifted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(day=frame["day"] + pd.Timedelta(days=365))


def inverted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(paid=~frame["paid"])


@pytest.mark.parametrize("change", [flipped, shifted, inverted])
def test_a_collision_of_mlflow_is_told_apart(
    change: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow's digest stays the same after the change; our fingerprint does not."""
    frame = frame_of()
    changed = change(frame)  # type: ignore[operator]  # one of the functions above
    assert mlflow_digest(frame, monkeypatch) == mlflow_digest(changed, monkeypatch)
    assert digest(frame) != digest(changed)
