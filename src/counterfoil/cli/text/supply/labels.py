"""Text of `ops.supply.labels`."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from counterfoil.apps.supply.shopper import CheckedPage
from counterfoil.apps.supply.shopper.codes import WELL_KNOWN
from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import facts, number, plain
from counterfoil.ops.supply.labels import Labelled, PublishedPolicy

__all__ = ["check_label", "label_policy", "label_thing", "publish_label"]

_TRUST = {
    "given": "by the policy that you gave",
    "pinned": "by the keys that the code names",
    "unpinned": "by keys that came with the page: give --code or --policy",
}


def label_thing(found: Labelled, paint: Paint) -> Iterator[str]:
    """Tell what was written, what it proves and what the code says."""
    yield (
        f"{paint.good('wrote')} {paint.strong(plain(found.file))} ({number(found.bytes)} bytes): "
        f"{found.steps} steps of {plain(found.thing)}"
    )
    if found.left_out:
        yield paint.warn(f"{number(found.left_out)} records did not fit")
    for one in found.doubts:
        yield f"{paint.warn('doubted')} {plain(one)}"
    yield from facts(
        [("code", found.code), ("drawn in", found.qr), ("policy", found.policy_digest)], paint
    )
    yield f"check it anywhere: counterfoil supply label-check {quote(found.file)}"


def publish_label(found: Labelled, paint: Paint) -> Iterator[str]:
    """Tell what the node shows now, and where."""
    yield from label_thing(found, paint)
    yield f"the ledger's node shows it to anybody, and its policy at {WELL_KNOWN}"


def check_label(found: CheckedPage, paint: Paint) -> Iterator[str]:
    """Tell what a page proves, and by whose keys."""
    word = paint.warn("intact") if found.trust == "unpinned" else paint.good("verified")
    yield f"{word} {_TRUST[found.trust]}"
    yield from facts(
        [
            ("thing", plain(found.thing)),
            ("brand", found.brand or "none"),
            ("policy", found.digest),
            ("doubts", "; ".join(map(plain, found.doubts)) or None),
            ("left out", found.left_out or None),
            ("not about it", found.unconnected or None),
        ],
        paint,
    )
    if found.recalled:
        yield paint.bad("recalled: a step says so")
    if found.script != "ours":
        yield paint.warn("the page's script is not this version's: what it shows may be another")
    for one in found.steps:
        yield (
            f"  {'made of ' if one.level else ''}{plain(one.at)}  {plain(one.says)}  "
            f"{plain(one.place)}  {paint.quiet(f'{plain(one.who)}, entry {one.index}')}"
        )
    for log in found.logs:
        others = ", ".join(map(plain, log.witnesses)) or (
            "its own witness only" if log.own_witness else "nobody"
        )
        yield f"  log {plain(log.origin)}, as of {number(log.size)} entries, witnessed by {others}"


def label_policy(found: PublishedPolicy, paint: Paint) -> Iterator[str]:
    """Tell where the policy was written and where it belongs."""
    yield f"{paint.good('wrote')} {paint.strong(plain(found.file))}, {found.digest}"
    yield f"publish it, byte for byte, at https://HOST{WELL_KNOWN}"
