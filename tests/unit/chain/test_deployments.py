"""Where our contracts stand: written down once, checked every time, and never replaced silently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.chain import (
    Account,
    Artifact,
    Deployment,
    Deployments,
    NodeChain,
    check_deployment,
    deploy,
    read_deployments,
)
from counterfoil.chain.deployments import format_deployments, parse_deployments
from counterfoil.contracts import load_artifact
from counterfoil.errors import (
    Conflict,
    InputError,
    NotFound,
    Unavailable,
    VerificationError,
)
from tests.chains import embedded
from tests.lying_node import lying
from tests.probe_contract import Probe, compiled

START = (5).to_bytes(32, "big")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NodeChain, Account]]:
    """Make an embedded chain."""
    chain, faucet = embedded(tmp_path_factory.mktemp("deployments"))
    yield chain, faucet
    chain.close()


def test_deploying_again_finds_it(world: tuple[NodeChain, Account], tmp_path: Path) -> None:
    """The first call makes the contract and the file; the second sends nothing."""
    chain, faucet = world
    folder = tmp_path / "deployments"
    made = deploy(chain, faucet, compiled(), folder, arguments=START)
    head = chain.head()
    assert deploy(chain, faucet, compiled(), folder, arguments=START) == made
    assert chain.head() == head
    registry = read_deployments(folder, chain)
    assert registry.contracts == {"probe": made}
    assert (registry.chain_id, registry.run_by) == (chain.chain_id, chain.run_by)
    assert [path.name for path in folder.iterdir()] == [f"{chain.chain_id}.json"]
    other = deploy(chain, faucet, replace(compiled(), name="other"), folder, arguments=START)
    assert read_deployments(folder, chain).contracts == {"probe": made, "other": other}


def test_another_version(world: tuple[NodeChain, Account], tmp_path: Path) -> None:
    """A contract of another source does not take the recorded one's place."""
    chain, faucet = world
    deploy(chain, faucet, compiled(), tmp_path, arguments=START)
    newer: Probe = replace(compiled(), source_sha256="0c" * 32)
    with pytest.raises(Conflict) as caught:
        deploy(chain, faucet, newer, tmp_path, arguments=START)
    assert caught.value.code == "chain.deployed"


def test_another_code_at_the_address(world: tuple[NodeChain, Account], tmp_path: Path) -> None:
    """Code that differs from what was deployed, and no code at all, are errors."""
    chain, faucet = world
    made = deploy(chain, faucet, compiled(), tmp_path, arguments=START)
    check_deployment(chain, "probe", made)
    liar, node = lying(chain)
    node.lies["eth_getCode"] = lambda _, __: "0x6001"
    with pytest.raises(VerificationError) as differs:
        deploy(liar, faucet, compiled(), tmp_path, arguments=START)
    node.lies["eth_getCode"] = lambda _, __: "0x"
    with pytest.raises(NotFound) as missing:
        deploy(liar, faucet, compiled(), tmp_path, arguments=START)
    codes = (differs.value.code, missing.value.code)
    assert codes == ("chain.contract-differs", "chain.no-contract")
    for lie in ("0x", "0x6001"):
        node.lies["eth_getCode"] = lambda _, __, lie=lie: lie  # type: ignore[misc]  # bound now
        with pytest.raises(VerificationError) as new:
            deploy(liar, faucet, compiled(), tmp_path / "new", arguments=START)
        assert new.value.code == "chain.contract-differs"
    assert not (tmp_path / "new").exists()


def test_our_own_contract(world: tuple[NodeChain, Account], tmp_path: Path) -> None:
    """The committed anchor contract can be deployed as it is."""
    chain, faucet = world
    artifact: Artifact = load_artifact("anchor")
    made = deploy(chain, faucet, artifact, tmp_path)
    assert chain.code(made.address).startswith(artifact.runtime)
    assert made.source_sha256 == artifact.source_sha256


def test_a_file_of_another_chain(world: tuple[NodeChain, Account], tmp_path: Path) -> None:
    """A registry that was renamed is refused."""
    chain, _ = world
    registry = Deployments(chain_id=7, run_by="somebody")
    (tmp_path / f"{chain.chain_id}.json").write_bytes(format_deployments(registry))
    with pytest.raises(VerificationError) as caught:
        read_deployments(tmp_path, chain)
    assert caught.value.code == "chain.wrong-network"


def test_a_folder_that_cannot_be_used(world: tuple[NodeChain, Account], tmp_path: Path) -> None:
    """What cannot be read or written says so."""
    chain, faucet = world
    (tmp_path / f"{chain.chain_id}.json").mkdir()
    with pytest.raises(Unavailable):
        read_deployments(tmp_path, chain)
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable) as caught:
        deploy(chain, faucet, compiled(), tmp_path / "file", arguments=START)
    assert caught.value.code == "chain.registry"


HEX64 = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(
    st.integers(1, 2**63 - 1),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=50),
    st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), HEX64, max_size=3),
)
def test_what_is_written_is_read(chain_id: int, run_by: str, names: dict[str, str]) -> None:
    """A registry is read back as it was written, and only in that form."""
    contracts = {
        name: Deployment(
            address="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            block=1,
            transaction="0x" + digest,
            abi_sha256=digest,
            source_sha256=digest,
            runtime_sha256=digest,
        )
        for name, digest in names.items()
    }
    registry = Deployments(chain_id=chain_id, run_by=run_by, contracts=contracts)
    data = format_deployments(registry)
    assert parse_deployments(data) == registry
    for wrong in (data[:-1], b" " + data, data.replace(b"0x5aA", b"0x5aa")):
        if wrong != data:
            with pytest.raises(InputError):
                parse_deployments(wrong)


@given(st.binary(max_size=100))
def test_random_bytes(data: bytes) -> None:
    """Random bytes raise InputError and nothing else."""
    with pytest.raises(InputError) as caught:
        parse_deployments(data)
    assert caught.value.code == "chain.deployments"
