"""Three organisations on this machine, each a process of its own: what a network is worth.

They witness and mirror each other's logs. One is killed and comes back; one shows two histories.
This module refuses to touch anything outside its folder, and to stage an outcome: each line that
it tells was seen.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.chain.extra import require_extra
from counterfoil.errors import CounterfoilError
from counterfoil.formats import policy as policies
from counterfoil.formats import receipt as receipts
from counterfoil.formats.evidence import parse as parse_evidence
from counterfoil.formats.policy import NONE, Log, Policy
from counterfoil.formats.vkey import VerifierKey
from counterfoil.ledger import Layout, open_ledger
from counterfoil.ledger.policy_file import read_policy, replace_policy
from counterfoil.log import parse_signed
from counterfoil.network.mirror_receipts import mirrored_receipt
from counterfoil.ops.files import shown
from counterfoil.ops.member import PUBLIC_WITNESS
from counterfoil.ops.network_process import (
    LIMIT_S,
    DemoMember,
    free_address,
    unexpected,
    wait_until,
)
from counterfoil.ops.serving import serving
from counterfoil.ops.witnesses import establish_witness, load_signers
from counterfoil.ports import Param
from counterfoil.proofs import equivocation
from counterfoil.proofs.trust import evaluate
from counterfoil.proofs.verify import grade, verify_receipt
from counterfoil.witness import WitnessMemory
from counterfoil.witness.quorum import with_witness

__all__ = ["ORGANISATIONS", "Scene", "network_demo"]

ORGANISATIONS: Final = ("farm", "carrier", "shop")
"""Who takes part."""

_FUNDS_WEI: Final = 10**18


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that was seen. what: in words. facts: name -> what was found."""

    what: str
    facts: dict[str, str] = field(default_factory=dict)


def network_demo(
    folder: Annotated[
        Path | None,
        Param("Where to make the three; else a temporary folder.", "DIR", holds="machine"),
    ] = None,
) -> Iterator[Scene]:
    """Let three organisations witness and mirror each other; one is killed, one lies.

    Takes about half a minute. Raises Unavailable with code network.demo when what was expected
    did not come, InputError with code ledger.exists for a folder that is in use.
    """
    keep = folder is not None
    with ExitStack() as stack:
        if folder is None:
            made = tempfile.mkdtemp(prefix="counterfoil-network-")
            stack.callback(shutil.rmtree, made, ignore_errors=True)
            folder = Path(made)
        yield from _Demo(folder, stack, keep=keep).run()


