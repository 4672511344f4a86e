"""Put a report's figures on one page, each with its query, its digests and its receipt.

The page asks nothing of any network and runs no script; everything that came from a chain or a
detector is escaped. This module refuses to say that a figure is true: a receipt proves who said
it when, and the query lets anybody with the data say it again.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from types import MappingProxyType
from typing import Final

from counterfoil.insight.figures import Result, Shape
from counterfoil.insight.page.charts import band, bars, histogram, lorenz
from counterfoil.insight.page.grids import findings, grid, tiles
from counterfoil.insight.page.shapes import bands, communities
from counterfoil.insight.page.style import STYLE
from counterfoil.ledger.documents import security, written_page

__all__ = ["Proof", "Shown", "page"]

_Draw = Callable[[Result, Shape], str]

_CHARTS: Final[Mapping[str, tuple[_Draw, bool]]] = MappingProxyType(
    {
        "tiles": (tiles, False),
        "table": (grid, False),
        "ranking": (grid, False),
        "findings": (findings, False),
        "bars": (bars, True),
        "band": (band, True),
        "bands": (bands, True),
        "histogram": (histogram, True),
        "lorenz": (lorenz, True),
        "communities": (communities, True),
    }
)
"""Chart -> what draws it, and whether its numbers stand in a table beside it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Where a figure is recorded: row `row` of entry `index` of the log `origin`.

    receipt: JSON, as `counterfoil verify` reads it.
    """

    origin: str
    index: int
    row: int
    receipt: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows.

    sources: where the data is from. digest: of the data. made: when, for people. results: in
    order. proofs: figure -> its receipt; empty where nothing was recorded.
    """

    sources: Sequence[str]
    digest: str
    made: str
    shape: Shape
    results: Sequence[Result]
    notes: Sequence[str] = ()
    proofs: Mapping[str, Proof] = field(default_factory=dict)


def page(shown: Shown) -> bytes:
    """Write the page: HTML, UTF-8."""
    parts: dict[str, list[Result]] = {}
    for result in shown.results:
        parts.setdefault(result.figure.part, []).append(result)
    links = "".join(f'<li><a href="#{_id(name)}">{escape(name)}</a></li>' for name in parts)
    body = [_head(shown), f'<nav aria-label="Parts"><ul>{links}</ul></nav>']
    for name, results in parts.items():
        body.append(f'<section><h2 id="{_id(name)}">{escape(name)}</h2>')
        body += [_figure(result, shown) for result in results]
        body.append("</section>")
    return written_page("Chain report", "".join(body), STYLE, security((), STYLE))


def _head(shown: Shown) -> str:
    notes = "".join(
        f'<p class="wait mark"><span aria-hidden="true">▲</span> {escape(note)}</p>'
        for note in shown.notes
    )
    recorded = (
        "Every figure stands in a log; its receipt proves who recorded it, and that it has not "
        "changed since."
        if shown.proofs
        else "Nothing was recorded: add --ledger for receipts."
    )
    facts = [
        ("Source", ", ".join(shown.sources)),
        ("Made at", shown.made),
        ("Data, SHA-256", shown.digest),
    ]
    rows = "".join(
        f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts if value
    )
    return (
        f'<header><h1>Chain report</h1><dl class="facts">{rows}</dl>{notes}<p>{recorded}</p>'
        "</header>"
    )


def _figure(result: Result, shown: Shown) -> str:
    figure = result.figure
    draw, beside = _CHARTS[figure.chart]
    if result.missing:
        lacking = ", ".join(result.missing)
        drawn = f'<p class="note">The data does not hold {escape(lacking)}.</p>'
    elif not result.rows:
        drawn = '<p class="note">Nothing to show.</p>'
    else:
        drawn = draw(result, shown.shape)
        if beside:
            drawn += f"<details><summary>As a table</summary>{grid(result, shown.shape)}</details>"
    return (
        f'<figure id="{escape(figure.name)}"><figcaption><h3>{escape(figure.title)}</h3>'
        f"<p>{escape(figure.about)}</p></figcaption>{drawn}{_source(result, shown)}</figure>"
    )


def _source(result: Result, shown: Shown) -> str:
    figure = result.figure
    query = f"<pre>{escape(figure.query)}</pre>" if figure.query else ""
    method = f"<pre>{escape(figure.method)}</pre>" if figure.method else ""
    facts = [("Data, SHA-256", shown.digest), ("Result, SHA-256", result.sha256)]
    proof = shown.proofs.get(figure.name)
    told = ""
    if proof is not None:
        facts.append(("Recorded", f"row {proof.row} of entry {proof.index} of {proof.origin}"))
        told = _receipt(figure.name, proof)
    rows = "".join(
        f"<div><dt>{name}</dt><dd><code>{escape(value)}</code></dd></div>" for name, value in facts
    )
    title = "Query, digests and receipt" if proof is not None else "Query and digests"
    return (
        f"<details><summary>{title}</summary>{query}{method}"
        f'<dl class="facts">{rows}</dl>{told}</details>'
    )


def _receipt(name: str, proof: Proof) -> str:
    data = b64encode(proof.receipt).decode()
    return (
        '<p class="seal mark"><span aria-hidden="true">◆</span> '
        f'<a download="{escape(name)}.receipt.json" href="data:application/json;base64,{data}">'
        f"Receipt of this figure</a> ({len(proof.receipt):,} bytes): "
        "<code>counterfoil verify</code> checks it offline.</p>"
    )


def _id(name: str) -> str:
    return "part-" + name.lower().replace(" ", "-")  # no figure begins so
