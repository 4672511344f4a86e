"""Who runs a chain, in words that claim no more than is known."""

from __future__ import annotations

from counterfoil.chain.networks import NETWORKS, run_by_words


def test_known_networks() -> None:
    """A public network is named, with who runs it and who told so."""
    url = "https://rpc.example"
    assert run_by_words(1, url) == "its public set of validators (Ethereum), as told by " + url
    assert run_by_words(11155111, url) == (
        "its public set of validators (test network Sepolia), as told by " + url
    )
    assert run_by_words(31337, url) == "whoever started it (a development chain), as told by " + url


def test_unknown_networks() -> None:
    """Of any other chain only the address that answers is known."""
    assert run_by_words(7, "https://rpc.example") == "whoever answers at https://rpc.example"


def test_the_table() -> None:
    """Ids are those of EIP-155, and every network says who runs it."""
    assert all(0 < chain_id < 1 << 53 for chain_id in NETWORKS)
    assert all(network.name and network.run_by for network in NETWORKS.values())
