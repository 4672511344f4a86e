"""Screenings on record: the lists' versions, the matcher, and a decision for each name.

A decision rests on the statements of the lists and of the matcher's weights, so that nobody can say
later that another list was meant. Names, dates and hits are personal: they are sealed under the
person's key. This module refuses to record a hit openly.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.apps.finance.names.features import NAMES
from counterfoil.apps.finance.names.lists import SanctionsList, list_files
from counterfoil.apps.finance.names.screening import Hit, Query, Screened
from counterfoil.errors import NotFound
from counterfoil.formats.statement import Subject
from counterfoil.ports import Said, ToSeal
from counterfoil.provenance.decisions import schema_digest
from counterfoil.provenance.statements.parts import Reference, decimal_text

if TYPE_CHECKING:
    from counterfoil.ledger import Ledger

__all__ = [
    "PURPOSE",
    "Basis",
    "FormerScreening",
    "ScreeningRecord",
    "former_screenings",
    "record_basis",
    "screening_said",
    "series_of",
]

PURPOSE: Final = "sanctions.screening"
"""Purpose of the decisions that screenings are recorded as."""

_DATA_CLASS: Final = "decision"
_INPUTS: Final = ("id", "name", "schema", "born", "countries")
_MATCHER: Final = "names-matcher"
_OPENED_AT_ONCE: Final = 256
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Basis:
    """What screenings rest on: statements of the matcher and of the lists."""

    matcher: Reference
    lists: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class ScreeningRecord:
    """Where a screening stands. index, leaf: of its decision. receipt: its file, or empty."""

    index: int
    leaf: str
    receipt: str = ""

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line prints."""
        said: dict[str, Any] = {"index": self.index, "leaf": self.leaf}
        return {**said, "receipt": self.receipt} if self.receipt else said


@dataclass(frozen=True, slots=True)
class FormerScreening:
    """A screening that was recorded and opened again.

    hits: ids on lists -> score. forms: of the lists that it rested on. person: their id in the
    asker's systems, empty where none was given. erased: its data is gone.
    """

    index: int
    leaf: str
    person: str
    query: Query
    hits: dict[str, float]
    forms: frozenset[str]
    erased: bool = False


def record_basis(ledger: Ledger, lists: Sequence[tuple[Path, SanctionsList]]) -> Basis:
    """Record the matcher and the lists, each once; what is known already is found again.

    lists: where each was read from, and what was read. Raises as `Models.record` and
    `Datasets.record`.
    """
    return Basis(_matcher(ledger), tuple(_list(ledger, *one) for one in lists))


def series_of(source: str | None, basis: Basis, hit_from: float) -> str:
    """Name the series of a run: the same names against the same lists are recorded once."""
    told = source or secrets.token_hex(8)
    lists = "+".join((one.name or "")[-12:] for one in basis.lists)
    return f"screening:{told}#{lists}@{hit_from:g}"[-255:]


def screening_said(
    found: Screened,
    basis: Basis,
    *,
    person: str,
    hit_from: float,
    supersedes: str = "",
    note: str = "",
) -> Said:
    """Write a screening as a decision's statement; all that tells of the person is sealed.

    person: their id in the asker's systems; else the name stands for it. supersedes: leaf of the
    screening that this one takes the place of.
    """
    query = found.query
    fields: dict[str, Any] = {
        "model": msgspec.to_builtins(basis.matcher),
        "outcome": found.outcome,
        "purpose": PURPOSE,
        "threshold": decimal_text(hit_from, "threshold"),
        "input_schema": schema_digest(_INPUTS),
        "explanation": {"method": "logistic", "unit": "log-odds", "exact": True},
        "based_on": [msgspec.to_builtins(one) for one in basis.lists][:64],
    }
    if supersedes:
        fields["supersedes"] = supersedes
    if note:
        fields["note"] = note
    best = found.hits[0] if found.hits else None
    sealed: dict[str, Any] = {
        "inputs/id": person,
        "inputs/name": query.name,
        "inputs/schema": query.schema,
        "inputs/born": list(query.born),
        "inputs/countries": list(query.countries),
        "hits": [_hit(hit) for hit in found.hits],
        "explanation": {
            "base": decimal_text(best.base if best else 0.0, "base"),
            "contributions": {
                name: decimal_text(odds, name)
                for name, odds in (best.contributions if best else {}).items()
            },
        },
    }
    if best is not None:
        sealed["score"] = decimal_text(best.score, "score")
    whose = person or query.name.strip()[:200] or "nobody"
    subject = Subject(digest={"sha256": basis.matcher.digest or ""}, name="model")
    return Said("decision", fields, (subject,), {"sealed": ToSeal(whose, _DATA_CLASS, sealed)})


