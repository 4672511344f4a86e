"""Deciders' keys: for their owner only, bound by both signatures, never shown."""

from __future__ import annotations

from pathlib import Path

from counterfoil.act.deciders import (
    binding_text,
    find_decider,
    list_deciders,
    load_decider,
    new_decider,
    revoke_decider,
)
from counterfoil.chain.accounts import account_of, signer_of_text
from counterfoil.errors import InputError, NotFound, VerificationError
from counterfoil.ledger import Ledger, open_ledger
from tests.acting import DECIDER
from tests.statements import refused


def test_a_key_is_made_once(ledger: Ledger, folder: Path) -> None:
    """It is readable by its owner only, and asked for again it is the same one on record."""
    first = new_decider(ledger, "rates")
    path = folder / "keys" / "evm" / "decider-rates.key"
    assert path.stat().st_mode & 0o077 == 0
    again = new_decider(ledger, "rates")
    assert (again.index, again.duplicate) == (first.index, True)
    known, new = list_deciders(ledger)
    assert (known.name, new.name, new.held, new.revoked) == (DECIDER, "rates", True, False)
    key = path.read_text(encoding="ascii").split()[2]
    assert key not in str(ledger.get(first.index).content) + repr(load_decider(ledger, "rates"))


def test_the_binding_is_checked(ledger: Ledger) -> None:
    """A statement that names somebody else's key is found out where deciders are listed."""
    mine, other = (account_of(bytes([n]) * 32) for n in (1, 2))
    text = binding_text(ledger.config.organisation, other.address)
    ledger.record_statement(
        "decider",
        {
            "decider": "stolen",
            "address": other.address,
            "organisation": ledger.config.organisation,
            "proof": f"0x{mine.sign_text(text).hex()}",
        },
    )
    with refused("act.decider-binding", VerificationError):
        list(list_deciders(ledger))


def test_letting_go(ledger: Ledger, folder: Path) -> None:
    """It is on record, the file stays, and a reader sees both."""
    revoke_decider(ledger, DECIDER, "the machine was stolen")
    with open_ledger(folder, read_only=True) as reader:
        found = find_decider(reader, DECIDER)
        assert (found.revoked, found.held) == (True, True)
        assert find_decider(reader, found.address) == found


def test_bad_names(ledger: Ledger) -> None:
    """A name that would leave the folder, and one that nobody has."""
    for name in ("../owner", "", "UPPER", "a" * 64):
        with refused("act.decider-name", InputError):
            new_decider(ledger, name)
    with refused("act.decider", NotFound):
        revoke_decider(ledger, "nobody", "why")
    with refused("act.decider", NotFound):
        load_decider(ledger, "nobody")


def test_signatures_of_texts() -> None:
    """EIP-191: the signer comes back; another text has another one, and rubbish has none."""
    account = account_of(b"\1" * 32)
    signed = account.sign_text(b"text")
    assert signer_of_text(b"text", signed) == account.address
    assert signer_of_text(b"texts", signed) != account.address
    for wrong in (b"", signed[:-1], b"\0" * 65):
        with refused("chain.signature", VerificationError):
            signer_of_text(b"text", wrong)
