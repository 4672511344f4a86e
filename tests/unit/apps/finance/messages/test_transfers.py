"""A pacs.008 becomes payments, exactly; what breaks its form is refused, the rest is told."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.apps.finance.messages import read_pacs008
from counterfoil.errors import InputError
from tests.messages_made import DEBTOR, pacs008, transfer
from tests.payments_made import NOON

UETR = "123e4567-e89b-42d3-a456-426614174000"


def test_everything_that_decides_is_read() -> None:
    """Identifiers, parties, accounts, banks, address and remittance stand in the payment."""
    person = (
        f"{DEBTOR}<Id><PrvtId><DtAndPlcOfBirth><BirthDt>1980-02-01</BirthDt><CityOfBirth>Ulm"
        "</CityOfBirth><CtryOfBirth>DE</CtryOfBirth></DtAndPlcOfBirth></PrvtId></Id>"
        "<CtryOfRes>AT</CtryOfRes>"
    )
    company = "<Nm>Ek AB</Nm><Id><OrgId><LEI>5493001KJTIIGC8Y1R12</LEI></OrgId></Id>"
    more = "<RmtInf><Ustrd>Invoice 7</Ustrd><Ustrd>May</Ustrd></RmtInf>"
    ids = f"<TxId>T1</TxId><UETR>{UETR}</UETR>"
    read = read_pacs008(
        pacs008([transfer(ids=ids, debtor=person, creditor=company, more=more)]), NOON
    )
    (one,) = read.transfers
    assert (read.id, read.definition, read.instructing) == ("MSG-1", "pacs.008.001.08", "DEUTDEFF")
    assert read.instructed == "021000021"
    assert (one.end_to_end_id, one.tx_id, one.uetr) == ("E1", "T1", UETR)
    debtor, creditor = one.payment.debtor, one.payment.creditor
    assert (debtor.name, debtor.account) == ("Ann Lee", "DE89370400440532013000")
    assert (debtor.bank, debtor.country, debtor.address) == ("DEUTDEFF", "AT", "Am Wall, Bremen")
    assert debtor.birth == "1980-02-01 Ulm DE"
    assert (creditor.identifier, creditor.name) == ("5493001KJTIIGC8Y1R12", "Ek AB")
    assert (one.payment.amount_minor, one.payment.currency) == (150_050, "EUR")
    assert (one.payment.at_ms, one.payment.purpose) == (NOON, "Invoice 7 May")
    assert ("Dbtr", "Ann Lee") in one.names
    assert read.faults == one.faults == ()


@pytest.mark.parametrize("version", ["08", "09", "10", "11", "12"])
def test_versions_are_read(version: str) -> None:
    """All versions from 08 to 12 are read, and named."""
    assert read_pacs008(pacs008(version=version), 0).definition == f"pacs.008.001.{version}"


@pytest.mark.parametrize(
    "namespace", ["urn:swift:xsd:x$pacs.008.001.09", "http://x/pacs.008.001.09"]
)
def test_namespaces_may_be_anybodys(namespace: str) -> None:
    """A namespace of another house is read, if it ends with the message's name."""
    ours = "urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08"
    text = pacs008().decode().replace(ours, namespace)
    assert read_pacs008(text.encode(), 0).definition == "pacs.008.001.09"


def test_an_envelope_is_opened() -> None:
    """A Document beside its header, in any envelope, is found."""
    body = pacs008().split(b"?>", 1)[1]
    wrapped = b"<Envelope><AppHdr xmlns='urn:x'><Fr/></AppHdr>" + body + b"</Envelope>"
    assert read_pacs008(wrapped, 0).transfers == read_pacs008(pacs008(), 0).transfers


