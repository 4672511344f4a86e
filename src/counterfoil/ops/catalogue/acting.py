"""Operations on contracts that act on proven decisions, and on who may speak to them."""

from __future__ import annotations

from typing import Final

from counterfoil.ops.catalogue.entries import reads, writes
from counterfoil.ports import Operation

__all__ = ["OPERATIONS"]

_TURN: Final = (
    "--contract example_switch --function turn --arg 1 --arg true --scope switch.turn "
    "--decider fraud --ledger shop"
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    writes(
        "contract deploy",
        "contracts:deploy",
        "Put contracts on a chain, after those that they need; what stands there is found.",
        "decision_gate --ledger shop",
        "escrow token --set name_='Test euro' --set symbol_=TEUR --set decimals_=2 --ledger shop",
        role="operator",
    ),
    reads(
        "contract ls",
        "contracts:listing",
        "List the contracts that the ledger put on a chain, after looking at their code there.",
        "--ledger shop",
    ),
    writes(
        "act decider",
        "governing:decider",
        "Make a key that signs verdicts for the organisation, and record that it does.",
        "fraud --ledger shop",
        "fraud --revoke --why 'the machine was stolen' --ledger shop",
        role="operator",
    ),
    reads(
        "act deciders",
        "governing:deciders",
        "List the keys that sign verdicts for the organisation; their own signatures are checked.",
        "--ledger shop",
    ),
    writes(
        "act approve",
        "governing:approve",
        "Let a decider speak for a model, rule or circuit, for one purpose, within limits.",
        "fraud --model fraud:7 --scope payment.release --evidence 12 --cap 500000 "
        "--period-cap 20000000 --period-count 500 --ledger shop",
        role="operator",
    ),
    writes(
        "act revoke",
        "governing:revoke",
        "End an approval, for ever: what is anchored from a moment on does not count.",
        "5f…e1 --why 'key was copied' --since 1796000000 --ledger shop",
        role="operator",
    ),
    writes(
        "act halt",
        "governing:halt",
        "Let nothing through for a while, of one approval or of all.",
        "all --seconds 86400 --why 'odd verdicts' --ledger shop",
        role="operator",
    ),
    writes(
        "act resume",
        "governing:resume",
        "End a halt early, by the account that owns the registry.",
        "all --why 'looked into' --ledger shop",
        role="operator",
    ),
    writes(
        "act approvals",
        "governing:approvals",
        "List who may speak for what, as it stands on the chain now.",
        "--ledger shop",
        role="reader",
    ),
    writes(
        "act check",
        "acting:check",
        "Record and anchor a decision's verdict, and say whether the gate would let it pass now.",
        f"17 {_TURN}",
    ),
    writes(
        "act submit",
        "acting:submit",
        "Have a contract act on a decision: sign, record, anchor, check, send, and record the "
        "action.",
        f"17 {_TURN}",
        "17 --contract 0x52908400098527886E0F7030069857D2E4169EE7 "
        "--function 'pay(address,uint256)' --arg 0x27b1fdb04752bbc536007a920d24acb045561c26 "
        "--arg 2500 --amount 2500 --scope payment.release --decider fraud --ledger shop",
    ),
    writes(
        "act settle",
        "acting:settle",
        "Go on with everything that is under way on a chain, as far as it goes now.",
        "--ledger shop",
    ),
    writes(
        "act follow",
        "acting:follow",
        "Record an action for each use of this log's verdicts, from where it was left off.",
        "--ledger shop",
    ),
    reads(
        "act ls",
        "acting:listing",
        "List what was asked of contracts, newest first, and how far it is.",
        "-n 10 --ledger shop",
    ),
    reads(
        "act get",
        "acting:get",
        "Show what was asked of a contract: decision, verdict, transaction, action, and trouble.",
        "3 --ledger shop",
    ),
    writes(
        "circuit add",
        "circuits:add",
        "Make a circuit of a recorded model, put its verifiers on a chain, and record it.",
        "fraud_v7 fraud.onnx --model fraud:7 --threshold 0.5 --from hold --below pass "
        "--samples rows.json --srs kzg.srs --compiler soljson.js --ledger shop",
    ),
    writes(
        "circuit prove",
        "circuits:proving",
        "Prove a circuit's score of one row, and record the decision that it makes.",
        "fraud_v7 row.json -o proof.json --ledger shop",
    ),
    writes(
        "circuit submit",
        "circuits:submit",
        "Have a contract act on a decision by its proof, in the place of a decider's signature.",
        "17 --circuit fraud_v7 --proof proof.json --contract example_switch --function turn "
        "--arg 1 --arg true --scope switch.turn --ledger shop",
    ),
    reads(
        "circuit ls",
        "circuits:listing",
        "List the ledger's circuits; their files are held against what was made.",
        "--ledger shop",
    ),
)
