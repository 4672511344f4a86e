"""What the embedded chain costs: transactions a second, opening it, executing it again.

Each block is one synced SQLite transaction, so the rates stand beside what the same disk makes
durable in a second.

    ./dev bench embedded_chain
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from bench.measure import fdatasync_probe, median_rate, scratch, table
from counterfoil.chain import Account, NodeChain, create_embedded, faucet_of, open_chain, prepare
from counterfoil.chain.embedded.verify import verify_chain
from counterfoil.chain.transactions import PreparedTransaction, transact
from counterfoil.ports import ChainCall, Fees
from counterfoil.testing.chains import probe_code

__all__: list[str] = []

COUNT = 200


def main() -> None:
    """Measure and print."""
    with scratch() as folder:
        probe = fdatasync_probe(folder)
        path = folder / "chain.db"
        chain = create_embedded(path)
        faucet = faucet_of(path)
        contract = transact(chain, faucet, ChainCall(None, probe_code())).contract
        rate = median_rate(lambda: _send(chain, _signed(chain, faucet, ChainCall(contract))))
        whole = median_rate(lambda: _transact(chain, faucet, ChainCall(contract)))
        chain.close()
        opened = statistics.median(_open_ms(path) for _ in range(15))
        again = median_rate(lambda: verify_chain(path).blocks, rounds=1)
        size = path.stat().st_size / (6 * COUNT + 1)
    rows = [
        ["signed and sent, a block each", f"{rate:.0f}", f"{rate / probe:.3f}"],
        ["estimated, signed, sent, receipt read", f"{whole:.0f}", f"{whole / probe:.3f}"],
        ["blocks executed again", f"{again:.0f}", f"{again / probe:.3f}"],
    ]
    table("embedded chain", ["", "a second", "of fdatasync"], rows)
    table("beside", ["", ""], [["opening, ms", f"{opened:.1f}"], ["bytes a block", f"{size:.0f}"]])


def _signed(chain: NodeChain, account: Account, call: ChainCall) -> list[PreparedTransaction]:
    start = chain.nonce(account.address)
    fees = Fees(10**10, 1)
    return [
        prepare(chain, account, call, nonce=start + number, fees=fees, gas=100_000)
        for number in range(COUNT)
    ]


def _send(chain: NodeChain, ready: list[PreparedTransaction]) -> int:
    for prepared in ready:
        chain.send_raw(prepared.raw)
    return len(ready)


def _transact(chain: NodeChain, account: Account, call: ChainCall) -> int:
    for _ in range(COUNT):
        transact(chain, account, call)
    return COUNT


def _open_ms(path: Path) -> float:
    start = time.perf_counter()
    open_chain(f"embedded:{path}").close()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
