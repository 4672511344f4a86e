"""Make a chain ready for a ledger: keys, contract, registration, and the statement that says so.

Each part is found where it was made before, so this may be cut off anywhere and begun again. The
owner's key registers the log and may rotate the anchor key; the anchor key only anchors. This
module refuses to overwrite a key and to use a contract whose code is not ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import VerificationError
from counterfoil.formats import anchors as anchor_files
from counterfoil.formats.anchors import NamedAnchor
from counterfoil.formats.vkey import VerifierKey, format_vkey
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.results import Recorded
from counterfoil.ports import Chain, Clock
from counterfoil.storage.folder_copy import replace_file

if TYPE_CHECKING:
    from counterfoil.chain import Account, NodeChain
    from counterfoil.chain.anchor_book import AnchorBook
    from counterfoil.chain.anchor_contract import AnchorContract
    from counterfoil.chain.anchor_tables import ChainNote

__all__ = [
    "EMBEDDED",
    "RecordStatement",
    "anchor_account",
    "name_of_place",
    "open_place",
    "owner_account",
    "register",
    "use_own_chain",
]

EMBEDDED: Final = "embedded"
"""In `anchor_chains`: the ledger's own chain."""

_COINS_WEI: Final = 10**21

RecordStatement = Callable[[str, Mapping[str, Any], str, int], Recorded]
"""`record(kind, fields, source, number)`: record a statement and wait until it is durable."""


def name_of_place(place: str) -> str:
    """Name a chain of `anchor_chains` without showing credentials, the same wherever it is asked.

    Nodes at one host are told apart by a digest of the address. Raises InputError, code chain.url.
    """
    if place == EMBEDDED:
        return EMBEDDED
    from counterfoil.chain.addresses import parse_chain_url

    shown = parse_chain_url(place).shown
    return shown if shown == place else f"{shown}#{sha256(place.encode()).hexdigest()[:8]}"


def open_place(layout: Layout, place: str, confirmations: int, clock: Clock) -> NodeChain:
    """Open a chain of `anchor_chains`, and make the ledger's own one where there is none.

    confirmations: 0 for what the chain itself says. Raises as `open_chain` and `ensure_embedded`.
    """
    from counterfoil.chain import ensure_embedded, open_chain

    if place == EMBEDDED:
        return ensure_embedded(layout.chain, clock=clock)
    return open_chain(_url(layout, place), confirmations=confirmations or None)


def owner_account(layout: Layout) -> Account:
    """Load the key that owns the registrations, or make it."""
    return _account(layout.keys / "evm" / "owner.key")


def anchor_account(layout: Layout) -> Account:
    """Load the key that anchors, or make it."""
    return _account(layout.keys / "evm" / "anchor.key")


def register(
    layout: Layout,
    place: str,
    chain: Chain,
    keys: tuple[VerifierKey, ...],
    book: AnchorBook,
    record: RecordStatement,
) -> tuple[AnchorContract, ChainNote]:
    """Put the contract on a chain and register the log there, unless both is done.

    keys: of the log; the name of each is the origin. Raises what a chain raises, Refused with code
    chain.underfunded naming the account, and as recording does.
    """
    from counterfoil.chain import deploy
    from counterfoil.chain.anchor_contract import AnchorContract
    from counterfoil.contracts import load_artifact

    artifact = load_artifact("anchor")
    owner, anchorer = owner_account(layout), anchor_account(layout)
    if chain.kind == EMBEDDED:
        _fund(layout.chain, chain, (owner, anchorer))
    deployment = deploy(chain, owner, artifact, layout.deployments)
    contract = AnchorContract(chain, deployment.address, artifact.abi)
    _require_code(chain, contract, artifact.runtime)
    log_id = _registered(contract, keys, owner, anchorer)
    note = book.chain(chain.chain_id)
    if note is None or note.log_id != log_id:
        name = name_of_place(place)
        book.add_chain(_note(name, contract, log_id, owner, anchorer, deployment.block))
    elif note.url != name_of_place(place):
        book.note_url(chain.chain_id, name_of_place(place))
    stated = book.chain(chain.chain_id)
    if stated is not None and stated.stated is None:
        source = f"anchoring:{chain.chain_id}:{log_id.hex()[:16]}"
        fields = {
            "origin": keys[0].name,
            "chain_id": chain.chain_id,
            "contract": contract.address,
            "log_id": f"0x{log_id.hex()}",
            "owner": owner.address,
            "anchor_key": anchorer.address,
        }
        done = record("anchoring", fields, source, 0)
        book.note_stated(chain.chain_id, done.index)
    _give_away(layout, keys[0].name, book)
    found = book.chain(chain.chain_id)
    assert found is not None  # noqa: S101  # it was written above
    return contract, found


