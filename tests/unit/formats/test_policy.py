"""A trust policy means exactly what its lines say, and anything unclear is refused."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError
from counterfoil.formats import policy
from counterfoil.formats.policy import POLICY_MAX_BYTES, Group, Log, Policy, Witness
from counterfoil.formats.vkey import KeyType, VerifierKey, format_vkey
from tests.c2sp import colliding_keys, key_names, mutated, refuses


def key(name: str, key_type: KeyType, number: int = 0) -> VerifierKey:
    """Make a key of any 32 bytes; nothing here is verified."""
    return VerifierKey(name, key_type, sha256(f"{name} {number}".encode()).digest())


def witness_key(number: int, public: bytes | None = None) -> VerifierKey:
    """Make the key of witness `number`."""
    made = key(f"w{number}.example", KeyType.COSIGNATURE_ED25519)
    return made if public is None else VerifierKey(made.name, made.type, public)


LOG = key("log.example", KeyType.ED25519)
VLOG = format_vkey(LOG)
VW = [format_vkey(witness_key(number)) for number in range(6)]
PQ = VerifierKey("pq.example", KeyType.COSIGNATURE_MLDSA44, bytes(1312))
WITNESSES = "".join(f"witness W{number} {vkey}\n" for number, vkey in enumerate(VW))

EXAMPLE = f"""log {VLOG}

witness X1 {VW[0]}
witness X2 {VW[1]}
witness X3 {VW[2]}
group X-witnesses 2 X1 X2 X3

