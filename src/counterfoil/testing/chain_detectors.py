"""The promises of `ports.ChainDetector`, as checks that every detector must pass.

Subclass `ChainDetectorConformance` in a test module and give `detector`; pytest collects the rest.
The tables are simulated, small, and made once for a class. This module refuses to say whether a
detector is any good: only labelled data does.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from counterfoil.insight.folder import ChainFolder
from counterfoil.insight.opening import open_tables
from counterfoil.insight.simulate import simulate
from counterfoil.ports import ChainDetector, ChainTables, Finding
from counterfoil.testing.checks import check

__all__ = ["ChainDetectorConformance"]

_ACCOUNT: Final = re.compile(r"0x[0-9a-f]{40}")
_HASH: Final = re.compile(r"0x[0-9a-f]{64}")
_KIND: Final = re.compile(r"[a-z][a-z0-9-]{1,39}")
_BLOCKS_ONLY: Final = "number,timestamp,gas_used,gas_limit\n7,84,21000,30000000\n"
_PAYMENTS: Final = "hash,from_address,to_address,value\n{0},{1},{2},5\n{3},{2},{1},4\n"


class ChainDetectorConformance:
    """What reports rely on."""

    def detector(self) -> ChainDetector:
        """Give the detector."""
        raise NotImplementedError

    @contextmanager
    def tables(self) -> Iterator[ChainTables]:
        """Open tables of 4,000 simulated transactions, or of more that it should find."""
        with tempfile.TemporaryDirectory() as folder:
            simulate(Path(folder), 4000, 11)
            with open_tables(Path(folder)) as tables:
                yield tables

    def test_findings_are_well_formed(self) -> None:
        """Accounts and hashes are those of the tables, scores lie in 0 to 1, and words say why."""
        with self.tables() as tables:
            known = set(tables.sql("SELECT hash FROM transactions")["hash"].to_pylist())
            for one in self.detector()(tables):
                check("a finding", Finding, type(one))
                check(f"account {one.account}", True, bool(_ACCOUNT.fullmatch(one.account)))
                check(f"kind {one.kind}", True, bool(_KIND.fullmatch(one.kind)))
                check(f"score {one.score}", True, 0 <= one.score <= 1)
                check("a reason", True, bool(one.why.strip()) and one.why.isprintable())
                for name in one.transactions:
                    check(f"hash {name}", True, bool(_HASH.fullmatch(name)))
                check("unknown transactions", set(), set(one.transactions) - known)

    def test_the_same_each_time(self) -> None:
        """The same tables give the same findings, in the same order, the strongest first."""
        with self.tables() as tables:
            once, again = list(self.detector()(tables)), list(self.detector()(tables))
        check("findings", once, again)
        scores = [one.score for one in once]
        check("order", sorted(scores, reverse=True), scores)

    def test_data_that_lacks_something(self) -> None:
        """Tables without rows, without events or without times are no reason to fail."""
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            with ChainFolder(folder / "empty", "nothing", 1) as empty:
                empty.commit([], "")
            one, two = "0x" + "1" * 40, "0x" + "2" * 40
            payments = _PAYMENTS.format("0x" + "a" * 64, one, two, "0x" + "b" * 64)
            (folder / "blocks.csv").write_text(_BLOCKS_ONLY)
            (folder / "payments.csv").write_text(payments)
            for name in ("empty", "blocks.csv", "payments.csv"):
                with open_tables(folder / name) as tables:
                    found = list(self.detector()(tables))
                check(f"findings in {name}", [], found)
