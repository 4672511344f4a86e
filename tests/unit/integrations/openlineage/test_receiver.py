"""What was half done is finished, what is large is kept, and what is refused leaves nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.errors import InputError
from counterfoil.integrations.openlineage import Receiver
from tests.ledgers import copy_ledger

RUN = "01987f2e-7a53-7b60-8d4b-1f0a5c2e9d11"


def event(kind: str, run: str = RUN, **more: Any) -> bytes:
    """Write an event of a run that makes `clean` out of `raw`."""
    said = {
        "eventType": kind,
        "eventTime": "2026-11-29T08:00:00Z",
        "producer": "https://airflow.example",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run, "facets": more},
        "job": {"namespace": "airflow", "name": "clean"},
        "inputs": [{"namespace": "pg", "name": "raw"}],
        "outputs": [{"namespace": "s3", "name": "clean"}],
    }
    return json.dumps(said).encode()


def test_what_was_cut_off_is_finished_by_the_repeat(tmp_path: Path) -> None:
    """An event that was recorded before a crash gets its transformation when it comes again."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        first = ledger.record(event("COMPLETE"), source=f"openlineage:{RUN}", number=0)
        taken = Receiver(ledger).receive(event("COMPLETE"))
        assert (taken.event, taken.duplicate) == (first.index, True)
        assert taken.transformation is not None
        size = ledger.size
        assert Receiver(ledger).receive(event("COMPLETE")) == taken
        assert ledger.size == size


def test_a_large_event_lies_beside_the_log_and_is_known_again(tmp_path: Path) -> None:
    """An event too large for an entry is kept whole, and found after a restart."""
    large = event("START", plan={"text": "x" * 200_000})
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        taken = Receiver(ledger).receive(large)
        again = Receiver(ledger).receive(large)
        assert (again.event, again.duplicate) == (taken.event, True)
        assert "content_ref" in ledger.get(taken.event).content


def test_many_at_once_are_each_recorded_once(tmp_path: Path) -> None:
    """Clients that send together, and repeat themselves, share one statement a data set."""
    runs = [f"{RUN[:-2]}{n:02}" for n in range(6)]
    sent = [event(kind, run) for run in runs for kind in ("START", "COMPLETE", "COMPLETE")]
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        with ThreadPoolExecutor(4) as pool:
            taken = list(pool.map(Receiver(ledger).receive, sent))
        assert len({one.event for one in taken}) == 12
        assert len(ledger.search("kind=dataset").hits) == 2
        assert len(ledger.search("kind=transformation").hits) == 6


def test_a_bad_event_leaves_nothing(tmp_path: Path) -> None:
    """What is no event, and what no record can hold, is refused and not half-recorded."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        size = ledger.size
        receiver = Receiver(ledger)
        for bad in (
            b"{}",
            event("DONE"),
            event("START").replace(b'"facets": {}', b'"facets": NaN'),
        ):
            with pytest.raises(InputError):
                receiver.receive(bad)
        twice = event("START")[:-1] + b', "producer": "https://b.example"}'
        with pytest.raises(InputError):
            receiver.receive(twice)
        assert ledger.size == size
