"""JSON text is read so strictly that two readers never see two things."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import json_text
from counterfoil.formats.receipt import EntryProof
from tests.statements import json_objects, json_values, refused

SAMPLES = [
    b'{"a":1,"b":[1,2,{"c":"x\\u0041"}],"d":1.5e3,"e":null,"f":true,"g":"\xc3\xa9","h":-12}',
    b'{"a":{"a":1},"b":"a:b","c":"{[\\"\\\\"}',
    b' { "x" : [ ] , "y" : { } } ',
    b'{"a":[[[[[[]]]]]]}',
]
TOKENS = [
    b'"', b":", b",", b"{", b"}", b"[", b"]", b"-", b".", b"e", b"E", b"+", b"0", b"1", b" ",
    b"\n", b"\x0b", b"\x00", b"\x1f", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b'\\"', b"\\u",
    b"\\ud800", b"\\u0061", b"\\u003a", b'"a":1,', b',"a":1', b"null", b"NaN", b"Infinity",
    b"9" * 20, b"9007199254740991", b"9007199254740992", b"1e400", b"1e-400", b"[" * 70, b"",
]  # fmt: skip


@st.composite
def near_json(draw: st.DrawFn) -> bytes:
    """Give bytes that are nearly JSON, or not at all."""
    data = bytearray(draw(st.sampled_from(SAMPLES) | json_values.map(msgspec.json.encode)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 2))] = draw(st.sampled_from(TOKENS))
    return bytes(data)


@given(json_values)
def test_format_round_trip(value: Any) -> None:
    """What is written is read back equal, and written the same again."""
    data = json_text.format(value)
    assert json_text.parse(data) == value
    assert json_text.format(json_text.parse(data)) == data


@given(json_values)
def test_canonical_text_is_a_fixed_point(value: Any) -> None:
    """The canonical text reads back as the same value, and its canonical text is itself."""
    data = json_text.canonicalise(value)
    assert json.loads(data, parse_int=float) == value
    try:
        again = json_text.parse(data)
    except InputError as err:
        assert err.code == "json.integer"  # a whole float of 2^53 or more became an integer
    else:
        assert json_text.canonicalise(again) == data


@given(st.binary(max_size=200) | near_json())
def test_random_bytes_are_refused_or_read(data: bytes) -> None:
    """Any bytes raise InputError and nothing else, or are JSON for the standard library too."""
    try:
        value = json_text.parse(data)
    except InputError:
        return
    assert json.loads(data) == value


@given(near_json())
@example(b'{"a":1,"\\u0061":2}')
@example(b'{"a":1,"a":2,"b":"\\u003a"}')
@example(b'{"a":1,"a":"\\u003a"}')
def test_the_fast_path_is_as_strict_as_the_slow_one(data: bytes) -> None:
    """`normalise_object` accepts exactly the objects that `parse` accepts, and changes no value."""
    try:
        value = json_text.parse(data)
    except InputError:
        value = None
    try:
        compact = json_text.normalise_object(data)
    except InputError:
        assert not isinstance(value, dict)
        return
    assert isinstance(value, dict)
    assert json_text.parse(compact) == value
    assert list(json_text.parse(compact)) == list(value)
    assert json_text.normalise_object(compact) == compact


MALFORMED = [
    (b"", "json.malformed"),
    (b" ", "json.malformed"),
    (b"{", "json.malformed"),
    (b"{}{}", "json.malformed"),
    (b"{} x", "json.malformed"),
    (b"{}\x00", "json.malformed"),
    (b"\xef\xbb\xbf{}", "json.malformed"),
    (b"\xff\xfe{\x00}\x00", "json.malformed"),
    (b"{'a':1}", "json.malformed"),
    (b"{a:1}", "json.malformed"),
    (b'{"a":1,}', "json.malformed"),
    (b'{"a":[1,]}', "json.malformed"),
    (b'{"a":01}', "json.malformed"),
    (b'{"a":+1}', "json.malformed"),
    (b'{"a":.5}', "json.malformed"),
    (b'{"a":1.}', "json.malformed"),
    (b'{"a":0x10}', "json.malformed"),
    (b'{"a":"\n"}', "json.malformed"),
    (b'{"a":"\x00"}', "json.malformed"),
    (b'{"a":"\\x"}', "json.malformed"),
    (b'{"a":"\\u12"}', "json.malformed"),
    (b'{"a":/**/1}', "json.malformed"),
    (b'{"a":\x0b1}', "json.malformed"),
    (b'{"a":"\xff"}', "json.malformed"),
    (b'{"a":"\xc0\x80"}', "json.malformed"),
    (b'{"a":"\xed\xa0\x80"}', "json.malformed"),
    (b'{"a":"\xf4\x90\x80\x80"}', "json.malformed"),
    (b'{"a":1,"a":1}', "json.duplicate-key"),
    (b'{"a":1,"\\u0061":1}', "json.duplicate-key"),
    (b'{"x":{"a":1,"b":2,"a":3}}', "json.duplicate-key"),
    (b'{"x":[{"a":1,"a":1}]}', "json.duplicate-key"),
    (b'{"\xc3\xa9":1,"\\u00e9":1}', "json.duplicate-key"),
    (b'{"":1,"":1}', "json.duplicate-key"),
    (b'{"a":9007199254740992}', "json.integer"),
    (b'{"a":-9007199254740992}', "json.integer"),
    (b'{"a":18446744073709551616}', "json.integer"),
    (b'{"a":[[-9007199254740992]]}', "json.integer"),
    (b'{"a":1' + b"0" * 5000 + b"}", "json.integer"),
    (b'{"a":NaN}', "json.number"),
    (b'{"a":Infinity}', "json.number"),
    (b'{"a":-Infinity}', "json.number"),
    (b'{"a":1e309}', "json.number"),
    (b'{"a":[-1e999]}', "json.number"),
    (b'{"a":"\\ud800"}', "json.surrogate"),
    (b'{"a":"\\udc00\\ud800"}', "json.surrogate"),
    (b'{"\\ud800":1}', "json.surrogate"),
    (b'{"a":{"\\udfff":1}}', "json.surrogate"),
    (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "json.depth"),
    (b'{"a":' * 65 + b"1" + b"}" * 65, "json.depth"),
    (b'{"a":' + b"[" * 200_000, "json.depth"),
    (b'{"a":' * 200_000, "json.depth"),
]


@pytest.mark.parametrize(
    ("data", "code"), MALFORMED, ids=[f"{i} {data[:24]!a}" for i, (data, _) in enumerate(MALFORMED)]
)
def test_malformed(data: bytes, code: str) -> None:
    """Each fault has its own code, on the slow path and on the fast one."""
    with refused(code):
        json_text.parse(data)
    with refused(code):
        json_text.normalise_object(data)


@pytest.mark.parametrize("data", [b"[]", b"5", b'"x"', b"null", b"true", b"1.5"])
def test_other_values_are_no_objects(data: bytes) -> None:
    """An array, a string, a number, a boolean and null are read, but are not objects."""
    json_text.parse(data)
    with refused("json.not-object"):
        json_text.normalise_object(data)


def test_normalised_text() -> None:
    """White space goes, keys keep their order, escapes and numbers take their shortest form."""
    text = b' {"b" : 1.50, "a" : [ 1e2 , -0 ] ,\r\n\t"c":"\\/\\u00e9\\u0000" , "d":1E-400 } '
    expected = '{"b":1.5,"a":[100.0,0],"c":"/é\\u0000","d":0.0}'
    assert json_text.normalise_object(text).decode() == expected


def test_limits_are_inclusive() -> None:
    """The largest safe integers, depth 64 and a pair of surrogates are read."""
    assert json_text.parse(b"[9007199254740991,-9007199254740991]") == [2**53 - 1, -(2**53) + 1]
    json_text.parse(b"[" * 64 + b"]" * 64)
    json_text.normalise_object(b'{"a":' * 64 + b"1" + b"}" * 64)
    assert json_text.parse(b'"\\ud83d\\ude00"') == "\U0001f600"
    assert json_text.parse(b"[[1]]", max_depth=2) == [[1]]
    with refused("json.depth"):
        json_text.parse(b"[[1]]", max_depth=1)


def test_a_late_duplicate_costs_no_more_than_reading() -> None:
    """A megabyte of keys of which the last is a duplicate is refused at once, not in hours."""
    pairs = ",".join(f'"{number}":0' for number in range(100_000))
    with refused("json.duplicate-key"):
        json_text.parse(f'{{{pairs},"99999":0}}'.encode())


class Odd(msgspec.Struct):
    """A struct that holds anything."""

    value: Any


@pytest.mark.parametrize("write", [json_text.format, json_text.canonicalise])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (2**53, "json.integer"),
        ([-(2**53)], "json.integer"),
        (math.nan, "json.number"),
        ({"a": math.inf}, "json.number"),
        ("\ud800", "json.surrogate"),
        ({"\udfff": 1}, "json.surrogate"),
        ({1: 2}, "json.type"),
        ({None: 2}, "json.type"),
        (b"bytes", "json.type"),
        ([{1, 2}], "json.type"),
        (Ellipsis, "json.type"),
        ({"a": 1j}, "json.type"),
    ],
    ids=repr,
)
def test_what_json_cannot_say(write: Any, value: Any, code: str) -> None:
    """Values that strict JSON cannot say are refused when writing, too."""
    with refused(code):
        write(value)


def test_deep_values_are_refused() -> None:
    """A value nested deeper than 64 levels is refused, also when it contains itself."""
    value: Any = 1
    for _ in range(64):
        value = (value,)
    assert json_text.format(value) == json_text.canonicalise(value) == b"[" * 64 + b"1" + b"]" * 64
    loop: list[Any] = []
    loop.append(loop)
    for write in (json_text.format, json_text.canonicalise):
        for deep in ([value], loop):
            with refused("json.depth"):
                write(deep)


def test_structs_are_written_as_they_say() -> None:
    """A struct is written with its own encoding of bytes; what it holds is checked all the same."""
    assert json_text.format(EntryProof(3, b"x", ())) == b'{"index":3,"entry":"eA==","path":[]}'
    for value, code in [(object(), "json.type"), (2**53, "json.integer"), ({1: 1}, "json.type")]:
        with refused(code):
            json_text.format(Odd(value))
    loop = Odd(None)
    loop.value = loop
    with refused("json.type"):
        json_text.format(loop)


@given(st.binary(min_size=8, max_size=8))
def test_canonical_numbers_read_back(bits: bytes) -> None:
    """Every finite double keeps its value in canonical form."""
    number = struct.unpack(">d", bits)[0]
    if math.isfinite(number):
        assert float(json_text.canonicalise(number)) == number


@given(json_objects)
def test_canonical_keys_are_sorted_by_utf16(value: dict[str, Any]) -> None:
    """Keys stand in the order of their UTF-16 code units, at every level."""
    keys = list(json.loads(json_text.canonicalise(value)))
    assert keys == sorted(keys, key=lambda key: key.encode("utf-16-be"))
