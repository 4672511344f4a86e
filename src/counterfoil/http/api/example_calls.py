"""Make the example of a request from the example of a command, which the catalogue has.

This module refuses to run anything, and gives no example where a command's cannot be said over
HTTP: files are shown by their beginning only.
"""

from __future__ import annotations

import json
import shlex
from typing import Any

from counterfoil.http.api.given import name_of
from counterfoil.ops.offered import Offered
from counterfoil.ops.signature import Field, fields_of

__all__ = ["example_of"]


def example_of(offered: Offered) -> dict[str, Any] | None:
    """Give the parameters of the first example as JSON; None where they cannot be told.

    Names of files become a file that is sent along; the ledger and what else is the machine's is
    left out.
    """
    for line in offered.operation.examples:
        words = shlex.split(line)[1 + len(offered.operation.words) :]
        found = _parsed(offered, words)
        if found is not None:
            return found
    return None


def _parsed(offered: Offered, words: list[str]) -> dict[str, Any] | None:
    every = fields_of(offered.function)
    options = {f"--{one.plain_name}": one for one in every if not one.positional}
    options |= {one.option: one for one in every if not one.positional}
    options |= {f"-{one.short}": one for one in every if one.short}
    places = [one for one in every if one.positional]
    said: dict[str, Any] = {}
    offers = {one.name for one in offered.fields}
    while words:
        word = words.pop(0)
        one = options.get(word)
        if one is None:
            if word.startswith("--") or not places:
                return None
            one = places[0] if places[0].many else places.pop(0)
            value: Any = word
        elif one.kind == "flag":
            value = one.default is not True
        elif words:
            value = words.pop(0)
        else:
            return None
        if one.name in offers:
            _say(said, one, value)
    missing = [one for one in offered.fields if one.required and name_of(one) not in said]
    return None if missing else said


def _say(said: dict[str, Any], one: Field, value: Any) -> None:
    told = _value(one, value)
    if one.many:
        said.setdefault(name_of(one), []).append(told)
    else:
        said[name_of(one)] = told


def _value(one: Field, value: Any) -> Any:
    if one.holds in ("file", "tree"):
        name = value.rstrip("/").rpartition("/")[2]
        return {"name": name if "." in name else f"{name}.zip", "base64": "..."}
    if one.holds == "output":
        return f".{value.rpartition('.')[2]}" if "." in value else "-"
    if one.holds in ("output-folder", "also-ledger"):
        return True
    if one.holds == "object":
        try:
            found = json.loads(value)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
    return int(value) if one.kind == "integer" else value
