"""A recorded model as the ledger shows it, and the way from a name, index or digest to it.

This module refuses models of other issuers where a name is given: who may append to a log must not
take over a name. By index, leaf or digest they are found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import InputError, NotFound
from counterfoil.ledger.named import NAMED, find_by_text, find_named, named_query, quoted
from counterfoil.ledger.view import RecordView
from counterfoil.provenance.statements.models import Model
from counterfoil.provenance.statements.parts import Reference

if TYPE_CHECKING:
    from counterfoil.ledger.ledger import Ledger

__all__ = ["RecordedModel", "find_model", "list_models", "quoted", "reference_to"]

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_INDEX: Final = re.compile(r"[0-9]{1,15}")
_PAGE: Final = 200


@dataclass(frozen=True, slots=True, repr=False)
class RecordedModel:
    """A model's statement, and where it stands.

    index, leaf: of the statement. model: what it says; digest: of the artefact.
    """

    index: int
    leaf: str
    model: Model

    def __repr__(self) -> str:
        """Show what names it; `to_json` shows everything."""
        return f"RecordedModel({self.title!r}, index={self.index}, digest={self.digest!r})"

    @property
    def digest(self) -> str:
        """SHA-256 of the artefact, 64 hexadecimal digits."""
        return self.model.digest

    @property
    def title(self) -> str:
        """Name and version as one text, such as `credit:2`."""
        return self.model.name + (f":{self.model.version}" if self.model.version else "")

    @property
    def reference(self) -> Reference:
        """Name the model in another statement."""
        return Reference(leaf=self.leaf, digest=self.digest, name=self.title[:255])

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        said = msgspec.to_builtins(self.model)
        return {"index": self.index, "leaf": self.leaf, "model": said}


def find_model(ledger: Ledger, reference: int | str | Reference | RecordedModel) -> RecordedModel:
    """Find a model's statement: the newest that fits.

    reference: index, leaf hash, the artefact's digest, `name`, `name:version`, or a Reference.
    Raises NotFound with code model.unknown, InputError with code model.other-statement.
    """
    if isinstance(reference, RecordedModel):
        return reference
    if isinstance(reference, Reference):
        return find_model(ledger, reference.leaf or reference.digest or "")
    if isinstance(reference, int) or _INDEX.fullmatch(reference):
        return _of(ledger.get(int(reference)))
    hit = find_by_text(ledger, reference, "model", "digest")
    if hit is not None:
        return _of(hit)
    raise NotFound(
        "model.unknown",
        f"expected a recorded model, found none for {reference[:80]!a}",
        hint="`counterfoil model ls` lists them; `counterfoil model add FILE` records one.",
    )


def list_models(ledger: Ledger, name: str | None = None) -> Iterator[RecordedModel]:
    """List models, newest first; name: only those of this name."""
    query = "kind=model" if name is None else named_query(ledger, "model", name)
    after: int | None = None
    while True:
        page = ledger.search(query, limit=_PAGE, after=after)
        yield from map(_of, page.hits)
        if page.next is None:
            return
        after = page.next


def reference_to(
    ledger: Ledger, thing: Any, role: str | None = None, *, kinds: Sequence[str] = NAMED
) -> Reference:
    """Turn what names a statement or artefact into a reference.

    thing: an index; a leaf or digest of 64 hexadecimal digits; `name` or `name:version` of one of
    these kinds; a Reference; or what has a `reference`, or a `leaf` and perhaps a `digest`.
    Raises InputError with code model.reference or name.ambiguous.
    """
    if isinstance(thing, Reference):
        found = thing
    elif isinstance(getattr(thing, "reference", None), Reference):
        found = thing.reference
    elif isinstance(thing, int) and not isinstance(thing, bool):
        found = _statement(ledger, thing)
    elif isinstance(thing, str) and _HEX.fullmatch(thing.lower()):
        hits = ledger.search(f"leaf={thing.lower()}", limit=1).hits
        found = _statement(ledger, hits[0].index) if hits else Reference(digest=thing.lower())
    elif isinstance(thing, str) and (named := find_named(ledger, thing, kinds)) is not None:
        found = _statement(ledger, named.index)
    elif isinstance(getattr(thing, "leaf", None), str):
        found = Reference(leaf=thing.leaf, digest=getattr(thing, "digest", None))
    else:
        raise InputError(
            "model.reference",
            f"expected an index, a leaf or digest of 64 hexadecimal digits, a name that was "
            f"recorded, or what was recorded, found {type(thing).__name__} {str(thing)[:80]!a}",
            hint="`counterfoil dataset ls` and `counterfoil model ls` show names and indices.",
        )
    if role is not None and found.role is None:
        found = msgspec.structs.replace(found, role=role)
    return found


def _statement(ledger: Ledger, index: int) -> Reference:
    """Name a statement, its artefact's digest and its name."""
    from counterfoil.formats import entry as entries
    from counterfoil.formats.entry import StatementEntry

    view = ledger.get(index)
    parsed = entries.parse(ledger.entry(index))
    digest = None
    if isinstance(parsed, StatementEntry) and parsed.statement.subject:
        digest = parsed.statement.subject[0].digest.get("sha256")
    name, version = view.content.get("name"), view.content.get("version")
    called = name if isinstance(name, str) else None
    if called and isinstance(version, str) and version:
        called = f"{called}:{version}"
    return Reference(leaf=view.leaf, digest=digest, name=called and called[:255])


def _of(view: RecordView) -> RecordedModel:
    if view.kind != "model":
        raise InputError(
            "model.other-statement",
            f"expected a model's statement at entry {view.index}, found {view.kind[:80]!a}",
            hint="`counterfoil model ls` lists models.",
        )
    return RecordedModel(view.index, view.leaf, msgspec.convert(view.content, Model))
