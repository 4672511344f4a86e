"""Loading the EVM leaves the process as it was."""

from __future__ import annotations

import subprocess
import sys


def test_python_s_limit_stays() -> None:
    """py-evm raises the recursion limit a hundredfold; then a text could overflow the stack."""
    code = (
        "import sys; limit = sys.getrecursionlimit()\n"
        "import counterfoil.chain.embedded.methods as m\n"
        "assert sys.getrecursionlimit() == limit, sys.getrecursionlimit()\n"
        "import counterfoil.chain.embedded as e; print(e.FORK)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "prague\n"
