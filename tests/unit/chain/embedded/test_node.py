"""A node of an embedded chain: whole or not there, one owner, one transaction a block."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from counterfoil.chain import faucet_of, open_chain, prepare
from counterfoil.chain.embedded.genesis import FAUCET_WEI
from counterfoil.chain.embedded.node import EmbeddedNode, create_node, open_node
from counterfoil.chain.embedded.owner import read_owner
from counterfoil.chain.embedding import create_embedded, embedded_chain
from counterfoil.chain.networks import NETWORKS
from counterfoil.chain.transport import RpcError
from counterfoil.errors import (
    Conflict,
    CounterfoilError,
    InputError,
    NotFound,
    Unavailable,
    VerificationError,
)
from counterfoil.ports import ChainCall
from counterfoil.testing.clock import ManualClock
from tests.chains import embedded, numbered_account

NOBODY = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
FAUCET = numbered_account(1)
START_MS = 1_800_000_000_000


def new(folder: Path, clock: ManualClock | None = None) -> EmbeddedNode:
    """Make a chain whose faucet is known."""
    return create_node(folder / "chain.db", FAUCET.address, clock=clock or ManualClock(START_MS))


def pay(node: EmbeddedNode) -> bytes:
    """Send one coin from the faucet."""
    chain = embedded_chain(node, "embedded:")
    return chain.send_raw(prepare(chain, FAUCET, ChainCall(NOBODY, value_wei=1)).raw)


def test_every_chain_is_another(tmp_path: Path) -> None:
    """Ids are drawn from a range where no public network is; all coins are the faucet's."""
    ids = set()
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        node = new(folder)
        ids.add(node.chain_id)
        assert embedded_chain(node, "").balance(FAUCET.address) == FAUCET_WEI
        node.close()
    assert len(ids) == 5
    assert all(1 << 30 <= chain_id < 1 << 31 for chain_id in ids)
    assert not ids & NETWORKS.keys()


def test_known_ids_are_refused(tmp_path: Path) -> None:
    """A chain of one's own does not take the id of a public network."""
    for chain_id in (1, 11155111, 131277322940537, 0, -1, 1 << 63):
        with pytest.raises(InputError) as caught:
            create_node(tmp_path / "chain.db", FAUCET.address, chain_id=chain_id)
        assert caught.value.code == "chain.id"
    assert list(tmp_path.iterdir()) == []
    node = create_node(tmp_path / "chain.db", FAUCET.address, chain_id=987_654)
    assert node.chain_id == 987_654
    node.close()


def test_contracts_in_the_first_block(tmp_path: Path) -> None:
    """Code can stand there from the start."""
    chain = create_embedded(tmp_path / "chain.db", contracts={NOBODY: "0x6001"})
    assert chain.code(NOBODY) == b"\x60\x01"
    assert chain.head().number == 0
    chain.close()
    chain = open_chain(chain.url)
    assert chain.code(NOBODY) == b"\x60\x01"
    chain.close()


def test_time_rises(tmp_path: Path) -> None:
    """Each block's time is after its parent's, also when the clock stands still or goes back."""
    clock = ManualClock(START_MS)
    node = new(tmp_path, clock)
    chain = embedded_chain(node, "embedded:")
    times = [chain.head().time_s]
    for step in (0, 0, -10_000_000, 60_000_000, 0):
        clock.advance(step)
        pay(node)
        times.append(chain.head().time_s)
    first = START_MS // 1000
    assert times == [first + n for n in (0, 1, 2, 3, 50_000, 50_001)]
    node.close()


def test_nothing_is_made_over_a_file(tmp_path: Path) -> None:
    """Where a file is, no chain is made."""
    path = tmp_path / "chain.db"
    path.write_text("mine")
    with pytest.raises(InputError) as caught:
        new(tmp_path)
    assert caught.value.code == "chain.exists"
    assert path.read_text() == "mine"


def test_a_crash_while_it_is_made(tmp_path: Path) -> None:
    """What a crash left of a chain that was being made is no chain, and does no harm."""
    for name in ("chain.db.new", "chain.db.new-wal", "chain.db.new-shm"):
        (tmp_path / name).write_bytes(b"half")
    with pytest.raises(NotFound):
        open_node(tmp_path / "chain.db")
    node = new(tmp_path)
    pay(node)
    node.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chain.db", "chain.db.lock"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Where nothing can be written, it says so."""
    with pytest.raises(Unavailable) as caught:
        create_node(tmp_path / "none" / "chain.db", FAUCET.address)
    assert caught.value.code == "chain.disk"


@pytest.mark.parametrize(
    "content", [b"", b"mine" * 1000, b"SQLite format 3\0" + bytes(4000)], ids=range(3)
)
def test_what_is_no_chain(tmp_path: Path, content: bytes) -> None:
    """A file that is something else is refused, and left as it is."""
    path = tmp_path / "chain.db"
    path.write_bytes(content)
    with pytest.raises(VerificationError) as caught:
        open_node(path)
    assert caught.value.code == "chain.damaged"
    assert path.read_bytes() == content


