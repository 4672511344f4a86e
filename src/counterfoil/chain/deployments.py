"""Which of our contracts stand where: one registry file for each chain, and deploying into it.

The file names, for each contract, its address, block and transaction, and the digests of its
source, ABI and runtime code, so that anybody can compare them with the published ones. Deploying
again finds what stands. This module refuses code that is not what was deployed, and to forget an
address on which something may depend.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Protocol

import msgspec

from counterfoil.chain.accounts import Account
from counterfoil.chain.quantities import address_of, data_text
from counterfoil.chain.small_files import replace_file
from counterfoil.chain.transactions import transact
from counterfoil.errors import (
    Conflict,
    InputError,
    NotFound,
    Unavailable,
    VerificationError,
)
from counterfoil.ports import Chain, ChainCall

__all__ = [
    "Artifact",
    "Deployment",
    "Deployments",
    "check_deployment",
    "deploy",
    "format_deployments",
    "parse_deployments",
    "read_deployments",
]

_MAX_FILE_BYTES: Final = 1 << 20
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")

_Hex64 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}\\Z")]
_TxHash = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-f]{64}\\Z")]
_Address = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{40}\\Z")]
_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class Artifact(Protocol):
    """A compiled contract, as `counterfoil.contracts.load_artifact` gives it.

    bytecode: what makes it, without constructor arguments. runtime: what then stands at its
    address, before what its constructor appends. abi_sha256, source_sha256: of the
    published ABI and source, 64 hexadecimal digits.
    """

    @property
    def name(self) -> str:
        """Its name, for example `anchor`."""

    @property
    def bytecode(self) -> bytes:
        """The bytes that make it."""

    @property
    def runtime(self) -> bytes:
        """The code that stands at its address."""

    @property
    def abi_sha256(self) -> str:
        """Digest of its ABI."""

    @property
    def source_sha256(self) -> str:
        """Digest of its source."""


class Deployment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a contract stands.

    address: EIP-55. block, transaction: that made it. The digests are 64 hexadecimal digits;
    runtime_sha256: of the code that stands at the address.
    """

    address: _Address
    block: _Count
    transaction: _TxHash
    abi_sha256: _Hex64
    source_sha256: _Hex64
    runtime_sha256: _Hex64


class Deployments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contracts of one chain, by name. run_by: who runs the chain, in words."""

    chain_id: Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)]
    run_by: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    contracts: dict[str, Deployment] = {}


def format_deployments(deployments: Deployments) -> bytes:
    """Write a registry: JSON with sorted keys, for people too."""
    text = msgspec.json.encode(deployments, order="sorted")
    return msgspec.json.format(text, indent=2) + b"\n"


def parse_deployments(data: bytes) -> Deployments:
    """Read a registry in the one form that `format_deployments` writes.

    Raises InputError with code chain.deployments.
    """
    try:
        found = msgspec.json.decode(data, type=Deployments)
        for name, deployment in found.contracts.items():
            if not _NAME.fullmatch(name) or address_of(deployment.address) != deployment.address:
                raise ValueError(f"a name or an address that is none: {name[:80]}")
        if format_deployments(found) != data:
            raise ValueError("another spelling of it")
    except ValueError as err:
        raise InputError(
            "chain.deployments",
            f"expected a registry of contracts, but: {str(err)!a:.200}",
            hint="Put back a copy: an address from a changed file is not to be trusted.",
        ) from err
    return found


def read_deployments(folder: Path, chain: Chain) -> Deployments:
    """Read the registry of a chain in `folder`; an empty one when there is no file.

    Raises InputError with code chain.deployments, Unavailable with code chain.registry,
    VerificationError with code chain.wrong-network.
    """
    path = folder / f"{chain.chain_id}.json"
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES)
    except FileNotFoundError:
        return Deployments(chain_id=chain.chain_id, run_by=chain.run_by)
    except OSError as err:
        raise _unusable(path, err) from err
    found = parse_deployments(data)
    if found.chain_id != chain.chain_id:
        raise VerificationError(
            "chain.wrong-network",
            f"expected the contracts of chain {chain.chain_id} in {path}, found those of chain "
            f"{found.chain_id}",
            hint="The file was moved or renamed: put it back.",
        )
    return found


def check_deployment(chain: Chain, name: str, deployment: Deployment) -> None:
    """Check that the code at a recorded address is the one that was deployed.

    Raises NotFound with code chain.no-contract, VerificationError with code
    chain.contract-differs, and what `Chain.code` raises.
    """
    code = chain.code(deployment.address)
    if not code:
        raise NotFound(
            "chain.no-contract",
            f"expected contract {name} at {deployment.address} on chain {chain.chain_id}, found "
            "no code",
            hint="The chain was replaced or reset; on purpose, remove the registry's entry.",
        )
    found = hashlib.sha256(code).hexdigest()
    if found != deployment.runtime_sha256:
        raise VerificationError(
            "chain.contract-differs",
            f"expected contract {name} with code {deployment.runtime_sha256} at "
            f"{deployment.address} on chain {chain.chain_id}, found {found}",
            hint="Do not use that address: another contract stands there.",
        )


def deploy(
    chain: Chain,
    account: Account,
    artifact: Artifact,
    folder: Path,
    *,
    arguments: bytes = b"",
) -> Deployment:
    """Put a contract on a chain, unless it stands there, and write down where.

    folder: of the registry files. arguments: of its constructor, ABI-encoded. A crash between
    sending and writing leaves a contract that nobody uses, and the next call makes another.
    Raises what `read_deployments`, `check_deployment` and `transact` raise; Conflict with code
    chain.deployed when another version of the contract is recorded.
    """
    registry = read_deployments(folder, chain)
    known = registry.contracts.get(artifact.name)
    if known is not None:
        check_deployment(chain, artifact.name, known)
        if (known.abi_sha256, known.source_sha256) != (
            artifact.abi_sha256,
            artifact.source_sha256,
        ):
            raise Conflict(
                "chain.deployed",
                f"expected contract {artifact.name} of source {artifact.source_sha256} on chain "
                f"{chain.chain_id}, found source {known.source_sha256} at {known.address}",
                hint="What was anchored there stays there: go on with that version, or move the "
                "registry's entry away to begin anew.",
            )
        return known
    receipt = transact(chain, account, ChainCall(None, artifact.bytecode + arguments))
    address = receipt.contract
    code = b"" if address is None else chain.code(address)
    if address is None or not code or not code.startswith(artifact.runtime):
        raise VerificationError(
            "chain.contract-differs",
            f"expected contract {artifact.name} from transaction {data_text(receipt.tx_hash)} on "
            f"chain {chain.chain_id}, found {len(code)} other bytes at {address}",
            hint="Do not trust this node: use another one of the same chain.",
        )
    made = Deployment(
        address=address,
        block=receipt.block,
        transaction=data_text(receipt.tx_hash),
        abi_sha256=artifact.abi_sha256,
        source_sha256=artifact.source_sha256,
        runtime_sha256=hashlib.sha256(code).hexdigest(),
    )
    _write(folder, registry, {**registry.contracts, artifact.name: made})
    return made


def _write(folder: Path, old: Deployments, contracts: Mapping[str, Any]) -> None:
    path = folder / f"{old.chain_id}.json"
    new = Deployments(chain_id=old.chain_id, run_by=old.run_by, contracts=dict(contracts))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(path, format_deployments(new))
    except OSError as err:
        raise _unusable(path, err) from err


def _unusable(path: Path, err: OSError) -> Unavailable:
    return Unavailable(
        "chain.registry",
        f"expected to use {path}, but: {err}",
        hint="Check the space and the permissions of the disk.",
    )
