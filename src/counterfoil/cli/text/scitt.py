"""Text of `ops.scitt`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, or_nothing, plain
from counterfoil.ledger import Recorded
from counterfoil.ledger.scitt import Issuer, Registered

__all__ = ["distrust", "issuers", "register", "trust"]


def register(found: Registered, paint: Paint) -> Iterator[str]:
    """Tell where a statement stands."""
    done = "was registered before" if found.duplicate else "registered"
    yield (
        f"{paint.good(done)} as entry {paint.strong(str(found.index))}, leaf {brief(found.leaf)}: "
        f"{plain(found.issuer)} about {plain(found.subject)}"
    )
    yield f"its receipt: counterfoil receipt get {found.index} --transparent --out FILE"


def trust(recorded: Recorded, paint: Paint) -> Iterator[str]:
    """Tell that a key counts."""
    yield f"{paint.good('added')} the key in entry {recorded.index}"
    yield paint.quiet("What it signs is registered from now on; `scitt issuers` lists the keys.")


def distrust(recorded: Recorded, paint: Paint) -> Iterator[str]:
    """Tell that a key counts no more."""
    yield f"{paint.good('revoked')} the key in entry {recorded.index}"


def issuers(found: Iterable[Issuer], paint: Paint) -> Iterator[str]:
    """Show keys, one a line."""
    yield from or_nothing(
        _keys(found, paint), "no issuers: `counterfoil scitt trust ISSUER --key FILE` adds one"
    )


def _keys(found: Iterable[Issuer], paint: Paint) -> Iterator[str]:
    for one in found:
        state = (
            paint.good("counts")
            if one.revoked_at is None
            else paint.quiet(f"revoked in entry {one.revoked_at}")
        )
        yield f"{paint.strong(plain(one.issuer))}  {one.key}  {state}  added in entry {one.index}"
        yield paint.quiet(f"  {one.public}")