@pytest.mark.parametrize("version", ["07", "13", "99"])
def test_other_versions_are_refused(version: str) -> None:
    """A version that was never looked at is not guessed at."""
    with pytest.raises(InputError) as caught:
        read_pacs008(pacs008(version=version), 0)
    assert caught.value.code == "message.kind"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("<MsgId>MSG-1</MsgId>", "", "MsgId"),
        ("<MsgId>MSG-1</MsgId>", f"<MsgId>{'x' * 36}</MsgId>", "MsgId"),
        ("<CreDtTm>2026-03-02T10:00:00Z</CreDtTm>", "<CreDtTm>today</CreDtTm>", "CreDtTm"),
        ("<SttlmMtd>CLRG</SttlmMtd>", "<SttlmMtd>XXXX</SttlmMtd>", "SttlmMtd"),
        ("<EndToEndId>E1</EndToEndId>", "", "EndToEndId"),
        ('Ccy="EUR"', 'Ccy="eur"', "IntrBkSttlmAmt"),
        ('Ccy="EUR"', "", "IntrBkSttlmAmt"),
        (">1500.50<", ">-1<", "IntrBkSttlmAmt"),
        (">1500.50<", ">1.123456<", "IntrBkSttlmAmt"),
        (">1500.50<", "><x/><", "IntrBkSttlmAmt"),
        ("<ChrgBr>SHAR</ChrgBr>", "<ChrgBr>SOME</ChrgBr>", "ChrgBr"),
        ("<ChrgBr>SHAR</ChrgBr>", "", "ChrgBr"),
        ("<Nm>Ann Lee</Nm>", "<Nm>Ann</Nm><Nm>Lee</Nm>", "Dbtr"),
        ("<Nm>Ann Lee</Nm>", "<Naem>Ann Lee</Naem>", "Dbtr"),
        ("<BICFI>DEUTDEFF</BICFI>", "<BICFI>DEUT</BICFI>", "BICFI"),
        ("<Ctry>DE</Ctry>", "<Ctry>Germany</Ctry>", "Ctry"),
        ("<Id><IBAN>DE89370400440532013000</IBAN></Id>", "<Id/>", "Id"),
        ("<GrpHdr>", "<GrpHdr xmlns='urn:other'>", "GrpHdr"),
        ("</GrpHdr>", "</GrpHdr><Extra/>", "FIToFICstmrCdtTrf"),
        ("FIToFICstmrCdtTrf", "FIToFICstmrDrctDbt", ""),
    ],
)
def test_a_broken_form_is_refused_at_its_place(old: str, new: str, place: str) -> None:
    """An element that is missing, twice, misplaced, misspelt or malformed is told by its path."""
    text = pacs008().decode()
    assert old in text
    with pytest.raises(InputError) as caught:
        read_pacs008(text.replace(old, new).encode(), 0)
    assert caught.value.code in ("message.structure", "message.kind")
    assert place in caught.value.message


def test_order_is_part_of_the_form() -> None:
    """Elements in another order are another message."""
    text = pacs008().decode()
    agents = re.search(r"<DbtrAgt>.*?</DbtrAgt>", text)
    assert agents is not None
    moved = text.replace(agents[0], "", 1).replace("</CdtrAcct>", f"</CdtrAcct>{agents[0]}", 1)
    with pytest.raises(InputError) as caught:
        read_pacs008(moved.encode(), 0)
    assert caught.value.code == "message.structure"


@pytest.mark.parametrize(
    ("made", "codes"),
    [
        (pacs008([transfer(iban="DE88370400440532013000")]), ["AC02"]),
        (pacs008([transfer(amount="0")]), ["AM01"]),
        (pacs008([transfer(amount="1.5", currency="JPY")]), ["AM12"]),
        (pacs008([transfer(), transfer()]), ["AM05", "AM05"]),
        (
            pacs008([transfer("E1", ids=f"<UETR>{UETR}</UETR>"),
                     transfer("E2", ids=f"<UETR>{UETR}</UETR>")]),
            ["AM05", "AM05"],
        ),
        (pacs008([transfer("E1"), transfer("E2")]), []),
    ],
)  # fmt: skip
def test_what_has_the_form_and_is_wrong_is_told(made: bytes, codes: list[str]) -> None:
    """Check digits, amounts and doubles are faults of a transfer, with their reason codes."""
    read = read_pacs008(made, 0)
    assert [fault.code for one in read.transfers for fault in one.faults] == codes


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({"count": "2"}, ["AM18"]),
        ({"totals": "<CtrlSum>1500.5</CtrlSum>"}, []),
        ({"totals": "<CtrlSum>1500.51</CtrlSum>"}, ["AM10"]),
        ({"totals": '<TtlIntrBkSttlmAmt Ccy="EUR">1500.50</TtlIntrBkSttlmAmt>'}, []),
        ({"totals": '<TtlIntrBkSttlmAmt Ccy="USD">1500.50</TtlIntrBkSttlmAmt>'}, ["AM10"]),
    ],
)
def test_totals_are_checked(options: dict[str, str], codes: list[str]) -> None:
    """A number or sum that is another is a fault of the whole message."""
    assert [one.code for one in read_pacs008(pacs008(**options), 0).faults] == codes


@settings(max_examples=60)
@given(
    at=st.integers(0, 1_500), cut=st.integers(1, 30), put=st.sampled_from(["", "<", "x", "<a/>"])
)
def test_any_damage_is_read_or_refused(at: int, cut: int, put: str) -> None:
    """However a message is damaged, it is read or an InputError."""
    text = pacs008().decode()
    at %= len(text)
    try:
        read_pacs008((text[:at] + put + text[at + cut :]).encode(), 0)
    except InputError as err:
        assert err.code.startswith("message.")
