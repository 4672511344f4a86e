"""MLflow: runs, their data sets, models and figures appear as statements when a run ends.

`enable(ledger)` once; training code stays as it is. Needs MLflow 3.
"""

from counterfoil.errors import Unavailable

try:
    from counterfoil.integrations.mlflow.hook import Recording, enable
    from counterfoil.integrations.mlflow.runs import RecordedRun, record_run
except ImportError as err:
    raise Unavailable(
        "mlflow.missing",
        f"expected the Python package mlflow, but: {err}",
        hint="Install it: pip install 'mlflow>=3.5'.",
    ) from err

__all__ = ["RecordedRun", "Recording", "enable", "record_run"]
