"""Make the shopper's page: one file that asks nothing of any network and checks itself.

What it shows of the way is read by its script from the proven bytes, never from markup; what
stands in the markup is for readers without scripts, and says that nothing was checked. It carries
only the receipts of the thing's own way, as many as it has room for. This module refuses to write
a page that does not pass its own check.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from importlib.resources import files
from itertools import islice
from typing import Final

from msgspec.structs import replace

from counterfoil.apps.supply.events.degrees import celsius
from counterfoil.apps.supply.events.doubts import Limits, doubts
from counterfoil.apps.supply.shopper import bundle as bundles
from counterfoil.apps.supply.shopper.bundle import Bundle, Packer
from counterfoil.apps.supply.shopper.checking import check_bundle
from counterfoil.apps.supply.shopper.choosing import PAGE_MAX_BYTES, choose
from counterfoil.apps.supply.shopper.codes import brand_origin, thing_named
from counterfoil.apps.supply.shopper.gathering import Source, gather
from counterfoil.apps.supply.shopper.listing import record_label
from counterfoil.apps.supply.shopper.policies import policy_of
from counterfoil.errors import InputError
from counterfoil.formats import policy as policies
from counterfoil.formats.receipt_page import asset, join_page, join_script
from counterfoil.ledger import Ledger
from counterfoil.ledger.documents import log_key

__all__ = ["MODULES", "PAGE_MAX_BYTES", "around", "shopper_page"]

MODULES: Final = ("naming", "carried", "told", "life", "pinning", "warmth", "shopper")
"""The page's own modules of script, each after those that it uses."""

_PROOF: Final = (
    "bytes", "json", "shape", "ed25519", "merkle", "notes", "policy", "trust", "entries",
    "keyring", "verify", "dom",
)  # fmt: skip
_CLAIMS_MAX_BYTES: Final = 16_000
_LABEL_MAX_BYTES: Final = 24_000
_CLAIMS_MAX: Final = 20
_CLAIM_MAX: Final = 120
_DOUBTS_MAX: Final = 20


def shopper_page(
    ledgers_or_receipts: Sequence[Source],
    thing: str,
    *,
    brand: str = "",
    policy: bytes | None = None,
    low_c: str | None = None,
    high_c: str | None = None,
    made_ms: int | None = None,
    signed_in: Ledger | None = None,
) -> bytes:
    """Make the page of a thing, at most `PAGE_MAX_BYTES`.

    ledgers_or_receipts: where events and their proofs come from, open ledgers and receipts of
    events. thing: any name of it. brand: its own domain, `https://HOST`, which pins the keys;
    empty for none. policy: the bytes that the brand has at `codes.WELL_KNOWN`; else one is made
    of the ledgers' own. low_c, high_c: limits for temperatures, degrees C as decimals. made_ms:
    when, Unix ms; else now. signed_in: records in this ledger, which this process can write, which
    records the page carries, so that one that is missing is noticed.
    Raises NotFound with code supply.thing or receipt.log-key, InputError with code label.thing,
    label.brand, label.receipt, label.entry, label.policy, label.size, supply.limit or policy.*,
    Refused with code supply.too-many, VerificationError where a receipt does not hold under the
    policy, and as `Ledger.record_statement`.
    """
    if policy is None:
        policy = policy_of(ledgers_or_receipts)
    parsed = policies.parse(policy)
    coldest, warmest = celsius(low_c), celsius(high_c)
    bundle = Bundle(
        thing=thing_named(thing),
        brand=brand_origin(brand) if brand else "",
        made_ms=time.time_ns() // 1_000_000 if made_ms is None else made_ms,
        policy=_text(policy),
        left_out=0,
        low_c=low_c or "",
        high_c=high_c or "",
        doubts=(),
        logs=(),
    )
    head, tail = around()
    gathered = gather(ledgers_or_receipts, thing, parsed)
    limits = Limits(low_c=coldest, high_c=warmest, places=gathered.places, called=gathered.called)
    with gathered.index:
        found = (one.says for one in doubts(gathered.index, limits, thing))
        bundle = replace(bundle, doubts=tuple(islice(found, _DOUBTS_MAX)))
        room = PAGE_MAX_BYTES - len(head) - len(tail) - len(_embed(bundle)) - _CLAIMS_MAX_BYTES
        spare = 0 if signed_in is None else _LABEL_MAX_BYTES
        chosen, left_out = choose(gathered, room - spare)
        bundle = replace(bundle, left_out=left_out)
        receipts = [gathered.receipt(at) for at in chosen]
        if signed_in is not None:
            listed = signed_in.receipt(record_label(signed_in, bundle, receipts))
            # Again, so that they share the checkpoint under which the list stands.
            receipts = [gathered.receipt(at) for at in chosen]
            receipts.append((listed, log_key(signed_in.policy, signed_in.origin)))
    packer = Packer()
    for receipt, key in receipts:
        packer.add(receipt, key)
    bundle = replace(bundle, logs=packer.packed())
    checked = check_bundle(bundle, policy=None, code=None, now_s=None)
    claims = _claims([f"{one.at}: {one.says}, said by {one.who}" for one in checked.steps])
    return head.replace(b"{{claims}}", claims) + _embed(bundle) + tail


def _text(policy: bytes) -> str:
    try:
        return policy.decode()
    except UnicodeDecodeError as err:
        raise InputError(
            "label.policy",
            "expected a policy in UTF-8, found other bytes",
            hint="Browsers read a page as text: give the witnesses other names.",
        ) from err


@lru_cache(1)
def around() -> tuple[bytes, bytes]:
    """Give the page before and after what it carries; `{{claims}}` is in the first part."""
    own = files(__package__) / "assets"
    sources = [asset(f"{name}.js") for name in _PROOF]
    sources += [(own / f"{name}.js").read_text(encoding="utf-8") for name in MODULES]
    template = (own / "shopper.html").read_text(encoding="utf-8")
    style = asset("receipt.css") + (own / "shopper.css").read_text(encoding="utf-8")
    head, tail = join_page(template, style, join_script(sources)).split("{{bundle}}")
    return head.encode(), tail.encode()


def _embed(bundle: Bundle) -> bytes:
    r"""Write a bundle so that it cannot end the script element that it stands in.

    In JSON `<` stands in texts only, where `\u003c` is the same character.
    """
    return bundles.format(bundle).replace(b"<", rb"\u003c")


def _claims(lines: Sequence[str]) -> bytes:
    """Write what readers without scripts see; each line is cut, since a text may be long."""
    shown = "".join(f"<li>{escape(line[:_CLAIM_MAX])}</li>" for line in lines[:_CLAIMS_MAX])
    more = len(lines) - _CLAIMS_MAX
    return (shown + (f"<li>and {more} more</li>" if more > 0 else "")).encode()
