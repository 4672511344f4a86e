"""XML from strangers is read within limits, and nothing of it is fetched or expanded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.apps.finance.messages import elements as module
from counterfoil.apps.finance.messages import read_pacs008
from counterfoil.apps.finance.messages.elements import read_xml
from counterfoil.errors import InputError
from tests.messages_made import pacs008

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><l>&j;</l>"
)


def code_of(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read_xml(data)
    return caught.value.code


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd"><r/>',
        '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x">%p;]><r/>',
        "<!DOCTYPE r><r/>",
        "<r>&unknown;</r>",
        "<r><s></r></s>",
        "<r/><r/>",
        "<r a='1' a='2'/>",
        "",
        "no xml",
        '<?xml version="1.0" encoding="no-such"?><r/>',
        "<r>text<s/></r>",
        "<r><s/>text</r>",
        "<r><s/> <t/>text</r>",
    ],
)
def test_what_is_no_plain_xml_is_refused(text: str) -> None:
    """Document types, entities, broken nesting, and text beside elements are refused at once."""
    assert code_of(text.encode()) == "message.xml"


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    """A file that an entity names is not opened, and its content appears nowhere."""
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    text = f'<!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}">]><r>&x;</r>'
    with pytest.raises(InputError) as caught:
        read_xml(text.encode())
    assert "s3cret" not in str(caught.value)


def test_depth_size_and_number_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is deeper, larger or more than any message is refused while it is read."""
    assert code_of(b"<a>" * 41 + b"</a>" * 41) == "message.limit"
    assert code_of(b"<a>" * 100_000) == "message.limit"
    assert code_of(b"<a " + b" ".join(b"x%d='1'" % n for n in range(17)) + b"/>") == "message.limit"
    assert code_of(b"<a>" + b"x" * 100_001 + b"</a>") == "message.limit"
    monkeypatch.setattr(module, "_ELEMENTS_MAX", 100)
    assert code_of(b"<a>" + b"<b/>" * 100 + b"</a>") == "message.limit"
    monkeypatch.setattr(module, "MESSAGE_MAX_BYTES", 10)
    assert code_of(b"<a></a>    ") == "message.limit"


def test_encodings_and_prefixes_are_xml() -> None:
    """UTF-16 and any prefix give the same elements; comments and instructions are nothing."""
    plain = pacs008().decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    one = read_pacs008(pacs008(), 0)
    two = read_pacs008(plain.encode("utf-16"), 0)
    assert one.transfers == two.transfers
    noted = pacs008().replace(b"<GrpHdr>", b"<!-- a --><?pi b?><GrpHdr>")
    assert read_pacs008(noted, 0).transfers == one.transfers


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever comes, it is an element or an InputError."""
    try:
        assert read_xml(data).name
    except InputError as err:
        assert err.code in ("message.xml", "message.limit")
