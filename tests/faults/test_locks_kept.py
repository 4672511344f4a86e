"""What a process does with its own open ledger takes no lock from it.

POSIX locks are the process's: to close any file of a database that is open elsewhere in the process
gives up SQLite's locks on it. Then the next process that leaves the ledger deletes a WAL that is
still written, and what is acknowledged from then on is in no file.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import counterfoil
from counterfoil.ledger import Ledger
from counterfoil.ledger.people import Personal
from counterfoil.ops import audits, backups, health, people, records
from counterfoil.ops.place import lending
from counterfoil.ports import no_progress
from tests.ledgers import copy_ledger

LIMIT_S = 120
OTHER = (
    "import sys, counterfoil\n"
    "from pathlib import Path\n"
    "from counterfoil.ops.health import doctor\n"
    "doctor(ledger=Path(sys.argv[1]))\n"
    "with counterfoil.open(sys.argv[1], read_only=True) as ledger: print(ledger.size)\n"
)

Work = Callable[[Ledger, Path], Any]
WORKS: dict[str, Work] = {
    "doctor": lambda ledger, _: health.doctor(ledger=ledger.layout.folder),
    "audit": lambda ledger, _: audits.audit(
        full=True, ledger=ledger.layout.folder, progress=no_progress
    ),
    "backup": lambda ledger, to: backups.backup(ledger.layout.folder, to),
    "people": lambda ledger, _: list(people.listing(ledger=ledger.layout.folder)),
    "read": lambda ledger, _: records.get("0", ledger=ledger.layout.folder),
    "planted": lambda ledger, _: ledger.layout.database.read_bytes(),
}
"""Name -> what is done in the owner's own process; the last takes the locks away."""


def lost() -> list[str]:
    """List files of databases that this process has open, and that have no name any more."""
    found = []
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that listed
            found.append(str(handle.readlink()))
    return [one for one in found if one.endswith(("-wal (deleted)", "-shm (deleted)"))]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("work", WORKS)
def test_another_process_sees_all_that_comes_after(tmp_path: Path, work: str) -> None:
    """Looked over, audited, copied or read in its owner's process, a ledger keeps its WAL."""
    folder = copy_ledger(tmp_path / "shop")
    with counterfoil.open(folder) as ledger, lending(ledger):
        ledger.record({"name": "Ada"}, personal={"name": Personal("p-1", "contact")})
        WORKS[work](ledger, tmp_path / "copy")
        for _ in range(2):
            command = [sys.executable, "-c", OTHER, str(folder)]
            ran = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
            if work == "planted":
                assert lost()
                return
            assert ran.returncode == 0, ran.stderr
            assert int(ran.stdout) == ledger.size
            assert lost() == []
            ledger.record({"n": 2})
