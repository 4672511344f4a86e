"""`import counterfoil` offers three names, and loads them when they are first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import counterfoil
from counterfoil.ledger import Ledger, open_ledger
from counterfoil.ops.verify_files import verify


def test_names() -> None:
    """The package's names are the ledger's and the verifier's; others are no attributes."""
    assert counterfoil.open.__wrapped__ is open_ledger  # type: ignore[attr-defined]  # it wraps
    assert counterfoil.Ledger is Ledger
    assert counterfoil.verify is verify
    assert counterfoil.__version__.count(".") == 2
    assert {"Ledger", "open", "verify"} <= set(dir(counterfoil))
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        counterfoil.colour  # noqa: B018  # the look-up is what is tested


def test_nothing_is_loaded_before_it_is_used() -> None:
    """Importing loads nothing of ours; verifying loads no ledger, no log and no storage."""
    script = (
        "import sys, counterfoil\n"
        "print([m for m in sys.modules if m.startswith('counterfoil.')])\n"
        "counterfoil.verify\n"
        "print(sorted({m.split('.')[1] for m in sys.modules if m.startswith('counterfoil.')}))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == [
        "[]",
        "['errors', 'formats', 'ops', 'ports', 'proofs', 'units']",
    ]
