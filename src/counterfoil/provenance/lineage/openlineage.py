"""Write a trace as OpenLineage run events: transformations, training, evaluation, decisions.

Each statement that tells of work is a run with a START and a COMPLETE, at the time when it was
recorded, and always under the same run id; all decisions by one model in a trace are one run.
Our own facet tells where the statement stands, so that proof can be asked for. This module refuses
to make up a time: a statement without one has no event.
Source: OpenLineage 2-0-2, OpenLineage.json; its facets `schema` and `version`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from counterfoil.provenance.lineage.graph import SAID_OUTPUT, Node, Trace
from counterfoil.provenance.lineage.references import Pointer, pointers_of

__all__ = ["PRODUCER", "STATEMENT_FACET", "TOLD_DATASET", "to_openlineage"]

PRODUCER: Final = "https://counterfoil.dev"
"""What the events name as their producer."""

STATEMENT_FACET: Final = "counterfoil_statement"
"""Our facet of runs and data sets: origin, index, leaf, kind and sha256 of a statement."""

TOLD_DATASET: Final = "openlineage:dataset:"
"""How the source begins of data sets that an OpenLineage client told of."""

_EVENT: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_SCHEMA: Final = "https://openlineage.io/spec/facets/1-2-0/SchemaDatasetFacet.json"
_VERSION: Final = "https://openlineage.io/spec/facets/1-0-1/DatasetVersionDatasetFacet.json"
_OWN: Final = "https://counterfoil.dev/ns/openlineage/1-0-0/StatementFacet.json"
_RUNS: Final = UUID("5f0b9a7e-3c1d-5b5a-9d53-0e6a4f3d2c11")  # the namespace of our run ids
_JOBS: Final = {"transformation": "", "model": "train ", "evaluation": "evaluate "}
_INPUTS: Final = {
    "transformation": ("inputs",),
    "model": ("trained_on", "derived_from"),
    "evaluation": ("model", "data"),
    "decision": ("model", "based_on"),
}


def to_openlineage(trace: Trace) -> list[dict[str, Any]]:
    """Turn a trace into OpenLineage events, oldest first; the same trace gives the same events."""
    return _Events(trace).made()


class _Events:
    def __init__(self, trace: Trace) -> None:
        self._origin = trace.origin
        self._nodes = list(trace.recorded())
        self._by_name: dict[str, Node] = {}
        for node in self._nodes:
            for name in (node.leaf, *node.artefacts):
                if name is not None:
                    self._by_name.setdefault(name, node)

    def made(self) -> list[dict[str, Any]]:
        decided: dict[str, list[Node]] = {}
        found: list[dict[str, Any]] = []
        for node in self._nodes:
            if node.at_ms is None:
                continue
            if node.kind == "decision":
                model = next(iter(_pointers(node, ("model",))), None)
                key = "" if model is None else str(model.leaf or model.digest)
                decided.setdefault(key, []).append(node)
            elif node.kind in _JOBS:
                found += self._work(node)
        for nodes in decided.values():
            found += self._deciding(nodes)
        return sorted(found, key=lambda event: str(event["eventTime"]))  # stable: START stays first

    def _work(self, node: Node) -> Iterator[dict[str, Any]]:
        name = node.name or node.kind
        if node.kind == "evaluation":
            name = next((self._title(p) for p in _pointers(node, ("model",))), name)
        if node.kind == "model":
            outputs = [self._dataset(node)]
        else:
            outputs = [self._target(one) for one in _pointers(node, (SAID_OUTPUT,))]
        run = {
            "runId": self._run_id(str(node.leaf)),
            "facets": {STATEMENT_FACET: self._facet(node, more=_work_facts(node.said))},
        }
        inputs = [self._target(one) for one in _pointers(node, _INPUTS[node.kind])]
        job = self._job(f"{_JOBS[node.kind]}{name}")
        yield from self._both(run, job, inputs, outputs, (node, node))

    def _deciding(self, nodes: list[Node]) -> Iterator[dict[str, Any]]:
        """Tell of decisions by one model: one run, whose facet lists all of them."""
        first, last = nodes[0], nodes[-1]
        model = next((self._title(one) for one in _pointers(first, ("model",))), "a person")
        listed = [{"index": node.index, "leaf": node.leaf} for node in nodes]
        facet = {**_base(_OWN), "origin": self._origin, "kind": "decision", "statements": listed}
        run = {"runId": self._run_id(f"decisions {first.leaf}"), "facets": {STATEMENT_FACET: facet}}
        pointers = [p for node in nodes for p in _pointers(node, _INPUTS["decision"])]
        unique = {(p.leaf, p.digest): p for p in pointers}
        inputs = [self._target(one) for one in unique.values()]
        made = {"namespace": self._namespace, "name": f"decisions by {model}", "facets": {}}
        yield from self._both(run, self._job(f"decide with {model}"), inputs, [made], (first, last))

    def _both(
        self,
        run: dict[str, Any],
        job: dict[str, Any],
        inputs: list[dict[str, Any]],
        outputs: list[dict[str, Any]],
        ends: tuple[Node, Node],
    ) -> Iterator[dict[str, Any]]:
        for kind, node in zip(("START", "COMPLETE"), ends, strict=True):
            yield {
                "eventType": kind,
                "eventTime": _time(node.at_ms or 0),
                "producer": PRODUCER,
                "schemaURL": _EVENT,
                "run": run,
                "job": job,
                "inputs": inputs,
                "outputs": outputs,
            }

    @property
    def _namespace(self) -> str:
        return f"counterfoil://{self._origin}"

    def _job(self, name: str) -> dict[str, Any]:
        return {"namespace": self._namespace, "name": name, "facets": {}}

    def _run_id(self, what: str) -> str:
        return str(uuid5(_RUNS, f"{self._origin}\n{what}"))

    def _node(self, pointer: Pointer) -> Node | None:
        if pointer.origin not in (None, self._origin):
            return None
        found = (self._by_name.get(name) for name in (pointer.leaf, pointer.digest) if name)
        return next((node for node in found if node is not None), None)

    def _title(self, pointer: Pointer) -> str:
        node = self._node(pointer)
        named = pointer.name if node is None else node.name
        return named or f"sha256:{pointer.digest or pointer.leaf}"

    def _target(self, pointer: Pointer) -> dict[str, Any]:
        node = self._node(pointer)
        if node is not None:
            return self._dataset(node)
        facets = {} if pointer.digest is None else {"version": _version(f"sha256:{pointer.digest}")}
        origin = pointer.origin or self._origin
        return {
            "namespace": f"counterfoil://{origin}",
            "name": self._title(pointer),
            "facets": facets,
        }

    def _dataset(self, node: Node) -> dict[str, Any]:
        facets: dict[str, Any] = {STATEMENT_FACET: self._facet(node)}
        version = _version_of(node.said)
        if version is not None:
            facets["version"] = _version(version)
        fields = list(_columns(node.said))
        if fields:
            facets["schema"] = {
                **_base(f"{_SCHEMA}#/$defs/SchemaDatasetFacet", whole=True),
                "fields": fields,
            }
        named = _named_by_others(node.said)
        if named is None:
            named = (self._namespace, node.name or f"sha256:{node.leaf}")
        return {"namespace": named[0], "name": named[1], "facets": facets}

    def _facet(self, node: Node, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {
            **_base(_OWN),
            "origin": self._origin,
            "kind": node.kind,
            "index": node.index,
            "leaf": node.leaf,
            **({"sha256": node.artefacts[0]} if node.artefacts else {}),
            **(more or {}),
        }


def _pointers(node: Node, fields: Iterable[str]) -> list[Pointer]:
    return [one for one in pointers_of(node.said) if one.field in fields]


def _work_facts(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in ("metrics", "code", "parameters") if said.get(name)}


def _columns(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    fingerprint = said.get("fingerprint")
    columns = fingerprint.get("columns", ()) if isinstance(fingerprint, Mapping) else ()
    for column in columns:
        yield {"name": column["name"], "type": column["type"]}


def _version_of(said: Mapping[str, Any]) -> str | None:
    """Tell the version of an artefact: by its bytes where they are known, else as it was told."""
    fingerprint = said.get("fingerprint")
    digest = fingerprint.get("digest") if isinstance(fingerprint, Mapping) else said.get("digest")
    found = f"sha256:{digest}" if digest else said.get("version")
    return found if isinstance(found, str) else None


def _named_by_others(said: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give back the namespace and name of a data set that an OpenLineage client told of."""
    source, namespace, name = (said.get(field) for field in ("source", "location", "name"))
    if not isinstance(source, str) or not source.startswith(TOLD_DATASET):
        return None
    return (namespace, name) if isinstance(namespace, str) and isinstance(name, str) else None


def _version(version: str) -> dict[str, Any]:
    where = f"{_VERSION}#/$defs/DatasetVersionDatasetFacet"
    return {**_base(where, whole=True), "datasetVersion": version}


def _base(schema: str, *, whole: bool = False) -> dict[str, Any]:
    return {
        "_producer": PRODUCER,
        "_schemaURL": schema if whole else f"{schema}#/$defs/StatementFacet",
    }


def _time(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
