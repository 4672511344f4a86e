"""What a page is: facts, and a template that shows them; the facts alone are the page as data.

`PATH` is for people, `PATH.json` the same facts for programs; where a page is mostly a table, also
`PATH.csv` and `PATH.arrow`. The address is the whole state. A form's target is an `Action`: it does
one thing and leads back to a page. This module refuses to know any page.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterfoil.errors import InputError
from counterfoil.extras import need
from counterfoil.http.bodies import read_form
from counterfoil.http.endpoint import Endpoint, Need
from counterfoil.http.guarding import address_of, check_form
from counterfoil.http.pages.rendering import render
from counterfoil.http.site import Site
from counterfoil.ports.access import Principal, Role

__all__ = ["Action", "Asked", "Page", "action_endpoint", "page_endpoints"]

Facts = dict[str, Any]

_VALUE_MAX: Final = 4096
_DIGITS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked with.

    path: what stands in the path's places. query: parameter -> its values, in order. principal:
    who asks; None on pages that are for anybody. form: of an `Action`, field -> value.
    """

    path: Mapping[str, Any]
    query: Mapping[str, Sequence[str]]
    principal: Principal | None = None
    form: Mapping[str, str] = field(default_factory=dict)

    def one(self, name: str, default: str = "") -> str:
        """Give a parameter's last value."""
        found = self.query.get(name) or (default,)
        return found[-1]

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 1 << 53) -> int:
        """Give a parameter as a whole number. Raises InputError with code page.parameter."""
        text = self.one(name)
        if not text:
            return default
        whole = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
        if not whole or not least <= int(text) <= most:
            raise InputError(
                "page.parameter",
                f"expected {name} to be a whole number from {least} to {most}, found {text[:40]!a}",
                hint="Leave it out of the address for the usual value.",
            )
        return int(text)


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    path: as of `Endpoint`, without an ending. title: of the page, short. facts: gathers what it
    shows, plain JSON values (dataclasses too), in a worker's thread; it also gives what `title`
    cannot know in advance under the key `title`, what is only for the template under names that
    begin with _, and under `goes_to` the address of a page to show instead. template: its file.
    nav: the entry of the menu that it belongs to. rows: key of the facts that is a list of flat
    objects, for tables. role: who may see it; None for anybody. posted: it answers a form instead
    of being read, where what is asked with belongs into no address, or where looking is recorded;
    it has no form as data.
    """

    path: str
    title: str
    facts: Callable[[Site, Asked], Facts]
    template: str
    nav: str = ""
    rows: str = ""
    role: Role | None = "reader"
    words: tuple[str, ...] = ("page",)
    posted: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What a form does.

    path: that it is sent to. act: does it in a worker's thread, and gives the address of the page
    to go to. words: of the operation that it stands for.
    """

    path: str
    act: Callable[[Site, Asked], str]
    role: Role
    words: tuple[str, ...]


def page_endpoints(site: Site, page: Page) -> list[Endpoint]:
    """Make the paths of a page: for people, and its facts in each form that it has."""
    if page.posted:
        return [_posted(site, page)]
    forms: list[Literal["html", "json", "csv", "arrow"]] = ["html", "json"]
    if page.rows:
        forms += ["csv", "arrow"]
    return [_endpoint(site, page, form) for form in reversed(forms)]


def _endpoint(site: Site, page: Page, form: Literal["html", "json", "csv", "arrow"]) -> Endpoint:
    async def answer(request: Request) -> Response:
        asked = asked_of(request)
        facts = await asyncio.to_thread(page.facts, site, asked)
        if form == "html" and facts.get("goes_to"):
            return RedirectResponse(facts["goes_to"], 303, {"cache-control": "no-store"})
        if form == "html":
            return await asyncio.to_thread(_page, site, page, asked, facts, request)
        return await asyncio.to_thread(_as_data, page, form, facts)

    base = "/index" if page.path == "/" else page.path
    path = page.path if form == "html" else f"{base}.{form}"
    tells: Literal["page", "problem"] = "page" if form == "html" else "problem"
    return Endpoint("GET", path, Need(page.role, page.words), answer, tells)