witness Y1 {VW[3]}
witness Y2 {VW[4]}
witness Y3 {VW[5]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""

tokens = st.one_of(
    key_names,
    st.sampled_from(["all", "any", "2", "#x", "log", "quorum", "\u00a0", "\u212a", "K", "\udcff"]),
    st.binary(min_size=1, max_size=9)
    .filter(lambda raw: all(b > 0x20 and b != 0x7F for b in raw))
    .map(lambda raw: raw.decode("utf-8", "surrogateescape")),
).filter(lambda name: name != "none" and "\x7f" not in name)
urls = st.none() | st.just("https://w.example/") | tokens


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Make any valid policy: some logs and witnesses, groups over them, and a quorum."""
    logs = tuple(
        Log(key(f"log{n}", KeyType.ED25519), draw(urls)) for n in range(draw(st.integers(0, 3)))
    )
    names = draw(st.lists(tokens, unique=True, max_size=10))
    count = draw(st.integers(0, len(names)))
    witnesses = tuple(
        Witness(name, witness_key(n), draw(urls)) for n, name in enumerate(names[:count])
    )
    free, groups = list(names[:count]), []
    for name in names[count:]:
        members = tuple(draw(st.lists(st.sampled_from(free), unique=True))) if free else ()
        if members:
            groups.append(Group(name, draw(st.integers(1, len(members))), members))
            free = [other for other in free if other not in members] + [name]
    defined = [*names[:count], *(group.name for group in groups)]
    return Policy(logs, witnesses, tuple(groups), draw(st.sampled_from(["none", *defined])))


@given(policies())
def test_round_trip(value: Policy) -> None:
    """A policy is read back the same, whatever octets its names and URLs hold."""
    assert policy.parse(policy.format(value)) == value


@given(mutated(policies().map(policy.format) | st.just(EXAMPLE.encode())))
def test_parse_is_total(data: bytes) -> None:
    """Any bytes are refused with InputError, or are a policy that is written and read the same."""
    try:
        value = policy.parse(data)
    except InputError:
        return
    assert policy.parse(policy.format(value)) == value


def test_example_of_the_specification() -> None:
    """The example of C2SP tlog-policy, with its two levels of groups."""
    value = policy.parse(EXAMPLE.encode())
    assert [log.key for log in value.logs] == [LOG]
    assert [witness.name for witness in value.witnesses] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert value.groups == (
        Group("X-witnesses", 2, ("X1", "X2", "X3")),
        Group("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
        Group("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
    )
    assert value.quorum == "X-and-Y"


def test_white_space_comments_and_urls() -> None:
    """Blank lines, comment lines, tabs and spaces around words mean nothing; URLs are kept."""
    text = f"""
# comment
 \t # comment with {VW[0]} and \xe9
\tlog\t{VLOG} \t https://log.example/#top \t
  witness   W0  {VW[0]}   https://w.example/
quorum\tW0\t
""".encode("latin-1")
    assert policy.parse(text) == Policy(
        (Log(LOG, "https://log.example/#top"),),
        (Witness("W0", witness_key(0), "https://w.example/"),),
        (),
        "W0",
    )


def test_smallest() -> None:
    """Only the quorum is mandatory; order of logs and witnesses does not matter."""
    assert policy.parse(b"quorum none\n") == Policy((), (), (), "none")
    late = policy.parse(f"quorum none\nwitness W {VW[0]}\nlog {VLOG}\n".encode())
    assert late == Policy((Log(LOG),), (Witness("W", witness_key(0)),), (), "none")


def test_names_are_octets() -> None:
    """Octets of 0x80 and above are opaque: look-alikes, no-break spaces and bad UTF-8 are names."""
    names = [
        b"K",
        "\u212a".encode(),
        b"\x80",
        b"\xa0",
        b"\xff\xfe",
        "\u00e9".encode(),
        b"e\xcc\x81",
    ]
    lines = [
        b"witness %b %b\n" % (name, format_vkey(witness_key(number)).encode())
        for number, name in enumerate(names)
    ]
    data = b"".join(lines) + b"group G all %b\nquorum G\n" % b" ".join(names)
    value = policy.parse(data)
    assert value.groups[0].threshold == len(set(names)) == len(names)
    assert value.groups[0].members == tuple(w.name for w in value.witnesses)
    assert policy.format(value).count(b"\xff\xfe") == 2


def test_post_quantum_keys() -> None:
    """ML-DSA-44 keys serve logs and witnesses."""
    other = VerifierKey("pq2.example", KeyType.COSIGNATURE_MLDSA44, b"\1" * 1312)
    value = Policy((Log(PQ),), (Witness("W", other),), (), "W")
    assert policy.parse(policy.format(value)) == value


def test_many() -> None:
    """The 32 logs, witnesses and groups that the specification recommends fit, and many more."""
    count = 500
    value = Policy(
        tuple(Log(key(f"l{n}", KeyType.ED25519)) for n in range(count)),
        tuple(Witness(f"W{n}", witness_key(n)) for n in range(count)),
        (Group("G0", 1, ("W0",)), *(Group(f"G{n}", 1, (f"G{n - 1}",)) for n in range(1, count))),
        f"G{count - 1}",
    )
    assert policy.parse(policy.format(value)) == value


REFUSED = [
    ("", "policy.line-end", ""),
    ("quorum none", "policy.line-end", ""),
    ("\n", "policy.quorum", ""),
    (WITNESSES, "policy.quorum", ""),
    ("quorum none\nquorum none\n", "policy.quorum", "line 2"),
    ("quorum\n", "policy.line", "line 1"),
    ("quorum none x\n", "policy.line", "line 1"),
    ("quorum none # comment\n", "policy.line", "line 1"),
    ("\n\nquorum X\n", "policy.unknown-name", "line 3"),
    (f"quorum W0\n{WITNESSES}", "policy.unknown-name", "line 1"),
    ("Quorum none\n", "policy.word", "line 1"),
    ("\u00a0quorum none\n", "policy.word", "line 1"),
    ("log\nquorum none\n", "policy.line", "line 1"),
    (f"log {VLOG} url more\n", "policy.line", "line 1"),
    ("log x\n", "key.malformed", "line 1"),
    (f"log {VLOG.replace('log.', 'lag.')}\n", "key.id", "line 1"),
    (f"log {VW[0]}\n", "policy.key-type", "line 1"),
    (f"witness W {VLOG}\n", "policy.key-type", "line 1"),
    (f"log {VLOG}\nlog {VLOG} url\n", "policy.duplicate-key", "line 2"),
    (f"witness W {VW[0]}\nwitness V {VW[0]}\n", "policy.duplicate-key", "line 2"),
    (f"witness {VW[0]}\n", "policy.line", "line 1"),
    (f"witness W {VW[0]} url more\n", "policy.line", "line 1"),
    (f"witness W {VW[0]}\nwitness W {VW[1]}\n", "policy.duplicate-name", "line 2"),
    (f"witness none {VW[0]}\n", "policy.duplicate-name", "line 1"),
    (f"{WITNESSES}group W0 any W1\n", "policy.duplicate-name", "line 7"),
    (f"{WITNESSES}group none any W1\n", "policy.duplicate-name", "line 7"),
    (f"{WITNESSES}group G any\n", "policy.line", "line 7"),
    (f"{WITNESSES}group G any none\n", "policy.unknown-name", "line 7"),
    (f"{WITNESSES}group G any G\n", "policy.unknown-name", "line 7"),
    (f"{WITNESSES}group G any W9\n", "policy.unknown-name", "line 7"),
    (f"group G any W0\n{WITNESSES}", "policy.unknown-name", "line 1"),
    (f"{WITNESSES}group G 1 W0 W0\n", "policy.member", "line 7"),
    (f"{WITNESSES}group G any W0\ngroup H any W0\n", "policy.member", "line 8"),
    (f"{WITNESSES}group G 0 W0\n", "policy.threshold", "line 7"),
    (f"{WITNESSES}group G 2 W0\n", "policy.threshold", "line 7"),
    (f"{WITNESSES}group G -1 W0\n", "policy.threshold", "line 7"),
    (f"{WITNESSES}group G 01 W0\n", "policy.threshold", "line 7"),
    (f"{WITNESSES}group G most W0\n", "policy.threshold", "line 7"),
    (f"{WITNESSES}group G {'9' * 5000} W0\n", "policy.threshold", "line 7"),
    ("quorum none\r\n", "policy.octet", "line 1"),
    ("\nquorum\x0bnone\n", "policy.octet", "line 2"),
    ("quorum none\x00\n", "policy.octet", "line 1"),
    ("# \x7f\nquorum none\n", "policy.octet", "line 1"),
]


@pytest.mark.parametrize(("text", "code", "where"), REFUSED, ids=map(str, range(len(REFUSED))))
def test_refused(text: str, code: str, where: str) -> None:
    """Each rule has its own refusal, and its message names the line."""
    with refuses(code, saying=where):
        policy.parse(text.encode())


def test_too_long() -> None:
    """A policy of 1 MiB is read, one byte more is not."""
    largest = b"quorum none\n".rjust(POLICY_MAX_BYTES)
    assert policy.parse(largest).quorum == "none"
    with refuses("policy.too-long"):
        policy.parse(b" " + largest)


def test_one_key_one_purpose() -> None:
    """The same key under another name or type is the same key: no log is its own witness."""
    for other in (
        VerifierKey("other.example", KeyType.COSIGNATURE_ED25519, LOG.public),
        VerifierKey(LOG.name, KeyType.COSIGNATURE_ED25519, LOG.public),
    ):
        with refuses("policy.duplicate-key"):
            Policy((Log(LOG),), (Witness("W", other),), (), "none")


def test_ambiguous_keys() -> None:
    """Two keys that a signature line cannot tell apart are refused."""
    first, second = colliding_keys()
    with refuses("policy.ambiguous-key"):
        Policy((), (Witness("A", first), Witness("B", second)), (), "none")


@pytest.mark.parametrize(
    "name", ["", "a b", "a\tb", "a\nb", "a\x7f", "\ud800", "\udcc3\udca9"], ids=map(str, range(7))
)
def test_constructed_policies_are_checked(name: str) -> None:
    """A name or URL that would not come back the same cannot be used."""
    for witness in (Witness(name, witness_key(0)), Witness("W", witness_key(0), name)):
        with refuses("policy.token"):
            Policy((), (witness,), (), "none")
    with refuses("policy.token"):
        Policy((Log(LOG, name),), (), (), "none")
    with refuses("policy.unknown-name"):
        Policy((), (), (), name)
    with refuses("policy.threshold"):
        Policy((), (), (Group("G", 1, ()),), "none")
