"""A claim becomes a check: everything that a receipt says of an anchor is asked, and attacked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from counterfoil.chain import NodeChain, create_account, fund, open_chain, transact
from counterfoil.chain.anchor_contract import AnchorContract, hash_log_keys, hash_origin
from counterfoil.chain.embedding import faucet_of
from counterfoil.contracts import load_artifact
from counterfoil.errors import VerificationError
from counterfoil.formats import anchors as anchor_files
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import AnchorClaim
from counterfoil.formats.vkey import format_vkey
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.anchor_check import CheckedAnchor, check_claims_on, seen_anchors
from counterfoil.log import parse_signed
from counterfoil.storage import SeenAnchors
from tests.ledgers import copy_ledger, set_setting
from tests.lying_node import lying
from tests.statements import refused


@dataclass
class Case:
    """An anchored ledger, its chain, and a claim of its receipt."""

    layout: Layout
    chain: NodeChain
    claim: AnchorClaim
    checkpoint: Checkpoint
    policy: Policy
    named: tuple[anchor_files.NamedAnchor, ...]

    def check(self, **changed: Any) -> CheckedAnchor:
        """Check the claim, with some of it changed."""
        chain = changed.pop("chain", self.chain)
        named, seen = changed.pop("named", ()), changed.pop("seen", None)
        checkpoint = changed.pop("checkpoint", self.checkpoint)
        policy = changed.pop("policy", self.policy)
        claim = msgspec.structs.replace(self.claim, **changed)
        (found,) = check_claims_on([chain], [claim], checkpoint, policy, named, seen)
        return found


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """A ledger that was anchored once, on its own chain."""
    folder = copy_ledger(tmp_path_factory.mktemp("anchored") / "ledger")
    set_setting(folder, "anchor_chains", '["embedded"]')
    layout = Layout(folder)
    with open_ledger(folder) as ledger:
        ledger.anchor()
        receipt, policy = ledger.receipt(0), ledger.policy
    named = anchor_files.parse(layout.anchors.read_bytes())
    (claim,) = receipt.anchors
    with closing(open_chain(f"embedded:{layout.chain}")) as chain:
        yield Case(layout, chain, claim, parse_signed(receipt.checkpoint.encode()), policy, named)


def test_an_honest_claim(case: Case) -> None:
    """What is there is confirmed, with when, by whom, how deep, and in words."""
    found = case.check(named=case.named)
    assert (found.chain_id, found.block) == (case.claim.chain_id, case.claim.block)
    assert (found.final, found.named, found.confirmations) == (True, True, 1)
    assert found.words == (
        f"anchored on chain {case.claim.chain_id}, run by the ledger's own operator"
    )
    unnamed = case.check()
    assert not unnamed.named
    assert "does not name" in unnamed.words
    shallow = replace(found, final=False, network="Testing")
    assert "(Testing)" in shallow.words
    assert "not final yet after 1 blocks" in shallow.words


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"owner": "0x" + "01" * 20}, "anchor.absent"),
        ({"time_s": 5}, "anchor.absent"),
        ({"contract": "0x" + "01" * 20}, "anchor.contract"),
        ({"transaction": "0x" + "01" * 32}, "anchor.transaction"),
        ({"block": 1}, "anchor.transaction"),
        ({"chain_id": 99}, "anchor.unclaimed"),
    ],
)
def test_each_part_of_a_claim_counts(case: Case, changed: dict[str, Any], code: str) -> None:
    """A claim with one thing changed is no claim that holds."""
    with refused(code, VerificationError):
        case.check(**changed)


def test_the_readers_keys_and_root_count(case: Case) -> None:
    """Another root, another size, or log keys that are not the log's: not anchored."""
    one = case.checkpoint
    with refused("anchor.differs", VerificationError):
        case.check(checkpoint=Checkpoint(one.origin, one.size, b"\1" * 32))
    with refused("anchor.absent", VerificationError):
        case.check(checkpoint=Checkpoint(one.origin, one.size - 1, one.root))
    with refused("anchor.absent", VerificationError):
        case.check(policy=replace(case.policy, logs=()))


def test_who_the_reader_names_counts(case: Case) -> None:
    """Attack: somebody else's registration of this log is refused where the reader named one."""
    (named,) = case.named
    for other in (
        msgspec.structs.replace(named, owner="0x" + "01" * 20),
        msgspec.structs.replace(named, contract="0x" + "01" * 20),
    ):
        with refused("anchor.other-owner", VerificationError):
            case.check(named=(other,))
    elsewhere = msgspec.structs.replace(named, chain_id=1)
    assert not case.check(named=(elsewhere,)).named


def test_an_impostors_registration(case: Case, tmp_path: Path) -> None:
    """Attack: a stranger registers our origin and keys, anchors our roots, and edits a receipt.

    Where the reader names the owner it is refused; where he does not, the grade says so, and a
    second owner of one log is noticed.
    """
    thief = create_account(tmp_path / "thief.key")
    fund(case.chain, faucet_of(case.layout.chain), thief.address, 10**20)
    contract = AnchorContract(case.chain, case.claim.contract, load_artifact("anchor").abi)
    keys = [format_vkey(log.key) for log in case.policy.logs]
    hashes = hash_origin(case.checkpoint.origin), hash_log_keys(keys)
    transact(case.chain, thief, contract.register(*hashes, thief.address))
    log_id = contract.log_id(thief.address, *hashes)
    size, root = case.checkpoint.size, case.checkpoint.root
    receipt = transact(case.chain, thief, contract.anchor(log_id, (0, size), root, ()))
    block = case.chain.block(receipt.block)
    assert block is not None
    forged = {
        "owner": thief.address,
        "transaction": f"0x{receipt.tx_hash.hex()}",
        "block": receipt.block,
        "time_s": block.time_s,
    }
    with refused("anchor.other-owner", VerificationError):
        case.check(named=case.named, **forged)
    seen = SeenAnchors(tmp_path / "seen.db")
    case.check(seen=seen)
    with refused("anchor.changed", VerificationError):
        case.check(seen=seen, **forged)
    case.check(seen=seen)
    assert "does not name" in case.check(**forged).words


def test_a_machine_that_keeps_nothing(case: Case, tmp_path: Path) -> None:
    """Where nothing can be remembered, a claim is checked all the same."""
    (tmp_path / "seen.db").write_bytes(b"no database" * 100)
    assert case.check(seen=SeenAnchors(tmp_path / "seen.db")).final
    assert isinstance(seen_anchors(), SeenAnchors)


def test_a_lying_node(case: Case) -> None:
    """A node that invents a root is caught by the transaction, or by its own contradiction."""
    liar, node = lying(case.chain)
    honest_code = f"0x{load_artifact('anchor').runtime.hex()}"
    node.lies["eth_getCode"] = lambda *_: honest_code
    node.lies["eth_call"] = lambda *_: f"0x{case.checkpoint.root.hex()}"
    with refused("anchor.transaction", VerificationError):
        case.check(chain=liar, time_s=5)
    node.lies["eth_getCode"] = lambda *_: "0x6001"
    with refused("anchor.contract", VerificationError):
        case.check(chain=liar)
