"""A folder of tables follows its chain: through other blocks, busy nodes, lies and stops."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from counterfoil.chain import Account, NodeChain, fund, open_chain
from counterfoil.chain.transactions import transact
from counterfoil.chain.transport import LIMIT_EXCEEDED, RpcError, Transport
from counterfoil.errors import Conflict, InputError, NotFound, Unavailable, VerificationError
from counterfoil.insight.fetching import Fetcher
from counterfoil.insight.folder import ChainFolder, read_state
from counterfoil.insight.opening import open_tables
from counterfoil.insight.syncing import Synced, sync_chain
from counterfoil.ports import ChainCall
from counterfoil.testing.chains import probe_code
from tests.anvil import Anvil, anvil
from tests.chains import embedded, numbered_account
from tests.lying_node import LyingNode, lying

__all__ = ["anvil"]


def sync(chain: NodeChain, out: Path, **options: Any) -> Synced:
    """Sync a chain into a folder; quick, as nobody waits for a busy node here."""
    fetcher = Fetcher(chain.transport, batch=options.pop("batch", 7), sleep=lambda _: None)
    with ChainFolder(out, chain.url, chain.chain_id) as folder:
        return sync_chain(chain, folder, fetcher, **options)


def hashes(out: Path) -> list[tuple[int, str]]:
    """Give the number and hash of every block in the folder."""
    with open_tables(out) as tables:
        found = tables.sql("SELECT number, hash FROM blocks ORDER BY number").to_pylist()
        assert tables.sql(
            "SELECT count(*) AS n FROM blocks AS a JOIN blocks AS b ON b.number = a.number + 1 "
            "WHERE b.parent_hash <> a.hash"
        ).to_pylist() == [{"n": 0}]
    return [(one["number"], one["hash"]) for one in found]


def truth(chain: NodeChain, first: int, last: int) -> list[tuple[int, str]]:
    """Ask the chain itself for the number and hash of every block."""
    found = [chain.block(number) for number in range(first, last + 1)]
    return [(one.number, "0x" + one.hash.hex()) for one in found if one is not None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeChain, Account, str]]:
    """Make an embedded chain of 30 blocks: coins, and a contract."""
    chain, faucet = embedded(tmp_path_factory.mktemp("chain"))
    contract = transact(chain, faucet, ChainCall(None, probe_code())).contract
    assert contract is not None
    for number in range(29):
        fund(chain, faucet, numbered_account(number % 5 + 1).address, 10**15 + number)
    yield chain, faucet, contract
    chain.close()


def test_every_block_and_transaction(made: tuple[NodeChain, Account, str], tmp_path: Path) -> None:
    """All blocks, transactions, receipts and code of the chain are in the tables."""
    chain, faucet, contract = made
    done = sync(chain, tmp_path)
    assert (done.first, done.last, done.read, done.replaced) == (0, 30, 31, 0)
    assert hashes(tmp_path) == truth(chain, 0, 30)
    with open_tables(tmp_path) as tables:
        found = tables.sql("SELECT sum(value) AS wei, count(*) AS n FROM transactions").to_pylist()
        assert found == [{"wei": 29 * 10**15 + sum(range(29)), "n": 30}]
        sent = tables.sql("SELECT DISTINCT from_address AS a FROM transactions").to_pylist()
        assert sent == [{"a": faucet.address.lower()}]
        held = tables.sql("SELECT address, bytecode, block_number FROM contracts").to_pylist()
        code = "0x" + chain.code(contract).hex()
        assert held == [{"address": contract.lower(), "bytecode": code, "block_number": 1}]
        gas = tables.sql(
            "SELECT b.number FROM blocks AS b JOIN transactions AS t ON t.block_number = b.number "
            "WHERE b.gas_used <> t.receipt_gas_used OR b.timestamp <> t.block_timestamp"
        )
        assert gas.num_rows == 0


def test_going_on(made: tuple[NodeChain, Account, str], tmp_path: Path) -> None:
    """A second run reads only what is new, in whatever parts it comes."""
    chain = made[0]
    for last, read in ((10, 11), (10, 0), (17, 7), (None, 13)):
        assert sync(chain, tmp_path, last=last, part_blocks=4).read == read
    assert hashes(tmp_path) == truth(chain, 0, 30)
    state = read_state(tmp_path)
    assert [part.first for part in state.sealed_parts] == list(range(0, 28, 4))
    names = {path.name for path in (tmp_path / "parts").iterdir()}
    assert names == {part.name for part in state.parts}, "nothing is left behind"


def test_a_range(made: tuple[NodeChain, Account, str], tmp_path: Path) -> None:
    """A new folder begins where it is told; another beginning is refused afterwards."""
    chain = made[0]
    assert (sync(chain, tmp_path, first=5, last=9).first, len(hashes(tmp_path))) == (5, 5)
    with pytest.raises(InputError) as caught:
        sync(chain, tmp_path, first=4)
    assert caught.value.code == "insight.range"
    with pytest.raises(InputError):
        sync(chain, tmp_path / "new", first=-1)


class Busy:
    """A transport in front of another that is busy for a while, or takes only small batches."""

    def __init__(self, honest: Transport, most: int, busy: int) -> None:
        self._honest, self._most, self.busy = honest, most, busy
        self.batches: list[int] = []

    @property
    def shown(self) -> str:
        return "http://busy.example"

    def request(self, method: str, params: Sequence[object]) -> object:
        return self._honest.request(method, params)

    def request_many(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        self.batches.append(len(calls))
        if len(calls) > self._most:
            raise Unavailable("chain.unreachable", "the answer is too long")
        if self.busy:
            self.busy -= 1
            return [*self._answers(calls[:-1]), RpcError(LIMIT_EXCEEDED, "rate limit exceeded")]
        return self._answers(calls)

    def _answers(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
        found: list[object] = []
        for method, params in calls:
            try:
                found.append(self._honest.request(method, params))
            except RpcError as err:
                found.append(err)
        return found

    def close(self) -> None:
        """Leave the honest chain open."""


def test_a_busy_node(made: tuple[NodeChain, Account, str], tmp_path: Path) -> None:
    """Batches that are too large get smaller, and what a busy node left out is asked again."""
    chain = made[0]
    node = Busy(chain.transport, most=3, busy=4)
    behind = NodeChain(node, chain.chain_id, "rpc", "somebody")
    slept: list[float] = []
    fetcher = Fetcher(node, batch=20, sleep=slept.append)
    with ChainFolder(tmp_path, "busy", chain.chain_id) as folder:
        sync_chain(behind, folder, fetcher)
    assert hashes(tmp_path) == truth(chain, 0, 30)
    assert node.batches[0] == 20
    assert fetcher.batch <= 3
    assert slept[:3] == sorted(set(slept[:3])), "pauses grow until there is an answer"


def test_a_node_that_stays_busy(made: tuple[NodeChain, Account, str], tmp_path: Path) -> None:
    """After some tries it is given up, and what was read before is kept."""
    chain = made[0]
    node = Busy(chain.transport, most=20, busy=0)
    behind = NodeChain(node, chain.chain_id, "rpc", "somebody")
    fetcher = Fetcher(node, batch=5, sleep=lambda _: None)

    def soon_busy(done: int, total: int | None, unit: str) -> None:
        node.busy = 10**6 if done >= 10 else 0

    with (
        ChainFolder(tmp_path, "busy", chain.chain_id) as folder,
        pytest.raises(Unavailable),
    ):
        sync_chain(behind, folder, fetcher, progress=soon_busy)
    assert hashes(tmp_path) == truth(chain, 0, 9)
    assert sync(chain, tmp_path).read == 21


def test_the_rate_is_kept() -> None:
    """No second has more calls than were allowed."""
    now, calls = [0.0], []

    class Clocked(Busy):
        def request_many(self, asked: Sequence[tuple[str, Sequence[object]]]) -> list[object]:
            calls.extend([now[0]] * len(asked))
            return [None] * len(asked)

    def sleep(seconds: float) -> None:
        now[0] += seconds

    node = Clocked(LyingNode(Busy), 100, 0)  # type: ignore[arg-type]  # nothing is asked of it
    fetcher = Fetcher(node, batch=5, per_second=10, sleep=sleep, clock=lambda: now[0])
    fetcher.blocks(range(60))
    assert len(calls) == 60
    for start in calls:
        assert sum(start <= one < start + 1 for one in calls) <= 15
    assert now[0] == pytest.approx(5.5)


def change(name: str, value: object) -> Any:
    """Make a lie that changes a field of what is answered."""
    return lambda params, honest: {**honest(), name: value}


@pytest.mark.parametrize(
    ("method", "lie"),
    [
        ("eth_getBlockByNumber", change("gasUsed", "many")),
        ("eth_getBlockByNumber", change("transactions", None)),
        ("eth_getTransactionReceipt", change("gasUsed", "-1")),
        ("eth_getTransactionReceipt", change("transactionHash", "0x" + "1" * 64)),
        ("eth_getTransactionReceipt", change("logs", None)),
        ("eth_getTransactionReceipt", change("logs", [{}])),
        ("eth_getCode", lambda params, honest: "code"),
    ],
    ids=["gas", "no list", "receipt's gas", "another's", "no events", "empty event", "code"],
)
def test_answers_that_make_no_sense(
    made: tuple[NodeChain, Account, str], tmp_path: Path, method: str, lie: Any
) -> None:
    """A value of another form makes an error of ours, and no row of that block."""
    chain, node = lying(made[0])

    def sometimes(params: Sequence[Any], honest: Any) -> Any:
        return lie(params, honest)

    sync(made[0], tmp_path, first=0, last=0)
    node.lies[method] = (
        sometimes
        if method != "eth_getBlockByNumber"
        else lambda params, honest: lie(params, honest) if params[1] is True else honest()
    )
    with pytest.raises(Unavailable) as caught:
        sync(chain, tmp_path)
    assert caught.value.code == "chain.unreachable"
    assert hashes(tmp_path) == truth(made[0], 0, 0)


def test_blocks_that_never_fit(made: tuple[NodeChain, Account, str], tmp_path: Path) -> None:
    """Nodes behind one address that disagree for ever are told apart from a reorganisation."""
    chain, node = lying(made[0])
    node.lies["eth_getBlockByNumber"] = lambda params, honest: (
        {**honest(), "parentHash": "0x" + "5" * 64}
        if params[1] is True and params[0] == "0x9"
        else honest()
    )
    with pytest.raises(Unavailable) as caught:
        sync(chain, tmp_path)
    assert caught.value.code == "insight.unsteady"
    assert hashes(tmp_path) == truth(made[0], 0, 6), "whole batches before it are kept"


def test_a_sealed_block_that_changes(made: tuple[NodeChain, Account, str], tmp_path: Path) -> None:
    """A chain that has another block where a final one was is not believed."""
    sync(made[0], tmp_path, last=7, part_blocks=4)
    chain, node = lying(made[0])
    node.lies["eth_getBlockByNumber"] = lambda params, honest: (
        {**honest(), "hash": "0x" + "5" * 64} if params[0] == "0x7" else honest()
    )
    with pytest.raises(VerificationError) as caught:
        sync(chain, tmp_path)
    assert caught.value.code == "chain.lied"
    assert hashes(tmp_path) == truth(made[0], 0, 7)


def test_other_chains_and_writers(made: tuple[NodeChain, Account, str], tmp_path: Path) -> None:
    """A folder takes one chain and one writer at a time."""
    chain = made[0]
    sync(chain, tmp_path, last=3)
    with pytest.raises(InputError) as caught:
        ChainFolder(tmp_path, "another", chain.chain_id + 1)
    assert caught.value.code == "insight.other-chain"
    with ChainFolder(tmp_path, "the same", chain.chain_id), pytest.raises(Conflict) as busy:
        ChainFolder(tmp_path, "the same", chain.chain_id)
    assert busy.value.code == "insight.busy"


def test_states_that_are_none(tmp_path: Path) -> None:
    """A state that is missing, broken or leads out of the folder is refused."""
    with pytest.raises(NotFound):
        read_state(tmp_path)
    part = {"name": "../../etc", "first": 0, "last": 0, "sealed": True, "rows": {}}
    for text in (
        "no JSON",
        json.dumps({"form": 99, "source": "", "chain_id": None}),
        json.dumps({"form": 1, "source": "", "chain_id": None, "parts": [part]}),
    ):
        (tmp_path / "chain.json").write_text(text)
        with pytest.raises(InputError) as caught:
            read_state(tmp_path)
        assert caught.value.code == "insight.state"


def test_debris_of_a_kill(made: tuple[NodeChain, Account, str], tmp_path: Path) -> None:
    """What a killed writer left half written is not read, and goes with the next run."""
    chain = made[0]
    sync(chain, tmp_path, last=9)
    before = hashes(tmp_path)
    debris = tmp_path / "parts" / "000000000010-000000000012-1"
    debris.mkdir()
    (debris / "blocks.parquet").write_bytes(b"half a file")
    (tmp_path / ".chain.json.1.new").write_bytes(b'{"form"')
    assert hashes(tmp_path) == before
    assert sync(chain, tmp_path).read == 21
    assert hashes(tmp_path) == truth(chain, 0, 30)
    assert not debris.exists() or (debris / "logs.parquet").exists()


@pytest.mark.parametrize("depth", [1, 3, 20])
def test_a_reorganisation(anvil: Anvil, tmp_path: Path, depth: int) -> None:
    """After anvil replaced its last blocks, the folder holds the new ones and none of the old."""
    chain = open_chain(anvil.url)
    try:
        anvil.rpc("anvil_mine", hex(25))
        sync(chain, tmp_path)
        old = hashes(tmp_path)
        head = chain.head().number
        anvil.rpc("anvil_reorg", depth, [])
        anvil.rpc("anvil_mine", hex(2))
        done = sync(chain, tmp_path)
        assert done.replaced == depth
        assert hashes(tmp_path) == truth(chain, old[0][0], head + 2)
        replaced = set(old) - set(hashes(tmp_path))
        assert {number for number, _ in replaced} == set(range(head - depth + 1, head + 1))
    finally:
        chain.close()


def test_a_reorganisation_while_reading(anvil: Anvil, tmp_path: Path) -> None:
    """Blocks that are replaced between two requests do not end up beside each other."""
    chain = open_chain(anvil.url)
    try:
        anvil.rpc("anvil_mine", hex(20))
        done = 0

        def meanwhile(read: int, total: int | None, unit: str) -> None:
            nonlocal done
            done += 1
            if done == 2:
                anvil.rpc("anvil_reorg", 15, [])

        sync(chain, tmp_path, first=chain.head().number - 18, batch=5, progress=meanwhile)
        head = chain.head().number
        assert hashes(tmp_path) == truth(chain, head - 18, head)
    finally:
        chain.close()
