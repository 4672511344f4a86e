"""A ledger anchors its checkpoints: when asked, by deadlines, in the background, on many chains."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

import counterfoil
from counterfoil.chain import open_chain
from counterfoil.chain.anchor_book import AnchorBook
from counterfoil.errors import FatalLogError, InputError, Refused, Unavailable
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger import Layout, Ledger, open_ledger
from counterfoil.ledger.anchor_check import check_claims_on
from counterfoil.ledger.anchored import read_anchored
from counterfoil.log import parse_signed
from counterfoil.ports import Choice, Waiting
from tests.anvil import Anvil, anvil
from tests.ledgers import set_setting
from tests.statements import refused

__all__ = ["anvil"]

NOBODY = "http://127.0.0.1:9"


class Always:
    """A pace that anchors whenever something waits; with a deadline alone if `deadlines`."""

    def __init__(self, deadlines: bool = False) -> None:
        self._deadlines = deadlines

    def choose(self, waiting: Waiting) -> Choice:
        wanted = waiting.due_ms if self._deadlines else waiting.behind_ms
        return Choice(due=wanted is not None, why="always")


@pytest.fixture
def anchored(folder: Path) -> Path:
    """A ledger whose settings name its own chain."""
    set_setting(folder, "anchor_chains", '["embedded"]')
    return folder


@pytest.fixture
def both(anchored: Path, anvil: Anvil) -> Iterator[Path]:
    """A ledger whose settings name its own chain and another; its accounts have coins there."""
    from counterfoil.chain import transact
    from counterfoil.ledger.anchor_setup import anchor_account, owner_account
    from counterfoil.ports import ChainCall

    set_setting(anchored, "anchor_chains", f'["embedded", "{anvil.url}"]')
    set_setting(anchored, "anchor_confirmations", "1")
    with closing(open_chain(anvil.url)) as chain:
        for account in (owner_account(Layout(anchored)), anchor_account(Layout(anchored))):
            transact(chain, anvil.account, ChainCall(account.address, value_wei=10**18))
    anvil.rpc("evm_setIntervalMining", 1)
    yield anchored
    anvil.rpc("evm_setIntervalMining", 0)
    anvil.rpc("evm_setAutomine", True)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so; generously."""
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def now_ms() -> int:
    """Tell the time, Unix ms."""
    return time.time_ns() // 1_000_000


def claims(receipt: Receipt) -> set[int]:
    """Name the chains that a receipt claims."""
    return {claim.chain_id for claim in receipt.anchors}


def test_an_anchor_when_asked(anchored: Path) -> None:
    """The first time the log is registered, which it records; receipts then name the anchor."""
    with open_ledger(anchored) as ledger:
        recorded = ledger.record({"a": 1})
        assert ledger.receipt(recorded.index).anchors == ()
        (state,) = ledger.anchor()
        assert (state.phase, state.size, state.trouble) == ("final", ledger.size, None)
        receipt = ledger.receipt(recorded.index)
        assert claims(receipt) == {state.chain_id}
        ledger.verify(receipt)
        (said,) = [view for view in ledger.views() if view.kind == "anchoring"]
        assert said.index == recorded.index + 1
        (again,) = ledger.anchor()
        assert again == state
        later = ledger.record({"a": 2})
        assert ledger.receipt(later.index).anchors == ()
        assert claims(ledger.receipt(recorded.index)) == {state.chain_id}
    with open_ledger(anchored) as ledger:  # nothing is registered or stated twice
        (third,) = ledger.anchor()
        assert third.size == later.index + 1
        assert sum(view.kind == "anchoring" for view in ledger.views()) == 1
        assert claims(ledger.receipt(later.index)) == {state.chain_id}
    assert (anchored / "keys" / "evm" / "anchor.key").stat().st_mode & 0o077 == 0


def test_no_chain_is_set(folder: Path) -> None:
    """Without a chain nothing is promised: asking is refused before anything is recorded."""
    with open_ledger(folder) as ledger:
        size = ledger.size
        with refused("anchor.no-chain", Refused):
            ledger.anchor()
        with refused("anchor.no-chain", Refused):
            ledger.record({"a": 1}, anchor_by=now_ms() + 10_000)
        assert ledger.size == size
    with open_ledger(folder, read_only=True) as reader, refused("ledger.read-only", Refused):
        reader.anchor()


