"""Turn what an operation gave into the body of an answer, in the form that was asked for.

A result is JSON. A list is JSON in pages, or NDJSON as it comes. A document is its bytes, and its
facts where JSON is asked for. What was written as a file is the body; several files, or a folder,
are a zip archive with the result beside them. This module refuses to hold large answers in memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from counterfoil.errors import InputError
from counterfoil.http.api.calls import Called, encoded
from counterfoil.http.api.flow import Flow
from counterfoil.http.api.workplace import pack
from counterfoil.ops.offered import Offered
from counterfoil.ports import Document

__all__ = ["ITEMS_MAX", "NDJSON", "Body", "Form", "Page", "form_of", "made", "responded"]

NDJSON: Final = "application/x-ndjson"
ITEMS_MAX: Final = 1000
"""Most items on a page of a list."""

Form = Literal["json", "ndjson", "zip", "own"]
"""own: whatever the result is by itself."""

_IN_MEMORY: Final = 1 << 20
_CHUNK: Final = 1 << 16
_JSON: Final = "application/json"
_ZIP: Final = "application/zip"
_BYTES: Final = "application/octet-stream"
_MEDIA: Final = {
    ".json": _JSON,
    ".ndjson": NDJSON,
    ".jsonl": NDJSON,
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".xml": "application/xml",
    ".zip": _ZIP,
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.file",
}
_BEGINNINGS: Final = {b"PAR1": ".parquet", b"ARROW1": ".arrow", b"{": ".ndjson"}
_SANDBOX: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is meant. after: items before it."""

    after: int
    limit: int


@dataclass(slots=True)
class Body:
    """The body of an answer. file: at its beginning. name: what to save it as; empty for data."""

    media_type: str
    name: str = ""
    file: IO[bytes] = field(default_factory=lambda: _spooled())
    size: int = 0

    def write(self, data: bytes) -> None:
        """Write some of it."""
        self.file.write(data)
        self.size += len(data)


def form_of(request: Request) -> Form:
    """Tell in which form an answer is wanted: as the first of the media types that we know."""
    for one in request.headers.get("accept", "").split(","):
        media = one.partition(";")[0].strip().lower()
        if media == _JSON:
            return "json"
        if media == NDJSON:
            return "ndjson"
        if media == _ZIP:
            return "zip"
    return "own"


def made(offered: Offered, called: Called, form: Form, page: Page | None) -> Body:
    """Make the body; in a worker's thread, while the call's files are there.

    Raises InputError with code http.items where a list that has no pages is longer than one.
    """
    bodies: list[Body] = []
    kept: Body | None = None
    try:
        kept = _made(offered, called, form, page, bodies)
        return kept
    finally:
        for one in bodies:
            if one is not kept:
                one.file.close()


def _made(
    offered: Offered, called: Called, form: Form, page: Page | None, bodies: list[Body]
) -> Body:
    result, name = called.result, "-".join(offered.operation.words)

    def body(media_type: str, name: str = "") -> Body:
        bodies.append(Body(media_type, name))
        return bodies[-1]

    if isinstance(result, Iterator):  # only at its end are its files there
        facts = body(_JSON)
        _write_json(facts, offered, called, page)
    files = called.place.files()
    if files and form != "zip" and form != "json" and len(files) == 1 and files[0].is_file():
        ending = files[0].suffix
        return _copied(body(_MEDIA.get(ending, _BYTES), f"{name}{ending}"), files[0])
    if isinstance(result, Document) and not (form == "json" and result.facts is not None):
        document = body(result.media_type, f"{name}{_ending(result.media_type)}")
        for chunk in result.chunks:
            document.write(chunk)
        return document
    if result is None and called.sink.tell():
        ending = _ending_of(called.sink)
        return _filled(body(_MEDIA[ending], f"{name}{ending}"), called.sink)
    if not isinstance(result, Iterator):
        facts = body(_JSON)
        told = result.facts if isinstance(result, Document) else result
        facts.write(encoded(told, called.place))
    if not files or form == "json":
        return facts
    facts.file.seek(0)
    packed = body(_ZIP, f"{name}.zip")
    pack(files, facts.file.read(), packed.file)
    packed.size = packed.file.seek(0, 2)
    return packed


def responded(body: Body, headers: dict[str, str]) -> Response:
    """Answer with a body. A document is to be saved, not shown as if it were a page of the node."""
    if body.name:
        headers = headers | {
            "content-disposition": f'attachment; filename="{body.name}"',
            "content-security-policy": _SANDBOX,
        }
    body.file.seek(0)
    if body.size <= _IN_MEMORY:
        with body.file:
            return Response(body.file.read(), 200, headers, body.media_type)
    headers = headers | {"content-length": str(body.size)}
    response = Flow(_chunks(body.file), body.media_type, headers, ended=body.file.close)
    response.headers["content-length"] = str(body.size)
    return response


def _copied(body: Body, path: Path) -> Body:
    with path.open("rb") as stream:
        return _filled(body, stream)


def _filled(body: Body, source: IO[bytes]) -> Body:
    while chunk := source.read(_CHUNK):
        body.write(chunk)
    return body


def _ending_of(sink: IO[bytes]) -> str:
    """Tell how a file of what is there would end, by its first bytes; it is at them afterwards."""
    sink.seek(0)
    first = sink.read(8)
    sink.seek(0)
    return next((ending for b, ending in _BEGINNINGS.items() if first.startswith(b)), ".csv")


def _write_json(body: Body, offered: Offered, called: Called, page: Page | None) -> None:
    result = called.result
    end = None if page is None else page.after + page.limit
    if page is None and not offered.operation.writes:
        end = ITEMS_MAX  # what is done is told to its end
    body.write(b'{"items":[')
    comma = b""
    for item in islice(result, 0 if page is None else page.after, end):
        body.write(comma + encoded(item, called.place))
        comma = b","
    more = end is not None and next(result, None) is not None
    if more and page is None:
        raise InputError(
            "http.items",
            f"expected at most {ITEMS_MAX} items, found more",
            hint=f"Ask for fewer by `limit`, or for all of them as {NDJSON}.",
        )
    body.write(b'],"next":%s}' % (b"%d" % end if more and end is not None else b"null"))


def _ending(media_type: str) -> str:
    plain = media_type.partition(";")[0]
    return next((e for e, media in _MEDIA.items() if media.partition(";")[0] == plain), ".bin")


def _spooled() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(_IN_MEMORY)


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk
