"""A process that syncs a chain of empty blocks into a folder, and is killed at one of its steps.

Run as `python -m tests.faults.chain_sync_child FOLDER STEP`: at its STEP-th sync to disk it kills
itself, before or after doing it; 0 lets it finish. The chain is made up here and works: each block
names the one before.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from counterfoil.chain import NodeChain
from counterfoil.insight.fetching import Fetcher
from counterfoil.insight.folder import ChainFolder
from counterfoil.insight.syncing import sync_chain
from counterfoil.ports import BlockRef

__all__ = ["BLOCKS", "EmptyBlocks", "hash_of", "main"]

BLOCKS = 12
CHAIN_ID = 77


def hash_of(number: int) -> str:
    """Give the hash of a block."""
    return "0x" + sha256(b"%d" % number).hexdigest()


class EmptyBlocks:
    """A chain, and the transport to it; the last four blocks are not final."""

    url = shown = "http://empty.example"
    chain_id = CHAIN_ID

    def head(self) -> BlockRef:
        return BlockRef(BLOCKS - 1, bytes.fromhex(hash_of(BLOCKS - 1)[2:]), 0)

    def final(self) -> BlockRef:
        return BlockRef(BLOCKS - 5, bytes.fromhex(hash_of(BLOCKS - 5)[2:]), 0)

    def request(self, method: str, params: Sequence[object]) -> object:
        number = int(str(params[0]), 16)
        if method == "eth_getBlockReceipts":
            return []
        return {
            "number": hex(number),
            "hash": hash_of(number),
            "parentHash": hash_of(number - 1),
            "gasLimit": "0x1c9c380",
            "gasUsed": "0x0",
            "timestamp": hex(1_700_000_000 + 12 * number),
            "transactions": [],
        }

    def close(self) -> None:
        """Leave it be."""


def main(folder: str, step: int) -> None:
    """Sync three blocks at a time, each request two; die at the step."""
    done, real = 0, os.fsync

    def fsync(fd: Any) -> None:
        nonlocal done
        done += 1
        if done == step and step % 2:
            os.kill(os.getpid(), signal.SIGKILL)
        real(fd)
        if done == step:
            os.kill(os.getpid(), signal.SIGKILL)

    os.fsync = fsync  # the step that is broken is the disk's
    node = EmptyBlocks()
    with ChainFolder(Path(folder), node.url, CHAIN_ID) as opened:
        sync_chain(cast("NodeChain", node), opened, Fetcher(node, batch=2), part_blocks=3)
    sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
