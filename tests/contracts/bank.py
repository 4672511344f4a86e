"""A bank in memory: anchor, registry, gate, escrow and a token, as shipped, and verdicts for them.

The log of the verdicts is a list of entries here; each verdict is appended, anchored by the log's
key, and packed with its path, as a client does it. Keys are the same in every run.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from counterfoil.act.actions import (
    HOLD_SCOPE,
    RELEASE_SCOPE,
    RETURN_SCOPE,
    Batch,
    PaymentTerms,
    hold,
    release,
    release_batch,
    return_,
)
from counterfoil.act.call import Call
from counterfoil.chain import ContractAbi
from counterfoil.chain.quantities import keccak
from counterfoil.contracts import load_artifact
from counterfoil.formats import packed_verdict, verdict
from counterfoil.formats.packed_verdict import PackedVerdict
from counterfoil.formats.verdict import MakerKind, SignedVerdict, Verdict, hash_text
from counterfoil.proofs.merkle import (
    consistency_path,
    inclusion_path,
    leaf_hash,
    reader_of,
    root_of,
)
from tests.contracts.rig import Contract, World
from tests.contracts.signing import key
from tools.build_contracts import compile_contract

__all__ = [
    "ARBITER",
    "DECIDER",
    "PAYEES",
    "PAYERS",
    "STRANGER",
    "Bank",
    "compiled",
]

HOSTILE: Final = Path(__file__).parent / "hostile"
OWNER: Final = key("money: owner")
GUARDIAN: Final = key("money: guardian")
ANCHOR_KEY: Final = key("money: anchor key")
DECIDER: Final = key("money: decider")
ARBITER: Final = key("money: arbiter")
STRANGER: Final = key("money: stranger")
PAYERS: Final = [key(f"money: payer {number}") for number in range(3)]
PAYEES: Final = [key(f"money: payee {number}") for number in range(3)]

ORGANISATION: Final = hash_text("https://bank.example")
MAKER: Final = leaf_hash(b"model")
FOREVER: Final = (1 << 64) - 1
LIMIT: Final = (1 << 128) - 1


@cache
def compiled(path: Path) -> tuple[Any, bytes]:
    """Compile a source once: ABI and bytecode."""
    made = compile_contract(path)
    return made["abi"], bytes.fromhex(made["bytecode"][2:])


class Bank:
    """A world with everything that a payment needs.

    sources: a folder of changed sources for the escrow, for the controls; the shipped one unless
    given.
    """

    def __init__(self, sources: Path | None = None) -> None:
        self.world = World()
        self.anchor = self.world.deploy_anchor()
        self.registry = self._shipped(
            "model_registry", encode(["address", "address"], [OWNER.address, GUARDIAN.address])
        )
        self.gate = self._shipped(
            "decision_gate",
            encode(["address", "address"], [self.anchor.address, self.registry.address]),
        )
        gate = encode(["address"], [self.gate.address])
        if sources is None:
            self.escrow = self._shipped("escrow", gate)
        else:
            self.escrow = self.world.deploy(*compiled(sources / "escrow.vy"), gate)
        self.token = self.new_token()
        self.entries: list[bytes] = []
        self.log_id: bytes = self.anchor(
            "register", bytes(32), bytes(32), ANCHOR_KEY.address, sender=OWNER.address
        )
        self.approvals = {
            scope: self.approve(scope) for scope in (HOLD_SCOPE, RELEASE_SCOPE, RETURN_SCOPE)
        }

    def _shipped(self, name: str, arguments: bytes) -> Contract:
        artifact = load_artifact(name)
        return self.world.deploy(artifact.abi, artifact.bytecode, arguments)

    def new_token(self, name: str = "Test Euro", decimals: int = 2) -> Contract:
        """Put another token there, as it is shipped, owned by the bank's owner."""
        kinds = ["string", "string", "uint8", "address"]
        return self._shipped("token", encode(kinds, [name, "EURT", decimals, OWNER.address]))

    def strange(self, file: str = "strange_token") -> Contract:
        """Put a contract of the folder `hostile` there."""
        return self.world.deploy(*compiled(HOSTILE / f"{file}.vy"))

    def same_escrow(self, address: str) -> Contract:
        """Give a handle on a contract that speaks as the escrow does."""
        return Contract(self.world, address, ContractAbi(load_artifact("escrow").abi))

    def approve(self, scope: str, decider: str = DECIDER.address, **changes: Any) -> bytes:
        """Have governance let a decider speak in a scope; gives the approval's id."""
        terms = {
            "since": 0,
            "until": FOREVER,
            "cap": LIMIT,
            "period_cap": LIMIT,
            "period_count": 2**32 - 1,
            "period": 86_400,
            "min_age": 0,
            "veto_window": 0,
            "vetoer": "0x" + "00" * 20,
            "ordered": False,
            "as_signature": False,
            "by_proof": False,
            "evidence": bytes(32),
            "consumer": "0x" + "00" * 20,
        } | changes
        claim = (decider, ORGANISATION, self.log_id, 1, MAKER, hash_text(scope))
        found: bytes = self.registry("approve", claim, tuple(terms.values()), sender=OWNER.address)
        return found

    def halt(self) -> None:
        """Have the guardian stop every verdict for a week."""
        self.registry("halt", bytes(32), 7 * 86_400, sender=GUARDIAN.address)

    def fund(self, token: Contract, payer: str, amount: int) -> None:
        """Give a payer money of a token, and let the escrow take it."""
        token("mint", payer, amount, sender=OWNER.address)
        token("approve", self.escrow.address, 2**256 - 1, sender=payer)

    def terms(self, **changes: Any) -> PaymentTerms:
        """Give terms of a payment of 100 in a day from now, with changes."""
        told: dict[str, Any] = {
            "payer": PAYERS[0].address,
            "payee": PAYEES[0].address,
            "token": self.token.address,
            "amount": 100,
            "deadline_s": self.world.now + 86_400,
            "salt": bytes(32),
        }
        return PaymentTerms(**told | changes)

    def paid(self, **changes: Any) -> PaymentTerms:
        """Have a payment deposited, as `terms` gives it."""
        told = self.terms(**changes)
        token = self.token if told.token == self.token.address else None
        if token is not None:
            self.fund(token, told.payer, told.amount)
        self.escrow("deposit", told.words, sender=told.payer)
        return told

    def verdict(
        self,
        scope: str,
        call: Call,
        amount: int,
        *,
        signer: LocalAccount = DECIDER,
        said_by: bytes | None = None,
        **changes: Any,
    ) -> bytes:
        """Decide: sign a verdict for a call, record it, anchor it, and pack it.

        said_by: the address of a contract that says yes to it (ERC-1271), in place of a signature.
        """
        told = Verdict(
            chain_id=self.world.chain_id,
            gate=bytes.fromhex(self.gate.address[2:]),
            log_id=self.log_id,
            organisation=ORGANISATION,
            scope=hash_text(scope),
            maker_kind=MakerKind.MODEL,
            maker=MAKER,
            decision=leaf_hash(b"decision"),
            subject=bytes(32),
            outcome=hash_text("decided"),
            score=0,
            consumer=bytes.fromhex(call.consumer[2:]),
            action_hash=call.action_hash(self.world.chain_id),
            amount_max=amount,
            seq=0,
            nonce=leaf_hash(b"%d" % len(self.entries)),
            decided_at=self.world.now,
            not_before=0,
            expiry=FOREVER,
            signer=said_by or bytes.fromhex(signer.address[2:]),
        )
        told = replace(told, **changes)
        digest = self._digest(verdict.format_words(told))
        signature = b""
        if said_by is None:
            signature = bytes(signer.unsafe_sign_hash(Hash32(digest)).signature)
        return self.record(verdict.format(SignedVerdict(told, signature)))

    def _digest(self, words: bytes) -> bytes:
        """Hash what is signed; `verdict.digest_of` does so with nothing installed, but slowly."""
        fields = ",".join(f"{kind} {name}" for name, kind in verdict.WORDS)
        struct = keccak(keccak(f"Verdict({fields})".encode()) + words)
        told = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        hashes = (keccak(part) for part in (told, b"Counterfoil Gate", b"1"))
        domain = keccak(b"".join(hashes) + words[32:96])
        return keccak(b"\x19\x01" + domain + struct)

    def record(self, entry: bytes) -> bytes:
        """Append an entry to the log, anchor the log, and pack the entry with its place."""
        self.entries.append(entry)
        size = len(self.entries)
        hashes = [leaf_hash(each) for each in self.entries]
        read = reader_of(hashes)
        time = self.anchor(
            "anchor",
            self.log_id,
            size - 1,
            size,
            root_of(hashes),
            consistency_path(size - 1, size, read),
            sender=ANCHOR_KEY.address,
        )
        path = inclusion_path(size - 1, size, read)
        return packed_verdict.format(PackedVerdict(size, time, size - 1, path, entry))

    def hold(self, told: PaymentTerms, amount: int = LIMIT) -> None:
        """Hold a payment by a verdict."""
        call = hold(self.escrow.address, told)
        packed = self.verdict(HOLD_SCOPE, call, amount)
        self.escrow("hold", told.words, packed, sender=STRANGER.address)

    def release(self, told: PaymentTerms, amount: int, left: int = 0) -> None:
        """Release a payment by a verdict, which a stranger brings."""
        call = release(self.escrow.address, told, amount, left)
        packed = self.verdict(RELEASE_SCOPE, call, amount)
        self.escrow("release", told.words, amount, left, packed, sender=STRANGER.address)

    def return_(self, told: PaymentTerms, amount: int, left: int = 0) -> None:
        """Return a payment by a verdict."""
        call = return_(self.escrow.address, told, amount, left)
        packed = self.verdict(RETURN_SCOPE, call, amount)
        self.escrow("return_", told.words, amount, left, packed, sender=STRANGER.address)

    def release_batch(self, told: PaymentTerms, batch: Batch) -> None:
        """Release a payment to many by a verdict."""
        call = release_batch(self.escrow.address, told, batch)
        packed = self.verdict(RELEASE_SCOPE, call, batch.total)
        self.escrow("release_batch", told.words, batch.words, packed, sender=STRANGER.address)

    def payment_id(self, told: PaymentTerms) -> bytes:
        """Give a payment's id."""
        return told.payment_id(self.world.chain_id, self.escrow.address)

    def left(self, told: PaymentTerms) -> int:
        """Tell what is left of a payment."""
        found: int = self.escrow("standing_of", self.payment_id(told))[2]
        return found

    def credit(self, account: str, token: Contract | None = None) -> int:
        """Tell what an account may withdraw."""
        found: int = self.escrow("credit_of", (token or self.token).address, account)
        return found

    def balance(self, account: str, token: Contract | None = None) -> int:
        """Tell what an account has outside of the escrow."""
        found: int = (token or self.token)("balanceOf", account)
        return found
