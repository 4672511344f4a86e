"""Check a shopper's page without a browser: the same receipts, the same story, no script.

What is looked at is only what the page carries; whether its script is this version's is told
apart, since a page whose script somebody changed can show anything. This module refuses to trust
a policy because the page carries it, unless a scanned link names it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from counterfoil.apps.supply.events.event import Event
from counterfoil.apps.supply.shopper import bundle as bundles
from counterfoil.apps.supply.shopper.bundle import Bundle
from counterfoil.apps.supply.shopper.codes import policy_digest, read_code, thing_named
from counterfoil.apps.supply.shopper.gathering import event_of_entry, gather, is_recall
from counterfoil.apps.supply.shopper.listing import label_of_entry
from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.proofs.trust import OWN_WITNESS
from counterfoil.proofs.verify import Verified, verify_receipt

__all__ = ["CheckedPage", "LogSeen", "ProvenStep", "Trust", "check_bundle", "check_page"]

Trust = Literal["given", "pinned", "unpinned"]
"""Whose keys a page was checked by: the caller's own policy; that which the code names; or only
what came with the page."""

_BUNDLE: Final = re.compile(rb'<script type="application/json" id="bundle">([^<]*)</script>')
_CLAIMED: Final = re.compile(rb'(<ul id="claims">).*?(</ul>)', re.DOTALL)
_PAGE_MAX_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class ProvenStep:
    """A step that is proven to have been said. level: 0 for the thing's own. at: event time.

    says: the step's word. who: the organisation whose key signed. place: as said. origin, index:
    where the entry stands.
    """

    level: int
    at: str
    says: str
    who: str
    place: str
    origin: str
    index: int


@dataclass(frozen=True, slots=True)
class LogSeen:
    """A log that steps stand in.

    size: as of which. witnesses: who cosigned, by the policy's names; the operator's own apart.
    """

    origin: str
    size: int
    witnesses: tuple[str, ...]
    own_witness: bool


@dataclass(frozen=True, slots=True)
class CheckedPage:
    """What a page proved.

    trust: see `Trust`. digest: of the policy, as links have it. recalled: a step says so.
    unconnected: proven records that are not about the thing. left_out, doubts: the maker's words.
    listed_by: who signed which records belong here, all of which are; empty for nobody. script:
    whether the page around is this version's.
    """

    thing: str
    brand: str
    made_ms: int
    trust: Trust
    digest: str
    steps: tuple[ProvenStep, ...]
    logs: tuple[LogSeen, ...]
    recalled: bool
    unconnected: int
    left_out: int
    doubts: tuple[str, ...]
    listed_by: str = ""
    script: Literal["ours", "another"] = "ours"


def check_page(
    data: bytes,
    *,
    policy: bytes | None = None,
    code: str | None = None,
    now_s: int | None = None,
) -> CheckedPage:
    """Check a page's file.

    policy: the brand's, by another way; else the page's own counts, as far as the code names it.
    code: the link that was scanned. now_s: to refuse cosignatures from the future.
    Raises InputError with code label.malformed, label.code or policy.*, VerificationError with code
    label.policy, label.thing or label.brand where the code is of another product or names other
    keys, label.empty where nothing is proven of the thing, label.incomplete where a record that the
    page's maker listed is missing, and as `SupplyEvent.parsed` and `verify_receipt`.
    """
    from dataclasses import replace

    from counterfoil.apps.supply.shopper.page import around

    found = _BUNDLE.findall(data) if len(data) <= _PAGE_MAX_BYTES else []
    if len(found) != 1:
        raise InputError(
            "label.malformed",
            f"expected a shopper's page, found {len(found)} in {len(data)} bytes",
            hint="`counterfoil supply label THING --ledger DIR --out FILE` writes one.",
        )
    bundle = bundles.parse(found[0])
    checked = check_bundle(bundle, policy=policy, code=code, now_s=now_s)
    head, tail = around()
    head = head.replace(b"{{claims}}", b"")
    before, after = data.split(found[0], 1)
    same = _CLAIMED.sub(rb"\1\2", before) == head and after == tail
    return checked if same else replace(checked, script="another")


def check_bundle(
    bundle: Bundle, *, policy: bytes | None, code: str | None, now_s: int | None
) -> CheckedPage:
    """Check what a page carries; as `check_page`."""
    carried = bundle.policy.encode()
    digest = policy_digest(carried)
    trust: Trust = "unpinned" if policy is None else "given"
    if code is not None:
        _require_code(bundle, code, digest)
        trust = "pinned" if policy is None else "given"
    judged = policies.parse(carried if policy is None else policy)
    verified = [
        (one, verify_receipt(one, judged, now_s=now_s)) for one, _ in bundles.unpack(bundle)
    ]
    told, unconnected = _story(bundle, verified, judged)
    if not told:
        raise VerificationError(
            "label.empty",
            f"expected a proven step of {bundle.thing[:120]!a}, found none",
            hint="Get the page from its brand again.",
        )
    return CheckedPage(
        thing=bundle.thing,
        brand=bundle.brand,
        made_ms=bundle.made_ms,
        trust=trust,
        digest=digest,
        steps=tuple(_step(level, event, seen) for level, event, seen in told),
        logs=tuple(_logs(verified)),
        recalled=any(is_recall(event) for _, event, _ in told),
        unconnected=unconnected,
        left_out=bundle.left_out,
        doubts=bundle.doubts,
        listed_by=_listed_by(bundle, verified),
    )


def _listed_by(bundle: Bundle, verified: list[tuple[Receipt, Verified]]) -> str:
    """Tell who listed the records of the page; refuse it where one of them is missing."""
    here = {seen.leaf.hex() for _, seen in verified}
    who = ""
    for receipt, seen in verified:
        label = label_of_entry(receipt.record.entry)
        if label is None or label.thing != bundle.thing:
            continue
        missing = len(label.leaves - here)
        if missing:
            raise VerificationError(
                "label.incomplete",
                f"expected all {len(label.leaves)} records that {seen.signer.organisation} listed, "
                f"found {missing} missing",
                hint="Somebody took them out of the page: get it from its brand again.",
            )
        who = seen.signer.organisation
    return who


def _require_code(bundle: Bundle, code: str, digest: str) -> None:
    found = read_code(code)
    if found.digest is None:
        raise InputError(
            "label.code",
            "expected a link that names keys, found one without #keys=sha256-...",
            hint="Give the policy with --policy, if you have it by another way.",
        )
    if found.origin != bundle.brand:
        raise VerificationError(
            "label.brand",
            f"expected a page of {found.origin[:120]}, as the code says, found one of "
            f"{bundle.brand[:120] or 'nobody'}",
            hint="Scan the code on the product again, and look at the address.",
        )
    if found.thing != bundle.thing:
        raise VerificationError(
            "label.thing",
            f"expected a page about {found.thing[:120]}, found one about {bundle.thing[:120]!a}",
            hint="The code is on another product.",
        )
    if found.digest != digest:
        raise VerificationError(
            "label.policy",
            f"expected the policy {found.digest}, as the code says, found {digest}",
            hint="The page carries other keys than the code on the product names.",
        )


def _story(
    bundle: Bundle, verified: list[tuple[Receipt, Verified]], policy: Policy
) -> tuple[list[tuple[int, Event, Verified]], int]:
    """Tell the steps of the thing, in time; and how many records are not about it."""
    events: dict[int, Event] = {}
    kept: list[tuple[Receipt, Verified]] = []
    for receipt, seen in verified:
        said = event_of_entry(receipt.record.entry)
        if said is not None:
            events[len(kept)] = said.parsed()
            kept.append((receipt, seen))
    if not kept:
        return [], 0
    try:
        gathered = gather([receipt for receipt, _ in kept], thing_named(bundle.thing), policy)
    except NotFound:
        return [], len(kept)
    gathered.index.close()
    found = [(one.level, one.at_ms, gathered.place(one.at)) for one in gathered.told]
    found.sort(key=lambda one: (one[0] > 0, one[1], one[2]))
    steps = [(level, events[place], kept[place][1]) for level, _, place in found]
    return steps, len(kept) - len(steps)


def _step(level: int, event: Event, seen: Verified) -> ProvenStep:
    body = event.body
    where = body.get("readPoint") or body.get("bizLocation") or {}
    return ProvenStep(
        level,
        str(body.get("eventTime", "")),
        str(body.get("bizStep") or body.get("type", "")),
        seen.signer.organisation,
        str(where.get("id", "")),
        seen.trusted.checkpoint.origin,
        seen.index,
    )


def _logs(verified: list[tuple[Receipt, Verified]]) -> list[LogSeen]:
    found = {}
    for _, seen in verified:
        tree = seen.trusted.checkpoint
        names = [one.name for one in seen.trusted.cosigners]
        others = tuple(name for name in names if not name.startswith(OWN_WITNESS))
        found[tree.origin, tree.size] = LogSeen(
            tree.origin, tree.size, others, len(others) < len(names)
        )
    return list(found.values())
