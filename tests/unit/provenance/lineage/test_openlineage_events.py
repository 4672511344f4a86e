"""Events of others are read whole or refused with what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from counterfoil.errors import InputError
from counterfoil.provenance.lineage.openlineage_events import read_event, short

RUN = "01987F2E-7A53-7B60-8D4B-1F0A5C2E9D11"
GOOD: dict[str, Any] = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-29T08:00:00.123456+01:00",
    "producer": "https://airflow.example",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    "run": {"runId": RUN, "facets": {"unknown": {"a": 1}}},
    "job": {"namespace": "airflow", "name": "clean"},
    "inputs": [{"namespace": "pg", "name": "raw"}, {"namespace": "pg", "name": "raw"}],
}


def text(**changes: Any) -> bytes:
    """Write the event with changes; None leaves a member out."""
    said = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return json.dumps(said).encode()


def test_an_event_is_read() -> None:
    """Run ids have one form, data sets stand once, and unknown facets stay in the whole."""
    told = read_event(text())
    assert (told.kind, told.series) == ("COMPLETE", f"openlineage:{RUN.lower()}")
    assert [one.name for one in told.inputs] == ["raw"]
    assert told.whole["run"]["facets"] == {"unknown": {"a": 1}}


def test_static_events_have_a_series_of_their_own() -> None:
    """Events about a job or a data set alone are told apart from runs."""
    job = read_event(text(run=None, eventType=None))
    data = {"namespace": "pg", "name": "raw"}
    dataset = read_event(text(run=None, job=None, eventType=None, inputs=None, dataset=data))
    assert job.run is dataset.run is None
    assert len({job.series, dataset.series}) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"eventTime": None},
        {"eventTime": "yesterday"},
        {"eventTime": "2026-11-29"},
        {"producer": None},
        {"schemaURL": None},
        {"eventType": "DONE"},
        {"run": {"runId": "seven"}},
        {"job": None},
        {"job": {"name": "clean"}},
        {"job": {"namespace": "", "name": "clean"}},
        {"inputs": [{"namespace": "pg"}]},
        {"inputs": [{"namespace": "pg", "name": "a\nb"}]},
        {"inputs": [{"namespace": "pg", "name": f"t{n}"} for n in range(257)]},
        {"dataset": {"namespace": "pg", "name": "raw"}},
    ],
)
def test_what_the_schema_refuses_is_refused(changes: dict[str, Any]) -> None:
    """Missing members, wrong types, wrong times and names that no statement could hold."""
    with pytest.raises(InputError) as caught:
        read_event(text(**changes))
    assert caught.value.code == "lineage.event"


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_refused(data: bytes) -> None:
    """Bytes that are no JSON object of an event raise the same error."""
    with pytest.raises(InputError, match="OpenLineage event"):
        read_event(data)


def test_long_names_are_cut_and_stay_apart() -> None:
    """A name beyond 255 characters keeps its beginning, and is told apart by its digest."""
    one, two = short("x" * 300 + "1"), short("x" * 300 + "2")
    assert max(len(one), len(two)) <= 255
    assert one != two
