"""Look up, in the log, what checks say about a model and its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import Refused
from counterfoil.ledger.checks.requirements import Requirement
from counterfoil.ledger.search.run import search

if TYPE_CHECKING:
    from counterfoil.ledger.opening import Reading
    from counterfoil.ledger.view import RecordView

__all__ = ["Verdicts"]

_DAY_MS: Final = 86_400_000
_PAGE: Final = 200


class Verdicts:
    """Finds the newest check that a requirement asks for."""

    def __init__(self, reading: Reading, now_ms: Callable[[], int]) -> None:
        self._reading, self._now_ms = reading, now_ms

    def require(self, one: Requirement, predicate: Any) -> int | None:
        """Find the checks that a requirement asks for; give when the first grows too old, Unix ms.

        Raises Refused with code check.missing, check.failed or check.expired.
        """
        things = self._things(one, predicate)
        if not things:
            raise Refused(
                "check.missing",
                f"expected a passed check {one.words}, found no data set that it was trained on",
                hint="Name the training data in the model's statement.",
            )
        ends = [end for thing in things if (end := self._checked(one, thing)) is not None]
        return min(ends) if ends else None

    def names(self, kind: str, predicate: Any) -> tuple[str, ...] | None:
        """Tell what a statement's model is called; None where the log does not know it."""
        if kind == "model":
            return _names(predicate.name, predicate.version)
        found = self._model(predicate.model)
        if found is None:
            return None
        return _names(found.content.get("name"), found.content.get("version"))

    def about(self, kind: str, predicate: Any) -> dict[str, Any]:
        """Give the reference that a refusal is about."""
        if kind == "model":
            return {"digest": predicate.digest, "name": predicate.name}
        found: dict[str, Any] = msgspec.to_builtins(predicate.model)
        return found

    def _things(self, one: Requirement, predicate: Any) -> list[set[str]]:
        """List the artefacts that must have been checked, each by its digest and leaves."""
        if one.kind == "decision":
            found = self._model(predicate.model)
            if one.about == "model":
                known = {predicate.model.leaf, predicate.model.digest} - {None}
                if found is not None:
                    known |= {found.leaf, found.content["digest"]}
                return [known]
            trained = () if found is None else found.content.get("trained_on", ())
        elif one.about == "model":
            return [{predicate.digest}]
        else:
            trained = msgspec.to_builtins(predicate.trained_on)
        return [{ref[key] for key in ("leaf", "digest") if ref.get(key)} for ref in trained]

    def _model(self, reference: Any) -> RecordView | None:
        if reference.leaf is not None:
            for hit in self._search(f"kind=model leaf={reference.leaf}"):
                # A statement's leaf and another artefact's digest: then neither is believed.
                same = reference.digest in (None, hit.content.get("digest"))
                return hit if same else None
        if reference.digest is not None:
            return next(iter(self._search(f"kind=model digest={reference.digest}")), None)
        return None

    def _checked(self, one: Requirement, thing: set[str]) -> int | None:
        newest = self._newest(one, thing)
        if newest is None:
            raise Refused(
                "check.missing",
                f"expected a passed check {one.words}, found none",
                hint="Run it: `counterfoil check ... --ledger`, or ledger.checks.run(...).",
            )
        if newest.content.get("passed") is not True:
            raise Refused(
                "check.failed",
                f"expected a passed check {one.words}, found it failed at entry {newest.index}",
                hint=f"`counterfoil record get {newest.index}` shows what failed; mend that.",
            )
        if one.max_age_days is None:
            return None
        end = (newest.at_ms or 0) + round(one.max_age_days * _DAY_MS)
        if end <= self._now_ms():
            raise Refused(
                "check.expired",
                f"expected a check {one.words} of the last {one.max_age_days:g} days, found the "
                f"newest at entry {newest.index} older",
                hint="Run it again.",
            )
        return end

    def _newest(self, one: Requirement, thing: set[str]) -> RecordView | None:
        issuer = one.issuer or self._reading.config.organisation
        found: RecordView | None = None
        for key in sorted(thing):
            for field in ("about.digest", "about.leaf"):
                for hit in self._search(f"kind=check {field}={key}"):
                    said = hit.content
                    fits = said.get("check") == one.check and hit.issuer == issuer
                    if not fits or one.suite not in (None, said.get("suite")):
                        continue
                    if found is None or hit.index > found.index:
                        found = hit
                    break
        return found

    def _search(self, query: str) -> Iterator[RecordView]:
        after: int | None = None
        while True:
            page = search(self._reading, query, limit=_PAGE, after=after)
            yield from page.hits
            if page.next is None:
                return
            after = page.next


def _names(name: Any, version: Any) -> tuple[str, ...]:
    return (str(name),) if version is None else (str(name), f"{name}:{version}")
