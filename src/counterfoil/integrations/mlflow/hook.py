"""Hear of it when a run ends, wherever MLflow keeps its runs.

MLflow has no call-back for that. A tracking store registered under a scheme of its own would have
to stand in for two hundred methods and change everybody's tracking URI; a run-context provider
hears only of beginnings. So every store that MLflow makes goes through the builder that is
registered for its scheme, as plug-ins register theirs, and ours puts one method before the
store's own: `update_run_info`, of the abstract store that plug-ins implement. All that is
recorded is then read back through the public client. This module refuses to raise into a run.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from mlflow.entities import RunStatus
from mlflow.tracking._tracking_service import utils as service

from counterfoil.errors import Unavailable
from counterfoil.integrations.mlflow.runs import RecordedRun, record_run

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = ["Recording", "enable"]

_LOG: Final = logging.getLogger("counterfoil")


class Recording:
    """That MLflow's runs are recorded, until `close`; a context manager.

    runs: what was recorded, in order. failed: ids of runs that could not be.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._active = True
        self.runs: list[RecordedRun] = []
        self.failed: list[str] = []

    def ended(self, run_id: str) -> None:
        """Record a run that has ended; never raises."""
        if not self._active:
            return
        try:
            with self._lock:
                self.runs.append(record_run(self._ledger, run_id))
        except Exception as err:  # whatever it is, training goes on
            _LOG.warning("MLflow run %s was not recorded: %s", run_id, err)
            self.failed.append(run_id)

    def close(self) -> None:
        """Record no more runs. Again: nothing."""
        self._active = False

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def enable(ledger: Ledger) -> Recording:
    """Record each MLflow run of this process when it ends, autologged or not.

    ledger: an open one that can be written; close the recording before the ledger.
    Raises Unavailable with code mlflow.hook where this MLflow has no registry of stores.
    """
    recording = Recording(ledger)
    try:
        registry: Any = service._tracking_store_registry  # plug-ins come in by it, too
        builders: dict[str, Callable[..., Any]] = dict(registry._registry)
        for scheme, build in builders.items():
            registry.register(scheme, _telling(build, recording))
        registry._get_store_with_resolved_uri.cache_clear()  # made before: they tell nobody
    except AttributeError as err:
        raise Unavailable(
            "mlflow.hook",
            f"expected MLflow's registry of tracking stores, but: {err}",
            hint="Record runs by hand: record_run(ledger, run_id).",
        ) from err
    return recording


def _telling(build: Callable[..., Any], recording: Recording) -> Callable[..., Any]:
    @functools.wraps(build)
    def build_telling(*arguments: Any, **options: Any) -> Any:
        store = build(*arguments, **options)
        update = store.update_run_info

        @functools.wraps(update)
        def update_and_tell(run_id: str, run_status: Any, *more: Any, **named: Any) -> Any:
            answer = update(run_id, run_status, *more, **named)
            if run_status is not None and RunStatus.is_terminated(_code(run_status)):
                recording.ended(run_id)
            return answer

        store.update_run_info = update_and_tell
        return store

    return build_telling


def _code(status: Any) -> Any:
    return RunStatus.from_string(status) if isinstance(status, str) else status
