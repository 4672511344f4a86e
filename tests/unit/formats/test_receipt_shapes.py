"""What the receipt page checks is what our classes say, and all of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from counterfoil.formats.batch import Batch
from counterfoil.formats.predicates import CORE, Header
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.receipt_shapes import KEYWORDS, shapes
from counterfoil.formats.statement import Statement

CLASSES = [Receipt, Batch, Statement, Header, *CORE.values()]


def _words(schema: Any) -> set[str]:
    """Collect the words of JSON Schema in a schema; names of fields are none."""
    if isinstance(schema, list):
        return set().union(*map(_words, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    fields = schema.get("properties", {})
    rest = {key: value for key, value in schema.items() if key not in ("properties", "default")}
    return set(schema) | set().union(*map(_words, [*fields.values(), *rest.values()]), set())


def test_every_word_is_understood() -> None:
    """No class of ours limits its fields in a way that the page would not check."""
    _, schemas = msgspec.json.schema_components(CLASSES)
    assert set().union(*map(_words, schemas.values())) <= KEYWORDS


def _unfold(kind: Any, kinds: dict[str, Any]) -> Any:
    """Put kinds where their names stand."""
    if isinstance(kind, str):
        return _unfold(kinds[kind], kinds)
    if isinstance(kind, list):
        return [_unfold(option, kinds) for option in kind]
    found = dict(kind)
    for key in ("items", "more", "names"):
        if key in found:
            found[key] = _unfold(found[key], kinds)
    if "tuple" in found:
        found["tuple"] = [_unfold(item, kinds) for item in found["tuple"]]
    if "fields" in found:
        found["fields"] = {k: _unfold(v, kinds) for k, v in found["fields"].items()}
    return found


HASH = {"base64": True, "min": 44, "max": 44}
SAFE = 2**53 - 1
HEX = {"pattern": r"\A[0-9a-f]{64}\Z"}


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        (
            "ContentRef",
            {"fields": {"sha256": HEX, "size": {"type": "integer", "min": 0, "max": SAFE}}},
        ),
        (
            "BatchProof",
            {
                "fields": {
                    "signature": {
                        "fields": {
                            "index": {"type": "integer", "min": 0, "max": SAFE},
                            "entry": {"base64": True, "min": 4, "max": 87380},
                            "path": {"items": HASH, "max": 63},
                        }
                    },
                    "path": {"items": HASH, "max": 63},
                }
            },
        ),
        (
            "Subject",
            {
                "fields": {
                    "digest": {"fields": {}, "more": {"type": "string"}, "min": 1},
                    "name?": {"type": "string"},
                },
                "more": {},
            },
        ),
        (
            "Record",
            {
                "fields": {
                    "content?": {},
                    "content_ref?": ["ContentRef", {"type": "null"}],
                    "sealed?": {"max": 64, "items": "Sealed"},
                }
            },
        ),
    ],
)
def test_kinds(name: str, rules: Any) -> None:
    """A class is written as its rules, dense but whole."""
    kinds = shapes()
    assert _unfold(name, kinds) == _unfold(rules, kinds)


def test_conditions() -> None:
    """A counter's condition is a pair, and names and values have their limits."""
    kinds = shapes()
    [expect, null] = _unfold("Header", kinds)["fields"]["expect?"]
    assert null == {"type": "null"}
    assert (expect["min"], expect["max"], expect["fields"]) == (1, 64, {})
    assert expect["names"] == _unfold("Header", kinds)["fields"]["source"]
    assert (expect["more"]["min"], expect["more"]["max"]) == (2, 2)
    assert [len(options) for options in expect["more"]["tuple"]] == [3, 3]


def test_predicates() -> None:
    """All predicates of the core are there, without the header's fields, and none is open."""
    kinds = shapes()
    assert kinds["uris"] == {uri: kind.__name__ for uri, kind in CORE.items()}
    for kind in CORE.values():
        rules = kinds[kind.__name__]
        assert set(rules) == {"fields"}
        names = {name.removesuffix("?") for name in rules["fields"]}
        assert names == set(kind.__struct_fields__) - set(Header.__struct_fields__)
    assert "_type" in kinds["Statement"]["fields"]
