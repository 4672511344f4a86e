"""What programs may ask of this node, for people: read, and tried where it only reads.

All of it comes from the node's own description (`/openapi.json`), so that the page cannot say other
than what is served. This module refuses to lead anywhere else than to a described path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlencode

from counterfoil.errors import InputError, NotFound
from counterfoil.http.api.openapi import described_api
from counterfoil.http.endpoint import Endpoint, Lane, Mounted
from counterfoil.http.pages.page import Asked, Page, page_endpoints
from counterfoil.http.site import Site

__all__ = ["Describe", "api_pages", "reference_endpoints"]

Describe = Callable[[], Mapping[str, Any]]
"""Gives the node's description, OpenAPI 3.1."""

_PATH: Final = "/api"
_OWN: Final = {
    "direct": "Records, receipts and events by the shortest way: single ones, batches as NDJSON, "
    "and a stream of what comes.",
    "ledger": "The ledger as a whole: its state, its audit, its cost, its export.",
    "protocols": "What other programs speak: C2SP logs and witnesses, SCITT, OTLP, OpenLineage, "
    "JSON-RPC; health and metrics.",
    "pages": "What each page shows, as data.",
}
_DATA: Final = (".json", ".csv", ".arrow")
_PLACE: Final = re.compile(r"\{(\w+)\}")
_METHODS: Final = ("get", "post", "put", "patch", "delete")


def reference_endpoints(
    site: Site, offered: Sequence[Endpoint | Mounted | Lane]
) -> list[Endpoint | Mounted | Lane]:
    """List the pages' paths. offered: all that the node serves; these may be put into it."""

    @cache
    def described() -> Mapping[str, Any]:
        return described_api(offered)

    return [one for page in api_pages(described) for one in page_endpoints(site, page)]


def api_pages(describe: Describe) -> tuple[Page, ...]:
    """Make the pages. describe: is asked again and again; should keep what it gives."""

    def groups(_site: Site, _asked: Asked) -> dict[str, Any]:
        said = describe()
        return {
            "groups": _groups(said),
            "info": said["info"],
            "schemes": _schemes(said),
            "not_offered": said.get("x-not-offered", {}),
        }

    def group(site: Site, asked: Asked) -> dict[str, Any]:
        said, name = describe(), str(asked.path["group"])
        found = [one for one in _calls(said) if one["group"] == name]
        if not found:
            raise NotFound(
                "http.path",
                f"expected a group of calls, found {name[:80]!a}",
                hint="/api lists them.",
            )
        about = next(one["about"] for one in _groups(said) if one["name"] == name)
        return {"title": f"API: {name}", "group": name, "about": about, "calls": found,
                "address": site.settings.url}  # fmt: skip

    def attempt(_site: Site, asked: Asked) -> dict[str, Any]:
        return {"goes_to": _address(describe(), asked)}

    words = ("page",)
    return (
        Page(_PATH, "API", groups, "api.html", nav="api", rows="groups", words=words),
        Page(f"{_PATH}/try", "API", attempt, "api.html", nav="api", words=words),
        Page(f"{_PATH}/{{group}}", "API", group, "api_group.html", nav="api", words=words),
    )