@pytest.mark.parametrize("by", [0, 5, -1, 10**12])
def test_deadlines_that_are_over(anchored: Path, by: int) -> None:
    """A time that is over, or no Unix ms at all, is refused before anything is recorded."""
    with open_ledger(anchored) as ledger:
        with refused("anchor.by", InputError):
            ledger.record({"a": 1}, anchor_by=by)
        assert ledger.size == 3


def test_a_deadline_survives_a_restart(anchored: Path) -> None:
    """What was promised is written down, and kept by whoever opens the ledger next."""
    with open_ledger(anchored) as ledger:
        recorded = ledger.record({"a": 1}, anchor_by=now_ms() + 3_600_000)
    with closing(AnchorBook(Layout(anchored).anchor_book, read_only=True)) as book:
        (wish,) = book.wishes()
        assert wish.size == recorded.index + 1
    with open_ledger(anchored, pace=lambda _: Always(deadlines=True)) as ledger:
        wait_for(lambda: bool(ledger.receipt(recorded.index).anchors))
    with closing(AnchorBook(Layout(anchored).anchor_book, read_only=True)) as book:
        assert book.wishes() == []


def test_anchoring_in_the_background(anchored: Path) -> None:
    """While a ledger is open, what waits is anchored at the pace that was set."""
    with open_ledger(anchored, pace=lambda _: Always()) as ledger:
        index = ledger.record({"a": 1}).index
        wait_for(lambda: bool(ledger.receipt(index).anchors))
        sizes = [anchor.size for anchor in read_anchored(ledger.layout)]
        wait_for(lambda: read_anchored(ledger.layout)[-1].size == ledger.size)
    assert len(sizes) == len(set(sizes))
    with open_ledger(anchored, pace=lambda _: Always()) as ledger:
        index = ledger.record({"a": 2}).index
        wait_for(lambda: bool(ledger.receipt(index).anchors))


def test_another_process_anchors_through_the_owner(anchored: Path) -> None:
    """Who is not the owner asks it, and hears its errors."""
    with open_ledger(anchored), open_ledger(anchored) as guest:
        index = guest.record({"a": 1}, anchor_by=now_ms() + 3_600_000).index
        (state,) = guest.anchor()
        assert state.phase == "final"
        assert claims(guest.receipt(index)) == {state.chain_id}
        with refused("anchor.by", InputError):
            guest.record({"a": 1}, anchor_by=3)


def test_two_chains(both: Path, anvil: Anvil) -> None:
    """The same checkpoint goes to both, the receipt names each, and each is checked."""
    with open_ledger(both) as ledger:
        index = ledger.record({"a": 1}).index
        states = ledger.anchor()
        assert {state.phase for state in states} == {"final"}
        receipt = ledger.receipt(index)
        assert claims(receipt) == {state.chain_id for state in states}
        assert len(claims(receipt)) == 2
    with (
        closing(open_chain(f"embedded:{both / 'chain.db'}", read_only=True)) as first,
        closing(open_chain(anvil.url, confirmations=1)) as second,
    ):
        checkpoint = parse_signed(receipt.checkpoint.encode())
        checked = check_claims_on([first, second], receipt.anchors, checkpoint, ledger.policy)
        assert all(one.final for one in checked)


def test_a_chain_that_is_away(both: Path) -> None:
    """One chain that cannot be asked keeps nobody from the other; all of them do."""
    set_setting(both, "anchor_chains", f'["embedded", "{NOBODY}"]')
    with open_ledger(both) as ledger:
        index = ledger.record({"a": 1}).index
        own, other = ledger.anchor()
        assert (own.phase, own.trouble) == ("final", None)
        assert other.trouble is not None
        assert other.trouble[0] == "chain.unreachable"
        assert len(claims(ledger.receipt(index))) == 1
    set_setting(both, "anchor_chains", f'["{NOBODY}"]')
    with open_ledger(both) as ledger, refused("chain.unreachable", Unavailable):
        ledger.anchor()


