"""A status report says what becomes of each transfer, under the sender's own identifiers."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from counterfoil.apps.finance.messages import read_pacs008, status_of, write_pacs002
from counterfoil.apps.finance.messages.elements import Element, read_xml
from counterfoil.apps.finance.messages.structure import check_structure
from counterfoil.errors import InputError
from tests.messages_made import pacs008, transfer
from tests.payments_made import NOON

UETR = "123e4567-e89b-42d3-a456-426614174000"


def report(data: bytes, outcomes: list[str], **options: str) -> Element:
    read = read_pacs008(data, 0)
    statuses = [
        status_of(one, outcome, **options)  # type: ignore[arg-type]
        for one, outcome in zip(read.transfers, outcomes, strict=True)
    ]
    return read_xml(write_pacs002(read, statuses, NOON)).children[0]


def test_identifiers_come_back_as_they_were() -> None:
    """MsgId, EndToEndId, TxId and UETR of each transfer stand in the report, markup and all."""
    ids = f"<TxId>T&amp;1</TxId><UETR>{UETR}</UETR>"
    root = report(pacs008([transfer("E&lt;1", ids=ids), transfer("E2")]), ["pass", "pass"])
    first, second = root.all("TxInfAndSts")
    assert first.at("OrgnlEndToEndId") == "E<1"
    assert (first.at("OrgnlTxId"), first.at("OrgnlUETR")) == ("T&1", UETR)
    assert second.child("OrgnlTxId") is None
    assert root.at("OrgnlGrpInfAndSts", "OrgnlMsgId") == "MSG-1"
    assert root.at("OrgnlGrpInfAndSts", "OrgnlMsgNmId") == "pacs.008.001.08"
    assert root.at("GrpHdr", "InstgAgt", "FinInstnId", "ClrSysMmbId", "MmbId") == "021000021"
    assert root.at("GrpHdr", "InstdAgt", "FinInstnId", "BICFI") == "DEUTDEFF"


@pytest.mark.parametrize(
    ("outcomes", "statuses", "group"),
    [
        (["pass", "flag"], ["ACTC", "ACTC"], "ACTC"),
        (["report", "hold"], ["ACTC", "PDNG"], "PART"),
        (["hold", "hold"], ["PDNG", "PDNG"], "PDNG"),
        (["refuse", "refuse"], ["RJCT", "RJCT"], "RJCT"),
        (["refuse", "hold"], ["RJCT", "PDNG"], ""),
        (["refuse", "pass"], ["RJCT", "ACTC"], "PART"),
    ],
)
def test_outcomes_become_statuses(outcomes: list[str], statuses: list[str], group: str) -> None:
    """Each outcome has its status, the group that of all or of a part, and the counts are right."""
    root = report(pacs008([transfer("E1"), transfer("E2")]), outcomes)
    assert [one.at("TxSts") for one in root.all("TxInfAndSts")] == statuses
    header = root.child("OrgnlGrpInfAndSts")
    assert header is not None
    assert header.at("GrpSts") == group
    counted = {one.at("DtldSts"): int(one.at("DtldNbOfTxs")) for one in header.all("NbOfTxsPerSts")}
    assert counted == {status: statuses.count(status) for status in statuses}


def test_suspicion_is_told_to_nobody() -> None:
    """A refusal has a general code, or what the sender can mend; no rule and no reason is named."""
    root = report(pacs008([transfer("E1"), transfer("E2", creditor="")]), ["refuse", "refuse"])
    codes = [one.at("StsRsnInf", "Rsn", "Cd") for one in root.all("TxInfAndSts")]
    assert codes == ["RR04", "RR03"]
    held = report(pacs008(), ["hold"])
    (one,) = held.all("TxInfAndSts")
    assert one.child("StsRsnInf") is None


def test_faults_reject_whatever_is_decided() -> None:
    """A transfer that is wrong in itself is rejected for that, though every rule lets it pass."""
    root = report(pacs008([transfer(iban="DE88370400440532013000")]), ["pass"])
    (one,) = root.all("TxInfAndSts")
    assert (one.at("TxSts"), one.at("StsRsnInf", "Rsn", "Cd")) == ("RJCT", "AC02")


def test_the_same_again_is_the_same_report() -> None:
    """The report's identifiers follow from message and statuses; its version from the message's."""
    read = read_pacs008(pacs008(version="12"), 0)
    one = write_pacs002(read, [status_of(read.transfers[0], "pass")], NOON)
    assert one == write_pacs002(read, [status_of(read.transfers[0], "pass")], NOON)
    other = write_pacs002(read, [status_of(read.transfers[0], "hold")], NOON)
    ids = [read_xml(text).children[0].at("GrpHdr", "MsgId") for text in (one, other)]
    assert ids[0] != ids[1]
    assert all(len(text) <= 35 for text in ids)
    assert ET.fromstring(one).tag.endswith("pacs.002.001.14}Document")  # noqa: S314 - ours
    accepted = write_pacs002(read, [status_of(read.transfers[0], "pass", accepted="ACSP")], NOON)
    assert b"<TxSts>ACSP</TxSts>" in accepted


def test_the_check_of_reports_can_fail() -> None:
    """The tables refuse a report with an element out of place, so that passing says something."""
    read = read_pacs008(pacs008(), 0)
    text = write_pacs002(read, [status_of(read.transfers[0], "pass")], NOON).decode()
    for old, new in (
        ("<TxSts>ACTC</TxSts>", "<TxSts>ACCEPTED</TxSts>"),
        ("<OrgnlMsgId>MSG-1</OrgnlMsgId>", ""),
        ("<TxInfAndSts>", "<TxInfAndSts><TxSts>ACTC</TxSts>"),
    ):
        with pytest.raises(InputError):
            check_structure(read_xml(text.replace(old, new).encode()).children[0])
