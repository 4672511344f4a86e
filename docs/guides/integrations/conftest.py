"""Let the guide of MLflow run although MLflow's database library uses what it has deprecated."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ignore that one kind of warning, in that one guide."""
    ignored = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")
    for item in items:
        if item.path.name == "mlflow.md":
            item.add_marker(ignored)
