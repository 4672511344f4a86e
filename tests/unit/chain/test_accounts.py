"""EVM keys: one a file, for its owner only, and never another's address."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from counterfoil.chain import account_of, create_account, load_account
from counterfoil.chain.quantities import keccak
from counterfoil.errors import CounterfoilError, InputError, NotFound, Unavailable
from tests.chains import numbered_account


def test_a_key_is_made_and_loaded(tmp_path: Path) -> None:
    """A fresh key is written for its owner only, and loading it gives the same account."""
    path = tmp_path / "keys" / "anchor.key"
    made = create_account(path)
    found = load_account(path)
    assert made.address == found.address
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert create_account(tmp_path / "other.key").address != made.address


def test_a_key_is_not_shown(tmp_path: Path) -> None:
    """No text of an account or of an error holds its key."""
    path = tmp_path / "anchor.key"
    account = create_account(path)
    private = path.read_text().split()[2].removeprefix("0x")
    assert private not in repr(account)
    path.write_text(path.read_text().replace(account.address, numbered_account(1).address))
    with pytest.raises(InputError) as caught:
        load_account(path)
    assert private not in f"{caught.value!r}{caught.value.hint}"


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """Where a key is, none is made."""
    path = tmp_path / "anchor.key"
    create_account(path)
    before = path.read_bytes()
    with pytest.raises(InputError) as caught:
        create_account(path)
    assert caught.value.code == "chain.key-exists"
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "x", "counterfoil-evm-key 0x 0x\n", "\xff" * 9000])
def test_what_is_no_key(tmp_path: Path, text: str) -> None:
    """A file that holds anything else is refused."""
    path = tmp_path / "anchor.key"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(InputError) as caught:
        load_account(path)
    assert caught.value.code == "chain.key"


def test_places_without_a_key(tmp_path: Path) -> None:
    """A missing file and a folder in its place are told apart."""
    with pytest.raises(NotFound) as missing:
        load_account(tmp_path / "none.key")
    with pytest.raises(Unavailable) as unusable:
        load_account(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable) as unwritable:
        create_account(tmp_path / "file" / "a.key")
    codes = [e.value.code for e in (missing, unusable, unwritable)]
    assert codes == ["chain.key-missing", "chain.key-file", "chain.key-file"]


@pytest.mark.parametrize("private", [b"", b"\0" * 32, b"\xff" * 32, b"\1" * 31])
def test_numbers_that_are_no_key(private: bytes) -> None:
    """Zero, a number beyond the curve's order and a short one are refused."""
    with pytest.raises(CounterfoilError) as caught:
        account_of(private)
    assert caught.value.code == "chain.key"


def test_typed_data() -> None:
    """The example of EIP-712 gets the signature that the standard prints."""
    document = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
            "Mail": [
                {"name": "from", "type": "Person"},
                {"name": "to", "type": "Person"},
                {"name": "contents", "type": "string"},
            ],
        },
        "primaryType": "Mail",
        "domain": {
            "name": "Ether Mail",
            "version": "1",
            "chainId": 1,
            "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
        },
        "message": {
            "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
            "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
            "contents": "Hello, Bob!",
        },
    }
    account = account_of(keccak(b"cow"))
    assert account.address == "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"
    assert account.sign_typed_data(document).hex() == (
        "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d"
        "07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c"
    )
