"""Write docs/reference/http-api.md: every path of a node for programs, from the registry.

Run as `./dev python -m tools.http_reference`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from counterfoil.http.api.described import DESCRIBED, MOUNTED, Described
from counterfoil.http.api.described_epcis import DESCRIBED_EPCIS
from counterfoil.http.api.given import name_of
from counterfoil.http.api.operations import PREFIX
from counterfoil.ops.offered import Offered, offered_operations, reason_against
from counterfoil.ops.registry import GROUPS, OPERATIONS
from counterfoil.ops.signature import Field

__all__ = ["PAGE", "main", "page"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "http-api.md"

HEAD = """\
# HTTP API

What a [node](../guides/run-a-node.md) serves to programs.
[Ask a node over HTTP](../guides/http-api.md) tells how, and what all answers have in common; a node
describes itself at `/openapi.json`, with schemas, and for people on its page *API*. This page is
made from the source by `./dev python -m tools.http_reference`.

## Operations

Every operation of the [command line](commands.md) that makes sense from elsewhere, under its own
words, with the parameters of the command. `*` marks those that must be given, `[]` those that may
be given several times, `file` what is sent along as a file, `out` what comes back as one: as its
value give the ending that you want, such as `.html`.

"""

NOT_HERE = """\
## Operations that are not offered

These are for whoever sits at the machine.

| command | why not |
|---|---|
"""

ELSE = """\
## Records, events and other protocols

| request | does | gives |
|---|---|---|
"""


def page() -> str:
    """Format the page."""
    return "\n".join([HEAD, *_operations(), NOT_HERE + _not_here(), ELSE + _else()])


def _operations() -> Iterator[str]:
    ours = {one.name for one in OPERATIONS}
    offered = [one for one in offered_operations() if one.operation.name in ours]
    groups = dict.fromkeys(one.operation.words[0] for one in offered)
    single = [one for one in offered if one.operation.words[0] not in GROUPS]
    yield from _table("The ledger as a whole", "", single)
    for word in groups:
        if word in GROUPS:
            rows = [one for one in offered if one.operation.words[0] == word]
            yield from _table(word, GROUPS[word], rows)


def _table(title: str, about: str, rows: Iterable[Offered]) -> Iterator[str]:
    yield f"### {title}\n"
    if about:
        yield f"{about}\n"
    yield "| request | role | parameters | does |\n|---|---|---|---|"
    for one in rows:
        methods = "GET, POST" if one.can_get else "POST"
        parameters = " ".join(f"`{_told(field)}`" for field in one.fields)
        summary = one.operation.summary.replace("|", "\\|")
        path = f"{methods} `{PREFIX}/{one.path}`"
        yield f"| {path} | {one.operation.role} | {parameters} | {summary} |"
    yield ""


def _told(field: Field) -> str:
    kinds = {"file": " file", "tree": " file", "output": " out", "output-folder": " out"}
    mark = "*" if field.required and "output" not in field.holds else ""
    return f"{name_of(field)}{'[]' if field.many else ''}{mark}{kinds.get(field.holds, '')}"


def _not_here() -> str:
    left_out = ((one.name, reason_against(one)) for one in OPERATIONS)
    return "".join(f"| `{name}` | {reason} |\n" for name, reason in left_out if reason)


def _else() -> str:
    known = {**DESCRIBED, **DESCRIBED_EPCIS}
    rows = [_row(method, path, one) for (method, path), one in known.items()]
    rows += [_row("GET", path, one) for found in MOUNTED.values() for path, one in found]
    return "\n".join(rows) + "\n"


def _row(method: str, path: str, one: Described) -> str:
    gives = ", ".join(f"`{media}`" for media, _ in one.gives)
    plain = re.sub(r":\w+\}", "}", path)
    return f"| {method} `{plain}` | {one.summary} | {gives} |"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
