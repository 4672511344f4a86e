"""Shoppers' pages: made for a product, with the code that leads to them, and checked.

This module refuses to overwrite what it reads.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from counterfoil.apps.supply.shopper import (
    CheckedPage,
    check_page,
    code_for,
    policy_digest,
    qr_svg,
    shopper_page,
)
from counterfoil.apps.supply.shopper.codes import thing_named
from counterfoil.apps.supply.shopper.gathering import Source
from counterfoil.apps.supply.shopper.policies import policy_of
from counterfoil.apps.supply.shopper.publishing import publish
from counterfoil.errors import InputError
from counterfoil.formats.receipt import RECEIPT_MAX_BYTES, Receipt
from counterfoil.ledger import Ledger
from counterfoil.ops.files import POLICY_MAX_BYTES, keep_input, read_file, shown, write_file
from counterfoil.ops.place import LedgerFolder, find_ledger, open_for_writing
from counterfoil.ops.receipt_files import parse_receipt
from counterfoil.ops.receipts import open_published
from counterfoil.ports import STANDARD_STREAM, Document, Param

__all__ = [
    "Labelled",
    "PublishedPolicy",
    "check_label",
    "label_policy",
    "label_thing",
    "publish_label",
]

_PAGE_MAX_BYTES: Final = 4 << 20

_Also = Annotated[
    tuple[Path, ...],
    Param("Another organisation's ledger at hand.", "DIR", holds="machine"),
]


_Thing = Annotated[str, Param("A lot or item: its EPC or GS1 Digital Link.", "THING")]
_Policy = Annotated[
    Path | None,
    Param("The policy that the brand publishes; else of the ledgers.", "FILE", holds="file"),
]
_Receipts = Annotated[
    tuple[Path, ...],
    Param("Receipt of an event in a log that is not at hand.", "FILE", holds="file"),
]
_Drawn = Annotated[
    Path | None, Param("Draw the code, as SVG, into this file.", "FILE", holds="machine")
]
_Low = Annotated[str | None, Param("Coldest that is allowed, degrees C.", "C")]
_High = Annotated[str | None, Param("Warmest that is allowed, degrees C.", "C")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a page is to be made of."""

    thing: str
    brand: str
    policy: Path | None
    also: tuple[Path, ...]
    receipts: tuple[Path, ...]
    low_c: str | None
    high_c: str | None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A page that was written.

    code: the link for the product's code; None without a brand. policy_digest: as the link has it.
    steps: that it proves. left_out: for which it has no room. doubts: what the events do not let
    stand. qr: file of the drawn code.
    """

    file: str
    bytes: int
    thing: str
    code: str | None
    policy_digest: str
    steps: int
    left_out: int
    doubts: tuple[str, ...]
    qr: str | None


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """A policy that was written. digest: as codes have it."""

    file: str
    digest: str


def label_thing(
    thing: _Thing,
    *,
    out: Annotated[
        Path, Param("Page to write, or - for standard output.", "FILE", short="o", holds="output")
    ],
    brand: Annotated[
        str, Param("The brand's own domain, which pins the keys.", "https://HOST")
    ] = "",
    policy: _Policy = None,
    also: _Also = (),
    receipt: _Receipts = (),
    qr: _Drawn = None,
    low_c: _Low = None,
    high_c: _High = None,
    ledger: LedgerFolder = None,
) -> Labelled | Document:
    """Write the shopper's page of a product: its way, proven step by step, in one file.

    Raises InputError with code label.brand where a code is to be drawn without a brand, and as
    `shopper.shopper_page`, `read_file` and `write_file`.
    """
    if qr is not None and not brand:
        raise InputError(
            "label.brand",
            "expected --brand with --qr, found none",
            hint="The code is a link on the brand's own domain.",
        )
    for one in (policy, *receipt):
        if one is not None:
            keep_input(one, out, qr)
    asked = _Asked(thing, brand, policy, also, receipt, low_c, high_c)
    page, chosen = _made(asked, ledger)
    if qr is not None:
        write_file(qr, qr_svg(code_for(thing, brand, chosen)))
    if out == STANDARD_STREAM:
        return Document([page], "text/html; charset=utf-8")
    write_file(out, page)
    return _labelled(page, shown(out), qr, brand, chosen)


def publish_label(
    thing: _Thing,
    *,
    brand: Annotated[str, Param("The brand's own domain, which pins the keys.", "https://HOST")],
    policy: _Policy = None,
    also: _Also = (),
    receipt: _Receipts = (),
    qr: _Drawn = None,
    low_c: _Low = None,
    high_c: _High = None,
    ledger: LedgerFolder = None,
) -> Labelled:
    """Have the ledger's node show a product's page to anybody, where its code leads.

    It stays as it is until it is published again. Which records it carries is signed and recorded,
    so that one that is taken out is noticed. Raises as `label_thing`, and Unavailable with
    code label.publish.
    """
    asked = _Asked(thing, brand, policy, also, receipt, low_c, high_c)
    page, chosen = _made(asked, ledger, signs=True)
    if qr is not None:
        write_file(qr, qr_svg(code_for(thing, brand, chosen)))
    file = publish(find_ledger(ledger), thing_named(thing), page, chosen)
    return _labelled(page, shown(file), qr, brand, chosen)


def check_label(
    file: Annotated[Path, Param("A shopper's page.", "FILE", holds="file")],
    *,
    policy: Annotated[
        Path | None,
        Param("The brand's policy, which you have by another way.", "FILE", holds="file"),
    ] = None,
    code: Annotated[str | None, Param("The link that the product's code holds.", "LINK")] = None,
) -> CheckedPage:
    """Check a shopper's page without a browser.

    Raises as `shopper.check_page` and `read_file`.
    """
    data = read_file(file, _PAGE_MAX_BYTES)
    chosen = None if policy is None else read_file(policy, POLICY_MAX_BYTES)
    return check_page(data, policy=chosen, code=code, now_s=int(time.time()))


def label_policy(
    *,
    out: Annotated[
        Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="output")
    ],
    also: _Also = (),
    ledger: LedgerFolder = None,
) -> PublishedPolicy | Document:
    """Write the policy that a brand publishes on its domain: the logs of its chain, and witnesses.

    It belongs at https://HOST/.well-known/counterfoil-policy.txt, byte for byte. Raises as
    `shopper.policies.policy_of` and `write_file`.
    """
    with _sources(ledger, also, ()) as sources:
        made = policy_of(sources)
    if out == STANDARD_STREAM:
        return Document([made], "text/plain; charset=utf-8")
    write_file(out, made)
    return PublishedPolicy(shown(out), policy_digest(made))


def _made(asked: _Asked, ledger: Path | None, *, signs: bool = False) -> tuple[bytes, bytes]:
    """Make a page, and give the policy that it carries. signs: record what it carries, too."""
    chosen = None if asked.policy is None else read_file(asked.policy, POLICY_MAX_BYTES)
    with _sources(ledger, asked.also, asked.receipts, signs=signs) as sources:
        if chosen is None:
            chosen = policy_of(sources)
        page = shopper_page(
            sources,
            asked.thing,
            brand=asked.brand,
            policy=chosen,
            low_c=asked.low_c,
            high_c=asked.high_c,
            signed_in=sources[0] if signs and isinstance(sources[0], Ledger) else None,
        )
    return page, chosen


def _labelled(page: bytes, file: str, qr: Path | None, brand: str, policy: bytes) -> Labelled:
    checked = check_page(page)
    return Labelled(
        file=file,
        bytes=len(page),
        thing=checked.thing,
        code=code_for(checked.thing, brand, policy) if brand else None,
        policy_digest=policy_digest(policy),
        steps=len(checked.steps),
        left_out=checked.left_out,
        doubts=checked.doubts,
        qr=None if qr is None else shown(qr),
    )


@contextmanager
def _sources(
    ledger: Path | None,
    also: Sequence[Path],
    receipts: Sequence[Path],
    *,
    signs: bool = False,
) -> Iterator[list[Source]]:
    """Open what events come from; a ledger that nobody owns is published first."""
    with ExitStack() as opened:
        own = open_for_writing(ledger) if signs else open_published(ledger)
        found: list[Source] = [opened.enter_context(own)]
        found += [opened.enter_context(open_published(one)) for one in also]
        yield [*found, *(_receipt(one) for one in receipts)]


def _receipt(path: Path) -> Receipt:
    form, found = parse_receipt(read_file(path, RECEIPT_MAX_BYTES))
    if not isinstance(found, Receipt):
        raise InputError(
            "label.receipt",
            f"expected a receipt as JSON or HTML, found one as {form}: {shown(path)}",
            hint="`counterfoil receipt get ENTRY --out FILE.json` writes one.",
        )
    return found
