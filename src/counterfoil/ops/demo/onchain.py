"""The demonstration's chain: anchor the ledger on it, ask it, and try to cheat there.

The chain is the ledger's own embedded EVM. Everything of it is loaded here and only here, since it
comes with the `chain` extra: without that the story is told without a chain, and says so. This
module refuses to cheat on the real chain: it does so on copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from counterfoil.formats import anchors as anchor_files
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats.receipt import AnchorClaim, Receipt
from counterfoil.formats.vkey import format_vkey
from counterfoil.ledger import Layout, Ledger
from counterfoil.ledger.anchor_check import CheckedAnchor, check_claims_on
from counterfoil.ledger.anchor_setup import anchor_account, use_own_chain
from counterfoil.ledger.policy_file import own_keys
from counterfoil.log import LogReader, parse_signed
from counterfoil.ops.demo.place import DemoPlace
from counterfoil.ops.demo.steps import broken
from counterfoil.proofs.merkle import consistency_path, leaf_hash
from counterfoil.storage import TileFiles

if TYPE_CHECKING:
    from counterfoil.chain import Account, NodeChain
    from counterfoil.chain.anchor_contract import AnchorContract

__all__ = [
    "HOW_TO_GET_IT",
    "AnchoredNow",
    "ChainCheats",
    "anchor",
    "check_on_chain",
    "has_chain",
    "use_chain",
]

HOW_TO_GET_IT: Final = "pip install 'counterfoil[chain]'"

_MODULES: Final = ("web3", "eth")
_WAIT_S: Final = 30.0  # an entry of the demonstration is anchored after so long
_COINS_WEI: Final = 10**18


@dataclass(frozen=True, slots=True)
class AnchoredNow:
    """What was anchored: a checkpoint of `size` entries, on which chain, by which transaction."""

    chain_id: int
    run_by: str
    contract: str
    size: int
    transaction: str
    block: int


def has_chain() -> bool:
    """Tell whether what an embedded chain needs is installed; loads none of it."""
    return all(find_spec(name) is not None for name in _MODULES)


def use_chain(layout: Layout) -> None:
    """Let a ledger be anchored on a chain of its own; takes effect when it is opened next."""
    use_own_chain(layout, _WAIT_S)


def anchor(ledger: Ledger) -> AnchoredNow:
    """Anchor what is published, and wait until that is final. Raises as `Ledger.anchor`."""
    (state,) = ledger.anchor()
    if state.phase != "final" or state.chain_id is None or state.block is None:
        raise broken(f"an anchor that is final ({state.trouble or state.phase})")
    return AnchoredNow(
        state.chain_id,
        state.run_by or "",
        state.contract or "",
        state.size,
        state.transaction or "",
        state.block,
    )


def check_on_chain(place: DemoPlace, file: Path) -> tuple[CheckedAnchor, bool]:
    """Hold a receipt to the chain, by the reader's own policy and list of anchors.

    Gives what the chain confirmed, and whether the contract itself accepts the entry's proof.
    """
    from counterfoil.chain.anchor_contract import AnchorContract
    from counterfoil.contracts import load_artifact

    receipt = receipts.parse(file.read_bytes())
    checkpoint = parse_signed(receipt.checkpoint.encode())
    with _open(Layout(place.ledger).chain, read_only=True) as chain:
        (checked,) = _check(place, chain, receipt)
        contract = AnchorContract(chain, checked.contract, load_artifact("anchor").abi)
        proven = contract.includes(
            bytes.fromhex(checked.log_id[2:]),
            (checkpoint.size, checked.time_s),
            receipt.record.index,
            leaf_hash(receipt.record.entry),
            receipt.record.path,
        )
    return checked, proven


class ChainCheats:
    """What a stranger, or the operator, tries on a copy of the chain.

    copy: a copy of the ledger's folder from before its last records. forged: the folder of
    another history.
    """

    def __init__(self, place: DemoPlace, copy: Path, forged: Path) -> None:
        self._place, self._copy, self._forged = place, copy, forged
        layout = Layout(copy)
        (self._named,) = anchor_files.parse(layout.anchors.read_bytes())
        self._keys = own_keys(layout, self._named.origin).keys

    def stranger_anchors(self) -> None:
        """Anchor a true extension of the log, with another account than its anchor key."""
        with self._chain() as chain:
            self._extend(chain, _stranger(self._copy, chain), self._place.ledger)

    def operator_forks(self) -> None:
        """Anchor the other history with the log's real anchor key, over the true one."""
        with self._chain() as chain:
            account = anchor_account(Layout(self._copy))
            self._extend(chain, account, self._place.ledger)
            self._extend(chain, account, self._forged)

    def stranger_registers(self) -> None:
        """Register our origin and keys, anchor our own checkpoint there, and claim it."""
        from counterfoil.chain import transact
        from counterfoil.chain.anchor_contract import hash_log_keys, hash_origin

        receipt = receipts.parse(self._place.receipt.read_bytes())
        checkpoint = parse_signed(receipt.checkpoint.encode())
        with self._chain() as chain:
            contract, account = self._contract(chain), _stranger(self._copy, chain)
            hashes = (
                hash_origin(self._named.origin),
                hash_log_keys(map(format_vkey, self._keys)),
            )
            transact(chain, account, contract.register(*hashes, account.address))
            log_id = contract.log_id(account.address, *hashes)
            call = contract.anchor(log_id, (0, checkpoint.size), checkpoint.root, ())
            done = transact(chain, account, call)
            event = contract.find_event(done, log_id, checkpoint.size)
            if event is None:
                raise broken("a stranger's own registration to work")
            claim = AnchorClaim(
                chain_id=chain.chain_id,
                contract=contract.address,
                owner=account.address,
                transaction=f"0x{event.tx_hash.hex()}",
                block=event.block,
                time_s=event.time_s,
            )
            _check(self._place, chain, receipt, claim)

    def _extend(self, chain: NodeChain, account: Account, folder: Path) -> None:
        """Anchor what a folder has published, over what is anchored."""
        from counterfoil.chain import transact
        from counterfoil.chain.anchor_contract import hash_log_keys, hash_origin

        contract = self._contract(chain)
        hashes = hash_origin(self._named.origin), hash_log_keys(map(format_vkey, self._keys))
        log_id = contract.log_id(self._named.owner, *hashes)
        old = contract.latest(log_id).size
        reader = LogReader(TileFiles(folder))
        new, _ = reader.published()
        path = consistency_path(old, new.size, reader.nodes(new.size))
        transact(chain, account, contract.anchor(log_id, (old, new.size), new.root, path))

    def _contract(self, chain: NodeChain) -> AnchorContract:
        from counterfoil.chain.anchor_contract import AnchorContract
        from counterfoil.contracts import load_artifact

        return AnchorContract(chain, self._named.contract, load_artifact("anchor").abi)

    @contextmanager
    def _chain(self) -> Iterator[NodeChain]:
        with _open(Layout(self._copy).chain) as chain:
            yield chain


def _check(
    place: DemoPlace, chain: NodeChain, receipt: Receipt, claim: AnchorClaim | None = None
) -> tuple[CheckedAnchor, ...]:
    claims = receipt.anchors if claim is None else (claim,)
    checkpoint = parse_signed(receipt.checkpoint.encode())
    policy = policies.parse(place.policy.read_bytes())
    named = anchor_files.parse(place.anchors.read_bytes())
    return check_claims_on([chain], claims, checkpoint, policy, named)


@contextmanager
def _open(path: Path, *, read_only: bool = False) -> Iterator[NodeChain]:
    from counterfoil.chain import open_chain

    with closing(open_chain(f"embedded:{path}", read_only=read_only)) as chain:
        yield chain


def _stranger(folder: Path, chain: NodeChain) -> Account:
    """Make an account of somebody else, with coins."""
    from counterfoil.chain import create_account, faucet_of, fund, load_account

    path = folder / "stranger.key"
    account = load_account(path) if path.exists() else create_account(path)
    fund(chain, faucet_of(Layout(folder).chain), account.address, _COINS_WEI)
    return account