def former_screenings(ledger: Ledger, *, actor: str) -> Iterator[FormerScreening]:
    """Open recorded screenings that no later one has replaced, the newest first.

    actor: who looks; that they are opened is recorded before. Raises as `People.open_many`.
    """
    replaced: set[str] = set()
    waiting: list[Any] = []
    after: int | None = None
    while True:
        page = ledger.search(f'kind=decision purpose="{PURPOSE}"', limit=_PAGE, after=after)
        for view in page.hits:
            if view.content.get("supersedes"):
                replaced.add(view.content["supersedes"])
            if view.leaf not in replaced:
                waiting.append(view)
        after = page.next
        if after is None:
            break
    for start in range(0, len(waiting), _OPENED_AT_ONCE):
        views = waiting[start : start + _OPENED_AT_ONCE]
        opened = ledger.people.open_many(
            [view.index for view in views], actor=actor, purpose="sanctions.rescreening"
        )
        for view, one in zip(views, opened, strict=True):
            yield _former(view, one.fields.get("sealed") or {})


def _former(view: Any, said: dict[str, Any]) -> FormerScreening:
    named = [one.get("name", "") for one in view.content.get("based_on", ())]
    forms = frozenset(name.partition("/")[2].partition(":")[0] for name in named)
    if "inputs/name" not in said:
        return FormerScreening(view.index, view.leaf, "", Query(""), {}, forms, erased=True)
    query = Query(
        said["inputs/name"],
        said["inputs/schema"],
        tuple(said["inputs/born"]),
        tuple(said["inputs/countries"]),
    )
    hits = {hit["id"]: float(hit["score"]) for hit in said["hits"]}
    return FormerScreening(view.index, view.leaf, said["inputs/id"], query, hits, forms)


def _hit(hit: Hit) -> dict[str, Any]:
    said = hit.to_json()
    kept = ("id", "list", "listed", "name", "why")
    return {
        "score": decimal_text(hit.score, "score"),
        **{name: said[name] for name in kept},
        "contributions": {
            name: decimal_text(odds, name) for name, odds in hit.contributions.items()
        },
    }


def _matcher(ledger: Ledger) -> Reference:
    data = (files(__package__) / "weights.json").read_bytes()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / _MATCHER
        folder.mkdir()
        (folder / "weights.json").write_bytes(data)
        from counterfoil.provenance.models import open_artefact

        artefact = open_artefact(folder)
        try:
            found = ledger.models.get(artefact.digest)
        except NotFound:
            found = ledger.models.record(
                artefact, _MATCHER, features=NAMES, outcomes=("clear", "hit"), task="matching"
            )
    return found.reference


def _list(ledger: Ledger, path: Path, listed: SanctionsList) -> Reference:
    version = listed.version
    name = f"sanctions-list/{version.form}"
    try:
        found = ledger.datasets.get(f"{name}:{version.digest}")
    except NotFound:
        said = f"{version.entries} entries, {version.names} names"
        dated = f", dated {version.date}" if version.date else ""
        read_from = list_files(path)
        found = ledger.datasets.record(
            path if len(read_from) > 1 or path.is_dir() else read_from["list"],
            name,
            version=version.digest,
            as_files=True,
            public=True,
            description=f"{said}{dated}",
        )
    return Reference(
        leaf=found.leaf, digest=version.digest, role="list", name=f"{name}:{version.digest}"[-255:]
    )
