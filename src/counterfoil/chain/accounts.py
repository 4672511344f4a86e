"""Make, keep and load the EVM keys that sign transactions, one key a file, for its owner only.

This module refuses to overwrite a key, to show one, and to load one whose address is not its own.
Source: EIP-155, EIP-191, EIP-1559 and EIP-712 by eth-account; SEC 2 for the curve secp256k1.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from counterfoil.chain.extra import require_extra
from counterfoil.chain.small_files import write_new
from counterfoil.errors import InputError, NotFound, Unavailable, VerificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eth_account.signers.local import LocalAccount

__all__ = ["Account", "account_of", "create_account", "load_account", "signer_of_text"]

_LINE: Final = re.compile(r"counterfoil-evm-key (0x[0-9a-fA-F]{40}) (0x[0-9a-f]{64})\n")
_MAX_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Account:
    """An EVM account whose private key is at hand. address: with its checksum (EIP-55)."""

    address: str
    _signer: LocalAccount = field(repr=False)

    def sign_transaction(self, fields: Mapping[str, Any]) -> bytes:
        """Sign a transaction; fields: as web3 names them, with `chainId`. Gives its bytes."""
        return bytes(self._signer.sign_transaction(dict(fields)).raw_transaction)

    def sign_typed_data(self, document: Mapping[str, Any]) -> bytes:
        """Sign a whole EIP-712 document: 65 bytes, r, s, v (27 or 28), low s."""
        return bytes(self._signer.sign_typed_data(full_message=dict(document)).signature)

    def sign_text(self, text: bytes) -> bytes:
        """Sign a text (EIP-191, version 0x45): 65 bytes as of `sign_typed_data`."""
        from eth_account.messages import encode_defunct

        return bytes(self._signer.sign_message(encode_defunct(text)).signature)


def account_of(private: bytes) -> Account:
    """Make an account of a private key, 32 bytes.

    Raises InputError with code chain.key, Unavailable with code chain.extra.
    """
    require_extra("eth_account")
    from eth_account import Account as EthAccount

    try:
        signer = EthAccount.from_key(private)
    except Exception as err:  # eth-keys raises what it likes; its text may hold the key
        raise InputError(
            "chain.key", f"expected a private key of 32 bytes, found {type(err).__name__}"
        ) from None
    return Account(str(signer.address), signer)


def signer_of_text(text: bytes, signature: bytes) -> str:
    """Tell which address signed a text (EIP-191).

    signature: 65 bytes: r, s, v. Raises VerificationError with code chain.signature.
    """
    require_extra("eth_account")
    from eth_account import Account as EthAccount
    from eth_account.messages import encode_defunct

    try:
        if len(signature) != 65:
            raise ValueError(f"{len(signature)} bytes")
        return str(EthAccount.recover_message(encode_defunct(text), signature=signature))
    except Exception as err:  # eth-keys raises what it likes
        raise VerificationError(
            "chain.signature",
            f"expected an account's signature of 65 bytes over a text, but: {err!s:.100}",
        ) from err


def create_account(path: Path) -> Account:
    """Make a fresh key, write it durably with mode 0600, and give its account.

    Raises InputError with code chain.key-exists, Unavailable with code chain.key-file.
    """
    private = secrets.token_bytes(32)
    account = account_of(private)
    line = f"counterfoil-evm-key {account.address} 0x{private.hex()}\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(path, line.encode(), 0o600)
    except FileExistsError as err:
        if not path.parent.is_dir():
            raise _unusable(path, err) from err
        raise InputError(
            "chain.key-exists",
            f"expected no key at {path}, found one",
            hint="Keys are never overwritten: move the file away first.",
        ) from err
    except OSError as err:
        raise _unusable(path, err) from err
    return account


def load_account(path: Path) -> Account:
    """Load a key and check that its address is its own.

    Raises NotFound with code chain.key-missing, Unavailable with code chain.key-file, InputError
    with code chain.key.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES)
    except FileNotFoundError as err:
        raise NotFound(
            "chain.key-missing",
            f"expected an EVM key at {path}, found none",
            hint="Put the file back; without it nothing can be anchored from that account.",
        ) from err
    except OSError as err:
        raise _unusable(path, err) from err
    match = _LINE.fullmatch(data.decode("ascii", "replace"))
    account = None if match is None else account_of(bytes.fromhex(match[2][2:]))
    if match is None or account is None or account.address != match[1]:
        raise InputError(
            "chain.key",
            f"expected one EVM key with its address in {path}, found something else",
            hint="The file is damaged: put back a copy.",
        )
    return account


def _unusable(path: Path, err: OSError) -> Unavailable:
    return Unavailable(
        "chain.key-file",
        f"expected to use {path}, but: {err}",
        hint="Check the space and the permissions of the disk.",
    )
