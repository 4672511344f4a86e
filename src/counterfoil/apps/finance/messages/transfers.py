"""Read a pacs.008 into transfers, each a payment for screening, rules and fraud.

What breaks the message's form is refused as a whole. What has the form and is wrong all the same (a
number of transactions that is another, an IBAN whose check digits fail, one transfer twice) is told
apart, with the reason code that a status report has for it. This module refuses to trust a sender's
clock: a payment's time is when it was taken on.

Sources: ISO 20022 pacs.008.001.08 to .12; ISO 13616 (IBAN check digits); ISO 20022 external code
set ExternalStatusReason1Code.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Final

from counterfoil.apps.finance.messages.elements import Element, read_xml
from counterfoil.apps.finance.messages.structure import PACS_008, check_structure
from counterfoil.apps.finance.payments import AMOUNT_MAX, Party, Payment, minor_digits
from counterfoil.errors import InputError

__all__ = ["Fault", "Message", "Transfer", "check_iban", "read_pacs008"]

_VERSIONS: Final = ("08", "09", "10", "11", "12")
_NAME: Final = re.compile(r"(?:^|[:$/])pacs\.008\.001\.([0-9]{2})$")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with something that has the right form. code: ISO 20022 status reason."""

    code: str
    says: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transaction.

    instruction_id, end_to_end_id, tx_id, uetr: as its sender named it; empty where not. payment:
    for rules and screening. names: all names in it, with the part that each plays. faults: what is
    wrong with it.
    """

    instruction_id: str
    end_to_end_id: str
    tx_id: str
    uetr: str
    payment: Payment
    names: tuple[tuple[str, str], ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A pacs.008.

    id, created: of its group header. definition: such as `pacs.008.001.08`. transactions: how many
    it says it has. instructing, instructed: BICs or member numbers, empty where not told. faults:
    of the whole. digest: SHA-256 of its bytes.
    """

    id: str
    created: str
    definition: str
    transactions: str
    instructing: str
    instructed: str
    transfers: tuple[Transfer, ...]
    faults: tuple[Fault, ...]
    digest: str


def read_pacs008(data: bytes, at_ms: int) -> Message:
    """Read a message.

    data: XML, its root `Document`, or an envelope with one beside an `AppHdr`; any prefix. at_ms:
    when it was taken on, Unix ms. Raises InputError with code message.xml, message.limit,
    message.structure or message.kind.
    """
    document = _document(read_xml(data))
    version = _version(document)
    if len(document.children) != 1 or document.children[0].name != PACS_008:
        found = ", ".join(one.name for one in document.children) or "nothing"
        raise _kind(f"one {PACS_008} in the document", found)
    root = document.children[0]
    if root.namespace != document.namespace:
        raise _kind("one namespace in all of the message", root.namespace or "none")
    check_structure(root)
    header = root.child("GrpHdr") or root
    entries = list(root.all("CdtTrfTxInf"))
    id_ = header.at("MsgId")
    seen = Counter(_identity(one) for one in entries)
    uetrs = Counter(one.at("PmtId", "UETR") for one in entries)
    return Message(
        id=id_,
        created=header.at("CreDtTm"),
        definition=f"pacs.008.001.{version}",
        transactions=header.at("NbOfTxs"),
        instructing=_agent(header.child("InstgAgt")),
        instructed=_agent(header.child("InstdAgt")),
        transfers=tuple(
            _transfer(
                one,
                f"{id_}/{at + 1}",
                at_ms,
                twice=seen[_identity(one)] > 1 or uetrs[one.at("PmtId", "UETR") or "-"] > 1,
            )
            for at, one in enumerate(entries)
        ),
        faults=tuple(_header_faults(header, entries)),
        digest=sha256(data).hexdigest(),
    )


def check_iban(iban: str) -> bool:
    """Tell whether an IBAN's check digits are right. Source: ISO 13616, ISO 7064 MOD 97-10.

    >>> check_iban("DE89370400440532013000"), check_iban("DE88370400440532013000")
    (True, False)
    """
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(one, 36)) for one in turned)) % 97 == 1


def _document(root: Element) -> Element:
    if root.name == "Document":
        return root
    found = [one for one in root.children if one.name == "Document"]
    if len(found) == 1:
        return found[0]
    raise _kind("a Document, or an envelope with one", root.name)


def _version(document: Element) -> str:
    match = _NAME.search(document.namespace)
    if match is None or match[1] not in _VERSIONS:
        raise _kind(
            f"the namespace of pacs.008.001.{_VERSIONS[0]} to .{_VERSIONS[-1]}",
            document.namespace or "none",
        )
    return match[1]


def _identity(one: Element) -> tuple[str, str, str]:
    return (
        one.at("PmtId", "InstrId"),
        one.at("PmtId", "EndToEndId"),
        one.at("PmtId", "TxId"),
    )