def _url(layout: Layout, place: str) -> str:
    return f"embedded:{layout.chain}" if place == EMBEDDED else place


def _account(path: Path) -> Account:
    from counterfoil.chain import create_account, load_account

    return load_account(path) if path.exists() else create_account(path)


def _fund(path: Path, chain: Chain, accounts: tuple[Account, ...]) -> None:
    from counterfoil.chain import faucet_of, fund

    for account in accounts:
        if chain.balance(account.address) < _COINS_WEI // 100:
            fund(chain, faucet_of(path), account.address, _COINS_WEI)


def _require_code(chain: Chain, contract: AnchorContract, runtime: bytes) -> None:
    if chain.code(contract.address) != runtime:
        raise VerificationError(
            "anchor.contract",
            f"expected our anchor contract at {contract.address} on chain {chain.chain_id}, "
            "found other code",
            hint="Remove that address from deployments/: nothing there can be relied on.",
        )


def _registered(
    contract: AnchorContract, keys: tuple[VerifierKey, ...], owner: Account, anchorer: Account
) -> bytes:
    from counterfoil.chain import transact
    from counterfoil.chain.anchor_contract import hash_log_keys, hash_origin

    hashes = hash_origin(keys[0].name), hash_log_keys(map(format_vkey, keys))
    log_id = contract.log_id(owner.address, *hashes)
    if contract.owner_of(log_id) is None:
        transact(contract.chain, owner, contract.register(*hashes, anchorer.address))
    return log_id


def _note(
    name: str,
    contract: AnchorContract,
    log_id: bytes,
    owner: Account,
    anchorer: Account,
    block: int,
) -> ChainNote:
    from counterfoil.chain.anchor_tables import ChainNote

    chain = contract.chain
    return ChainNote(
        chain.chain_id,
        name,
        chain.run_by,
        contract.address,
        owner.address,
        anchorer.address,
        log_id,
        block,
    )


def _give_away(layout: Layout, origin: str, book: AnchorBook) -> None:
    """Write `anchors.json`, which the ledger gives to its readers."""
    named = [
        NamedAnchor(origin, note.chain_id, note.contract, note.owner, note.run_by)
        for note in book.chains()
    ]
    data = anchor_files.format(named)
    if not layout.anchors.exists() or layout.anchors.read_bytes() != data:
        replace_file(layout.anchors, data)


def use_own_chain(layout: Layout, max_wait_s: float) -> None:
    """Let a ledger be anchored on a chain of its own, unless its settings name chains already.

    max_wait_s: longest time that an entry waits to be anchored, seconds. Takes effect when the
    ledger is opened next.
    """
    text = layout.config.read_text(encoding="utf-8")
    fresh = text.replace("anchor_chains = []", f'anchor_chains = ["{EMBEDDED}"]', 1)
    if fresh != text:
        wait = f"anchor_max_wait_s = {max_wait_s}"
        fresh = re.sub(r"^anchor_max_wait_s = .*$", wait, fresh, flags=re.MULTILINE)
        replace_file(layout.config, fresh.encode())
