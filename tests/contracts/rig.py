"""An EVM in memory, for contracts as they are shipped: bytecode and ABI, called by name.

titanoboa's environment without its compiler hooks, so that what runs is the committed bytecode;
or a source with a bug planted, for the controls.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from boa.environment import Env
from eth_abi.abi import decode

from counterfoil.chain import ContractAbi
from counterfoil.contracts import load_artifact
from counterfoil.ports import ChainLog
from tools.build_contracts import FOLDER, compile_contract

__all__ = [
    "CHAIN_TIME",
    "DEPLOYER",
    "Contract",
    "Reverted",
    "World",
    "copy_sources",
    "planted",
    "refused",
]

DEPLOYER: Final = "0x" + "de" * 20
CHAIN_TIME: Final = 1_800_000_000
_ERROR: Final = bytes.fromhex("08c379a0")


class Reverted(Exception):
    """A call that the contract refused. reason: its word for why; empty if it gave none."""

    def __init__(self, output: bytes) -> None:
        self.reason = decode(["string"], output[4:])[0] if output[:4] == _ERROR else ""
        super().__init__(self.reason or output.hex())


@contextlib.contextmanager
def refused(reason: str) -> Iterator[None]:
    """Expect that the contract refuses what is called inside, for this reason."""
    with pytest.raises(Reverted) as caught:
        yield
    assert caught.value.reason == reason


class World:
    """One chain in memory, whose clock stands still until it is moved."""

    def __init__(self) -> None:
        self.env = Env()
        self.env.enable_fast_mode()
        self.env.timestamp = CHAIN_TIME

    @property
    def now(self) -> int:
        """Timestamp of the next block."""
        return int(self.env.timestamp)

    @property
    def chain_id(self) -> int:
        """What `chain.id` gives."""
        return int(self.env.evm.patch.chain_id)

    def wait(self, seconds: int) -> None:
        """Move the clock."""
        self.env.timestamp = self.now + seconds

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """Undo all that happens inside, the clock too."""
        with self.env.anchor():
            yield

    def deploy(self, abi: Any, bytecode: bytes, arguments: bytes = b"") -> Contract:
        """Put a contract there."""
        address, _ = self.env.deploy_code(sender=DEPLOYER, bytecode=bytecode + arguments)
        return Contract(self, str(address), ContractAbi(abi))

    def deploy_anchor(self) -> Contract:
        """Put the anchor there, as it is shipped."""
        artifact = load_artifact("anchor")
        return self.deploy(artifact.abi, artifact.bytecode)

    def deploy_source(self, path: Path, arguments: bytes = b"") -> Contract:
        """Compile a contract and put it there."""
        made = compile_contract(path)
        return self.deploy(made["abi"], bytes.fromhex(made["bytecode"][2:]), arguments)


class Contract:
    """A contract in a world. logs: events of the last call, oldest first."""

    def __init__(self, world: World, address: str, abi: ContractAbi) -> None:
        self.world = world
        self.address = address
        self.abi = abi
        self.logs: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, function: str, *arguments: object, sender: str = DEPLOYER) -> Any:
        """Call a function as `sender`: its value, a tuple of several, or None.

        Raises Reverted; then nothing has changed.
        """
        done = self.world.env.execute_code(
            to_address=self.address, sender=sender, data=self.abi.encode(function, *arguments)
        )
        if done.is_error:
            self.logs = []
            raise Reverted(done.output)
        self.logs = [
            event
            for _, _, topics, data in sorted(done.get_raw_log_entries())
            if (event := self.abi.event(self._log(topics, data)))
        ]
        values = self.abi.decode(function, done.output)
        return values if len(values) > 1 else values[0] if values else None

    def _log(self, topics: tuple[int, ...], data: bytes) -> ChainLog:
        words = tuple(topic.to_bytes(32, "big") for topic in topics)
        return ChainLog(self.address, words, data, 0, bytes(32), bytes(32), 0)


def copy_sources(folder: Path) -> Path:
    """Copy the contracts' sources to a new folder; gives the folder."""
    ignored = shutil.ignore_patterns("*.py", "*.json", "__pycache__")
    shutil.copytree(FOLDER, folder, ignore=ignored)
    return folder


def planted(folder: Path, file: str, before: str, after: str) -> Path:
    """Copy the sources to a new folder, with a bug planted; gives the anchor's path.

    before: stands once in `file`, and becomes `after`.
    """
    path = copy_sources(folder) / file
    source = path.read_text(encoding="utf-8")
    if source.count(before) != 1:
        raise ValueError(f"expected once in {file}, found {source.count(before)} times: {before}")
    path.write_text(source.replace(before, after), encoding="utf-8")
    return folder / "anchor.vy"
