"""Write a pacs.002: what becomes of each transfer of a message, and of the message.

Accepted, pending or rejected, with a reason code for a rejection. Why a payment was stopped on
suspicion is told to nobody outside: that would tip off, so the code is a general one. What is
written is checked by the same tables that check what is read. This module refuses to invent
identifiers: the sender's come back as they were.

Sources: ISO 20022 pacs.002.001.10 to .14, external code sets ExternalPaymentTransactionStatus1Code
and ExternalStatusReason1Code; FATF Recommendation 21 (tipping-off).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal
from xml.sax.saxutils import escape

from counterfoil.apps.finance.messages.elements import read_xml
from counterfoil.apps.finance.messages.structure import check_structure, is_bic
from counterfoil.apps.finance.messages.transfers import Message, Transfer

__all__ = ["Accepted", "TransferStatus", "status_of", "write_pacs002"]

Accepted = Literal["ACTC", "ACSP"]
"""How acceptance is told: technical validation succeeded, or settlement is in process."""

REGULATORY: Final = "RR04"
"""Reason code that says no more than `regulatory reason`."""

_INCOMPLETE: Final = (("debtor", "account", "RR01"), ("debtor", "name", "RR02"),
                      ("creditor", "name", "RR03"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class TransferStatus:
    """What becomes of a transfer. status: ACTC, ACSP, PDNG or RJCT. reasons: codes, of RJCT."""

    transfer: Transfer
    status: str
    reasons: tuple[str, ...] = ()


def status_of(
    transfer: Transfer, outcome: str, *, accepted: Accepted = "ACTC", faults: Sequence[str] = ()
) -> TransferStatus:
    """Turn an outcome into a status.

    outcome: `pass`, `flag` and `report` are accepted, `hold` is pending, `refuse` is rejected.
    faults: reason codes that reject it whatever was decided, such as those of the whole message.
    """
    codes = [*faults, *(one.code for one in transfer.faults)]
    if codes:
        return TransferStatus(transfer, "RJCT", tuple(dict.fromkeys(codes)))
    if outcome == "refuse":
        return TransferStatus(transfer, "RJCT", (_refused(transfer),))
    return TransferStatus(transfer, "PDNG" if outcome == "hold" else accepted)


def _refused(transfer: Transfer) -> str:
    """Name what is missing, which the sender can mend; else a regulatory reason."""
    for end, field, code in _INCOMPLETE:
        if not getattr(getattr(transfer.payment, end), field):
            return code
    return REGULATORY


def write_pacs002(message: Message, statuses: Sequence[TransferStatus], now_ms: int) -> bytes:
    """Write the report on a message, in the version that goes with the message's.

    statuses: of all its transfers, in order. now_ms: when, Unix ms. The same message and statuses
    give the same identifiers. Raises InputError with code message.structure where the report would
    break its own form.
    """
    version = int(message.definition[-2:]) + 2
    told = "".join(f"{one.status}{','.join(one.reasons)};" for one in statuses)
    id_ = "CF" + sha256(f"{message.digest}{told}".encode()).hexdigest()[:30]
    created = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    counts = Counter(one.status for one in statuses)
    body = "".join(
        (
            "<GrpHdr>",
            _leaf("MsgId", id_),
            _leaf("CreDtTm", f"{created}Z"),
            _agent("InstgAgt", message.instructed),
            _agent("InstdAgt", message.instructing),
            "</GrpHdr><OrgnlGrpInfAndSts>",
            _leaf("OrgnlMsgId", message.id),
            _leaf("OrgnlMsgNmId", message.definition),
            _leaf("OrgnlCreDtTm", message.created),
            _leaf("OrgnlNbOfTxs", message.transactions),
            _leaf("GrpSts", _group(counts)),
            *(
                f"<NbOfTxsPerSts>{_leaf('DtldNbOfTxs', str(count))}{_leaf('DtldSts', status)}"
                "</NbOfTxsPerSts>"
                for status, count in sorted(counts.items())
            ),
            "</OrgnlGrpInfAndSts>",
            *(_transaction(one, id_, at + 1) for at, one in enumerate(statuses)),
        )
    )
    found = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.{version:02}">'
        f"<FIToFIPmtStsRpt>{body}</FIToFIPmtStsRpt></Document>\n"
    ).encode()
    check_structure(read_xml(found).children[0])
    return found


def _group(counts: Counter[str]) -> str:
    """Tell the status of the whole: that of all, or that a part was accepted."""
    if len(counts) == 1:
        return next(iter(counts))
    return "PART" if any(one.startswith("AC") for one in counts) else ""


def _transaction(one: TransferStatus, id_: str, number: int) -> str:
    transfer = one.transfer
    reasons = "".join(
        f"<StsRsnInf><Rsn>{_leaf('Cd', code)}</Rsn></StsRsnInf>" for code in one.reasons
    )
    return "".join(
        (
            "<TxInfAndSts>",
            _leaf("StsId", f"{id_[:20]}-{number}"),
            _leaf("OrgnlInstrId", transfer.instruction_id),
            _leaf("OrgnlEndToEndId", transfer.end_to_end_id),
            _leaf("OrgnlTxId", transfer.tx_id),
            _leaf("OrgnlUETR", transfer.uetr),
            _leaf("TxSts", one.status),
            reasons,
            "</TxInfAndSts>",
        )
    )


def _agent(name: str, code: str) -> str:
    """Name an institution by its BIC, else by its member number."""
    if not code:
        return ""
    inner = _leaf("BICFI", code) if is_bic(code) else (
        f"<ClrSysMmbId>{_leaf('MmbId', code[:35])}</ClrSysMmbId>"
    )  # fmt: skip
    return f"<{name}><FinInstnId>{inner}</FinInstnId></{name}>"


def _leaf(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>" if text else ""
