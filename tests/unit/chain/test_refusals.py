"""Why a contract said no, in its own words where it has any, escaped and short."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from counterfoil.chain.refusals import is_missing_method, refusal, revert_reason
from counterfoil.chain.transport import METHOD_NOT_FOUND, REVERTED, RpcError

ERROR = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")


@pytest.mark.parametrize(
    ("data", "message", "reason"),
    [
        (ERROR + encode(["string"], ["stale"]), "x", "'stale'"),
        (ERROR + encode(["string"], ["\x1b[31m\n</p>é"]), "", r"'\x1b[31m\n</p>\xe9'"),
        (ERROR + encode(["string"], ["y" * 5_000]), "", "'" + "y" * 200 + "'"),
        (ERROR + b"\xff" * 64, "", "''"),
        (ERROR + b"\xff" * 3, "", "error 0x08c379a0ffffff"),
        (ERROR + (32).to_bytes(32, "big") + b"\xff" * 32, "", "''"),
        (PANIC + (0x11).to_bytes(32, "big"), "", "arithmetic overflow"),
        (PANIC + (0x99).to_bytes(32, "big"), "", "panic 0x99"),
        (b"\1\2\3\4" + bytes(99), "", "error 0x01020304" + "00" * 64),
        (b"", "execution reverted: too early\n", r"'too early\n'"),
        (b"", "execution reverted", "without a reason"),
        (b"", "", "without a reason"),
    ],
    ids=range(12),
)
def test_reasons(data: bytes, message: str, reason: str) -> None:
    """Texts, panics and other errors are told apart; damaged ones raise nothing."""
    assert revert_reason(RpcError(REVERTED, message, data)) == reason


def test_a_node_s_words_are_foreign() -> None:
    """What a node says is escaped and cut before it is shown."""
    err = refusal(RpcError(-32000, "\x1b[2J" + "z" * 1_000), "http://node.example")
    assert err.code == "chain.refused"
    assert "\x1b" not in err.message
    assert len(err.message) < 400


def test_missing_methods() -> None:
    """A node that lacks a method is told from one that refuses it."""
    assert is_missing_method(RpcError(METHOD_NOT_FOUND, ""))
    assert is_missing_method(RpcError(-32000, "Method not supported"))
    assert not is_missing_method(RpcError(-32603, "oops"))
