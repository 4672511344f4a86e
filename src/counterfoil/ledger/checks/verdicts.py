"""Look up, in the log, what checks say about a model and its data.

This module refuses to count a check whose key's word counts no more, and one that says that it
passed while an item of it failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec

from counterfoil.errors import Refused
from counterfoil.ledger.checks.requirements import Requirement
from counterfoil.ledger.checks.signers import word_counts
from counterfoil.ledger.search.run import search

if TYPE_CHECKING:
    from counterfoil.ledger.opening import Reading
    from counterfoil.ledger.view import RecordView
    from counterfoil.proofs.keyring import Keyring

__all__ = ["Verdicts"]

_DAY_MS: Final = 86_400_000
_PAGE: Final = 200
_TOLD_MAX: Final = 3
_LIMITS: Final = (("at_most", "at most"), ("at_least", "at least"))


class Verdicts:
    """Finds the newest check that a requirement asks for.

    keyring: gives the log's keys, as of its head.
    """

    def __init__(
        self, reading: Reading, now_ms: Callable[[], int], keyring: Callable[[], Keyring]
    ) -> None:
        self._reading, self._now_ms, self._keyring = reading, now_ms, keyring

    def require(self, one: Requirement, predicate: Any) -> int | None:
        """Find the checks that a requirement asks for; give when the first grows too old, Unix ms.

        Raises Refused with code check.missing, check.failed, check.other-threshold or
        check.expired.
        """
        things = self._things(one, predicate)
        if not things:
            raise Refused(
                "check.missing",
                f"expected a passed check {one.words}, found no data set that it was trained on",
                hint="Name the training data in the model's statement.",
            )
        threshold = predicate.threshold if one.kind == "decision" else None
        found = [self._checked(one, thing, threshold) for thing in things]
        ends = [end for end in found if end is not None]
        return min(ends) if ends else None

    def overrides(self, kind: str, predicate: Any) -> bool:
        """Tell whether a named person decides in place of a decision that is in the log."""
        if kind != "decision" or predicate.by != "person" or predicate.accountable is None:
            return False
        leaf = predicate.corrects or predicate.supersedes
        return leaf is not None and any(self._search(f"kind=decision leaf={leaf}"))

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
                if found is not None:
                    return [{found.leaf, found.content["digest"]}]
                # Not both: one artefact's digest beside the leaf of another that passed.
                return [{predicate.model.digest or predicate.model.leaf}]
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

    def _checked(self, one: Requirement, thing: set[str], threshold: str | None) -> int | None:
        newest = self._newest(one, thing)
        if newest is None:
            raise Refused(
                "check.missing",
                f"expected a passed check {one.words}, found none",
                hint="Run it: `counterfoil check ... --ledger`, or ledger.checks.run(...).",
            )
        failed = [
            item for item in newest.content.get("items", ()) if item.get("passed") is not True
        ]
        if failed or newest.content.get("passed") is not True:
            raise Refused(
                "check.failed",
                f"expected a passed check {one.words}, found it failed at entry {newest.index}"
                f"{_figures(failed)}",
                hint=f"`counterfoil record get {newest.index}` shows what failed; mend that.",
            )
        tried = newest.content.get("threshold")
        if threshold is not None and tried is not None and float(threshold) != float(tried):
            raise Refused(
                "check.other-threshold",
                f"expected the threshold {tried} of the check {one.words} at entry "
                f"{newest.index}, found a decision by {threshold}",
                hint="Check the model at the threshold by which it decides.",
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
                    if not word_counts(hit, self._reading.reader, self._keyring()):
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


def _figures(failed: Iterable[dict[str, Any]]) -> str:
    """Name the first figures that failed, each with its limit."""
    told = []
    for item in failed:
        value = item.get("measured", {}).get("value")
        limits = [f"{word} {item[key]}" for key, word in _LIMITS if item.get(key) is not None]
        told.append(
            f"{item['name']}{'' if value is None else f' is {value}'}"
            + "".join(f", {limit} asked" for limit in limits)
        )
    more = f" and {len(told) - _TOLD_MAX} more" if len(told) > _TOLD_MAX else ""
    return f": {'; '.join(told[:_TOLD_MAX])}{more}" if told else ""


def _names(name: Any, version: Any) -> tuple[str, ...]:
    return (str(name),) if version is None else (str(name), f"{name}:{version}")
