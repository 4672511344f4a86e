"""The unmodified OpenLineage client: it reads what we write, and sends to us what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    Dataset,
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)
from openlineage.client.generated.base import DatasetEvent, StaticDataset
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet
from openlineage.client.generated.schema_dataset import (
    SchemaDatasetFacet,
    SchemaDatasetFacetFields,
)
from openlineage.client.generated.source_code_location_job import SourceCodeLocationJobFacet
from openlineage.client.serde import Serde
from openlineage.client.transport.http import HttpConfig, HttpTransport
from requests import HTTPError

import counterfoil
from counterfoil.integrations.openlineage import LineageApp, Receiver
from counterfoil.ledger import Ledger
from counterfoil.ops.serving import serving
from counterfoil.provenance.lineage.openlineage import PRODUCER, STATEMENT_FACET, to_openlineage
from tests.ledgers import copy_ledger
from tests.provenance_story import tell_story

KEY = "a-key-of-the-tests-000"
RUN = "01987f2e-7a53-7b60-8d4b-1f0a5c2e9d11"


@contextmanager
def receiving(ledger: Ledger) -> Iterator[str]:
    """Serve a receiver on the loopback."""
    with serving(LineageApp(Receiver(ledger).receive, KEY.encode())) as url:
        yield url


def client_of(url: str, key: str = KEY, **more: Any) -> OpenLineageClient:
    """Make their client as their documentation does: HTTP transport, API key."""
    auth = {"type": "api_key", "apiKey": key}
    config = HttpConfig.from_dict({"type": "http", "url": url, "auth": auth, **more})
    return OpenLineageClient(transport=HttpTransport(config))


def event(kind: RunState, at: int = 0, **more: Any) -> RunEvent:
    """Make an event of one run."""
    code = SourceCodeLocationJobFacet(
        type="git", url="https://git.example/etl", repoUrl="https://git.example/etl", version="0a1b"
    )
    return RunEvent(
        eventType=kind,
        eventTime=f"2026-11-29T08:00:{at:02}.5Z",
        run=Run(runId=RUN),
        job=Job(namespace="airflow", name="clean.loans", facets={"sourceCodeLocation": code}),
        producer="https://airflow.example",
        **more,
    )


def theirs(said: dict[str, Any]) -> dict[str, Any]:
    """Build an event with their classes, which check it, and give what they write."""

    def facets(found: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, facet in found.items():
            if name == "version":
                version = facet["datasetVersion"]
                made[name] = DatasetVersionDatasetFacet(datasetVersion=version, producer=PRODUCER)
            elif name == "schema":
                fields = [SchemaDatasetFacetFields(f["name"], f["type"]) for f in facet["fields"]]
                made[name] = SchemaDatasetFacet(fields=fields, producer=PRODUCER)
            else:
                made[name] = facet
        return made

    def data(kind: type[Dataset], listed: list[dict[str, Any]]) -> list[Any]:
        return [kind(one["namespace"], one["name"], facets=facets(one["facets"])) for one in listed]

    built = RunEvent(
        eventType=RunState(said["eventType"]),
        eventTime=said["eventTime"],
        run=Run(said["run"]["runId"], said["run"]["facets"]),
        job=Job(said["job"]["namespace"], said["job"]["name"], said["job"]["facets"]),
        inputs=data(InputDataset, said["inputs"]),
        outputs=data(OutputDataset, said["outputs"]),
        producer=said["producer"],
    )
    return Serde.to_dict(built)


def without_empty(value: Any) -> Any:
    """Leave out empty members, which their classes always write and the schema never asks for."""
    if isinstance(value, dict):
        kept = {name: without_empty(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in ({}, [])}
    return [without_empty(one) for one in value] if isinstance(value, list) else value


def test_their_classes_write_the_events_that_we_write(tmp_path: Path) -> None:
    """Each of our events is, member for member, what their classes make of the same facts."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        told = tell_story(ledger)
        events = to_openlineage(ledger.trace(told["model"]))
        again = to_openlineage(ledger.trace(told["decision 0"]))
    for one in events:
        assert without_empty(theirs(one)) == without_empty(one)
        named = [one["run"], one["job"], *one["inputs"], *one["outputs"]]
        for facet in (facet for part in named for facet in part["facets"].values()):
            assert facet["_producer"] == PRODUCER
            assert facet["_schemaURL"].startswith("https://")
    names = {one["job"]["name"] for one in events}
    assert names == {
        "clean and split",
        "train credit:1",
        "evaluate credit:1",
        "decide with credit:1",
    }
    by_run: dict[str, list[str]] = {}
    for one in events:
        by_run.setdefault(one["run"]["runId"], []).append(one["eventType"])
    assert set(map(tuple, by_run.values())) == {("START", "COMPLETE")}
    decided = next(one for one in events if one["job"]["name"].startswith("decide"))
    listed = decided["run"]["facets"][STATEMENT_FACET]["statements"]
    assert [one["index"] for one in listed] == [told["decision 0"], told["decision 1"]]
    trained = {one["run"]["runId"] for one in events if one["job"]["name"].startswith("train")}
    assert trained <= {one["run"]["runId"] for one in again}  # the same run in every export


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_run_of_their_client_becomes_a_transformation(
    tmp_path: Path, compression: str | None
) -> None:
    """START and COMPLETE are joined by run id; a repeat, also after a restart, adds nothing."""
    folder = copy_ledger(tmp_path / "ledger")
    version = DatasetVersionDatasetFacet(datasetVersion="v7")
    raw = InputDataset("postgres://db", "loans.raw", facets={"version": version})
    start = event(RunState.START, inputs=[raw])
    end = event(RunState.COMPLETE, 9, outputs=[OutputDataset("s3://lake", "loans/clean")])
    with counterfoil.open(folder) as ledger:
        before = ledger.size
        with receiving(ledger) as url:
            client = client_of(url, **({"compression": compression} if compression else {}))
            client.emit(start)
            client.emit(event(RunState.RUNNING, 3))
            client.emit(end)
            client.emit(end)
            client.close()
        kinds = [view.kind for view in ledger.views(before)]
        assert kinds == ["record"] * 3 + ["dataset"] * 2 + ["transformation"]
        made = ledger.get(ledger.size - 1)
        assert made.source == f"openlineage:{RUN}"
        assert made.content["code"] == {
            "repository": "https://git.example/etl",
            "revision": "0a1b",
        }
        traced = ledger.trace(ledger.size - 2, down=False)
        assert {"loans.raw:v7", "loans/clean"} <= {n.name for n in traced.nodes.values()}
        counterfoil.verify(ledger.receipt(made.index), ledger.policy)
        told = to_openlineage(ledger.trace(made.index))[-1]
        named = [(one["namespace"], one["name"]) for one in told["inputs"] + told["outputs"]]
        assert named == [("postgres://db", "loans.raw"), ("s3://lake", "loans/clean")]
        assert told["inputs"][0]["facets"]["version"]["datasetVersion"] == "v7"
        size = ledger.size
    with counterfoil.open(folder) as ledger, receiving(ledger) as url:
        client_of(url).emit(start)
        client_of(url).emit(end)
        assert ledger.size == size


