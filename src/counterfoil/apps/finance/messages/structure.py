"""The shape of messages as small tables of our own, and the check against them.

Each table lists, in order, what an element holds; `?` may be absent, `*` may repeat, `+` must be
there and may. Elements that nothing here reads are known by name and place only, what is inside of
them is let pass. This is no schema: it is written from public descriptions of the message
definitions, covers what rules, screening and fraud need, and refuses what is not in it.

Sources: ISO 20022 message definitions pacs.008.001.08 to .12 and pacs.002.001.10 to .14 as
described in public catalogues and open implementations; no schema was copied.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from counterfoil.apps.finance.messages.elements import Element
from counterfoil.errors import InputError

__all__ = ["PACS_002", "PACS_008", "check_structure", "is_bic"]

PACS_008: Final = "FIToFICstmrCdtTrf"
"""Name of the root of a customer credit transfer between institutions."""

PACS_002: Final = "FIToFIPmtStsRpt"
"""Name of the root of a status report between institutions."""

_AGENTS: Final = " ".join(
    f"{name}{number}?=Agent {name}{number}Acct?=Account"
    for name in ("PrvsInstgAgt", "IntrmyAgt")
    for number in (1, 2, 3)
)
_PREVIOUS, _BETWEEN = _AGENTS[: _AGENTS.index("IntrmyAgt1")], _AGENTS[_AGENTS.index("IntrmyAgt1") :]

_TABLES: Final[Mapping[str, str]] = {
    "FIToFICstmrCdtTrf": "GrpHdr=GroupHeader CdtTrfTxInf+=Transfer SplmtryData*",
    "GroupHeader": (
        "MsgId=Max35 CreDtTm=DateTime BtchBookg? NbOfTxs=Count CtrlSum?=Decimal "
        "TtlIntrBkSttlmAmt?=Amount IntrBkSttlmDt?=Date SttlmInf=Settlement PmtTpInf? "
        "InstgAgt?=Agent InstdAgt?=Agent"
    ),
    "Settlement": (
        "SttlmMtd=Method SttlmAcct?=Account ClrSys? InstgRmbrsmntAgt?=Agent "
        "InstgRmbrsmntAgtAcct?=Account InstdRmbrsmntAgt?=Agent InstdRmbrsmntAgtAcct?=Account "
        "ThrdRmbrsmntAgt?=Agent ThrdRmbrsmntAgtAcct?=Account"
    ),
    "Transfer": (
        "PmtId=PaymentId PmtTpInf? IntrBkSttlmAmt=Amount IntrBkSttlmDt?=Date SttlmPrty? "
        "SttlmTmIndctn? SttlmTmReq? AccptncDtTm?=DateTime PoolgAdjstmntDt?=Date InstdAmt?=Amount "
        f"XchgRate?=Decimal ChrgBr=Bearer ChrgsInf* MndtRltdInf? {_PREVIOUS} InstgAgt?=Agent "
        f"InstdAgt?=Agent {_BETWEEN} UltmtDbtr?=Party InitgPty?=Party Dbtr=Party "
        "DbtrAcct?=Account DbtrAgt=Agent DbtrAgtAcct?=Account CdtrAgt=Agent CdtrAgtAcct?=Account "
        "Cdtr=Party CdtrAcct?=Account UltmtCdtr?=Party InstrForCdtrAgt* InstrForNxtAgt* Purp? "
        "RgltryRptg* Tax? RltdRmtInf* RmtInf?=Remittance SplmtryData*"
    ),
    "PaymentId": "InstrId?=Max35 EndToEndId=Max35 TxId?=Max35 UETR?=Uetr ClrSysRef?=Max35",
    "Party": "Nm?=Max140 PstlAdr?=Address Id?=PartyId CtryOfRes?=Country CtctDtls?",
    "PartyId": "OrgId?=OrganisationId PrvtId?=PersonId",
    "OrganisationId": "AnyBIC?=Bic LEI?=Lei Othr*=OtherId",
    "PersonId": "DtAndPlcOfBirth?=Birth Othr*=OtherId",
    "Birth": "BirthDt=Date PrvcOfBirth?=Max35 CityOfBirth=Max35 CtryOfBirth=Country",
    "OtherId": "Id=Max256 SchmeNm? Issr?",
    "Address": (
        "AdrTp? CareOf? Dept? SubDept? StrtNm?=Max140 BldgNb?=Max35 BldgNm?=Max140 Flr? UnitNb? "
        "PstBx? Room? PstCd?=Max35 TwnNm?=Max140 TwnLctnNm? DstrctNm? CtrySubDvsn? Ctry?=Country "
        "AdrLine*=Max140"
    ),
    "Account": "Id?=AccountId Tp? Ccy? Nm? Prxy?",
    "AccountId": "IBAN?=Iban Othr?=OtherId",
    "Agent": "FinInstnId=Institution BrnchId?",
    "Institution": "BICFI?=Bic ClrSysMmbId?=Member LEI?=Lei Nm?=Max140 PstlAdr?=Address Othr?",
    "Member": "ClrSysId? MmbId=Max35",
    "Remittance": "Ustrd*=Max140 Strd*",
    "FIToFIPmtStsRpt": (
        "GrpHdr=StatusHeader OrgnlGrpInfAndSts*=OriginalGroup TxInfAndSts*=TransactionStatus "
        "SplmtryData*"
    ),
    "StatusHeader": "MsgId=Max35 CreDtTm=DateTime InstgAgt?=Agent InstdAgt?=Agent OrgnlBizQry?",
    "OriginalGroup": (
        "OrgnlMsgId=Max35 OrgnlMsgNmId=Max35 OrgnlCreDtTm?=DateTime OrgnlNbOfTxs?=Count "
        "OrgnlCtrlSum?=Decimal GrpSts?=Code StsRsnInf*=Reason NbOfTxsPerSts*=PerStatus"
    ),
    "PerStatus": "DtldNbOfTxs=Count DtldSts=Code DtldCtrlSum?=Decimal",
    "TransactionStatus": (
        "StsId?=Max35 OrgnlGrpInf? OrgnlInstrId?=Max35 OrgnlEndToEndId?=Max35 OrgnlTxId?=Max35 "
        "OrgnlUETR?=Uetr TxSts?=Code StsRsnInf*=Reason ChrgsInf* AccptncDtTm?=DateTime PrcgDt? "
        "FctvIntrBkSttlmDt? AcctSvcrRef?=Max35 ClrSysRef?=Max35 InstgAgt?=Agent InstdAgt?=Agent "
        "OrgnlTxRef? SplmtryData*"
    ),
    "Reason": "Orgtr?=Party Rsn?=ReasonCode AddtlInf*=Max105",
    "ReasonCode": "Cd?=Code Prtry?=Max35",
}
_CHOICES: Final = frozenset({"PartyId", "AccountId", "ReasonCode"})
_TEXTS: Final[Mapping[str, str]] = {
    **{f"Max{size}": rf"(?s:.){{1,{size}}}" for size in (35, 105, 140, 256)},
    "DateTime": r"-?\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?",
    "Date": r"\d{4}-\d{2}-\d{2}(Z|[+-]\d{2}:\d{2})?",
    "Count": r"[0-9]{1,15}",
    "Decimal": r"[0-9]{1,18}(\.[0-9]{1,17})?",
    "Amount": r"(?=[0-9.]{1,19}\Z)[0-9]{1,18}(\.[0-9]{1,5})?",
    "Method": r"INDA|INGA|COVE|CLRG",
    "Bearer": r"DEBT|CRED|SHAR|SLEV",
    "Uetr": r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}",
    "Country": r"[A-Z]{2}",
    "Bic": r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?",
    "Lei": r"[A-Z0-9]{18}[0-9]{2}",
    "Iban": r"[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}",
    "Code": r"[A-Za-z0-9]{1,4}",
}
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_ITEM: Final = re.compile(r"(\w+?)([?*+]?)(?:=(\w+))?")


@dataclass(frozen=True, slots=True)
class _Item:
    """A child that an element may have. least, most: how often; kind: its table or text."""

    name: str
    least: int
    most: int
    kind: str


def check_structure(root: Element) -> None:
    """Check a message's root, and all that is known of what is inside of it.

    Raises InputError with code message.structure, naming the place.
    """
    if root.name not in (PACS_008, PACS_002):
        raise _wrong(root.name, f"{PACS_008} or {PACS_002}", root.name)
    _check(root, root.name, root.name, root.namespace)


def is_bic(text: str) -> bool:
    """Tell whether a text has the form of a business identifier code. Source: ISO 9362."""
    return _pattern("Bic").fullmatch(text) is not None


def _check(element: Element, kind: str, path: str, namespace: str) -> None:
    if element.namespace != namespace:
        raise _wrong(path, "one namespace in all of the message", element.namespace or "none")
    if kind in _TEXTS:
        _check_text(element, kind, path)
        return
    if element.text.strip():
        raise _wrong(path, "elements", "text")
    found = 0
    items = iter(_table(kind))
    item = next(items)
    for child in element.children:
        while child.name != item.name or found == item.most:
            if found < item.least:
                raise _wrong(f"{path}/{item.name}", "it here", child.name)
            following = next(items, None)
            if following is None:
                raise _wrong(path, "only its own elements, in order", child.name)
            item, found = following, 0
        found += 1
        if item.kind:
            _check(child, item.kind, f"{path}/{child.name}", namespace)
    for rest in (item, *items):
        if (found if rest is item else 0) < rest.least:
            raise _wrong(f"{path}/{rest.name}", "it", "nothing")
    if kind in _CHOICES and len(element.children) != 1:
        raise _wrong(path, "one of its elements", str(len(element.children)))


def _check_text(element: Element, kind: str, path: str) -> None:
    if element.children:
        raise _wrong(path, "text", f"an element {element.children[0].name}")
    if not _pattern(kind).fullmatch(element.text.strip()):
        raise _wrong(path, _said(kind), element.text.strip() or "nothing")
    if kind == "Amount" and not _CURRENCY.fullmatch(element.attributes.get("Ccy", "")):
        raise _wrong(path, "a currency as Ccy", element.attributes.get("Ccy", "none"))


def _said(kind: str) -> str:
    if kind.startswith("Max"):
        return f"text of 1 to {kind[3:]} characters"
    return f"a value of the form {_TEXTS[kind]}"


@cache
def _table(kind: str) -> tuple[_Item, ...]:
    found = []
    for word in _TABLES[kind].split():
        match = _ITEM.fullmatch(word)
        assert match is not None, word  # noqa: S101 - a table of ours
        name, mark, inner = match[1], match[2], match[3] or ""
        found.append(
            _Item(name, int(mark in ("", "+")), 1 << 30 if mark in ("*", "+") else 1, inner)
        )
    return tuple(found)


@cache
def _pattern(kind: str) -> re.Pattern[str]:
    return re.compile(_TEXTS[kind], re.ASCII)


def _wrong(path: str, expected: str, found: str) -> InputError:
    return InputError(
        "message.structure",
        f"expected {expected} at {path[-200:]}, found {found[:80]!a}",
        hint="docs/guides/finance-messages.md says which messages and versions are read.",
    )