def test_one_owner(tmp_path: Path) -> None:
    """A second owner is refused and told of the first; when that is gone, it may be."""
    node = new(tmp_path)
    with pytest.raises(Conflict, match=f"process {os.getpid()}"):
        open_node(tmp_path / "chain.db")
    node.announce("http://127.0.0.1:1234")
    assert read_owner(tmp_path / "chain.db")["url"] == "http://127.0.0.1:1234"
    with pytest.raises(Conflict, match="serves it at http://127"):
        open_node(tmp_path / "chain.db")
    node.close()
    node.close()
    assert read_owner(tmp_path / "chain.db") == {}
    open_node(tmp_path / "chain.db").close()


def test_readers_beside_the_owner(tmp_path: Path) -> None:
    """Who opens it for reading sees what the owner writes, and writes nothing."""
    node = new(tmp_path)
    reader = open_node(tmp_path / "chain.db", read_only=True)
    seen = embedded_chain(reader, "embedded:")
    for number in range(3):
        assert seen.head().number == number
        last = pay(node)
    receipt = seen.tx_receipt(last)
    assert receipt is not None
    assert receipt.block == 3
    with pytest.raises(CounterfoilError) as caught:
        pay(reader)
    assert caught.value.code == "chain.refused"
    assert seen.send_raw(prepare_again(node, last)) == last
    reader.announce("http://nobody")
    reader.close()
    node.close()


def prepare_again(node: EmbeddedNode, tx_hash: bytes) -> bytes:
    """Give the bytes of a transaction that stands in a block."""
    with node.turn() as machine:
        mined = machine.find(tx_hash)
        assert mined is not None
        return bytes(mined.transaction.encode())


def test_another_process(tmp_path: Path) -> None:
    """The lock holds against other processes, and dies with its owner."""
    path = tmp_path / "chain.db"
    new(tmp_path).close()
    code = (
        "import sys, pathlib\n"
        "from counterfoil.chain.embedded.node import open_node\n"
        f"node = open_node(pathlib.Path({str(path)!r}))\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(Conflict, match=f"process {other.pid}"):
            open_node(path)
        other.kill()
    open_node(path).close()


def test_many_writers(tmp_path: Path) -> None:
    """Threads that write and read at once each get their turn."""
    chain, faucet = embedded(tmp_path)
    start = chain.nonce(faucet.address)
    fees = chain.fees()
    call = ChainCall(NOBODY, value_wei=1)
    sent = [prepare(chain, faucet, call, nonce=start + k, fees=fees, gas=21_000) for k in range(12)]
    turn, place = threading.Condition(), [0]

    def send(number: int) -> bytes:
        with turn:
            turn.wait_for(lambda: place[0] == number, 60)
            found = chain.send_raw(sent[number].raw)
            place[0] += 1
            turn.notify_all()
        return found

    with ThreadPoolExecutor(12) as pool:
        balances = pool.map(lambda _: chain.balance(NOBODY), range(12))
        assert list(pool.map(send, range(12))) == [prepared.hash for prepared in sent]
        assert all(0 <= balance <= 12 for balance in balances)
    assert chain.balance(NOBODY) == 12
    chain.close()


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that cannot be written is not there, and the next one is made as if nothing was."""
    node = new(tmp_path)
    chain = embedded_chain(node, "embedded:")
    before = chain.head()
    (pages,) = node.database._connection.execute("PRAGMA page_count").fetchone()
    node.database._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable) as caught:
        for _ in range(50):
            pay(node)
            before = chain.head()
    assert caught.value.code == "chain.disk"
    assert chain.head() == before
    node.database._connection.execute("PRAGMA max_page_count = 100000")
    pay(node)
    assert chain.head().number == before.number + 1
    node.close()


def test_a_head_that_was_exchanged(tmp_path: Path) -> None:
    """A head that is not the one noted with its block is refused at once."""
    node = new(tmp_path)
    pay(node)
    node.database.commit(9, (), {"head": b"7 abc"})
    node.close()
    with pytest.raises(VerificationError) as caught:
        open_node(tmp_path / "chain.db")
    assert caught.value.code == "chain.damaged"


def test_the_faucet_of_another_chain(tmp_path: Path) -> None:
    """A transaction of another embedded chain is refused, though the keys are the same."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = new(tmp_path / "a"), new(tmp_path / "b")
    raw = prepare_again(one, pay(one))
    with pytest.raises(RpcError, match="invalid chain id"):
        two.append(raw)
    one.close()
    two.close()
    assert not (tmp_path / "a" / "chain.keys").exists()
    with pytest.raises(NotFound):
        faucet_of(tmp_path / "a" / "chain.db")