class _Demo:
    """One run of the demo."""

    def __init__(self, folder: Path, stack: ExitStack, *, keep: bool) -> None:
        self._folder, self._stack, self._keep = folder, stack, keep
        self._chain: str | None = None
        self._members = {
            name: DemoMember(name, folder / name, free_address()) for name in ORGANISATIONS
        }
        for member in self._members.values():
            stack.callback(member.kill)

    def run(self) -> Iterator[Scene]:
        members = list(self._members.values())
        keys = {member.name: self._found(member) for member in members}
        for member in members:
            self._introduce(member, keys)
        self._chain = self._begin_chain(members)
        for member in members:
            member.start()
        addresses = {m.name: f"log {m.url}, witness {m.url}/witness" for m in members}
        yield Scene("three organisations, three processes, no one in charge", addresses)
        yield from self._together(members)
        yield from self._anchored(members)
        yield from self._killed(*members)
        yield from self._lies(*members)

    # The ceremony ------------------------------------------------------------------------------

    def _found(self, member: DemoMember) -> VerifierKey:
        """Make a member's ledger and witness; give the witness's key."""
        uri = f"https://{member.name}.example"
        member.run("init", str(member.ledger), "--name", member.name, "--organisation", uri)
        public = member.state / PUBLIC_WITNESS
        establish_witness(public, f"{member.name}.example/witness", post_quantum=False)
        return load_signers(public)[0].public

    def _introduce(self, member: DemoMember, keys: dict[str, VerifierKey]) -> None:
        """Let a member know the others' logs, and let their witnesses watch its own."""
        layout = Layout(member.ledger)
        policy = read_policy(layout)
        peers = member.ledger / "peers"
        peers.mkdir()
        for other in self._members.values():
            if other is member:
                continue
            policy = with_witness(policy, other.name, keys[other.name], f"{other.url}/witness")
            logs = tuple(Log(log.key, other.url) for log in read_policy(Layout(other.ledger)).logs)
            (peers / f"{other.name}.txt").write_bytes(policies.format(Policy(logs, (), (), NONE)))
        replace_policy(layout, policy)

    def _begin_chain(self, members: list[DemoMember]) -> str | None:
        """Let one chain serve all: give its address; None where the `chain` extra is missing."""
        try:
            require_extra("web3", "eth", "eth_account")
        except CounterfoilError:
            return None
        from counterfoil.chain.embedding import create_embedded, faucet_of
        from counterfoil.chain.rpc_app import RpcApp
        from counterfoil.chain.transactions import fund
        from counterfoil.ledger.anchor_setup import anchor_account, owner_account

        place = self._folder / "chain.db"
        chain = create_embedded(place)
        self._stack.callback(chain.close)
        url = self._stack.enter_context(serving(RpcApp(chain.transport.request)))
        for member in members:
            layout = Layout(member.ledger)
            for account in (owner_account(layout), anchor_account(layout)):
                fund(chain, faucet_of(place), account.address, _FUNDS_WEI)
            config = layout.config.read_text()
            config = config.replace("anchor_chains = []", f"anchor_chains = [{json.dumps(url)}]")
            layout.config.write_text(config)
        return url

    # The scenes --------------------------------------------------------------------------------

    def _together(self, members: list[DemoMember]) -> Iterator[Scene]:
        grades = {}
        for member in members:
            index = self._record(member, f"a delivery note of the {member.name}")
            grades[member.name] = self._receipt_grade(member, index)
        yield Scene("each records; every receipt carries the others' cosignatures", grades)
        wait_until("all mirrors caught up", lambda: all(map(self._mirrored, members)))
        held = {m.name: f"mirrored by {self._others(m)}" for m in members}
        yield Scene("each log stands in full with each of the others, every hash checked", held)

    def _anchored(self, members: list[DemoMember]) -> Iterator[Scene]:
        if self._chain is None:
            yield Scene(
                "no chain was asked: `pip install 'counterfoil[chain]'` adds one to this demo"
            )
            return
        facts = {}
        for member in members:
            with open_ledger(member.ledger) as ledger:
                (state,) = ledger.anchor(LIMIT_S)
                receipt = receipts.format(ledger.receipt(ledger.size - 1))
            if state.phase != "final" or state.trouble:
                raise unexpected(f"the {member.name}'s log to be anchored", str(state.trouble))
            facts[member.name] = self._audited(member, receipt)
        yield Scene("all anchor on one chain, whose contract accepts only growth", facts)

    def _killed(self, farm: DemoMember, carrier: DemoMember, shop: DemoMember) -> Iterator[Scene]:
        with open_ledger(farm.ledger, read_only=True) as ledger:
            index = ledger.size - 1
        farm.kill()
        made = mirrored_receipt(shop.state / "mirrors" / farm.name, index)
        policy = read_policy(Layout(farm.ledger))
        found = verify_receipt(receipts.format(made), policy)
        facts = {"receipt of the farm, made by the shop's mirror": found.grade}
        alone = self._record(carrier, "the farm is away; the carrier goes on")
        facts["carrier's new record"] = self._published_grade(carrier)
        yield Scene("the farm's process is killed: its receipts live on, the others go on", facts)
        farm.start()
        wait_until("the farm's witness is back", lambda: self._vouched(carrier, alone))
        yield Scene(
            "the farm comes back, and its witness catches up",
            {"carrier's new record": self._receipt_grade(carrier, alone)},
        )

    def _lies(self, farm: DemoMember, carrier: DemoMember, shop: DemoMember) -> Iterator[Scene]:
        """Let the shop's operator keep two copies of everything, and go on in each."""
        shop.stop()
        twin = self._folder / "twin"
        shutil.copytree(shop.home, twin, symlinks=True)
        shop.start()
        self._record(shop, "10 crates arrived")
        wait_until("the others hold the first history", lambda: self._mirrored(shop))
        shop.stop()
        truth = shop.home
        shop.home = twin
        # Its operator owns the machine: it switches off what would stop it, and signs again.
        config = Layout(shop.ledger).config
        config.write_text(config.read_text().replace("witness = true", "witness = false"))
        policy = read_policy(Layout(shop.ledger))
        replace_policy(Layout(shop.ledger), Policy(policy.logs, (), (), NONE))
        shop.start()
        self._record(shop, "8 crates arrived")
        self._record(shop, "and nothing else")
        wait_until("a mirror convicts the shop", lambda: bool(self._convicted(carrier, farm)))
        event = self._convicted(carrier, farm)[0]
        evidence = Path(event["evidence"])
        equivocation.verify(parse_evidence(evidence.read_bytes()))
        yield Scene(
            "the shop shows a second history, signed by its own key: caught",
            {
                "who": event["peer"],
                "by": event["by"],
                "in words": event["message"],
                "evidence": f"{shown(evidence)}, verified offline",
                "kept": "" if self._keep else "no: name a DIR to keep it",
            },
        )
        witnessed = self._witness_evidence(truth, twin)
        yield Scene("and no witness cosigned the second history", witnessed)

    # What is looked at -------------------------------------------------------------------------

    def _record(self, member: DemoMember, text: str) -> int:
        with open_ledger(member.ledger) as ledger:  # its process owns it: this one writes through
            index = ledger.record({"said": text}).index
            ledger.publish()
            return index

    def _receipt_grade(self, member: DemoMember, index: int) -> str:
        with open_ledger(member.ledger, read_only=True) as ledger:
            text = receipts.format(ledger.receipt(index))
            return verify_receipt(text, ledger.policy).grade

    def _published_grade(self, member: DemoMember) -> str:
        with open_ledger(member.ledger, read_only=True) as ledger:
            relaxed = Policy(ledger.policy.logs, ledger.policy.witnesses, (), NONE)
            words = grade(evaluate(relaxed, ledger.published()))
        return f"{words}, below the quorum until the farm is back"

    def _audited(self, member: DemoMember, receipt: bytes) -> str:
        """Let an auditor with a state folder of its own verify a receipt, and ask the chain."""
        auditor = DemoMember("auditor", self._folder / "auditor", "")
        auditor.home.mkdir(exist_ok=True)
        file = auditor.home / f"{member.name}.json"
        file.write_bytes(receipt)
        given = ["--policy", str(member.ledger / "policy.txt")]
        given += ["--anchors", str(member.ledger / "anchors.json"), "--rpc", str(self._chain)]
        told = json.loads(auditor.run("verify", str(file), *given, "--json"))
        return str(told["grade"])

    def _vouched(self, member: DemoMember, index: int) -> bool:
        try:
            return self._receipt_grade(member, index) == "witnessed 2 of 2"
        except CounterfoilError:
            return False

    def _mirrored(self, member: DemoMember) -> bool:
        with open_ledger(member.ledger, read_only=True) as ledger:
            size = parse_signed(ledger.published()).size
        for other in self._members.values():
            copy = other.state / "mirrors" / member.name / "checkpoint"
            if other is not member and not (
                copy.is_file() and parse_signed(copy.read_bytes()).size >= size
            ):
                return False
        return True

    def _others(self, member: DemoMember) -> str:
        return " and ".join(name for name in ORGANISATIONS if name != member.name)

    def _convicted(self, *members: DemoMember) -> list[dict[str, Any]]:
        return [
            {**event["mirror"], "peer": event["peer"], "by": f"the {member.name}'s mirror"}
            for member in members
            for event in list(member.told)
            if event.get("mirror", {}).get("event") == "forked" and event["mirror"]["evidence"]
        ]

    def _witness_evidence(self, truth: Path, twin: Path) -> dict[str, str]:
        """Compare what each witness cosigned last with the two histories."""
        first = parse_signed((truth / "ledger" / "checkpoint").read_bytes())
        second = parse_signed((twin / "ledger" / "checkpoint").read_bytes())
        found = {}
        for name in ORGANISATIONS[:2]:
            memory = WitnessMemory(self._members[name].state / PUBLIC_WITNESS / "witness.db")
            try:
                signed = memory.last(first.origin)
            finally:
                memory.close()
            root = parse_signed(signed).root if signed is not None else b""
            which = "the first history" if root == first.root else "an older state of both"
            found[name] = "the second" if root == second.root else which
        return found
