"""The API's description: valid, whole, always the same, and kept by what the node answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
import urllib3
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import counterfoil
from counterfoil.http.api.described import DESCRIBED
from counterfoil.http.api.openapi import described_api
from counterfoil.http.endpoint import Endpoint, Lane
from counterfoil.ledger import Ledger
from counterfoil.ops.offered import NOT_OFFERED, offered_operations
from tests.ledgers import copy_ledger
from tests.nodes import offered_by, served

ENDLESS = {"/api/v1/events", "/events"}
"""Streams, which a client ends."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@dataclass(frozen=True)
class Node:
    ledger: Ledger
    url: str
    document: dict[str, Any]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder: Path = copy_ledger(tmp_path_factory.mktemp("openapi") / "shop")
    with counterfoil.open(folder) as ledger:
        for number in range(5):
            ledger.record({"amount": number, "currency": "EUR"})
        ledger.publish()
        with served(ledger, fast=True) as url:
            said = urllib3.request("GET", f"{url}/openapi.json")
            yield Node(ledger, url, json.loads(said.data))


@schemathesis.serializer("application/x-ndjson")
def lines(_: object, value: object) -> bytes:
    """Write generated values as lines."""
    rows = value if isinstance(value, list) else [value]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@schemathesis.serializer("application/cose")
def octets(_: object, value: object) -> bytes:
    """Write a generated value as bytes of whatever kind."""
    return repr(value).encode()


def test_it_is_the_same_each_time(node: Node) -> None:
    """Two makings of the description are the same bytes, so that changes of it are changes."""
    offered = offered_by(node.ledger)
    assert json.dumps(described_api(offered)) == json.dumps(described_api(offered))
    assert described_api(offered)["paths"] == node.document["paths"]


def test_it_describes_all_that_is_served(node: Node) -> None:
    """Each operation and each path for programs is there, with words, a role and an error."""
    paths = node.document["paths"]
    operations = offered_operations()
    known = {one.path for one in operations}
    for one in operations:
        said = paths[f"/api/v1/{one.path}"]["post"]
        assert said["summary"] == one.operation.summary
        assert said["x-role"] == one.operation.role
    for served_one in offered_by(node.ledger):
        if isinstance(served_one, Endpoint | Lane) and served_one.path.startswith("/api/v1/"):
            operation = served_one.path.removeprefix("/api/v1/")
            assert operation in known or (served_one.method, served_one.path) in DESCRIBED
    for methods in paths.values():
        for said in methods.values():
            assert said["summary"]
            assert said["responses"]["default"]
            assert said["security"] or said["x-role"] is None
    assert set(node.document["x-not-offered"]) >= set(NOT_OFFERED)
    names = [said["operationId"] for methods in paths.values() for said in methods.values()]
    assert len(names) == len(set(names))


def test_examples_are_of_their_schema(node: Node) -> None:
    """Every example of a request is what its schema describes."""
    components = node.document["components"]
    count = 0
    for methods in node.document["paths"].values():
        body = methods.get("post", {}).get("requestBody", {}).get("content", {})
        said = body.get("application/json", {})
        if "example" in said:
            count += 1
            schema = {**said["schema"], "components": components}
            jsonschema.Draft202012Validator(schema).validate(said["example"])
    assert count > 100


def hold(node: Node, examples: int, seed: bool) -> int:
    """Ask everything what the schema allows, and hold the answers to it; give how many."""
    schema = schemathesis.openapi.from_dict(node.document)
    asked = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path in ENDLESS:
            continue

        @settings(
            max_examples=examples,
            derandomize=seed,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.headers.pop("Idempotency-Key", None)  # one key for many bodies
            response = case.call(
                base_url=node.url, headers={"Authorization": "Bearer operator"}, timeout=60
            )
            case.validate_response(response, checks=CHECKS)

        ask()
    return asked


def test_the_node_keeps_it(node: Node) -> None:
    """No request that the description allows is a server's error, and answers are as it says."""
    assert hold(node, 2, seed=True) > 400


@pytest.mark.campaign
def test_the_node_keeps_it_at_length(node: Node) -> None:
    """As above, with fifty requests for each operation."""
    assert hold(node, 50, seed=False) > 10_000
