"""Judge whether somebody may open data, and whether it may be erased.

The settings say for which purposes a person's consent is needed and which classes only a grant
opens; a token must be for this holder, purpose, class and person, and not be over. This module
refuses by raising; it releases nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from counterfoil.errors import Refused
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.vault import Authority, parse_token

if TYPE_CHECKING:
    from counterfoil.ledger.people.keeper import Keeper

__all__ = ["Permission"]

Group = tuple[str, str]
"""(handle of the person, class of data)."""


class Permission:
    """What may be done with the data that a keeper keeps."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._authority = Authority(keeper.vault())
        self._now = keeper.clock.now_ms()

    def check(
        self, groups: Sequence[Group], actor: str, purpose: str, token: str | None
    ) -> str | None:
        """Check that an actor may open groups for a purpose; the leaf of a consent that was needed.

        Raises Refused with code person.not-granted or person.no-consent, InputError with code
        person.token.
        """
        if token is not None:
            self._check_token(groups, actor, purpose, token)
        else:
            closed = [c for _, c in groups if c in self._keeper.rules.grant_classes]
            if closed:
                raise _not_granted(
                    f"expected a grant to open data of class {closed[0]}, found none"
                )
        if purpose not in self._keeper.rules.consent_purposes:
            return None
        leaves = [self._consent(handle, name, purpose) for handle, name in groups]
        return leaves[0] if leaves else None

    def _check_token(self, groups: Sequence[Group], actor: str, purpose: str, token: str) -> None:
        permits = self._authority.permits_with(parse_token(token))
        if not permits:
            raise _not_granted("expected a grant that stands, found a token of none")
        first = permits[0]
        if first.holder != actor or first.purpose != purpose:
            raise _not_granted(
                f"expected the holder and the purpose of the grant, {first.holder[:80]!a} for "
                f"{first.purpose[:80]!a}, found {actor[:80]!a} for {purpose[:80]!a}"
            )
        if first.until_ms is not None and self._now >= first.until_ms:
            raise _not_granted(
                f"expected a grant that stands, found it over since {first.until_ms}"
            )
        granted = {(permit.handle.hex(), permit.data_class) for permit in permits}
        for handle, name in groups:
            if (handle, name) not in granted:
                raise _not_granted(
                    f"expected a grant for data of class {name} of person {handle}, found other"
                )

    def _consent(self, handle: str, data_class: str, purpose: str) -> str | None:
        for one in self._authority.consents(handle):
            if one.purpose != purpose or one.data_class not in ("", data_class):
                continue
            if one.given and (one.until_ms is None or self._now < one.until_ms):
                at = self._keeper.entry_of(one.number)
                return None if at is None else leaf_hash(self._entry(at)).hex()
        raise Refused(
            "person.no-consent",
            f"expected consent of person {handle} to {purpose[:80]!a} with data of class "
            f"{data_class}, found none",
            hint="`counterfoil person consent` records one that was given.",
        )

    def _entry(self, index: int) -> bytes:
        return self._keeper.writer.log.reader.entry(index)

    def require_erasable(self, handle: str, classes: Sequence[str]) -> None:
        """Check that nothing keeps data from being erased.

        Raises Refused with code person.held or person.retained.
        """
        for hold in self._authority.holds(handle, self._now):
            if not classes or hold.data_class in ("", *classes):
                what = f"class {hold.data_class}" if hold.data_class else "all data"
                raise Refused(
                    "person.held",
                    f"expected data that may be erased, found a hold on {what} of person {handle}: "
                    f"{hold.why[:200]}",
                    hint="Lift the hold first, or name the classes that are not held.",
                )
        for name, newest_ms in self._authority.newest(handle):
            retention = self._keeper.rules.retention.get(name)
            if retention is None or (classes and name not in classes):
                continue
            until_ms = newest_ms + retention.floor_ms
            if self._now < until_ms:
                day = datetime.fromtimestamp(until_ms / 1000, UTC).date()
                raise Refused(
                    "person.retained",
                    f"expected data that may be erased, found class {name} to be kept until {day}",
                    hint="Erase the other classes now; the settings say how long this one is kept.",
                )


def _not_granted(message: str) -> Refused:
    return Refused(
        "person.not-granted",
        message,
        hint="A grant names its holder, purpose, classes and end: `counterfoil person grant`.",
    )
