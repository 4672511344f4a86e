"""Which pages the Python reference has, and what stands on each: a page for every room.

Public is what a package lists in `__all__`; where a package lists nothing, what its modules list.
The shells are left out: their operations are the commands and the paths of the API. This module
refuses to import what it describes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Final

from counterfoil.http.documentation.python_api.describing import (
    describe,
    escaped,
    first_sentence,
    prose,
)
from counterfoil.http.documentation.python_api.reading import PACKAGE, Reader

__all__ = ["FOLDER", "SHELLS", "made_pages", "write_pages"]

FOLDER: Final = "reference/python"
"""Where the pages are among the documents."""

SHELLS: Final = frozenset({"cli", "http", "ops"})
"""Rooms that are no Python API: each operation is a command and a path of the HTTP API."""

_TOP: Final = "top"
"""Page of the package itself and of its modules that are in no room."""

_HEAD: Final = "What it offers"
"""Heading over what a room's package lists itself."""

_INDEX: Final = """\
# Python API

Two functions and a class are enough for most programs: `counterfoil.open` makes or opens a ledger,
`counterfoil.verify` checks a receipt, and `Ledger` does what lies between. The other rooms are for
who needs a part; `ARCHITECTURE.md` says how they lie on each other.

These pages are made from the docstrings of this very version. What begins with an underscore, or
stands in no `__all__`, may change without notice. An error of any function is one of
{doc}`/reference/errors`; the same operations from a shell are in {doc}`/reference/commands`.

```{toctree}
:hidden:

"""


@cache
def made_pages() -> Mapping[str, tuple[str, Callable[[], str]]]:
    """Give the pages: name -> (title, what makes its Markdown, once)."""
    reader = Reader(Path(__file__).resolve().parents[3])
    rooms = (_TOP, *(room for room in reader.rooms if room not in SHELLS))
    pages: dict[str, tuple[str, Callable[[], str]]] = {
        f"{FOLDER}/index": ("Python API", cache(partial(_index, reader, rooms)))
    }
    for room in rooms:
        pages[f"{FOLDER}/{room}"] = (_title(room), cache(partial(_page, reader, room)))
    return pages


def write_pages(documents: Path) -> None:
    """Write the pages below a folder of documents, for tools that read files; only what changed."""
    for name, (_, make) in made_pages().items():
        path, text = documents / f"{name}.md", make()
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _public(reader: Reader, room: str) -> list[str]:
    """List the public modules of a room, its own first."""
    if room == _TOP:
        inside = (PACKAGE, *(one for one in reader.every if _is_single(reader, one)))
    else:
        head = _title(room)
        inside = tuple(one for one in reader.every if one == head or one.startswith(f"{head}."))
    return [name for name in inside if _is_public(reader, name)]


def _is_public(reader: Reader, name: str) -> bool:
    """Say whether a module is for others; what its package lists is found there, and not read."""
    above = name.rpartition(".")[0]
    if above and above != PACKAGE and not reader.is_package(name):
        package = reader.module(above)
        if package is not None and package.names:
            return False
    module = reader.module(name)
    return module is not None and bool(module.names)


def _is_single(reader: Reader, name: str) -> bool:
    return name.count(".") == 1 and name.partition(".")[2] not in reader.rooms


def _title(room: str) -> str:
    return PACKAGE if room == _TOP else f"{PACKAGE}.{room}"


def _index(reader: Reader, rooms: Sequence[str]) -> str:
    reader = reader.fresh()
    lines = [f"{_INDEX}{chr(10).join(rooms)}", "```", ""]
    for room in rooms:
        module = reader.module(_title(room))
        said = first_sentence(module.doc) if module is not None else ""
        lines.append(f"- {{doc}}`{_title(room)} <{room}>`: {said}")
    return "\n".join(lines) + "\n"


def _page(reader: Reader, room: str) -> str:
    return "\n".join(_lines(reader.fresh(), room)) + "\n"


def _lines(reader: Reader, room: str) -> Iterator[str]:
    yield from (f"# {_title(room)}", "")
    if (head := reader.module(_title(room))) is not None:
        yield from (*prose(head.doc), "")
    for name in _public(reader, room):
        module = reader.module(name)
        if module is None:
            continue
        if module is head:
            yield from (f"## {_HEAD}", "")
        else:
            yield from (f"## {name}", "", *prose(module.doc), "")
        for one in module.names:
            found = reader.find(name, one)
            if found is not None:
                yield from describe(reader, one, found)
                continue
            place = module.imports.get(one, (name, ""))[0]
            yield from (f"### {escaped(one)}", "", f"From `{place}`.", "")
