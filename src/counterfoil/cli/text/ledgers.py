"""Text of `ops.ledgers`."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from counterfoil.cli.paint import Paint
from counterfoil.cli.text.words import brief, facts, number, time_of
from counterfoil.ops.ledgers import Made, Status

__all__ = ["init", "status"]


def init(made: Made, paint: Paint) -> Iterator[str]:
    """Tell what was made, and what to do with it."""
    yield paint.good(f"made the ledger {made.name} in {made.folder}")
    yield from facts(
        [
            ("origin", made.origin),
            ("organisation", made.organisation),
            ("checkpoints", "Ed25519 and ML-DSA-44" if made.post_quantum else "Ed25519"),
        ],
        paint,
    )
    yield ""
    yield f"{paint.strong(made.policy)} says whom your readers trust: give it to them by a way"
    yield "  that they trust. A receipt cannot vouch for itself."
    yield f"{paint.strong(made.keys)} holds the private keys, readable by you alone."
    yield f"{paint.strong(made.recovery_key)} ends and replaces the others: move it to a place"
    yield "  that is not on this machine, and bring it back when a key has to be replaced."
    if made.witness is not None:
        yield f"{paint.strong(made.witness)} is where your own witness remembers this ledger: it"
        yield "  notices when the ledger's folder is put back. Keep it out of the ledger's backups."
    yield ""
    yield f'next: counterfoil record add \'{{"hello": "world"}}\' --ledger {quote(made.folder)}'


def status(found: Status, paint: Paint) -> Iterator[str]:
    """Tell how the ledger stands."""
    yield f"{paint.strong(found.name)} in {found.folder}"
    yield from facts(
        [
            ("origin", found.origin),
            ("organisation", found.organisation),
            ("entries", number(found.size)),
            ("published", number(found.published_size)),
            ("root", brief(found.root) if found.root else "none yet"),
            ("signed", time_of(found.at_ms)),
            ("vouched for", found.grade),
            ("witnesses", ", ".join(found.witnesses) or "none"),
            ("checkpoints", number(found.checkpoints)),
            ("sources", f"{number(found.sources)} with {number(found.statements)} statements"),
            ("keys in force", number(found.keys_in_force)),
            (
                "CPU an entry",
                None if found.cpu_s_per_entry is None else f"{1e3 * found.cpu_s_per_entry:.3g} ms",
            ),
        ],
        paint,
    )
