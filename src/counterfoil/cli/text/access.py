"""Text of `ops.access`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import or_nothing, plain, time_of
from counterfoil.ops.access import KeyEnded, KeyMade, KeyOfAccess

__all__ = ["add", "listing", "revoke", "rotate"]


def add(made: KeyMade, paint: Paint) -> Iterator[str]:
    """Show a new key, once."""
    yield f"{paint.good('made')} key {paint.strong(made.key_id)}, stated in entry {made.index}"
    yield f"  name   {plain(made.name)}"
    yield f"  roles  {', '.join(made.roles)}"
    yield f"  ends   {_end(made.expires_ms)}"
    yield made.token
    yield paint.quiet("Keep it safe: it is shown this once, and only its digest is kept.")


def listing(found: Iterable[KeyOfAccess], paint: Paint) -> Iterator[str]:
    """Show keys, one a line."""
    yield from or_nothing(_keys(found, paint), "no keys: `counterfoil access add` makes one")


def _keys(found: Iterable[KeyOfAccess], paint: Paint) -> Iterator[str]:
    for key in found:
        state = paint.good("in force") if key.in_force else paint.quiet("ended")
        used = "never" if key.used_ms is None else time_of(key.used_ms)
        limits = [*key.scopes, *(f"writes {one}" for one in key.sources)]
        only = f"  only {plain(', '.join(limits))}" if limits else ""
        end = key.expires_ms if key.revoked_ms is None else key.revoked_ms
        yield (
            f"{paint.strong(key.key_id)}  {plain(key.name):20}  {', '.join(key.roles):8}  {state}"
            f"  ends {_end(end)}  used {used}{only}"
        )


def revoke(ended: KeyEnded, paint: Paint) -> Iterator[str]:
    """Tell that a key ended."""
    yield f"{paint.good('ended')} key {ended.key_id} of {plain(ended.name)}: entry {ended.index}"


def rotate(made: KeyMade, paint: Paint) -> Iterator[str]:
    """Show the key that replaces another, once."""
    yield from add(made, paint)


def _end(at_ms: int | None) -> str:
    return "never" if at_ms is None else time_of(at_ms)
