"""While a stream is decided, collections leave alone what stood before it, and only then."""

from __future__ import annotations

import gc

from counterfoil.apps.finance.fraud.pauses import few_pauses


def test_what_stands_is_left_alone_for_a_while() -> None:
    """Inside, what is there is out of the collector's reach, which goes on; not afterwards."""
    gc.unfreeze()
    with few_pauses():
        assert gc.get_freeze_count() > 1_000
        assert gc.isenabled()
    assert gc.get_freeze_count() == 0
