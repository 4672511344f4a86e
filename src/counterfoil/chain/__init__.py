"""One web3 interface over the embedded EVM and any JSON-RPC address.

Every answer is checked before it is believed, and every failure is one of our errors. This room
refuses to know logs, witnesses and ledgers, and imports nothing of web3 before it is asked to.
"""

from counterfoil.chain.abi import ContractAbi
from counterfoil.chain.accounts import Account, account_of, create_account, load_account
from counterfoil.chain.client import NodeChain
from counterfoil.chain.deployments import (
    Artifact,
    Deployment,
    Deployments,
    check_deployment,
    deploy,
    read_deployments,
)
from counterfoil.chain.embedding import create_embedded, ensure_embedded, faucet_of, node_of
from counterfoil.chain.opening import open_chain
from counterfoil.chain.rpc_app import RpcApp
from counterfoil.chain.transactions import (
    PreparedTransaction,
    fund,
    prepare,
    transact,
    wait_receipt,
)

__all__ = [
    "Account",
    "Artifact",
    "ContractAbi",
    "Deployment",
    "Deployments",
    "NodeChain",
    "PreparedTransaction",
    "RpcApp",
    "account_of",
    "check_deployment",
    "create_account",
    "create_embedded",
    "deploy",
    "ensure_embedded",
    "faucet_of",
    "fund",
    "load_account",
    "node_of",
    "open_chain",
    "prepare",
    "read_deployments",
    "transact",
    "wait_receipt",
]