def _header_faults(header: Element, entries: list[Element]) -> list[Fault]:
    found = []
    if int(header.at("NbOfTxs")) != len(entries):
        found.append(Fault("AM18", f"NbOfTxs is {header.at('NbOfTxs')}, not {len(entries)}"))
    amounts = [Decimal(one.at("IntrBkSttlmAmt")) for one in entries]
    total = sum(amounts, Decimal(0))
    if header.at("CtrlSum") and Decimal(header.at("CtrlSum")) != total:
        found.append(Fault("AM10", f"CtrlSum is {header.at('CtrlSum')}, not {total}"))
    told = header.child("TtlIntrBkSttlmAmt")
    if told is not None:
        currencies = {_currency(one.child("IntrBkSttlmAmt")) for one in entries}
        if Decimal(told.text.strip()) != total or currencies != {_currency(told)}:
            found.append(Fault("AM10", f"TtlIntrBkSttlmAmt is {told.text.strip()}, not {total}"))
    return found


def _transfer(one: Element, id_: str, at_ms: int, *, twice: bool) -> Transfer:
    amount = one.child("IntrBkSttlmAmt") or one
    currency = _currency(amount)
    faults = [Fault("AM05", "its identifiers stand twice in the message")] if twice else []
    minor = Decimal(amount.text.strip()).scaleb(minor_digits(currency))
    if minor != minor.to_integral_value() or minor > AMOUNT_MAX:
        faults.append(Fault("AM12", f"{amount.text.strip()} is no amount in {currency}"))
    elif minor == 0:
        faults.append(Fault("AM01", "the amount is zero"))
    debtor, creditor = _party(one, "Dbtr"), _party(one, "Cdtr")
    for party, code in ((debtor, "AC02"), (creditor, "AC03")):
        end = "DbtrAcct" if code == "AC02" else "CdtrAcct"
        account = one.child(end)
        iban = "" if account is None else account.at("Id", "IBAN")
        if iban and not check_iban(iban):
            faults.append(Fault(code, f"the check digits of {party.account[:4]}… are wrong"))
    return Transfer(
        instruction_id=one.at("PmtId", "InstrId"),
        end_to_end_id=one.at("PmtId", "EndToEndId"),
        tx_id=one.at("PmtId", "TxId"),
        uetr=one.at("PmtId", "UETR"),
        payment=Payment(
            id=id_,
            at_ms=at_ms,
            amount_minor=min(int(minor), AMOUNT_MAX),
            currency=currency,
            debtor=debtor,
            creditor=creditor,
            purpose=_remittance(one),
        ),
        names=tuple(_names(one)),
        faults=tuple(faults),
    )


def _party(one: Element, end: str) -> Party:
    party = one.child(end) or Element("", end)
    account = one.child(f"{end}Acct")
    address = party.child("PstlAdr")
    said = party.child("Id") or Element("", "Id")
    number = ""
    for kind in ("OrgId", "PrvtId"):
        inner = said.child(kind)
        if inner is not None:
            number = inner.at("LEI") or inner.at("AnyBIC") or inner.at("Othr", "Id")
    born = [
        said.at("PrvtId", "DtAndPlcOfBirth", name)
        for name in ("BirthDt", "CityOfBirth", "CtryOfBirth")
    ]
    return Party(
        name=party.at("Nm"),
        account=""
        if account is None
        else account.at("Id", "IBAN") or account.at("Id", "Othr", "Id"),
        bank=_agent(one.child(f"{end}Agt")),
        country=party.at("CtryOfRes") or party.at("PstlAdr", "Ctry"),
        address="" if address is None else _address(address),
        identifier=number,
        birth=" ".join(filter(None, born)),
    )


def _address(address: Element) -> str:
    """Write where a party is, as one line; a country alone is no address."""
    parts = [one.text.strip() for one in address.children if one.name not in ("AdrTp", "Ctry")]
    return ", ".join(part for part in parts if part)[:512]


def _agent(agent: Element | None) -> str:
    if agent is None:
        return ""
    return (
        agent.at("FinInstnId", "BICFI")
        or agent.at("FinInstnId", "ClrSysMmbId", "MmbId")
        or agent.at("FinInstnId", "LEI")
        or agent.at("FinInstnId", "Nm")
    )


def _names(one: Element) -> list[tuple[str, str]]:
    found = [
        (end, one.at(end, "Nm")) for end in ("Dbtr", "Cdtr", "UltmtDbtr", "UltmtCdtr", "InitgPty")
    ]
    found += [
        (end, one.at(end, "FinInstnId", "Nm"))
        for end in ("DbtrAgt", "CdtrAgt", "IntrmyAgt1", "IntrmyAgt2", "IntrmyAgt3")
    ]
    return [(end, name) for end, name in found if name]


def _remittance(one: Element) -> str:
    info = one.child("RmtInf")
    lines = [] if info is None else [line.text.strip() for line in info.all("Ustrd")]
    return " ".join(lines)[:512]


def _currency(amount: Element | None) -> str:
    return "" if amount is None else amount.attributes.get("Ccy", "")


def _kind(expected: str, found: str) -> InputError:
    return InputError(
        "message.kind",
        f"expected {expected}, found {found[:120]!a}",
        hint="docs/guides/finance-messages.md says which messages and versions are read.",
    )