def test_a_chain_that_is_named_twice(both: Path, anvil: Anvil) -> None:
    """Two nodes of one chain would be two queues for one account: the second is refused."""
    again = anvil.url.replace("127.0.0.1", "localhost")
    set_setting(both, "anchor_chains", f'["{anvil.url}", "{again}"]')
    with open_ledger(both) as ledger:
        first, second = ledger.anchor()
        assert first.phase == "final"
        assert second.trouble is not None
        assert second.trouble[0] == "anchor.chain-twice"


def test_a_lost_book(anchored: Path) -> None:
    """Without `anchor.db` the registration and the last anchor are found on the chain again."""
    with open_ledger(anchored) as ledger:
        ledger.anchor()
        size = ledger.size
    for name in ("anchor.db", "anchor.db-wal", "anchor.db-shm"):
        (anchored / name).unlink(missing_ok=True)
    with open_ledger(anchored) as ledger:
        assert ledger.receipt(0).anchors == ()
        (state,) = ledger.anchor()
        assert (state.size, state.phase) == (size, "final")
        assert ledger.size == size
        assert ledger.receipt(0).anchors


def test_a_bug_does_not_end_anchoring(anchored: Path) -> None:
    """What nobody expected is written down, and anchoring is tried again."""
    with open_ledger(anchored) as ledger:
        ledger.anchor()

    class Broken(Always):
        times = 0

        def choose(self, waiting: Waiting) -> Choice:
            self.times += 1
            if self.times == 1:
                raise RuntimeError("nobody expected this")
            return super().choose(waiting)

    with open_ledger(anchored, pace=lambda _: Broken()) as ledger:
        index = ledger.record({"a": 1}).index
        wait_for(lambda: bool(ledger.receipt(index).anchors))


def test_an_account_without_coins(anchored: Path, anvil: Anvil) -> None:
    """The error names the account that has to be funded, and records are taken all the same."""
    set_setting(anchored, "anchor_chains", f'["{anvil.url}"]')
    with open_ledger(anchored) as ledger:
        with refused("chain.underfunded", Refused):
            ledger.anchor()
        assert ledger.record({"a": 1}).index == 3


def test_a_ledger_put_back_beside_its_chain(both: Path, anvil: Anvil) -> None:
    """Attack: the ledger is put back, and another's chain has more of it: anchor.ahead."""
    set_setting(both, "anchor_chains", f'["{anvil.url}"]')
    with open_ledger(both) as ledger:
        ledger.anchor()
    shutil.copytree(both, both.with_name("old"))
    with open_ledger(both) as ledger:
        ledger.record({"a": 1})
        ledger.anchor()
    shutil.rmtree(both)
    both.with_name("old").rename(both)
    with open_ledger(both) as ledger, refused("anchor.ahead", FatalLogError):
        ledger.anchor()


def test_a_whole_folder_put_back_with_its_chain(tmp_path: Path) -> None:
    """Attack: ledger and embedded chain are put back together; the witness remembers."""
    folder = tmp_path / "shop"
    counterfoil.open(folder, create=True).close()
    set_setting(folder, "anchor_chains", '["embedded"]')
    with open_ledger(folder) as ledger:
        ledger.anchor()
    shutil.copytree(folder, tmp_path / "old")
    with open_ledger(folder) as ledger:
        ledger.record({"a": 1})
        ledger.anchor()
    shutil.rmtree(folder)
    (tmp_path / "old").rename(folder)
    with pytest.raises(FatalLogError) as caught:
        open_ledger(folder)
    assert caught.value.code.startswith("witness.")


def test_nothing_heavy_is_loaded(folder: Path) -> None:
    """A ledger that anchors nothing loads no chain library, whatever else it does."""
    script = (
        "import sys, counterfoil\n"
        "ledger = counterfoil.open(sys.argv[1])\n"
        "index = ledger.record({'a': 1}).index\n"
        "ledger.verify(ledger.receipt(index))\n"
        "ledger.close()\n"
        "heavy = {'web3', 'eth', 'eth_abi', 'eth_account', 'eth_hash', 'uvicorn'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", script, str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_a_reader_needs_nothing(anchored: Path) -> None:
    """Anybody who can read the folder makes receipts that name the anchors."""
    with open_ledger(anchored) as ledger:
        ledger.anchor()
    with open_ledger(anchored, read_only=True) as reader:
        assert isinstance(reader, Ledger)
        assert reader.receipt(0).anchors
