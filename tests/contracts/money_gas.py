"""What the money's gas is measured on, for any engine: calls in order, made for where they run.

The verdicts stand in a log of 2^20 leaves. Signatures, times and accounts are the same wherever the
chain id is, so that an engine can be held against another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from eth_abi.abi import encode

from counterfoil.act.actions import (
    HOLD_SCOPE,
    NOBODY,
    RELEASE_SCOPE,
    RETURN_SCOPE,
    PaymentTerms,
    authorization_of,
    hold,
    release,
    release_batch,
    return_,
)
from counterfoil.act.call import Call
from counterfoil.act.settlement import make_settlement
from counterfoil.chain import Account, ContractAbi
from counterfoil.contracts import load_artifact
from counterfoil.formats import packed_verdict, verdict
from counterfoil.formats.packed_verdict import PackedVerdict
from counterfoil.formats.verdict import SignedVerdict, hash_text
from counterfoil.proofs.governance import Terms, claim_of
from counterfoil.proofs.merkle import leaf_hash, node_hash
from tests.contracts.gate_gas import Step
from tests.contracts.gate_rig import claim_words, terms_words
from tests.verdicts import address_of, plain_verdict, sign

__all__ = ["DAY", "FOREVER", "MoneyStory", "decision_of"]

DAY: Final = 86_400
LEVEL: Final = 20
FOREVER: Final = 2**64 - 1
NAME: Final = "Test Euro"
_GOVERNED: Final = Terms(
    since=0, until=FOREVER, cap=10**9, period_cap=10**12, period_count=1000, period=2**31
)


@dataclass(slots=True)
class MoneyStory:
    """The steps; `send` carries one out and gives its block's time and the contract made.

    wait: lets seconds pass. accounts: owner of all and its log, payer, payee, arbiter; with means.
    measured: contracts of which it counts what it costs to deploy them.
    """

    chain_id: int
    accounts: Sequence[Account]
    send: Callable[[Step], tuple[int, str | None]]
    wait: Callable[[int], None]
    measured: tuple[str, ...] = ("token", "escrow")
    contracts: dict[str, str] = field(default_factory=dict)
    now: int = 0
    _abis: dict[str, ContractAbi] = field(default_factory=dict)
    _packed: dict[bytes, bytes] = field(default_factory=dict)
    _salts: int = 0

    def run(self) -> None:
        """Carry out all steps."""
        self._deploy_all()
        self._token()
        self._payments()

    def _deploy_all(self) -> None:
        owner = self.accounts[0].address
        self._deploy("anchor", [], [])
        self._deploy("model_registry", ["address", "address"], [owner, owner])
        two = [self.contracts["anchor"], self.contracts["model_registry"]]
        self._deploy("decision_gate", ["address", "address"], two)
        self._deploy("escrow", ["address"], [self.contracts["decision_gate"]])
        kinds = ["string", "string", "uint8", "address"]
        self._deploy("token", kinds, [NAME, "EURT", 2, owner])

    @property
    def escrow(self) -> str:
        return self.contracts["escrow"]

    def _deploy(self, name: str, kinds: list[str], arguments: list[Any]) -> None:
        artifact = load_artifact(name)
        self._abis[name] = ContractAbi(artifact.abi)
        data = artifact.bytecode + encode(kinds, arguments)
        row = f"deploy {name}" if name in self.measured else ""
        self.now, made = self.send(Step(row, None, data, limit=6_000_000))
        assert made is not None
        self.contracts[name] = made

    def call(self, name: str, on: str, function: str, *arguments: Any, **more: Any) -> None:
        data = self._abis[on].encode(function, *arguments)
        self.now, _ = self.send(Step(name, self.contracts[on], data, **more))

    def _pass(self, seconds: int) -> None:
        """Let seconds pass, and a block be made: gas is estimated at the last block's time."""
        self.wait(seconds + 1000)  # each block has a second of its own, also while a clock stands
        self.call("", "token", "approve", self.escrow, 0)

    def _token(self) -> None:
        _, payer, payee, _ = self.accounts
        call = self.call
        call("token: mint", "token", "mint", payer.address, 10**9, limit=100_000)
        moved = (payee.address, 5)
        call("token: transfer, the first", "token", "transfer", *moved, sender=1, limit=60_000)
        call("token: transfer", "token", "transfer", *moved, sender=1, limit=45_000)
        everything = (self.escrow, 10**6)
        call("token: approve", "token", "approve", *everything, sender=1, limit=60_000)
        paid = (payer.address, *moved, 0, FOREVER, sha256(b"nonce").digest())
        signed = self._signed("TransferWithAuthorization", *paid)
        call(
            "token: transferWithAuthorization",
            "token",
            "transferWithAuthorization",
            *(*paid, signed),
            limit=90_000,
        )
        call("token: setFrozenTokens", "token", "setFrozenTokens", payee.address, 1, limit=60_000)
        forced = (payee.address, payer.address, 15)
        call("token: forcedTransfer", "token", "forcedTransfer", *forced, limit=60_000)

    def _signed(self, kind: str, *values: Any) -> bytes:
        """Have the payer sign an ERC-3009 struct."""
        document = authorization_of(
            self._terms(salt=0), self.chain_id, self.escrow, (NAME, "1"), valid_before_s=0
        )
        fields = document["types"].pop("ReceiveWithAuthorization")
        document["types"][kind] = fields
        document["primaryType"] = kind
        names = [each["name"] for each in fields]
        document["message"] = dict(zip(names, values, strict=True))
        return self.accounts[1].sign_typed_data(document)

    def _terms(self, salt: int | None = None, **changes: Any) -> PaymentTerms:
        if salt is None:
            self._salts += 1
            salt = self._salts
        told: dict[str, Any] = {
            "payer": self.accounts[1].address,
            "payee": self.accounts[2].address,
            "token": self.contracts["token"],
            "amount": 1000,
            "deadline_s": self.now + DAY,
            "salt": salt.to_bytes(32, "big"),
        }
        return PaymentTerms(**told | changes)

    def _payments(self) -> None:
        arbiter = self.accounts[3].address
        appeals: dict[str, Any] = {"arbiter": arbiter, "window_s": 3600}
        plain, signed, permitted = self._terms(), self._terms(), self._terms()
        disputed, unheard, unwanted = self._terms(**appeals), self._terms(**appeals), self._terms()
        due = self._terms(due_s=self.now + 3600)
        rows = [("0x" + (9000 + number).to_bytes(20, "big").hex(), 2) for number in range(200)]
        first, again = make_settlement(rows), make_settlement([(who, 1) for who, _ in rows])
        claims = make_settlement([(self.accounts[2].address, 10), *rows], rows_per_chunk=1)
        totals = [made.total for made in (first, again, claims)]
        pot = self._terms(payee=NOBODY, amount=sum(totals), deadline_s=self.now + 9 * DAY)
        batches = [
            made.batch(sum(totals[at + 1 :]), self.now + 5 * DAY)
            for at, made in enumerate((first, again, claims))
        ]
        decided = [
            (HOLD_SCOPE, hold(self.escrow, plain)),
            (RELEASE_SCOPE, release(self.escrow, plain, 400, 600)),
            (RETURN_SCOPE, return_(self.escrow, plain, 100, 500)),
            (RELEASE_SCOPE, release(self.escrow, plain, 500)),
            (RELEASE_SCOPE, release(self.escrow, disputed, 1000)),
            (RELEASE_SCOPE, release(self.escrow, unheard, 1000)),
            *((RELEASE_SCOPE, release_batch(self.escrow, pot, batch)) for batch in batches),
        ]
        self._record(decided)
        self._deposit("deposit", plain)
        self._permit("deposit with a permit", permitted)
        self._authorize("deposit with an authorization", signed)
        for told in (disputed, unheard, unwanted, due, pot):
            self._deposit("", told)
        limits = {"hold": 250_000, "release": 290_000, "return_": 290_000}
        rows_of = ["hold", "release a part, the payee's first credit", "return a part"]
        rows_of += ["release the rest", "release, to wait for appeals", ""]
        for name, (_, call) in zip(rows_of, decided, strict=False):
            self._verdict(name, call, limits[call.name])
        self._clock(disputed, unheard, unwanted, due, permitted, signed)
        self._many(pot, [first, again, claims], batches, [call for _, call in decided[6:]])

    def _record(self, decided: Sequence[tuple[str, Call]]) -> None:
        """Record all verdicts in a log of 2^20 leaves, anchor it, and approve the decider."""
        origin, owner = sha256(b"money gas").digest(), self.accounts[0].address
        self.call("", "anchor", "register", origin, origin, owner)
        from counterfoil.chain.anchor_contract import compute_log_id

        where = self.contracts["anchor"]
        log_id = compute_log_id(self.chain_id, where, owner, origin, origin)
        told = [
            plain_verdict(
                chain_id=self.chain_id,
                gate=address_of(self.contracts["decision_gate"]),
                log_id=log_id,
                scope=hash_text(scope),
                decision=decision_of(number),
                consumer=address_of(call.consumer),
                action_hash=call.action_hash(self.chain_id),
                amount_max=10**9,
                nonce=sha256(b"%d" % number).digest(),
                decided_at=1,
                expiry=FOREVER,
            )
            for number, (scope, call) in enumerate(decided)
        ]
        for one in {one.scope: one for one in told}.values():
            claim = claim_words(claim_of(one))
            self.call("", "model_registry", "approve", claim, terms_words(_GOVERNED))
        entries = [verdict.format(SignedVerdict(one, sign(one))) for one in told]
        root, paths = _tree(entries)
        self.call("", "anchor", "anchor", log_id, 0, 1 << LEVEL, root, [])
        for index, (_, call) in enumerate(decided):
            place = PackedVerdict(1 << LEVEL, self.now, index, paths[index], entries[index])
            self._packed[call.action_hash(self.chain_id)] = packed_verdict.format(place)

    def _deposit(self, name: str, told: PaymentTerms) -> None:
        self.call(name, "escrow", "deposit", told.words, sender=1, limit=150_000)

    def _permit(self, name: str, told: PaymentTerms) -> None:
        kinds = {"owner": "address", "spender": "address", "value": "uint256", "nonce": "uint256"}
        kinds["deadline"] = "uint256"
        document = authorization_of(told, self.chain_id, self.escrow, (NAME, "1"))
        document["types"]["Permit"] = [{"name": one, "type": kind} for one, kind in kinds.items()]
        del document["types"]["ReceiveWithAuthorization"]
        document["primaryType"] = "Permit"
        values = (told.payer, self.escrow, told.amount, 0, told.deadline_s)
        document["message"] = dict(zip(kinds, values, strict=True))
        signed = self.accounts[1].sign_typed_data(document)
        parts = (told.deadline_s, signed[64], signed[:32], signed[32:64])
        call = (told.words, *parts)
        self.call(name, "escrow", "deposit_with_permit", *call, sender=1, limit=180_000)
        self.call("", "token", "approve", self.escrow, 10**6, sender=1)

    def _authorize(self, name: str, told: PaymentTerms) -> None:
        document = authorization_of(told, self.chain_id, self.escrow, (NAME, "1"))
        signed = self.accounts[1].sign_typed_data(document)
        parts = (0, told.deadline_s, signed[64], signed[:32], signed[32:64])
        function = "deposit_with_authorization"
        self.call(name, "escrow", function, told.words, *parts, limit=180_000)

    def _verdict(self, name: str, call: Call, limit: int) -> None:
        made = call.with_proof(self._packed[call.action_hash(self.chain_id)])
        self.now, _ = self.send(Step(name, made.to, made.data, limit=limit))

    def _clock(self, *told: PaymentTerms) -> None:
        disputed, unheard, unwanted, due, first, second = (each.words for each in told)
        call, token = self.call, self.contracts["token"]
        call("appeal", "escrow", "appeal", disputed, sender=1, limit=60_000)
        call("rule, half and half", "escrow", "rule", disputed, 500, sender=3, limit=90_000)
        call("waive", "escrow", "waive", unwanted, sender=2, limit=70_000)
        self._pass(3600)
        call("settle, a verdict that waited", "escrow", "settle", unheard, limit=70_000)
        call("settle, due", "escrow", "settle", due, limit=70_000)
        self._pass(DAY)
        call("settle, a refund", "escrow", "settle", first, limit=70_000)
        call("", "escrow", "settle", second)
        part = (token, self.accounts[2].address, 1)
        call("withdraw a part", "escrow", "withdraw_to", *part, sender=2, limit=80_000)
        call("withdraw", "escrow", "withdraw", token, sender=2, limit=80_000)

    def _many(
        self, pot: PaymentTerms, made: Sequence[Any], batches: Sequence[Any], calls: Sequence[Call]
    ) -> None:
        names = ["release to many", "", ""]
        rows = ["200 rows, new accounts", "200 rows, accounts that have credit", "1 row of 201"]
        told = {}
        for at, (name, row) in enumerate(zip(names, rows, strict=True)):
            told[row] = (pot.words, batches[at].words)
            self._verdict(name, calls[at], 290_000)
            index = 0 if at < 2 else 5
            chunk = (index, made[at].chunks[index], made[at].path(index))
            limit = 6_000_000 if at == 0 else 2_500_000
            self.call(
                f"apply a chunk: {row}",
                "escrow",
                "apply_chunk",
                *(*told[row], *chunk),
                limit=limit if at < 2 else 140_000,
            )
        index = made[2].index_of(self.accounts[2].address)
        chunk = (index, made[2].chunks[index], made[2].path(index))
        claim = (*told[rows[2]], *chunk)
        self.call("claim 1 row of 201", "escrow", "claim", *claim, sender=2, limit=150_000)
        self._pass(5 * DAY)
        self.call("close a batch", "escrow", "close_batch", *told[rows[2]], limit=80_000)
        self._pass(30 * DAY)
        last = (self.contracts["token"], rows_account())
        self.call("push a dormant credit", "escrow", "push", *last, limit=100_000)


def decision_of(number: int) -> bytes:
    """Give the leaf of the decision that a verdict tells of."""
    return sha256(b"decision %d" % number).digest()


def rows_account() -> str:
    """Give the first account of the rows."""
    return "0x" + (9000).to_bytes(20, "big").hex()


def _tree(entries: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """Make a tree of 2^20 leaves that begins with these entries; every other subtree is made up."""
    hashes = [leaf_hash(entry) for entry in entries]
    paths: list[list[bytes]] = [[] for _ in entries]
    for level in range(LEVEL):
        if len(hashes) % 2:
            hashes.append(sha256(b"subtree %d" % level).digest())
        for index, path in enumerate(paths):
            path.append(hashes[index >> level ^ 1])
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [node_hash(left, right) for left, right in pairs]
    return hashes[0], paths
