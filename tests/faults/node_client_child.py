"""A client that records through a spool until it is killed; prints what it was promised.

python -m tests.faults.node_client_child URL KEY SPOOL FIRST COUNT
"""

from __future__ import annotations

import sys
from pathlib import Path

from counterfoil.remote import connect

__all__: list[str] = []


def main(url: str, key: str, spool: Path, first: int, count: int) -> None:
    """Record `count` numbers, and say each once it is durable."""
    with connect(url, key, spool=spool) as remote:
        for said in range(first, first + count):
            done = remote.record({"said": said})
            sys.stdout.write(f"{done.source} {done.number} {said}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
