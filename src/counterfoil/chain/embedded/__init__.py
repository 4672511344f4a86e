"""An EVM chain in one SQLite file: run by one operator, replayable by anybody who has the file.

It needs no network and no second process. It orders nothing between strangers: whoever holds the
file can put an older one in its place, which a witness or a public chain would notice.

py-evm is loaded here, and what loading it does to the whole process is undone: it raises Python's
recursion limit a hundredfold, and then a text of many brackets overflows the stack of any reader.
"""

from __future__ import annotations

import sys

_LIMIT = sys.getrecursionlimit()
try:
    import eth.vm.forks.prague as _prague
finally:
    sys.setrecursionlimit(_LIMIT)

__all__ = ["FORK"]

FORK: str = _prague.PragueVM.fork
"""The rules that the chain follows."""