def action_endpoint(site: Site, action: Action) -> Endpoint:
    """Make the path that a form is sent to."""

    async def answer(request: Request) -> Response:
        asked = await _sent(site, request, action.role)
        place = await asyncio.to_thread(action.act, site, asked)
        return RedirectResponse(place, 303)

    return Endpoint("POST", action.path, Need(action.role, action.words), answer, "page")


def _posted(site: Site, page: Page) -> Endpoint:
    async def answer(request: Request) -> Response:
        asked = await _sent(site, request, page.role)
        facts = await asyncio.to_thread(page.facts, site, asked)
        return await asyncio.to_thread(_page, site, page, asked, facts, request)

    return Endpoint("POST", page.path, Need(page.role, page.words), answer, "page")


async def _sent(site: Site, request: Request, role: Role | None) -> Asked:
    """Read what a form was filled in with, and check that it is of a page of its session.

    What more than readers do is recorded, in a series of the ledger's own: it counts as one record.
    """
    form = await read_form(request, max_fields=200)
    fields = {name: str(value) for name, value in form.items()}
    check_form(site, request, fields.get("csrf", ""))
    principal: Principal | None = getattr(request.state, "principal", None)
    if principal is not None and role not in (None, "reader"):
        site.guard.require_source(principal, None, address_of(request))
        site.guard.charge(principal, 1, address_of(request))
    return Asked(dict(request.path_params), {}, principal, fields)


def asked_of(request: Request) -> Asked:
    """Read what a request asks with. Raises InputError with code page.parameter."""
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if len(value) > _VALUE_MAX:
            raise InputError(
                "page.parameter",
                f"expected a parameter of at most {_VALUE_MAX} characters, found {len(value)}",
            )
        query.setdefault(name, []).append(value)
    principal = getattr(request.state, "principal", None)
    return Asked(dict(request.path_params), query, principal)


def _page(site: Site, page: Page, asked: Asked, facts: Facts, request: Request) -> Response:
    shown = {"title": page.title, "nav": page.nav, "page": page, "asked": asked, **facts}
    query = request.url.query
    place = request.url.path if request.url.path != "/" else "/index"
    forms = {"json": "JSON"} | ({"csv": "CSV", "arrow": "Arrow"} if page.rows else {})
    suffix = f"?{query}" if query else ""
    data = [(label, f"{place}.{form}{suffix}") for form, label in forms.items()]
    shown["as_data"] = [] if page.posted else data
    return Response(
        render(site, page.template, shown, request),
        media_type="text/html",
        headers={"cache-control": "no-store"},
    )


def _as_data(page: Page, form: Literal["json", "csv", "arrow"], facts: Facts) -> Response:
    """Tell the facts to a program: all of them, or the rows of a table."""
    plain = msgspec.to_builtins({k: v for k, v in facts.items() if not k.startswith("_")})
    if form == "json":
        body = json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False)
        return _data(body.encode(errors="replace"), "application/json")
    rows = plain[page.rows]
    if form == "csv":
        return _data(_csv(rows), "text/csv; charset=utf-8")
    return _data(_arrow(rows), "application/vnd.apache.arrow.stream")


def _data(body: bytes, media_type: str) -> Response:
    return Response(body, media_type=media_type, headers={"cache-control": "no-store"})


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Write rows as CSV; a text that a spreadsheet would run as a formula gets a quote before."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    return out.getvalue().encode(errors="replace")


def _cell(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value


def _arrow(rows: Sequence[Mapping[str, Any]]) -> bytes:
    arrow = need("pyarrow", "frames")
    flat = [{name: _flat(value) for name, value in row.items()} for row in rows]
    try:
        table = arrow.Table.from_pylist(flat)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError, OverflowError):  # columns of mixed kinds
        table = arrow.Table.from_pylist(
            [{name: None if v is None else str(v) for name, v in row.items()} for row in flat]
        )
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
