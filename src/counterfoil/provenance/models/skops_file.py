"""Check a scikit-learn estimator that skops wrote: a zip of JSON and arrays, never a pickle.

Only types that skops itself trusts are loaded, and those of scikit-learn that `skops_trusted`
lists; what compiled code follows is held to its bounds. This module refuses every other type by
name.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from counterfoil.errors import InputError
from counterfoil.provenance.models.extra import need
from counterfoil.provenance.models.skops_content import check_constructor, check_content
from counterfoil.provenance.models.skops_trusted import COMPILED, TRUSTED

__all__ = ["check_types", "is_skops", "load_skops"]

_SCHEMA: Final = "schema.json"
_NAMED_MAX: Final = 8
_TREE_ARGUMENTS: Final = ["JsonNode", "NdArrayNode", "JsonNode"]


def is_skops(data: bytes) -> bool:
    """Tell whether bytes are a zip file that says what skops says of its contents."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return _SCHEMA in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False


def check_types(data: bytes, name: str) -> None:
    """Refuse types that neither skops nor `skops_trusted` trusts.

    Raises InputError with code model.skops or model.untrusted, Unavailable with code extra.missing.
    """
    skops: Any = need("skops.io")
    try:
        found = set(skops.get_untrusted_types(data=data))
    except Exception as err:  # skops raises whatever its reader meets
        raise _unreadable(name, err) from err
    untrusted = sorted(found.difference(TRUSTED))
    if untrusted:
        listed = ", ".join(untrusted[:_NAMED_MAX])
        more = f" and {len(untrusted) - _NAMED_MAX} more" if len(untrusted) > _NAMED_MAX else ""
        raise InputError(
            "model.untrusted",
            f"expected types that are known to be safe to load in {name}, found {listed}{more}",
            hint="Leave these out of the pipeline, or convert it to ONNX and record that: "
            "skl2onnx.to_onnx(model, X[:1]). LightGBM: record model.booster_. The guide on models "
            "lists what can be recorded as it is.",
        )


def load_skops(data: bytes, name: str) -> Any:
    """Load an estimator of trusted types; errors as `check_types`."""
    check_types(data, name)
    audit: Any = need("skops.io._audit")
    context: Any = need("skops.io._utils").LoadContext
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            schema = json.loads(archive.read(_SCHEMA))
            read = context(src=archive, protocol=schema["protocol"])
            root = audit.get_tree(schema, read, trusted=list(TRUSTED))
            audit.audit_tree(root, trusted=list(TRUSTED))
            nodes = list(_nodes(root, audit.Node))
            _check_forms(nodes)
            model = root.construct()
            check_content(node.construct() for node in nodes)
    except Exception as err:  # of another version of scikit-learn, for example
        raise _unreadable(name, err) from err
    return model


def _nodes(root: Any, kind: Any) -> Iterator[Any]:
    """List all nodes once; skops makes a node's object once, however often it is asked."""
    waiting, seen = [root], {id(root)}
    while waiting:
        node = waiting.pop()
        yield node
        for child in node.children.values():
            several = child.values() if isinstance(child, dict) else child
            for one in several if isinstance(child, dict | list | tuple) else [child]:
                if isinstance(one, kind) and id(one) not in seen:
                    seen.add(id(one))
                    waiting.append(one)


def _check_forms(nodes: list[Any]) -> None:
    """Refuse compiled types in another form than skops writes: it could call what makes them."""
    makers = {id(node.children["constructor"]) for node in nodes if "constructor" in node.children}
    for node in nodes:
        form = type(node).__name__
        expected = COMPILED.get(f"{node.module_name}.{node.class_name}", form)
        if form != expected and id(node) not in makers:
            raise ValueError(f"a crafted file: expected {node.class_name} as skops writes it")
        if form == "TreeNode":
            arguments = node.children["args"]
            parts = arguments.children.get("content", ())
            known = [type(part).__name__ for part in parts]
            if type(arguments).__name__ != "TupleNode" or known != _TREE_ARGUMENTS:
                raise ValueError("a crafted file: expected a tree's arguments as skops writes them")
            check_constructor(arguments.construct())


def _unreadable(name: str, err: Exception) -> InputError:
    return InputError(
        "model.skops",
        f"expected an estimator that skops can read in {name}, but: {str(err)[:200]!a}",
        hint="Write it anew with skops.io.dump(model, path); check that scikit-learn is of the "
        "version that made it.",
    )
