"""The parts of the API's description that everything points to: problems, files, who may ask.

This module refuses to know what is served.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.access.credentials import SESSION_COOKIE
from counterfoil.http.api.shape_schemas import REF
from counterfoil.http.problems import MEDIA_TYPE

__all__ = ["components", "response_named"]


def components(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Write the components. schemas: of types, by name."""
    return {
        "schemas": {**_schemas(), **schemas},
        "responses": _problems(),
        "securitySchemes": _security(),
    }


def response_named(name: str) -> dict[str, str]:
    """Point to an answer: a status, or `Problem`."""
    return {"$ref": f"#/components/responses/{name}"}


def _problems() -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": REF.format(name="Problem")}}}
    said = {
        "401": "Nobody was shown, or what was shown does not count.",
        "403": "The role, the scope or a check says no.",
        "429": "Too much at once; Retry-After says when to come again. Nothing was done.",
        "Problem": "Why not: a stable code, what was expected and what came, and what to do.",
    }
    return {name: {"description": text, "content": content} for name, text in said.items()}


def _schemas() -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "code", "detail"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference"},
                "title": text,
                "status": {"type": "integer"},
                "code": {"type": "string", "description": "Stable; see /docs/reference/errors."},
                "detail": text,
                "hint": text,
            },
        },
        "File": {
            "type": "object",
            "description": "A file that comes along: its bytes, and a name whose ending counts.",
            "properties": {
                "name": text,
                "text": text,
                "base64": {"type": "string", "contentEncoding": "base64"},
            },
            "oneOf": [{"required": ["text"]}, {"required": ["base64"]}],
            "additionalProperties": False,
        },
    }


def _security() -> dict[str, Any]:
    return {
        "key": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key of `counterfoil access add`.",
        },
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of an OpenID Connect issuer that access.toml names.",
        },
        "password": {
            "type": "http",
            "scheme": "basic",
            "description": "The key as the password, for clients that take only an address.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": "Of who signed in at /signin; behind https its name begins with "
            "__Host-.",
        },
    }
