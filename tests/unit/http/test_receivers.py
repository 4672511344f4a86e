"""What comes by others' protocols is held to its sender's key as records themselves are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from counterfoil.errors import Unavailable
from counterfoil.http.receivers import tracing
from counterfoil.ledger import Ledger
from tests.guarded import Answer, Browser, GuardedNode

JSON = "application/json"


def send(node: GuardedNode, path: str, key: str, said: Any) -> Answer:
    given = {"content-type": JSON, "authorization": f"Bearer {key}"}
    return Browser(node.url).send("POST", path, json.dumps(said), given)


def span(number: int) -> dict[str, Any]:
    """Write a call of a model as a span."""
    return {
        "traceId": f"{number + 1:032x}",
        "spanId": f"{number + 1:016x}",
        "name": "chat",
        "attributes": [{"key": "gen_ai.request.model", "value": {"stringValue": "m"}}],
        "startTimeUnixNano": "1795000000000000000",
        "endTimeUnixNano": "1795000001000000000",
    }


def spans(count: int) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span(n) for n in range(count)]}]}]}


def event(kind: str, number: int) -> dict[str, Any]:
    """Write an event of a run that makes one data set of another."""
    return {
        "eventType": kind,
        "eventTime": f"2026-11-29T08:00:{number:02}Z",
        "producer": "https://airflow.example",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": "01987f2e-7a53-7b60-8d4b-1f0a5c2e9d11"},
        "job": {"namespace": "airflow", "name": "clean"},
        "inputs": [{"namespace": "pg", "name": "raw"}],
        "outputs": [{"namespace": "s3", "name": "clean"}],
    }


@pytest.mark.parametrize(
    ("path", "said"),
    [("/v1/traces", spans(1)), ("/api/v1/lineage", event("COMPLETE", 0))],
    ids=["traces", "lineage"],
)
def test_a_key_of_some_series_brings_nothing_of_others(
    node: GuardedNode, path: str, said: Any
) -> None:
    """A writer that is bound to a series can write no other by way of a trace or of lineage."""
    before = node.ledger.size
    answer = send(node, path, node.key("writer", sources=["camera-7"]), said)
    assert (answer.status, answer.code) == (403, "access.source")
    assert not [one for one in node.ledger.views(before) if "refusal" not in one.kind][1:]
    assert send(node, path, node.key("writer"), said).status in (200, 201)


def test_spans_count_against_a_quota(node: GuardedNode) -> None:
    """A batch of spans over what is left of a day is refused whole; what fits is recorded."""
    key = node.key("writer", quota=5)
    assert send(node, "/v1/traces", key, spans(4)).status == 200
    before = node.ledger.size
    over = send(node, "/v1/traces", key, spans(2))
    assert (over.status, over.code) == (429, "access.quota")
    assert node.ledger.size == before
    assert send(node, "/v1/traces", key, spans(1)).status == 200


def test_lineage_counts_against_a_quota(node: GuardedNode) -> None:
    """An event counts with the data sets that it names, and one that comes again does not."""
    key = node.key("writer", quota=11)
    assert send(node, "/api/v1/lineage", key, event("START", 0)).status == 201
    for _ in range(3):
        assert send(node, "/api/v1/lineage", key, event("COMPLETE", 1)).status == 201
    assert send(node, "/api/v1/lineage", key, event("OTHER", 2)).status == 201
    over = send(node, "/api/v1/lineage", key, event("OTHER", 3))
    assert (over.status, over.code) == (429, "access.quota")


def test_spans_that_could_not_be_recorded_are_asked_for_again(
    node: GuardedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While calls of models cannot be recorded it is an error, whatever else comes with them."""

    def full(*_: object, **__: object) -> None:
        raise Unavailable("disk.full", "expected space, found none")

    other = span(1) | {"attributes": []}
    key = node.key("writer", quota=1)
    monkeypatch.setattr(tracing, "_RETRY_S", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "record_statements", full)
        for sent, status in (([span(0)], 503), ([span(0), other], 503), ([other], 200)):
            said = {"resourceSpans": [{"scopeSpans": [{"spans": sent}]}]}
            assert send(node, "/v1/traces", key, said).status == status
    assert send(node, "/v1/traces", key, spans(1)).status == 200  # the quota is as it was
