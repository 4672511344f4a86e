"""Give a skops file the same bytes each time, so that one estimator has one digest.

skops numbers objects by where they lay in memory, names files by chance and stamps them with the
time. Here they are numbered as they come. This module refuses to change anything else.
"""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from typing import Any, Final

__all__ = ["same_each_time"]

_SCHEMA: Final = "schema.json"
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


def same_each_time(data: bytes) -> bytes:
    """Write a skops file anew, its objects and files numbered in the order of its schema."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        schema = json.loads(archive.read(_SCHEMA))
        ids: dict[int, int] = {}
        files: dict[str, str] = {}
        _renumber(schema, ids, files)
        made = BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as anew:
            for old, new in files.items():
                anew.writestr(zipfile.ZipInfo(new, _NO_TIME), archive.read(old))
            text = json.dumps(schema, indent=2)
            anew.writestr(zipfile.ZipInfo(_SCHEMA, _NO_TIME), text)
    return made.getvalue()


def _renumber(schema: Any, ids: dict[int, int], files: dict[str, str]) -> None:
    """Replace numbers and names by those of their first appearance, from 1."""
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += reversed(value)
            continue
        if not isinstance(value, dict):
            continue
        if "__loader__" in value:
            number = value.get("__id__")
            if isinstance(number, int):
                value["__id__"] = ids.setdefault(number, len(ids) + 1)
            name = value.get("file")
            if isinstance(name, str):
                ending = name.rpartition(".")[2]
                value["file"] = files.setdefault(name, f"{len(files) + 1}.{ending}")
        waiting += reversed(value.values())
