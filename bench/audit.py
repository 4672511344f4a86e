"""How fast a log is audited, beside what it cannot be faster than.

The hash audit recomputes every leaf and node from what is on disk: its probe hashes the same
entries, already in memory, once. The full audit also parses every entry and checks every
signature: its probe checks as many Ed25519 signatures, one thread.

    ./dev bench audit [RECORDS]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import counterfoil
from bench.measure import scratch, simulated, table
from counterfoil.formats.json_text import format as format_json
from counterfoil.formats.vkey import KeyType
from counterfoil.ledger.audit import audit
from counterfoil.proofs.merkle import leaf_hash
from counterfoil.proofs.signature import verify_ed25519
from counterfoil.proofs.signing import public_of, sign, signing_key

__all__: list[str] = []

BATCH = 1000

_Row = tuple[str, float, float]
"""(what, a second, of the probe)."""


def main(records: int) -> None:
    """Audit a batch-signed and an individually signed ledger and print the table."""
    contents = [format_json(content) for content in simulated(records)]
    signed = max(records // 10, BATCH)
    with scratch() as folder:
        batched, each = folder / "batched", folder / "each"
        with counterfoil.open(batched, create=True) as ledger:
            for at in range(0, records, BATCH):
                ledger.record_rows(contents[at : at + BATCH], "bench", at).result()
        with counterfoil.open(each, create=True) as ledger:
            for answer in [ledger.record_later(content) for content in contents[:signed]]:
                answer.result()
        hashing, checking = _hash_probe(batched), _signature_probe()
        rows: list[_Row] = [
            ("probe: SHA-256 of each entry, in memory", hashing, 1.0),
            _row("hash audit, batch-signed", batched, hashing, full=False),
            _row("full audit, batch-signed", batched, hashing, full=True),
            ("probe: Ed25519 checks, one thread", checking, 1.0),
            _row("full audit, individually signed", each, checking, full=True),
        ]
    table(
        f"audit, {records} records batch-signed, {signed} individually",
        ["", "entries/s", "of the probe"],
        [[name, f"{rate:,.0f}", f"{ratio:.2f}"] for name, rate, ratio in rows],
    )


def _row(name: str, folder: Path, probe: float, *, full: bool) -> _Row:
    start = time.perf_counter()
    report = audit(folder, full=full)
    rate = report.size / (time.perf_counter() - start)
    if report.damaged:
        raise SystemExit(f"{name}: {report.verdict}")
    return name, rate, rate / probe


def _hash_probe(folder: Path) -> float:
    with counterfoil.open(folder, read_only=True) as ledger:
        entries = list(ledger.entries(0, 100_000))
    return _rate(lambda: [leaf_hash(entry) for entry in entries], len(entries))


def _signature_probe() -> float:
    key = signing_key("probe", KeyType.ED25519, bytes(32))
    public, message = public_of(key).public, b"m" * 600
    signature = sign(key, message)

    def check() -> None:
        for _ in range(5000):
            verify_ed25519(public, message, signature)

    return _rate(check, 5000)


def _rate(run: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    run()
    return count / (time.perf_counter() - start)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300_000)
