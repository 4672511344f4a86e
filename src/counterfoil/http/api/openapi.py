"""Describe all that a node serves to programs, as OpenAPI 3.1, the same bytes each time.

Operations describe themselves by their signatures, everything else by `described` and its own
parameters; pages by the data that they give. This module refuses to leave out what is served: what
nobody described is listed by its path alone.
Source: OpenAPI 3.1.1; RFC 9457 for problems.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from counterfoil import __version__
from counterfoil.http.api.answers import ITEMS_MAX, NDJSON
from counterfoil.http.api.described import DESCRIBED, MOUNTED, TYPES, Described
from counterfoil.http.api.described_epcis import DESCRIBED_EPCIS
from counterfoil.http.api.example_calls import example_of
from counterfoil.http.api.given import name_of
from counterfoil.http.api.openapi_components import components, response_named
from counterfoil.http.api.operations import PREFIX
from counterfoil.http.api.shape_schemas import Shapes, field_schema, names
from counterfoil.http.endpoint import ANYBODY, Endpoint, Lane, Mounted, Need
from counterfoil.http.problems import MEDIA_TYPE
from counterfoil.ops.offered import FROM_LOG, Offered, not_offered, offered_operations

__all__ = ["PATH", "described_api", "openapi_endpoints"]

PATH: Final = "/openapi.json"
"""Where it is served."""

_JSON: Final = "application/json"
_FORM: Final = "multipart/form-data"
_PLACE: Final = re.compile(r"\{(\w+)(?::(\w+))?\}")
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key again gets the first answer, for a day.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_PAGING: Final = (
    ("limit", {"type": "integer", "minimum": 1, "maximum": ITEMS_MAX, "default": 100}),
    ("after", {"type": "integer", "minimum": 0, "maximum": 1_000_000, "default": 0}),
)
_WAYS: Final = ("key", "token", "password", "session")
_COMMON: Final = ("401", "403", "429")

Served = Endpoint | Mounted | Lane


def openapi_endpoints(offered: Sequence[Served]) -> list[Served]:
    """Serve the description of what is offered, which is made when somebody first asks for it.

    offered: all that a node serves; this endpoint is put into it before anybody asks.
    """
    made: list[bytes] = []

    async def answer(_: Request) -> Response:
        """Describe all that the node serves."""
        if not made:
            made.append(await asyncio.to_thread(_written, offered))
        return Response(made[0], headers={"cache-control": "no-cache"}, media_type=_JSON)

    return [Endpoint("GET", PATH, ANYBODY, answer)]


def _written(offered: Iterable[Served]) -> bytes:
    return json.dumps(described_api(offered), separators=(",", ":")).encode()


def described_api(offered: Iterable[Served]) -> dict[str, Any]:
    """Write the description of what is offered."""
    operations = {f"{PREFIX}/{one.path}": one for one in offered_operations()}
    shapes = Shapes(operations.values(), TYPES)
    paths: dict[str, dict[str, Any]] = {}
    for one in offered:
        for method, path, said in _each(one, operations, shapes):
            paths.setdefault(path, {}).setdefault(method.lower(), said)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Counterfoil",
            "version": __version__,
            "summary": "The ledger that AI systems write to, learn from and are governed by.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": _tags(operations.values()),
        "paths": paths,
        "components": components(shapes.components),
        "x-not-offered": not_offered(),
    }


def _each(
    one: Served, operations: dict[str, Offered], shapes: Shapes
) -> Iterable[tuple[str, str, dict[str, Any]]]:
    if isinstance(one, Mounted):
        for beginning in one.below or (one.path,):
            known = MOUNTED.get(beginning, ((f"{beginning}/{{path}}", Described("")),))
            for path, described in known:
                said = _plain("GET", path, described, one.need, shapes)
                said["responses"]["default"] = {"description": "Why not, in plain words."}
                yield "GET", path, said
        return
    offered = operations.get(one.path)
    if offered is not None:
        yield one.method, one.path, _operation(one.method, offered, one.need, shapes)
        return
    if isinstance(one, Endpoint) and (one.tells == "page" or one.path.startswith("/static/")):
        return  # for people
    asked = (one.method, one.path)
    described = DESCRIBED.get(asked) or DESCRIBED_EPCIS.get(asked) or _by_itself(one)
    if not described.status:
        return  # refused each time
    yield (
        one.method,
        _PLACE.sub(r"{\1}", one.path),
        _plain(one.method, one.path, described, one.need, shapes),
    )


def _by_itself(one: Endpoint | Lane) -> Described:
    told = getattr(getattr(one, "answer", None), "__doc__", "") or ""
    summary = told.strip().partition("\n")[0]
    ending = one.path.rpartition(".")[2]
    media = {"csv": "text/csv", "arrow": "application/vnd.apache.arrow.stream"}
    if not summary and ending in (*media, "json"):
        summary = f"The facts of the page {one.path.removesuffix(f'.{ending}')}."
    return Described(
        summary, gives=((media.get(ending, _JSON if ending == "json" else "*/*"), None),)
    )


def _plain(
    method: str, path: str, described: Described, need: Need, shapes: Shapes
) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0} if kind == "int" else {"type": "string"},
        }
        for name, kind in _PLACE.findall(path)
    ]
    for one in described.query:
        schema: dict[str, Any] = {"type": one.kind}
        parameters.append(
            {
                "name": one.name,
                "in": "query",
                "description": one.about,
                "schema": {"type": "array", "items": schema} if one.many else schema,
            }
            | ({"required": True} if one.required else {})
        )
    said = _head(method, path, described.summary, need, path.split("/")[1])
    said["parameters"] = parameters
    if described.takes:
        said["requestBody"] = {
            "required": True,
            "content": {
                media: {"schema": {} if kind is None else shapes.of_type(kind)}
                for media, kind in described.takes
            },
        }
    content = {
        media: {"schema": {} if kind in (None, list) else shapes.of_type(kind)}
        for media, kind in described.gives
    }
    for status in described.status:
        told = {"description": _STATUS[status]}
        said["responses"][str(status)] = told if status == 204 else {**told, "content": content}
    if method == "GET":
        said["responses"]["304"] = {"description": "What the client has is still right."}
    if described.problem:
        problems: dict[str, Any] = {one: {"schema": {}} for one in (described.problem, MEDIA_TYPE)}
        said["responses"]["default"] = {"description": "Why not.", "content": problems}
        for common in _COMMON:
            said["responses"].pop(common, None)
    return said


def _operation(method: str, offered: Offered, need: Need, shapes: Shapes) -> dict[str, Any]:
    operation = offered.operation
    path = f"{PREFIX}/{offered.path}"
    said = _head(method, path, operation.summary, need, operation.words[0])
    if method == "GET":
        fields = [one for one in offered.fields if one.holds not in ("file", "tree")]
        said["parameters"] = [
            {"name": name_of(one), "in": "query", "schema": field_schema(one, in_json=False)}
            | ({"required": True} if name_of(one) in names([one]) else {})
            for one in fields
        ]
    else:
        said["parameters"] = [dict(_KEY)]
        said["requestBody"] = _body(offered)
    if offered.gives == "pages":
        paging = [{"name": name, "in": "query", "schema": schema} for name, schema in _PAGING]
        said["parameters"] += paging
    content: dict[str, Any] = {_JSON: {"schema": shapes.result(offered)}, NDJSON: {"schema": {}}}
    if offered.outputs or "Document" in str(offered.function.__annotations__.get("return")):
        content = {_JSON: {"schema": {}}, NDJSON: {"schema": {}}, "*/*": {"schema": {}}}
    said["responses"]["200"] = {"description": "It is done.", "content": content}
    if method == "GET" and operation.name in FROM_LOG:
        said["responses"]["304"] = {"description": "What the client has is still right."}
    said["x-command"] = list(operation.examples)
    return said


def _body(offered: Offered) -> dict[str, Any]:
    def schema(*, in_json: bool) -> dict[str, Any]:
        fields = {name_of(one): field_schema(one, in_json=in_json) for one in offered.fields}
        found: dict[str, Any] = {
            "type": "object",
            "properties": fields,
            "additionalProperties": False,
        }
        needed = names(offered.fields)
        return found | ({"required": needed} if needed else {})

    content: dict[str, Any] = {_JSON: {"schema": schema(in_json=True)}}
    example = example_of(offered)
    if example is not None:
        content[_JSON]["example"] = example
    if offered.reads:
        content[_FORM] = {"schema": schema(in_json=False)}
    return {"required": bool(names(offered.fields)), "content": content}


def _head(method: str, path: str, summary: str, need: Need, tag: str) -> dict[str, Any]:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", _PLACE.sub(r"\1", path)).strip("-")
    security: list[dict[str, list[str]]] = [] if need.role is None else [{one: []} for one in _WAYS]
    return {
        "operationId": f"{method.lower()}-{plain}",
        "summary": summary,
        "tags": [tag],
        "security": security,
        "x-role": need.role,
        "parameters": [],
        "responses": {
            **({} if need.role is None else {one: response_named(one) for one in _COMMON}),
            "default": response_named("Problem"),
        },
    }


_STATUS: Final = {
    200: "It is done, or was before.",
    201: "It is made, and durable.",
    303: "It is taken; Location tells where its receipt is.",
    202: "It is taken; Location tells what became of it.",
    204: "It is done; there is nothing to tell.",
}


def _tags(operations: Iterable[Offered]) -> list[dict[str, str]]:
    from counterfoil.ops.registry import all_groups

    about = all_groups()
    used = dict.fromkeys(one.operation.words[0] for one in operations)
    return [{"name": one, "description": about[one]} for one in used if one in about]
