"""What people read of witnesses."""

from __future__ import annotations

import io

from counterfoil.cli.paint import Paint
from counterfoil.cli.text import witnesses
from counterfoil.ops.witnesses import Running, WitnessView

PLAIN = Paint(io.StringIO())


def test_a_running_witness() -> None:
    """Where it answers, under which keys, and each log that it follows, or that there is none."""
    one = Running("http://127.0.0.1:8421", "w.example", ("w.example+1", "w.example+2"), ("a", "b"))
    none = Running("http://127.0.0.1:8421", "w.example", ("w.example+1",), ())
    assert list(witnesses.run([one, none], PLAIN)) == [
        "witness w.example answers at http://127.0.0.1:8421",
        "  key  w.example+1",
        "  key  w.example+2",
        "  follows  a",
        "  follows  b",
        "witness w.example answers at http://127.0.0.1:8421",
        "  key  w.example+1",
        "  no log is followed yet: add a line `log VKEY` to the file that --logs names",
    ]


def test_witnesses_of_a_ledger() -> None:
    """One a line: whose it is, where, and what it has cosigned; nothing in it moves a terminal."""
    own = WitnessView("self", "k", None, True, 4, 1_700_000_000_000)
    far = WitnessView("w\x1b1", "k", "https://w.example/1", False, None, None)
    shy = WitnessView("w2", "k", None, False, None, None)
    assert list(witnesses.listing([own, far, shy], PLAIN)) == [
        "self  this user's own  cosigned 4 entries at 2023-11-14 22:13:20 UTC",
        "w\\u001b1  https://w.example/1  has not cosigned what is published",
        "w2  no address  has not cosigned what is published",
    ]
    assert list(witnesses.add(shy, PLAIN)) == ["added w2, from the ledger's next start on"]
