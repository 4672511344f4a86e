"""ISO 20022 messages for tests, written as a bank would."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["DEBTOR", "pacs008", "transfer"]

DEBTOR = (
    "<Nm>Ann Lee</Nm><PstlAdr><StrtNm>Am Wall</StrtNm><TwnNm>Bremen</TwnNm><Ctry>DE</Ctry>"
    "</PstlAdr>"
)


def transfer(
    end_to_end: str = "E1",
    *,
    ids: str = "",
    amount: str = "1500.50",
    currency: str = "EUR",
    debtor: str = DEBTOR,
    iban: str = "DE89370400440532013000",
    creditor: str = "<Nm>Bo Ek</Nm><PstlAdr><Ctry>FR</Ctry></PstlAdr>",
    more: str = "",
) -> str:
    """Write one transaction; ids: after its EndToEndId; more: after the creditor's account."""
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{end_to_end}</EndToEndId>{ids}</PmtId>"
        f'<IntrBkSttlmAmt Ccy="{currency}">{amount}</IntrBkSttlmAmt><ChrgBr>SHAR</ChrgBr>'
        f"<Dbtr>{debtor}</Dbtr><DbtrAcct><Id><IBAN>{iban}</IBAN></Id></DbtrAcct>"
        "<DbtrAgt><FinInstnId><BICFI>DEUTDEFF</BICFI></FinInstnId></DbtrAgt>"
        "<CdtrAgt><FinInstnId><BICFI>BNPAFRPP</BICFI></FinInstnId></CdtrAgt>"
        f"<Cdtr>{creditor}</Cdtr>"
        "<CdtrAcct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></CdtrAcct>"
        f"{more}</CdtTrfTxInf>"
    )


def pacs008(
    transfers: Sequence[str] = (),
    *,
    version: str = "08",
    count: str | None = None,
    totals: str = "",
    message_id: str = "MSG-1",
) -> bytes:
    """Write a message. totals: after its NbOfTxs."""
    listed = transfers or [transfer()]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.{version}">'
        f"<FIToFICstmrCdtTrf><GrpHdr><MsgId>{message_id}</MsgId>"
        "<CreDtTm>2026-03-02T10:00:00Z</CreDtTm>"
        f"<NbOfTxs>{len(listed) if count is None else count}</NbOfTxs>{totals}"
        "<SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf>"
        "<InstgAgt><FinInstnId><BICFI>DEUTDEFF</BICFI></FinInstnId></InstgAgt>"
        "<InstdAgt><FinInstnId><ClrSysMmbId><MmbId>021000021</MmbId></ClrSysMmbId></FinInstnId>"
        f"</InstdAgt></GrpHdr>{''.join(listed)}</FIToFICstmrCdtTrf></Document>"
    ).encode()
