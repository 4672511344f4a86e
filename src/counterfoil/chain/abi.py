"""Call a contract's functions and read its events by name, from its ABI.

A thin layer over eth-abi, so that a call needs no web3 and every wrong answer is an error of ours.
This module refuses overloaded names: our contracts have none.
Source: Solidity's contract ABI specification.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from counterfoil.chain.quantities import address_of, keccak
from counterfoil.errors import InputError, VerificationError
from counterfoil.ports import ChainLog

__all__ = ["ContractAbi"]

_Entry = Mapping[str, Any]
_DYNAMIC: Final = ("string", "bytes")


class ContractAbi:
    """The functions and events of a contract.

    entries: its ABI in JSON form. Raises InputError with code chain.abi for a name that is there
    twice.
    """

    def __init__(self, entries: Sequence[_Entry]) -> None:
        self._functions = _named(entries, "function")
        self._events = _named(entries, "event")
        self._topics = {self.topic(name): name for name in self._events}

    def encode(self, function: str, *arguments: object) -> bytes:
        """Encode a call: selector and arguments. Raises InputError with code chain.abi."""
        from eth_abi.abi import encode
        from eth_abi.exceptions import EncodingError

        entry = self._function(function)
        kinds = [_kind(part) for part in entry["inputs"]]
        selector = keccak(f"{function}({','.join(kinds)})".encode())[:4]
        try:
            return selector + encode(kinds, arguments)
        except (EncodingError, TypeError, ValueError, OverflowError) as err:
            raise InputError(
                "chain.abi", f"expected arguments for {function}({','.join(kinds)}), but: {err}"
            ) from err

    def decode(self, function: str, data: bytes) -> tuple[Any, ...]:
        """Decode what a function returned.

        Raises VerificationError with code chain.answer: no such contract stands there.
        """
        outputs = self._function(function)["outputs"]
        return self._decoded(function, [_kind(part) for part in outputs], data)

    def topic(self, event: str) -> bytes:
        """Compute the first topic of an event, 32 bytes. Raises InputError, code chain.abi."""
        entry = self._events.get(event)
        if entry is None:
            raise _unknown("event", event)
        return keccak(f"{event}({','.join(_kind(part) for part in entry['inputs'])})".encode())

    def event(self, log: ChainLog) -> tuple[str, dict[str, Any]] | None:
        """Read an event: its name and its fields; None for one that is not in the ABI.

        A field that is indexed and has no fixed size is given as its hash. Raises
        VerificationError with code chain.answer.
        """
        name = self._topics.get(log.topics[0]) if log.topics else None
        if name is None:
            return None
        inputs = self._events[name]["inputs"]
        indexed = [part for part in inputs if part.get("indexed")]
        if len(indexed) != len(log.topics) - 1:
            raise _unlike(name, f"{len(log.topics)} topics")
        fields: dict[str, Any] = {}
        for part, topic in zip(indexed, log.topics[1:], strict=True):
            kind = _kind(part)
            hashed = kind in _DYNAMIC or kind.endswith("]") or kind.startswith("(")
            fields[part["name"]] = topic if hashed else self._decoded(name, [kind], topic)[0]
        rest = [part for part in inputs if not part.get("indexed")]
        values = self._decoded(name, [_kind(part) for part in rest], log.data)
        fields.update(zip((part["name"] for part in rest), values, strict=True))
        return name, fields

    def _function(self, name: str) -> _Entry:
        entry = self._functions.get(name)
        if entry is None:
            raise _unknown("function", name)
        return entry

    def _decoded(self, name: str, kinds: Sequence[str], data: bytes) -> tuple[Any, ...]:
        from eth_abi.abi import decode
        from eth_abi.exceptions import DecodingError

        try:
            found = zip(kinds, decode(kinds, data), strict=True)
            return tuple(_with_checksum(kind, value) for kind, value in found)
        except (DecodingError, OverflowError, ValueError) as err:
            raise _unlike(name, f"{len(data)} bytes: {err!s:.100}") from err


def _named(entries: Sequence[_Entry], kind: str) -> dict[str, _Entry]:
    found: dict[str, _Entry] = {}
    for entry in entries:
        if entry.get("type") == kind:
            if entry["name"] in found:
                raise InputError("chain.abi", f"expected one {kind} {entry['name']}, found two")
            found[entry["name"]] = entry
    return found


def _kind(part: _Entry) -> str:
    """Write a type as signatures have it: a tuple by its components."""
    kind = str(part["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_kind(inner) for inner in part['components'])}){kind[len('tuple') :]}"


def _with_checksum(kind: str, value: Any) -> Any:
    """Give addresses, and lists of them, with their checksums (EIP-55), as all of ours have."""
    if kind == "address":
        return address_of(value)
    return tuple(map(address_of, value)) if kind.startswith("address[") else value


def _unknown(what: str, name: str) -> InputError:
    return InputError("chain.abi", f"expected a {what} of the contract, found {name!a:.80}")


def _unlike(name: str, found: str) -> VerificationError:
    return VerificationError(
        "chain.answer",
        f"expected what {name} gives, found {found}",
        hint="Another contract, or none, stands at that address on that chain.",
    )