def _groups(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    counts: dict[str, int] = {}
    for one in _calls(said):
        counts[one["group"]] = counts.get(one["group"], 0) + 1
    about = {one["name"]: one["description"] for one in said["tags"]} | _OWN
    order = [*_OWN, *(name for name in about if name not in _OWN)]
    return [
        {"name": name, "about": about[name], "calls": counts[name]}
        for name in order
        if name in counts
    ]


def _calls(said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """List what can be asked, each with its group."""
    tags = {one["name"] for one in said["tags"]}
    schemas = said.get("components", {}).get("schemas", {})
    for path, methods in said["paths"].items():
        for method in _METHODS:
            if (call := methods.get(method)) is None:
                continue
            tag = (call.get("tags") or [""])[0]
            yield _call(path, method, call, _group_of(path, tag, tags), schemas)


def _group_of(path: str, tag: str, tags: Iterable[str]) -> str:
    if path.startswith("/api/"):
        return tag if tag in tags else "direct" if tag == "api" else "ledger"
    return "pages" if path.endswith(_DATA) and path != "/openapi.json" else "protocols"


def _call(
    path: str, method: str, call: Mapping[str, Any], group: str, schemas: Mapping[str, Any]
) -> dict[str, Any]:
    body = call.get("requestBody") or {}
    content = body.get("content") or {}
    plain = content.get("application/json") or {}
    return {
        "id": call["operationId"],
        "group": group,
        "method": method.upper(),
        "path": path,
        "summary": call.get("summary", ""),
        "role": call.get("x-role"),
        "parameters": [_parameter(one) for one in call.get("parameters", ())],
        "takes": list(content),
        "fields": _fields(plain.get("schema") or {}, schemas),
        "example": plain.get("example"),
        "gives": sorted(
            {
                media
                for status, one in (call.get("responses") or {}).items()
                if status.startswith("2")
                for media in one.get("content", {})
            }
        ),
        "commands": list(call.get("x-command", ())),
        "tried": method == "get",
    }


def _parameter(one: Mapping[str, Any]) -> dict[str, Any]:
    schema = one.get("schema") or {}
    return {
        "name": one["name"],
        "in": one["in"],
        "type": _type(schema),
        "about": one.get("description") or schema.get("description", ""),
        "required": bool(one.get("required")),
        "choices": _choices(schema),
        "many": schema.get("type") == "array",
    }


def _fields(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the members of a body; of one that is named, those of its schema."""
    if "$ref" in schema:
        schema = schemas.get(schema["$ref"].rpartition("/")[2], {})
    needed = set(schema.get("required", ()))
    return [
        {"name": name, "type": _type(one), "about": one.get("description", ""),
         "required": name in needed, "choices": _choices(one)}
        for name, one in (schema.get("properties") or {}).items()
    ]  # fmt: skip


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            kinds = [_type(one) for one in schema[key]]
            return " or ".join(one for one in dict.fromkeys(kinds) if one != "null")
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(str(one) for one in kind if one != "null")
    return f"list of {_type(schema.get('items') or {})}" if kind == "array" else str(kind)


def _choices(schema: Mapping[str, Any]) -> list[str]:
    inner = schema.get("items") if schema.get("type") == "array" else schema
    return [str(one) for one in (inner or {}).get("enum", ()) if one is not None]


def _schemes(said: Mapping[str, Any]) -> list[dict[str, str]]:
    found = said.get("components", {}).get("securitySchemes", {})
    return [
        {"name": name, "kind": str(one.get("scheme") or one.get("type", "")),
         "about": str(one.get("description", ""))}
        for name, one in found.items()
    ]  # fmt: skip


def _address(said: Mapping[str, Any], asked: Asked) -> str:
    """Write the address that a form of the page asks for: a described path, what is empty left out.

    Raises InputError with code page.parameter.
    """
    wanted = asked.one("call")
    call = next((one for one in _calls(said) if one["id"] == wanted and one["tried"]), None)
    if call is None:
        raise InputError(
            "page.parameter",
            f"expected the name of a call that only reads, found {wanted[:80]!a}",
            hint="Begin at /api, and choose one there.",
        )
    query: list[tuple[str, str]] = []
    places: dict[str, str] = {}
    for one in call["parameters"]:
        given = asked.query.get(one["name"], ())
        lines = [line for text in given for line in (text.splitlines() if one["many"] else [text])]
        values = [line for line in lines if line.strip()]
        if one["in"] == "query":
            query += [(one["name"], value) for value in values]
        elif one["in"] == "path":
            places[one["name"]] = values[-1] if values else ""
    missing = [name for name in _PLACE.findall(call["path"]) if not places.get(name)]
    if missing:
        raise InputError(
            "page.parameter",
            f"expected {missing[0]}, found nothing",
            hint="Go back, and fill it in.",
        )
    if any(one in (".", "..") for one in places.values()):  # browsers take them for steps
        raise InputError("page.parameter", "expected names in the path, found a step out of it")
    path = _PLACE.sub(lambda match: quote(places[match[1]], safe=""), call["path"])
    return f"{path}?{urlencode(query)}" if query else path
