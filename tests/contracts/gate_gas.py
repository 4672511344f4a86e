"""What the gate's gas is measured on, for any engine: calls in order, made for where they run.

Everything that gas depends on is the same wherever chain id, accounts and times are: so an engine
can be held against another one. The verdicts stand in logs of 2^10, 2^20 and 2^30 leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from eth_abi.abi import encode

from counterfoil.chain import ContractAbi
from counterfoil.chain.quantities import keccak
from counterfoil.contracts import load_artifact
from counterfoil.formats import packed_verdict, verdict
from counterfoil.formats.packed_verdict import PackedVerdict
from counterfoil.formats.verdict import SignedVerdict, Verdict
from counterfoil.proofs.governance import Terms, approval_id, claim_of
from counterfoil.proofs.merkle import leaf_hash, node_hash
from tests.contracts.gate_rig import claim_words, terms_words
from tests.verdicts import address_of, plain_verdict, sign

__all__ = ["LEVELS", "GateStory", "Step"]

LEVELS: Final = (10, 20, 30)
_FOREVER: Final = 2**64 - 1
_TERMS: Final = Terms(
    since=0, until=_FOREVER, cap=10**6, period_cap=10**9, period_count=1000, period=2**31
)


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction. name: of its row in the table; empty for what only prepares.

    to: None deploys. limit: gas that it may use at most.
    """

    name: str
    to: str | None
    data: bytes
    sender: int = 0
    limit: int = 5_000_000


@dataclass(slots=True)
class GateStory:
    """The steps; `send` carries one out, and gives its block's time and the contract made.

    accounts: three that have means: governance and log, consumer, vetoer.
    """

    chain_id: int
    accounts: Sequence[str]
    send: Callable[[Step], tuple[int, str | None]]
    contracts: dict[str, str] = field(default_factory=dict)
    _abis: dict[str, ContractAbi] = field(default_factory=dict)

    def run(self) -> None:
        """Carry out all steps."""
        self._deploy("anchor", 3_500_000)
        self._deploy("model_registry", 1_600_000, self.accounts[0], self.accounts[0])
        two = self.contracts["anchor"], self.contracts["model_registry"]
        self._deploy("decision_gate", 3_600_000, *two)
        for level in LEVELS:
            self._level(level)

    def _deploy(self, name: str, limit: int, *addresses: str) -> None:
        artifact = load_artifact(name)
        self._abis[name] = ContractAbi(artifact.abi)
        data = artifact.bytecode + encode(["address"] * len(addresses), addresses)
        row = "" if name == "anchor" else f"deploy {name}"
        _, made = self.send(Step(row, None, data, limit=limit))
        assert made is not None
        self.contracts[name] = made

    def _call(self, name: str, on: str, function: str, *arguments: Any, **more: Any) -> int:
        data = self._abis[on].encode(function, *arguments)
        time, _ = self.send(Step(name, self.contracts[on], data, **more))
        return time

    def _level(self, level: int) -> None:
        origin = sha256(b"gate gas %d" % level).digest()
        owner, anchor = self.accounts[0], self.contracts["anchor"]
        kinds = ["uint256", "address", "address", "bytes32", "bytes32"]
        log_id = keccak(encode(kinds, (self.chain_id, anchor, owner, origin, origin)))
        self._call("", "anchor", "register", origin, origin, owner)
        first = level == LEVELS[0]
        plain = self._verdict(log_id, b"plain %d" % level)
        said = {
            "consume": plain,
            "consume, the next nonce of its period": replace(plain, nonce=sha256(b"2").digest()),
            "consume, the first of an order": replace(plain, nonce=sha256(b"3").digest(), seq=1),
            "consume, the next of an order": replace(plain, nonce=sha256(b"4").digest(), seq=2),
        }
        if not first:
            said = {"consume": plain}
        entries = [verdict.format(SignedVerdict(one, sign(one))) for one in said.values()]
        root, paths = _tree(level, entries)
        time = self._call("", "anchor", "anchor", log_id, 0, 1 << level, root, [])
        approve = (claim_words(claim_of(plain)), terms_words(_TERMS))
        name = "approve" if first else ""
        self._call(name, "model_registry", "approve", *approve, limit=260_000)
        for index, (name, one) in enumerate(said.items()):
            entry = entries[index]
            place = PackedVerdict(1 << level, time, index, paths[index], entry)
            packed = packed_verdict.format(place)
            call = (one.scope, one.action_hash, 100, packed)
            row = f"{name}, 2^{level} leaves"
            limit = {10: 230_000, 20: 240_000, 30: 250_000}[level]
            self._call(row, "decision_gate", "consume", *call, sender=1, limit=limit)
        if first:
            self._governed(plain, entries[0], paths[0], time)

    def _governed(self, plain: Verdict, entry: bytes, path: list[bytes], time: int) -> None:
        given = approval_id(claim_of(plain))
        window = replace(_TERMS, veto_window=60)
        claim, leaf = claim_words(claim_of(plain)), leaf_hash(entry)
        again = (claim, terms_words(window, vetoer=self.accounts[2]))
        registry, gate = "model_registry", "decision_gate"
        self._call("approve, other terms", registry, "approve", *again, limit=120_000)
        packed = packed_verdict.format(PackedVerdict(1 << LEVELS[0], time, 0, path, entry))
        row = f"announce, 2^{LEVELS[0]} leaves"
        self._call(row, gate, "announce", packed, limit=230_000)
        self._call("veto", gate, "veto", leaf, sender=2, limit=80_000)
        self._call("halt", registry, "halt", given, 60, limit=60_000)
        self._call("resume", registry, "resume", given, limit=50_000)
        self._call("revoke", registry, "revoke", given, time, limit=50_000)

    def _verdict(self, log_id: bytes, name: bytes) -> Verdict:
        return plain_verdict(
            chain_id=self.chain_id,
            gate=address_of(self.contracts["decision_gate"]),
            log_id=log_id,
            consumer=address_of(self.accounts[1]),
            nonce=sha256(name).digest(),
            decided_at=1,
            expiry=_FOREVER,
        )


def _tree(level: int, entries: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """Make a tree of 2^level leaves that begins with these entries; gives root and their paths.

    Every other subtree is a made-up hash.
    """
    count, hashes = len(entries), [leaf_hash(entry) for entry in entries]
    paths: list[list[bytes]] = [[] for _ in entries]
    for step in range(level):
        if len(hashes) % 2:
            hashes.append(sha256(b"subtree %d" % step).digest())
        for index in range(count):
            paths[index].append(hashes[index >> step ^ 1])
        hashes = [node_hash(*pair) for pair in _pairs(hashes)]
    (root,) = hashes
    return root, paths


def _pairs(hashes: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(hashes[::2], hashes[1::2], strict=True)
