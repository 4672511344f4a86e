"""Receipts of a log in bad hands: whatever its keys can sign, it signs.

What is changed is signed and logged again, so that the checks behind the signatures are reached.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from counterfoil.formats import envelope
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE
from counterfoil.formats.predicates import Key
from tests.journeys.receipt_builder import (
    ORG_2,
    OWNER,
    PARTNER,
    RECOVERY,
    ROTATED,
    ROWS,
    SmallLog,
    key,
    referring,
    sealed,
    statement,
    story,
)
from tests.journeys.receipt_corpus import Case, case, changes, told
from tests.statements import ORIGIN, Actor, batch_entry, entry_of, member_entry

__all__ = ["batches", "envelopes", "keys", "parts", "statements"]

NEW, OTHER, THIEF = Actor("new"), Actor("other"), Actor("thief")
REVOKE: dict[str, Any] = {"action": "revoke", "public": None}
Steps = list[tuple[Key, tuple[Actor, ...]]]


def _log_of(steps: Steps) -> SmallLog:
    log = SmallLog()
    log.add_key(key(RECOVERY, "recovery", 1), OWNER)
    for stated, signers in steps:
        log.add_key(stated, *signers)
    return log


def _signed_last(name: str, log: SmallLog, signer: Actor) -> Case:
    payload = statement(7, issuer=signer.organisation)
    return case(name, log.receipt(log.append(entry_of(payload, signer))))


def keys() -> Iterator[Case]:
    """Key statements that a log should not have taken up, and what they signed."""
    for name, steps in {**_additions(), **_replacements()}.items():
        for signer in (NEW, OWNER, RECOVERY, PARTNER):
            yield _signed_last(f"key {name}, then {signer.keyid[:4]}", _log_of(steps), signer)
    yield from _revocations()
    yield from _beginnings()


def _additions() -> dict[str, Steps]:
    loose = encode_base64(NEW.public)[:-2] + "B="
    partner: tuple[Key, tuple[Actor, ...]] = (key(PARTNER, "producer", 2), (OWNER,))
    third = Actor("third", "urn:third:1")
    return {
        "by a producer": [(key(NEW, "producer", 2), (OWNER,))],
        "by a recovery key": [(key(NEW, "producer", 2), (RECOVERY,))],
        "by nobody known": [(key(NEW, "producer", 2), (THIEF,))],
        "by itself": [(key(NEW, "producer", 2), (NEW,))],
        "by two": [(key(NEW, "producer", 2), (OWNER, RECOVERY))],
        "without a signature": [(key(NEW, "producer", 2), ())],
        "of another organisation": [partner],
        "of another without its word": [(key(PARTNER, "producer", 2, proof=None), (OWNER,))],
        "of another, by word for a role": [
            (key(PARTNER, "producer", 2, proof=PARTNER.possession(ORG_2, "witness")), (OWNER,)),
        ],
        "of another, by word of a third": [
            (key(PARTNER, "producer", 2, proof=OTHER.possession(ORG_2, "producer")), (OWNER,)),
        ],
        "of another, by a short word": [
            (key(PARTNER, "producer", 2, proof=encode_base64(bytes(63))), (OWNER,)),
        ],
        "by another organisation": [partner, (key(NEW, "producer", 3, issuer=ORG_2), (PARTNER,))],
        "by another in our name": [partner, (key(NEW, "producer", 3), (PARTNER,))],
        "of a third by the second": [
            partner, (key(third, "producer", 3, issuer=ORG_2), (PARTNER,)),
        ],
        "twice": [(key(NEW, "producer", 2), (OWNER,)), (key(NEW, "producer", 3), (OWNER,))],
        "keyid of another": [(key(NEW, "producer", 2, keyid=OTHER.keyid), (OWNER,))],
        "of 31 bytes": [(key(NEW, "producer", 2, public=encode_base64(bytes(31))), (OWNER,))],
        "with loose bits": [(key(NEW, "producer", 2, public=loose), (OWNER,))],
        "from an earlier entry": [(key(NEW, "producer", 2, from_index=1), (OWNER,))],
        "from a later entry": [(key(NEW, "producer", 2, from_index=9), (OWNER,))],
        "until before it begins": [(key(NEW, "producer", 2, until_index=2), (OWNER,))],
        "until the next entry": [(key(NEW, "producer", 2, until_index=3), (OWNER,))],
        "until later": [(key(NEW, "producer", 2, until_index=99), (OWNER,))],
        "as a witness": [(key(NEW, "witness", 2), (OWNER,))],
        "as recovery by a producer": [(key(NEW, "recovery", 2), (OWNER,))],
        "as recovery by recovery": [(key(NEW, "recovery", 2), (RECOVERY,))],
        "for another log": [(key(NEW, "producer", 2, audience="elsewhere"), (OWNER,))],
        "for this log": [(key(NEW, "producer", 2, audience=ORIGIN), (OWNER,))],
    }  # fmt: skip


def _replacements() -> dict[str, Steps]:
    partner: tuple[Key, tuple[Actor, ...]] = (key(PARTNER, "producer", 2), (OWNER,))
    owner, recovery = OWNER.keyid, RECOVERY.keyid
    return {
        "replaces": [(key(NEW, "producer", 2, replaces=owner), (RECOVERY,))],
        "replaces later": [(key(NEW, "producer", 2, replaces=owner, from_index=9), (RECOVERY,))],
        "replaces its signer": [(key(NEW, "producer", 2, replaces=owner), (OWNER,))],
        "replaces with another role": [(key(NEW, "recovery", 2, replaces=owner), (RECOVERY,))],
        "replaces the unknown": [(key(NEW, "producer", 2, replaces=OTHER.keyid), (RECOVERY,))],
        "replaces a stranger's": [
            partner, (key(NEW, "producer", 3, replaces=PARTNER.keyid), (OWNER,)),
        ],
        "replaces recovery by a producer": [
            (key(NEW, "recovery", 2, replaces=recovery), (OWNER,)),
        ],
        "revoked, a stranger's": [(key(PARTNER, "producer", 2, **REVOKE), (OWNER,))],
        "revoked, unknown": [(key(NEW, "producer", 2, **REVOKE), (OWNER,))],
        "revoked, recovery by a producer": [(key(RECOVERY, "recovery", 2, **REVOKE), (OWNER,))],
        "revoked, recovery as a producer": [(key(RECOVERY, "producer", 2, **REVOKE), (OWNER,))],
    }  # fmt: skip


def _revocations() -> Iterator[Case]:
    for start in (None, 0, 1, 2, 3, 4, 5, 50):
        log = _log_of([(key(NEW, "producer", 2), (OWNER,))])
        at = log.append(entry_of(statement(1), NEW))
        log.add_key(key(NEW, "producer", 3, from_index=start, **REVOKE), RECOVERY)
        yield case(f"revoked from {start}, record before", log.receipt(at))
        yield _signed_last(f"revoked from {start}, record after", log, NEW)
        log.add_key(key(OWNER, "producer", 4, from_index=start, **REVOKE), RECOVERY)
        yield case(f"its adder revoked from {start}, record before", log.receipt(at))
        log.add_key(key(NEW, "producer", 5, from_index=1, **REVOKE), RECOVERY)
        yield case(f"revoked twice, first from {start}", log.receipt(at))
    for start in (1, 2, 3, 4):
        for name, signer in (("recovery", RECOVERY), ("producer", OWNER), ("its own child", NEW)):
            log = _log_of([(key(NEW, "producer", 2), (OWNER,))])
            at = log.append(entry_of(statement(1), NEW))
            log.add_key(key(OWNER, "producer", 4, from_index=start, **REVOKE), signer)
            yield case(f"its adder alone revoked from {start} by {name}", log.receipt(at))
            log = _log_of([(key(NEW, "producer", 2), (OWNER,))])
            at = log.append(entry_of(statement(1), NEW))
            log.add_key(key(NEW, "producer", 4, from_index=start, **REVOKE), signer)
            yield case(f"it alone revoked from {start} by {name}", log.receipt(at))
    for role in ("producer", "recovery"):
        log = _log_of([(key(NEW, "recovery", 2), (RECOVERY,))])
        log.add_key(key(RECOVERY, "recovery", 3, from_index=2, **REVOKE), NEW)
        log.add_key(key(OTHER, role, 4), OWNER)
        yield _signed_last(f"a recovery key that would void itself, then {role}", log, OTHER)


def _beginnings() -> Iterator[Case]:
    stated = {
        "revokes": key(OWNER, "producer", 0, **REVOKE),
        "adds a recovery key": key(OWNER, "recovery", 0),
        "is of another": key(OWNER, "producer", 0, issuer=ORG_2),
        "replaces": key(OWNER, "producer", 0, replaces=NEW.keyid),
        "begins later": key(OWNER, "producer", 0, from_index=1),
        "begins at 0": key(OWNER, "producer", 0, from_index=0),
        "ends": key(OWNER, "producer", 0, until_index=1),
    }
    plain = key(OWNER, "producer", 0)
    firsts: dict[str, tuple[Key, tuple[Actor, ...]]] = {
        name: (first, (OWNER,)) for name, first in stated.items()
    }
    firsts["unsigned"] = (plain, ())
    firsts["by another"] = (plain, (NEW,))
    firsts["by two"] = (plain, (OWNER, NEW))
    for name, (first, signers) in firsts.items():
        log = SmallLog(begun=False)
        log.add_key(first, *signers)
        yield _signed_last(f"genesis {name}", log, OWNER)
    log = SmallLog(begun=False)
    log.append(b"{}")
    log.add_key(plain, OWNER)
    yield _signed_last("genesis at 1", log, OWNER)


def statements() -> Iterator[Case]:
    """Statements of wrong form or place, signed all the same."""
    payload = statement(1)
    nested = statement(1, '{"a":{}}')
    number, memo = b'"number":1', b"coffee"
    forms = {
        "issued by another": statement(1, issuer=ORG_2),
        "for another log": statement(1, audience="elsewhere"),
        "for this log": statement(1, audience=ORIGIN),
        "another subject": payload.replace(b'"sha256":"', b'"sha256":"0', 1),
        "no sha256 of the subject": payload.replace(b'"sha256"', b'"sha512"', 1),
        "white space": payload.replace(b",", b", ").replace(b":{", b": {"),
        "white space in the content": payload.replace(b'{"amount_minor":', b'{ "amount_minor":'),
        "no _type": payload.replace(b'"_type":"https://in-toto.io/Statement/v1",', b""),
        "another _type": payload.replace(b"Statement/v1", b"Statement/v0.1"),
        "a duplicate key": payload.replace(number, number + b"," + number),
        "an escaped duplicate": payload.replace(number, number + b',"n\\u0075mber":1'),
        "1.0": payload.replace(number, b'"number":1.0'),
        "1e0": payload.replace(number, b'"number":1e0'),
        "-0": payload.replace(number, b'"number":-0'),
        "2^53": payload.replace(number, b'"number":9007199254740992'),
        "17 digits": payload.replace(number, b'"number":10000000000000000'),
        "a huge number inside": payload.replace(b"1.50", b"1" * 30),
        "infinity inside": payload.replace(b"1.50", b"1e999"),
        "NaN": payload.replace(b"1.50", b"NaN"),
        "-Infinity": payload.replace(b"1.50", b"-Infinity"),
        "01": payload.replace(b"1.50", b"01"),
        "a byte-order mark": b"\xef\xbb\xbf" + payload,
        "latin 1": payload.replace(memo, b"caf\xe9"),
        "a surrogate": payload.replace(memo, b"\\ud800"),
        "a surrogate in UTF-8": payload.replace(memo, b"\xed\xa0\x80"),
        "a pair of surrogates": payload.replace(memo, b"\\ud83d\\ude00"),
        "a raw newline": payload.replace(memo, b"cof\nfee"),
        "a bad escape": payload.replace(memo, b"\\x41"),
        "a short escape": payload.replace(memo, b"\\u00e"),
        "more behind": payload + b" 1",
        "blanks around": b" \t\r\n" + payload + b"\n",
        "a list": b"[" + payload + b"]",
        "a field more": payload.replace(number, number + b',"x":1'),
        "__proto__": payload.replace(number, number + b',"__proto__":1'),
        "__proto__ in the content": statement(1, '{"__proto__":{"x":1},"constructor":2}'),
        "fields with ?": statement(1, '{"a?":1,"content?":2}'),
        "a field with ?": payload.replace(number, number + b',"at_ms?":1'),
        "not JSON": b"hello",
        "nothing": b"",
    }  # fmt: skip
    for levels in (40, 62, 63, 70, 300):
        deep = b'{"a":' * levels + b"{}" + b"}" * levels
        forms[f"{levels} levels"] = nested.replace(b'{"a":{}}', deep)
    for name, text in forms.items():
        log = SmallLog()
        yield case(f"statement, {name}", log.receipt(log.append(sealed(text, OWNER))))


def envelopes() -> Iterator[Case]:
    """Envelopes of other forms, and signatures of others."""
    payload = statement(1)
    entry, pair = entry_of(payload, OWNER), entry_of(payload, OWNER, NEW)
    head, _, tail = pair.partition(b"[")
    first, _, second = tail.removesuffix(b"]}").partition(b"},")
    before = entry.partition(b'"sig":"')[0] + b'"sig":"'
    many = [Actor(f"signer {n}") for n in range(17)]
    forms = {
        "white space": entry.replace(b",", b", "),
        "a field more": entry[:-1] + b',"x":1}',
        "an escape": entry.replace(b"in-toto", b"in\\u002dtoto"),
        "no padding": entry.replace(b"=", b""),
        "another payload type": sealed(payload, OWNER, payload_type="text/plain"),
        "a batch type": sealed(payload, OWNER, payload_type=BATCH_PAYLOAD_TYPE),
        "a short signature": before + b'AAAA"}]}',
        "a zero signature": before + b"A" * 86 + b'=="}]}',
        "a loose signature": before + b"A" * 85 + b'B=="}]}',
        "two signatures": pair,
        "two in another order": head + b"[" + second + b"," + first + b"}]}",
        "one twice": head + b"[" + first + b"}," + first + b"}]}",
        "of two organisations": entry_of(payload, OWNER, PARTNER),
        "by an unknown key": entry_of(payload, NEW, ROTATED),
        "by a recovery key": entry_of(payload, RECOVERY),
        "by another's signature": entry.replace(OWNER.keyid.encode(), NEW.keyid.encode()),
        "unsigned": member_entry(payload),
        "a word": b"hello",
        "not UTF-8": entry.replace(b"payload", b"pay\xff", 1),
        "16 signatures": sealed(payload, *many[:16]),
        "17 signatures": sealed(payload, *many),
        "none": b'{"payload":"","payloadType":"x","signatures":[]}',
    }
    for name, data in forms.items():
        log = _log_of(
            [(key(NEW, "producer", 2), (OWNER,)), (key(PARTNER, "producer", 3), (OWNER,))]
        )
        yield case(f"envelope, {name}", log.receipt(log.append(data)))


def batches() -> Iterator[Case]:
    """Batch signatures over others, of others, elsewhere, or in other words."""
    members = [statement(n) for n in range(5)]
    wrong: dict[str, dict[str, Any]] = {
        "origin": {"origin": "elsewhere"},
        "root": {"root": bytes(32)},
    }
    for name, fields in wrong.items():
        log = SmallLog()
        at = log.add_batch(OWNER, members, **fields)[2]
        yield case(f"batch of another {name}", log.receipt(at))
        yield case(f"batch of another {name}, itself", log.receipt(6))
    log = SmallLog()
    at = log.add_batch(OWNER, members)[1]
    again = [log.append(log.entries[6]) for _ in range(9)]
    good = log.receipt(at).batch
    assert good is not None
    change = msgspec.structs.replace
    others = {f"{n} further": change(good, signature=log.prove(at)) for n, at in enumerate(again)}
    others |= {
        "that is none": change(good, signature=log.prove(0)),
        "with another path": change(good, path=good.path[::-1]),
        "with a short path": change(good, path=good.path[1:]),
    }
    for name, other in others.items():
        yield case(f"batch {name}", log.receipt(at, batch=other))
    text = envelope.parse(batch_entry(OWNER, members)).payload
    for where, changed in changes(json.loads(text)):
        for separators in ((",", ":"), (", ", ": ")):
            said = json.dumps(changed, separators=separators).encode()
            yield _batch_case(f"batch text, {where}, {separators}", members, said, OWNER)
    for signers in ((RECOVERY,), (NEW,), (), (OWNER, NEW)):
        yield _batch_case(f"batch by {[s.keyid[:4] for s in signers]}", members, text, *signers)
    for start in (2, 5, 9):  # the members stand at 3 to 7, their signature at 8
        log = _log_of([(key(NEW, "producer", 2, from_index=start), (OWNER,))])
        at = log.add_batch(NEW, members)[0]
        yield case(f"batch by a key from {start}", log.receipt(at))


def _batch_case(name: str, members: list[bytes], text: bytes, *signers: Actor) -> Case:
    """Ask about a batch signature itself, of whatever text."""
    log = SmallLog()
    for member in members:
        log.append(member_entry(member))
    return case(
        name, log.receipt(log.append(sealed(text, *signers, payload_type=BATCH_PAYLOAD_TYPE)))
    )


def parts() -> Iterator[Case]:
    """Receipts with parts that do not belong to their record."""
    whole = told()
    record, rotation = whole["record"], whole["rotation"]
    belongings: list[tuple[str, str, dict[str, Any]]] = [
        ("batch with a signed record", "record", {"batch": whole["first member"].batch}),
        ("no batch", "first member", {"batch": None}),
        ("row with a record", "record", {"row": whole["block"].row}),
        ("row with a batch signature", "batch", {"row": whole["block"].row}),
        ("content with a record", "record", {"content": "{}"}),
        ("content with a row", "block", {"content": "{}"}),
        ("content with a block", "block", {"content": "{}", "row": None}),
        ("content with a foreign statement", "foreign", {"content": "{}"}),
        ("content with a batch signature", "batch", {"content": ""}),
        ("other content", "large", {"content": '{"big":"no!"}'}),
        ("longer content", "large", {"content": '{"big":"yes"} '}),
        ("a batch with a batch", "batch", {"batch": whole["first member"].batch}),
        ("a key statement not among the keys", "rotation", {"keys": rotation.keys[:2]}),
        ("keys out of order", "record", {"keys": record.keys[::-1]}),
        ("keys twice", "record", {"keys": record.keys[:1] * 2}),
        ("no genesis", "record", {"keys": record.keys[1:]}),
        ("a record as key", "record", {"keys": (record.record,)}),
        ("a batch as key", "record", {"keys": (whole["batch"].record,)}),
    ]
    for name, base, fields in belongings:
        yield case(name, msgspec.structs.replace(whole[base], **fields))
    yield from _rows()
    for name, data in {"right": b"x" * 40, "no object": b"[1]", "empty": b""}.items():
        log = SmallLog()
        at = log.append(entry_of(referring(1, data), OWNER))
        yield case(f"content, {name}", log.receipt(at, content=data.decode()))


def _rows() -> Iterator[Case]:
    log, block = story()["block"]
    bare = log.receipt(block)
    for number, (_, content) in enumerate(ROWS):
        row = log.receipt(block, row=number).row
        assert row is not None
        wrong: dict[str, dict[str, Any]] = {
            "as it is": {},
            "another number": {"row": (number + 1) % 5},
            "a number beyond": {"row": 5},
            "another salt": {"salt": bytes(15) + b"\x01"},
            "other content": {"content": content.decode() + " "},
            "not JSON": {"content": "["},
            "no object": {"content": "[]"},
            "a long path": {"path": (*row.path, bytes(32))},
        }
        for where, fields in wrong.items():
            other = msgspec.structs.replace(row, **fields)
            yield case(f"row {number}, {where}", msgspec.structs.replace(bare, row=other))
