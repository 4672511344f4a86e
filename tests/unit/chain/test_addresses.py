"""Where a chain is: two kinds of address, and no credential in what is shown of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from counterfoil.chain.addresses import EmbeddedPlace, RpcPlace, parse_chain_url
from counterfoil.errors import InputError


def test_embedded() -> None:
    """The path of an embedded chain is everything after the colon."""
    found = parse_chain_url("embedded:a b/chain.db")
    assert found == EmbeddedPlace(Path("a b/chain.db"), "embedded:a b/chain.db")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://user:pw@rpc.example/v3/key?key=1#x", "https://rpc.example"),
        ("http://[::1]:8545/", "http://[::1]:8545"),
    ],
)
def test_nodes(url: str, shown: str) -> None:
    """Of a node's address its scheme, host and port are shown, and nothing else."""
    found = parse_chain_url(url)
    assert isinstance(found, RpcPlace)
    assert (found.url, found.shown) == (url, shown)
    assert "pw" not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "embedded:",
        "embedded:a\0b",
        "chain.db",
        "ws://s3cret.example",
        "https://",
        "https://me:s3cret@",
        "https://s3cret.example:port",
        "https://s3cret.example:99999",
        "https://s3cret .example",
        "https://s3crét.example",
        "https://[s3cret",
    ],
)
def test_what_is_none(url: str) -> None:
    """Anything else is refused, without a word of it: it may hold a key."""
    with pytest.raises(InputError) as caught:
        parse_chain_url(url)
    assert caught.value.code == "chain.url"
    assert "s3cr" not in caught.value.message
    assert caught.value.__cause__ is None
