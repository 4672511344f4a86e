"""The functions of a contract are found in its code, as two compilers write them."""

from __future__ import annotations

import json
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from counterfoil.chain.quantities import keccak
from counterfoil.insight.bytecode import function_sighashes, is_erc20, is_erc721

TOKEN = ["18160ddd", "70a08231", "a9059cbb", "23b872dd", "095ea7b3", "dd62ed3e"]


def dispatcher(selectors: list[str]) -> bytes:
    """Write the comparisons that a Solidity contract begins with."""
    return bytes.fromhex("6080604052") + b"".join(
        bytes.fromhex(f"8063{one}14610123575b") for one in selectors
    )


def canonical(entry: dict[str, object]) -> str:
    """Write a function of an ABI as its selector is made of it; no tuples here."""
    inputs = entry["inputs"]
    assert isinstance(inputs, list)
    return f"{entry['name']}({','.join(one['type'] for one in inputs)})"


def test_functions_of_our_own_contract() -> None:
    """Most functions of the anchor contract, which Vyper compiled, are found by name."""
    artifact = json.loads((files("counterfoil.contracts") / "anchor.json").read_text())
    code = bytes.fromhex(artifact["runtime"].removeprefix("0x"))
    expected = {
        "0x" + keccak(canonical(one).encode())[:4].hex()
        for one in artifact["abi"]
        if one["type"] == "function" and not any("tuple" in i["type"] for i in one["inputs"])
    }
    found = set(function_sighashes(code))
    assert len(expected) >= 5
    assert len(expected & found) >= 0.9 * len(expected)


def test_tokens() -> None:
    """A contract with all functions of a token is one; with one missing it is none."""
    found = function_sighashes(dispatcher(TOKEN))
    assert found == ["0x" + one for one in TOKEN]
    assert is_erc20(found)
    assert not is_erc20(found[:-1])
    assert not is_erc721(found)
    assert is_erc721(["0x70a08231", "0x6352211e", "0x095ea7b3", "0x23b872dd"])


def test_constants_are_no_functions() -> None:
    """Four bytes that are pushed and not compared, masks, and what lies inside of data: none."""
    for code in ("63a9059cbb50", "63ffffffff14", "7f" + "63a9059cbb14" + "00" * 26, "63a9059c"):
        assert function_sighashes(bytes.fromhex(code)) == []


@given(st.binary(max_size=200))
def test_any_bytes(code: bytes) -> None:
    """Whatever stands at an address is read without an error."""
    for one in function_sighashes(code):
        assert bytes.fromhex(one[2:]) in code