def test_runs_share_their_data_sets(tmp_path: Path) -> None:
    """What one run made is what the next one reads; a new version supersedes the one before."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        with receiving(ledger) as url:
            client = client_of(url)
            for version in ("v1", "v1", "v2"):
                facet = DatasetVersionDatasetFacet(datasetVersion=version)
                said = StaticDataset("s3://lake", "loans", facets={"version": facet})
                client.emit(
                    DatasetEvent(
                        eventTime="2026-11-29T08:00:00Z",
                        dataset=said,
                        producer="https://catalogue.example",
                    )
                )
            client.close()
        first, second = ledger.search("kind=dataset", newest_first=False).hits
        assert (first.content["version"], second.content["version"]) == ("v1", "v2")
        assert second.content["supersedes"] == first.leaf


def test_a_failed_run_is_kept_as_its_events(tmp_path: Path) -> None:
    """FAIL records no transformation: nothing was made."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        before = ledger.size
        with receiving(ledger) as url:
            client = client_of(url)
            client.emit(event(RunState.START))
            client.emit(event(RunState.FAIL, 1, outputs=[OutputDataset("s3://lake", "loans")]))
            client.close()
        assert [view.kind for view in ledger.views(before)] == ["record", "record"]
        assert json.loads(json.dumps(ledger.get(before).content))["eventType"] == "START"


def test_their_client_hears_that_its_key_is_wrong(tmp_path: Path) -> None:
    """Without the key nothing is recorded, and their client raises."""
    with counterfoil.open(copy_ledger(tmp_path / "ledger")) as ledger:
        before = ledger.size
        with receiving(ledger) as url, pytest.raises(HTTPError, match="401"):
            client_of(url, "another-key-000000").emit(event(RunState.START))
        assert ledger.size == before
