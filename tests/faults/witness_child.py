"""A witness in a process of its own, to be killed: `python -m tests.faults.witness_child`.

Its arguments are a folder and a plant. Prints its URL and serves until it is ended. A plant is a
bug on purpose: `early` answers before it remembers, `unsynced` remembers without syncing, `alone`
checks and remembers in two steps.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from counterfoil.formats import note as notes
from counterfoil.formats.note import NoteSignature
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.ops.serving import serve
from counterfoil.ports import SystemClock
from counterfoil.proofs.signing import NoteSigner
from counterfoil.proofs.witness import judge
from counterfoil.witness import Remembered, Witness, WitnessMemory
from counterfoil.witness.app import WitnessApp
from tests.c2sp import witness as witness_key
from tests.witnessing import SigningLog

__all__ = ["main"]

_LOG = SigningLog()
_PAUSE_S = 0.05


class Careless(Witness):
    """A witness that does not check and remember at once."""

    early = False

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Judge, then remember later, before or after the answer."""
        seen = self._memory.remembered(_LOG.origin)
        judged = judge(request, _LOG.verifiers, seen.checkpoint if seen else None)
        time_s = self._clock.now_ms() // 1000
        lines = tuple(s.sign(notes.parse(request.checkpoint).text, time_s) for s in self._signers)

        def remember() -> None:
            time.sleep(_PAUSE_S)
            new = Remembered(judged, request.checkpoint, time_s)
            self._memory.advance(_LOG.origin, lambda _: new)

        if self.early:
            threading.Thread(target=remember, daemon=True).start()
        else:
            remember()
        return lines


class Early(Careless):
    """A witness that answers before it remembers."""

    early = True


def main(folder: Path, plant: str) -> None:
    """Serve until a signal."""
    memory = WitnessMemory(folder / "witness.db", create=True)
    if plant == "unsynced":
        assert memory._connection is not None
        memory._connection.execute("PRAGMA synchronous = OFF")
    kind = {"early": Early, "alone": Careless}.get(plant, Witness)
    log_keys = {_LOG.origin: _LOG.verifiers}
    witness = kind(memory, [NoteSigner(witness_key(1))], log_keys.get, SystemClock())
    serve(WitnessApp(witness), "127.0.0.1:0", _tell)
    memory.close()


def _tell(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
