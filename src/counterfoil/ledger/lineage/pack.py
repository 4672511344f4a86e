"""An evidence pack: the statements of a trace with their receipts, as files that stand alone.

Everything in a pack but policy.txt and README.txt follows from its receipts and from trace.json,
so that `pack_check` makes it anew and compares. The same trace of a log at the same checkpoint
gives the same bytes. This module refuses to leave out a statement silently: a trace that was cut
says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import InputError
from counterfoil.formats import receipt as receipts
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger.documents import write_zip
from counterfoil.ledger.lineage.pack_words import readme
from counterfoil.ledger.view import view
from counterfoil.provenance.lineage import Trace, to_prov

if TYPE_CHECKING:
    from counterfoil.ledger.readable import Readable

__all__ = [
    "FILE_MAX_BYTES", "FORMAT", "MANIFEST", "PACK_MAX_BYTES", "STATEMENTS_MAX", "Pack", "derived",
    "dump", "make_pack", "manifest_of", "pack_zip", "receipt_name", "statement_name",
]  # fmt: skip

FORMAT: Final = "counterfoil evidence pack v1"
"""Value of `format` in a pack's manifest."""

MANIFEST: Final = "manifest.json"
"""Name of the file that lists the others with their SHA-256."""

STATEMENTS_MAX: Final = 2000
"""Most statements in a pack."""

FILE_MAX_BYTES: Final = receipts.RECEIPT_MAX_BYTES
"""Largest file of a pack, bytes, unpacked."""

PACK_MAX_BYTES: Final = 256 << 20
"""Largest pack, bytes, packed and unpacked."""

_SUMMARIES: Final = {
    "checks.json": ("check", "refusal"),
    "evaluations.json": ("evaluation",),
    "datasets.json": ("dataset",),
}
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack as its files. about: what was asked for. files: name -> bytes, with the manifest."""

    about: dict[str, Any]
    trace: Trace
    receipts: tuple[Receipt, ...]
    files: dict[str, bytes]


def make_pack(
    ledger: Readable, trace: Trace, about: dict[str, Any], progress: Progress | None = None
) -> Pack:
    """Gather a trace's receipts and write what follows from them.

    about: what was asked for, for the manifest. progress: told (receipts made, receipts).
    Raises InputError with code pack.large for more than 2,000 statements or 256 MiB, and as
    `Readable.receipt`.
    """
    nodes = [node for node in trace.recorded() if node.index is not None]
    if len(nodes) > STATEMENTS_MAX:
        raise _large(f"at most {STATEMENTS_MAX:,} statements", f"{len(nodes):,}")
    made = []
    for done, node in enumerate(nodes, 1):
        made.append(ledger.receipt(node.index or 0))
        if progress is not None:
            progress(done, len(nodes))
    files = {receipt_name(one.record.index): receipts.format(one) + b"\n" for one in made}
    files["trace.json"] = dump(trace.to_json())
    files |= derived(trace, made)
    files["policy.txt"] = ledger.layout.policy.read_bytes()
    files["README.txt"] = readme(trace, about, files).encode()
    files[MANIFEST] = dump(manifest_of(trace, about, files))
    total = sum(map(len, files.values()))
    if total > PACK_MAX_BYTES:
        raise _large(f"at most {PACK_MAX_BYTES:,} bytes", f"{total:,}")
    return Pack(about, trace, tuple(made), dict(sorted(files.items())))


def derived(trace: Trace, made: Iterable[Receipt]) -> dict[str, bytes]:
    """Write what follows from a trace and its receipts alone: name -> bytes."""
    files: dict[str, bytes] = {"prov.json": dump(to_prov(trace))}
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _SUMMARIES}
    for one in made:
        shown = view(one.record.index, one.record.entry)
        files[statement_name(shown.index)] = dump(shown.to_json())
        for name, kinds in _SUMMARIES.items():
            if shown.kind in kinds:
                place = {"index": shown.index, "leaf": shown.leaf, "kind": shown.kind}
                lists[name].append({**place, **_summed(shown.content)})
    return files | {name: dump(found) for name, found in lists.items()}


def manifest_of(
    trace: Trace, about: Mapping[str, Any], files: Mapping[str, bytes]
) -> dict[str, Any]:
    """List files with their sizes in bytes and SHA-256, and say what they are about."""
    return {
        "format": FORMAT,
        "origin": trace.origin,
        "about": dict(about),
        "complete": trace.complete,
        "files": {
            name: {"sha256": sha256(data).hexdigest(), "bytes": len(data)}
            for name, data in sorted(files.items())
            if name != MANIFEST
        },
    }


def pack_zip(pack: Pack) -> bytes:
    """Write a pack as one zip; the same pack is the same bytes."""
    return write_zip(pack.files)


def receipt_name(index: int) -> str:
    """Name the file of an entry's receipt."""
    return f"receipts/{index}.json"


def statement_name(index: int) -> str:
    """Name the file that shows what an entry says."""
    return f"statements/{index}.json"


def dump(value: Any) -> bytes:
    """Write JSON for people and programs."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace") + (
        b"\n"
    )


def _summed(said: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a statement what the pack's reader finds in statements/."""
    header = ("issuer", "source", "number", "sealed", "on_behalf_of")
    return {name: value for name, value in said.items() if name not in header}


def _large(expected: str, found: str) -> InputError:
    return InputError(
        "pack.large",
        f"expected {expected} in a pack, found {found}",
        hint="Take less: a shorter period, or less --depth or --width.",
    )
