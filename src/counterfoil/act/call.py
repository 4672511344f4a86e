"""Name the one call that a verdict allows: which contract, which function, which arguments.

The function takes a proven verdict as its last argument, and the verdict names the hash of all
the others, so that whoever sends it can change nothing. This module refuses calls that do not
end with `bytes`, and arguments that the function does not take.
Source: Solidity's contract ABI specification.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from counterfoil.chain.quantities import address_of, bytes_of, keccak
from counterfoil.errors import InputError
from counterfoil.ports import ChainCall

__all__ = ["Call", "call_from_json", "make_call", "read_argument"]

_SIGNATURE: Final = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]{0,63})\(([a-z0-9\[\](),]*)\)")
_SIGNATURE_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a contract, and its arguments but for the proven verdict.

    consumer: the contract, EIP-55. function: its ABI signature, for example
    `release(uint256,address,uint256,bytes)`; the last type is that of the proven verdict.
    arguments: the others, as eth-abi takes them.
    """

    consumer: str
    function: str
    arguments: tuple[Any, ...]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.partition("(")[0]

    def action_hash(self, chain_id: int) -> bytes:
        """Hash the exact call, 32 bytes: what the verdict allows and nothing else.

        keccak256(abi.encode(keccak256(text), chain id, consumer, arguments...)), where the text is
        the signature without the proven verdict: `release(uint256,address,uint256)`.
        """
        from eth_abi.abi import encode

        types = _types(self.function)[:-1]
        text = f"{self.name}({','.join(types)})"
        kinds = ("bytes32", "uint256", "address", *types)
        said = (keccak(text.encode()), chain_id, self.consumer, *self.arguments)
        return keccak(encode(kinds, said))

    def with_proof(self, packed: bytes) -> ChainCall:
        """Make the transaction's call, with the proven verdict in its place."""
        from eth_abi.abi import encode

        types = _types(self.function)
        data = encode(types, (*self.arguments, packed))
        return ChainCall(self.consumer, keccak(self.function.encode())[:4] + data)

    def to_json(self) -> dict[str, Any]:
        """Turn it into plain JSON: integers as decimal text, bytes as 0x and hexadecimal."""
        return {
            "consumer": self.consumer,
            "function": self.function,
            "arguments": [_plain(argument) for argument in self.arguments],
        }


def make_call(consumer: str, function: str, arguments: Sequence[Any]) -> Call:
    """Check a call and make it.

    consumer: an address. function: an ABI signature that ends with `bytes`. arguments: one for
    each of the other types: integers or their text, addresses, bytes or their text (0x...), and
    lists of them, or their JSON. Raises InputError with code act.call.
    """
    from eth_abi.abi import encode
    from eth_abi.exceptions import EncodingError, ParseError

    try:
        address = address_of(consumer)
        types = _types(function)
        if types[-1:] != ["bytes"]:
            raise ValueError("its last argument must be the proven verdict, of type bytes")
        if len(arguments) != len(types) - 1:
            raise ValueError(f"{len(types) - 1} arguments beside the verdict, not {len(arguments)}")
        read = tuple(_read(kind, one) for kind, one in zip(types[:-1], arguments, strict=True))
        encode(types[:-1], read)
    except (ValueError, TypeError, OverflowError, EncodingError, ParseError) as err:
        raise InputError(
            "act.call",
            f"expected a call of a contract that takes a proven verdict, but: {str(err)!a:.200}",
            hint="For example --to 0x... --function 'release(uint256,address,uint256,bytes)' and "
            "one --arg for each argument but the last.",
        ) from err
    return Call(address, function, read)


def call_from_json(said: dict[str, Any]) -> Call:
    """Read what `Call.to_json` gave. Raises as `make_call`."""
    return make_call(said["consumer"], said["function"], said["arguments"])


def read_argument(kind: str, text: str) -> Any:
    """Read one argument as `make_call` does. Raises InputError with code act.argument."""
    from eth_abi.abi import encode
    from eth_abi.exceptions import EncodingError, ParseError

    try:
        found = _read(kind, text)
        encode([kind], [found])
    except (ValueError, TypeError, OverflowError, EncodingError, ParseError) as err:
        raise InputError(
            "act.argument", f"expected a {kind[:80]}, found {text[:80]!a}: {str(err)!a:.200}"
        ) from err
    return found


def _types(function: str) -> list[str]:
    """Split a signature into its types; those inside of a tuple stay together."""
    found = _SIGNATURE.fullmatch(function) if len(function) <= _SIGNATURE_MAX else None
    if found is None:
        raise ValueError(f"no ABI signature: {function[:80]}")
    types, depth = [""], 0
    for letter in found[2]:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            types.append("")
        else:
            types[-1] += letter
    return types if types != [""] else []


def _read(kind: str, value: Any) -> Any:
    """Read an argument: text becomes what its type asks for, a list each of its parts."""
    if kind.endswith("]") or kind.startswith("("):
        parts = json.loads(value) if isinstance(value, str) else value
        if not isinstance(parts, list | tuple):
            raise ValueError(f"expected a list for {kind}, found {str(value)[:60]}")
        if kind.endswith("]"):
            inner = kind[: kind.rindex("[")]
            return [_read(inner, one) for one in parts]
        return tuple(_read(*each) for each in zip(_types(f"f{kind}"), parts, strict=True))
    if not isinstance(value, str) or kind == "string":
        return value
    if kind.startswith(("uint", "int")):
        return int(value, 16) if value.startswith("0x") else int(value)
    if kind == "address":
        return address_of(value)
    if kind.startswith("bytes"):
        return bytes_of(value)
    if kind == "bool" and value in ("true", "false"):
        return value == "true"
    raise ValueError(f"expected a value for {kind}, found {value[:60]}")


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
