"""Receipts that hold and receipts that do not, to ask two verifiers the same questions.

Most are wrong in one point only. What is signed is changed and signed again where the point lies
behind the signatures, so that every check is reached.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from counterfoil.formats import receipt as receipts
from counterfoil.formats.ascii import encode_base64
from counterfoil.formats.batch import BATCH_PAYLOAD_TYPE
from counterfoil.formats.envelope import STATEMENT_PAYLOAD_TYPE
from counterfoil.formats.predicates import Key, format_predicate, uri_of
from counterfoil.formats.receipt import Receipt
from tests.c2sp import LOG, secret, signed, witness
from tests.journeys.receipt_builder import (
    LOG_PQ, ORG_2, OWNER, PARTNER, RECOVERY, ROTATED, ROWS, WITNESSES, SmallLog, key, log_policy,
    referring, statement, story, witness_policy,
)  # fmt: skip
from tests.predicate_samples import HEADER, SAMPLES
from tests.statements import ORG, ORIGIN, Actor, batch_entry, entry_of, member_entry, payload_of

__all__ = ["Case", "attacks", "flips", "noise", "notes", "policies", "predicates", "valid"]

NOW = 1_700_000_200


@dataclass(frozen=True, slots=True)
class Case:
    """One question: does the receipt hold under the policy at `now` (POSIX seconds or None)?"""

    name: str
    receipt: str
    policy: str
    now: int | None = None


def _case(name: str, receipt: Receipt, policy: str = "", now: int | None = None) -> Case:
    return Case(name, receipts.format(receipt).decode(), policy or log_policy(), now)


def told() -> dict[str, Receipt]:
    """Make the receipt of every entry of the story, cosigned by two witnesses."""
    made = {}
    for name, (log, index) in story().items():
        fields: dict[str, Any] = {"block": {"row": 2}, "large": {"content": '{"big":"yes"}'}}
        made[name] = log.receipt(index, *WITNESSES[:2], **fields.get(name, {}))
    log, index = story()["large"]
    return made | {"large, kept": log.receipt(index, *WITNESSES[:2])}


def valid() -> Iterator[Case]:
    """Receipts that hold, under policies that they meet."""
    for name, receipt in told().items():
        for number, policy in enumerate([log_policy(), witness_policy(1), witness_policy(2)]):
            yield _case(f"{name}, policy {number}", receipt, policy, NOW)
    for size in (1, 2, 3, 4, 5, 7, 8, 9, 31, 33):
        log = SmallLog()
        while len(log.entries) < size:
            log.append(b"{%d" % len(log.entries))
        yield _case(f"size {size}", log.receipt(0))


def flips(names: tuple[str, ...] = ("last member", "block", "large", "rotation")) -> Iterator[Case]:
    """Receipts with one value of their JSON changed, left out, doubled or put elsewhere."""
    for name in names:
        document = json.loads(receipts.format(told()[name]))
        for where, changed in _changes(document):
            yield Case(f"{name}: {where}", json.dumps(changed), witness_policy())


def _changes(document: Any) -> Iterator[tuple[str, Any]]:
    """Give the document with one thing changed, for each thing in it."""
    if isinstance(document, dict):
        for field, value in document.items():
            others = {k: v for k, v in document.items() if k != field}
            yield f"no {field}", others
            yield f"null {field}", document | {field: None}
            for where, changed in _changes(value):
                yield f"{field}.{where}", document | {field: changed}
        yield "a new field", document | {"x": 1}
    elif isinstance(document, list):
        yield "empty", []
        yield "one more", [*document, *document[-1:]]
        yield "one less", document[:-1]
        yield "reversed", document[::-1]
        for number, value in enumerate(document):
            for where, changed in _changes(value):
                yield f"{number}.{where}", [*document[:number], changed, *document[number + 1 :]]
    elif isinstance(document, int):
        for changed in (document + 1, document - 1, -1, 0, 1.5, str(document), True, 2**53):
            yield f"= {changed!r}", changed
    elif isinstance(document, str):
        middle = len(document) // 2
        for at in (0, middle, len(document) - 2, len(document) - 1):
            letter = "B" if document[at] != "B" else "C"
            yield f"[{at}] = {letter}", document[:at] + letter + document[at + 1 :]
        yield "cut", document[:-1]
        yield "none", ""
        yield "a number", 5


def attacks() -> Iterator[Case]:
    """Receipts of a log in bad hands: whatever its keys can sign, it signs."""
    yield from _key_attacks()
    yield from _statement_attacks()
    yield from _batch_attacks()
    yield from _receipt_attacks()


def _key_log(*steps: tuple[Key, tuple[Actor, ...]]) -> SmallLog:
    log = SmallLog()
    log.add_key(key(RECOVERY, "recovery", 1), OWNER)
    for stated, signers in steps:
        log.add_key(stated, *signers)
    return log


def _signed_last(name: str, log: SmallLog, signer: Actor, **fields: Any) -> Case:
    fields = {"issuer": signer.organisation} | fields
    return _case(name, log.receipt(log.append(entry_of(statement(7, **fields), signer))))


def _key_attacks() -> Iterator[Case]:
    new, other, thief = Actor("new"), Actor("other"), Actor("thief")
    revoke: dict[str, Any] = {"action": "revoke", "public": None}
    steps: dict[str, list[tuple[Key, tuple[Actor, ...]]]] = {
        "added by a producer": [(key(new, "producer", 2), (OWNER,))],
        "added by a recovery key": [(key(new, "producer", 2), (RECOVERY,))],
        "added by nobody known": [(key(new, "producer", 2), (thief,))],
        "added by itself": [(key(new, "producer", 2), (new,))],
        "added by two": [(key(new, "producer", 2), (OWNER, RECOVERY))],
        "added without a signature": [(key(new, "producer", 2), ())],
        "added for another organisation": [(key(PARTNER, "producer", 2), (OWNER,))],
        "added by another organisation": [
            (key(PARTNER, "producer", 2), (OWNER,)),
            (key(new, "producer", 3, issuer=ORG_2), (PARTNER,)),
        ],
        "added by another in our name": [
            (key(PARTNER, "producer", 2), (OWNER,)),
            (key(new, "producer", 3), (PARTNER,)),
        ],
        "a third organisation by the second": [
            (key(PARTNER, "producer", 2), (OWNER,)),
            (key(Actor("x", "urn:x:1"), "producer", 3, issuer=ORG_2), (PARTNER,)),
        ],
        "a stranger's key revoked": [(key(PARTNER, "producer", 2, **revoke), (OWNER,))],
        "twice": [(key(new, "producer", 2), (OWNER,)), (key(new, "producer", 3), (OWNER,))],
        "keyid of another": [(key(new, "producer", 2, keyid=other.keyid), (OWNER,))],
        "public of 31 bytes": [(key(new, "producer", 2, public=encode_base64(bytes(31))), (OWNER,))],
        "public with loose bits": [
            (key(new, "producer", 2, public=encode_base64(new.public)[:-2] + "B="), (OWNER,))
        ],
        "from an earlier entry": [(key(new, "producer", 2, from_index=1), (OWNER,))],
        "from a later entry": [(key(new, "producer", 2, from_index=9), (OWNER,))],
        "until before it begins": [(key(new, "producer", 2, until_index=2), (OWNER,))],
        "until the next entry": [(key(new, "producer", 2, until_index=3), (OWNER,))],
        "until later": [(key(new, "producer", 2, until_index=99), (OWNER,))],
        "as a witness": [(key(new, "witness", 2), (OWNER,))],
        "as a recovery key by a producer": [(key(new, "recovery", 2), (OWNER,))],
        "as a recovery key by recovery": [(key(new, "recovery", 2), (RECOVERY,))],
        "replaces the producer": [(key(new, "producer", 2, replaces=OWNER.keyid), (RECOVERY,))],
        "replaces with another role": [(key(new, "recovery", 2, replaces=OWNER.keyid), (RECOVERY,))],
        "replaces the unknown": [(key(new, "producer", 2, replaces=other.keyid), (RECOVERY,))],
        "replaces another organisation's": [
            (key(PARTNER, "producer", 2), (OWNER,)),
            (key(new, "producer", 3, replaces=PARTNER.keyid), (OWNER,)),
        ],
        "replaced by a producer": [(key(new, "recovery", 2, replaces=RECOVERY.keyid), (OWNER,))],
        "revoked, unknown": [(key(new, "producer", 2, **revoke), (OWNER,))],
        "recovery revoked by a producer": [(key(RECOVERY, "recovery", 2, **revoke), (OWNER,))],
        "recovery revoked as a producer": [(key(RECOVERY, "producer", 2, **revoke), (OWNER,))],
        "for another log": [(key(new, "producer", 2, audience="elsewhere"), (OWNER,))],
        "for this log": [(key(new, "producer", 2, audience=ORIGIN), (OWNER,))],
    }  # fmt: skip
    for name, made in steps.items():
        for signer in (new, OWNER, RECOVERY, PARTNER):
            yield _signed_last(f"key {name}, then {signer.keyid[:4]}", _key_log(*made), signer)
    yield from _revocations(new, revoke)
    yield from _beginnings(new)


def _revocations(new: Actor, revoke: dict[str, Any]) -> Iterator[Case]:
    for start in (None, 0, 1, 2, 3, 4, 5, 50):
        log = _key_log((key(new, "producer", 2), (OWNER,)))
        at = log.append(entry_of(statement(1), new))
        log.add_key(key(new, "producer", 3, from_index=start, **revoke), RECOVERY)
        yield _case(f"revoked from {start}, record before", log.receipt(at))
        yield _signed_last(f"revoked from {start}, record after", log, new)
        late = key(OWNER, "producer", 4, from_index=start, **revoke)
        log.add_key(late, RECOVERY)
        yield _case(f"adder revoked from {start}, record before", log.receipt(at))
        log.add_key(key(new, "producer", 5, from_index=1, **revoke), RECOVERY)
        yield _case(f"revoked twice, first from {start}", log.receipt(at))
    for role in ("producer", "recovery"):
        log = _key_log((key(new, "recovery", 2), (RECOVERY,)))
        log.add_key(key(RECOVERY, "recovery", 3, from_index=2, **revoke), new)
        log.add_key(key(Actor("late"), role, 4), OWNER)
        yield _signed_last(f"a void recovery key, then {role}", log, Actor("late"))


def _beginnings(new: Actor) -> Iterator[Case]:
    first = {
        "revokes": key(OWNER, "producer", 0, action="revoke", public=None),
        "adds a recovery key": key(OWNER, "recovery", 0),
        "is of another": key(OWNER, "producer", 0, issuer=ORG_2),
        "replaces": key(OWNER, "producer", 0, replaces=new.keyid),
        "begins later": key(OWNER, "producer", 0, from_index=1),
        "begins at 0": key(OWNER, "producer", 0, from_index=0),
        "ends": key(OWNER, "producer", 0, until_index=1),
    }
    for name, stated in first.items():
        log = SmallLog(begun=False)
        log.add_key(stated, OWNER)
        yield _signed_last(f"genesis {name}", log, OWNER)
    for name, signers in {"unsigned": (), "by another": (new,), "by two": (OWNER, new)}.items():
        log = SmallLog(begun=False)
        log.add_key(key(OWNER, "producer", 0), *signers)
        yield _signed_last(f"genesis {name}", log, OWNER)
    log = SmallLog(begun=False)
    log.append(b"{}")
    log.add_key(key(OWNER, "producer", 0), OWNER)
    yield _signed_last("genesis at 1", log, OWNER)


def _statement_attacks() -> Iterator[Case]:
    payload = statement(1)
    empty = b'{"_type":"https://in-toto.io/Statement/v1","subject":[%s],"predicateType":"%s",'
    subject = b'{"name":"x","digest":{"a":"1"}}'
    foreign = (empty % (subject, b"urn:x") + b'"predicate":%s}').replace(b"%s", b"%b")
    forms = {
        "issued by another": statement(1, issuer=ORG_2),
        "for another log": statement(1, audience="elsewhere"),
        "for this log": statement(1, audience=ORIGIN),
        "another subject": payload.replace(b'"sha256":"', b'"sha256":"0', 1).replace(b'","name', b'0","name', 1),
        "no sha256 of the subject": payload.replace(b'"sha256"', b'"sha512"', 1),
        "white space": payload.replace(b",", b", ").replace(b":{", b": {"),
        "white space in the content": payload.replace(b'{"amount_minor":', b'{ "amount_minor":'),
        "no _type": payload.replace(b'"_type":"https://in-toto.io/Statement/v1",', b""),
        "another _type": payload.replace(b"Statement/v1", b"Statement/v0.1"),
        "a duplicate key": payload.replace(b'"number":1', b'"number":1,"number":1'),
        "an escaped duplicate": payload.replace(b'"number":1', b'"number":1,"n\\u0075mber":1'),
        "1.0": payload.replace(b'"number":1', b'"number":1.0'),
        "1e0": payload.replace(b'"number":1', b'"number":1e0'),
        "-0": payload.replace(b'"number":1', b'"number":-0'),
        "2^53": payload.replace(b'"number":1', b'"number":9007199254740992'),
        "a huge number inside": payload.replace(b"1.50", b"1" * 30),
        "infinity inside": payload.replace(b"1.50", b"1e999"),
        "NaN": payload.replace(b"1.50", b"NaN"),
        "01": payload.replace(b"1.50", b"01"),
        "a byte-order mark": b"\xef\xbb\xbf" + payload,
        "latin 1": payload.replace(b"coffee", b"caf\xe9"),
        "a surrogate": payload.replace(b"coffee", b"\\ud800"),
        "a pair of surrogates": payload.replace(b"coffee", b"\\ud83d\\ude00"),
        "a raw newline": payload.replace(b"coffee", b"cof\nfee"),
        "a bad escape": payload.replace(b"coffee", b"\\x41"),
        "more behind": payload + b" 1",
        "blanks around": b" \t\r\n" + payload + b"\n",
        "a list": b"[" + payload + b"]",
        "a field more": payload.replace(b'"number":1', b'"number":1,"x":1'),
        "__proto__": payload.replace(b'"number":1', b'"number":1,"__proto__":1'),
        "__proto__ in the content": statement(1, '{"__proto__":{"x":1},"constructor":2}'),
        "fields with ?": statement(1, '{"a?":1,"content?":2}'),
        "a field with ?": payload.replace(b'"number":1', b'"number":1,"at_ms?":1'),
        "no subject": empty % (b"", b"urn:x") + b'"predicate":{}}',
        "two subjects of one name": empty % (subject + b"," + subject, b"urn:x") + b'"predicate":{}}',
        "two subjects": empty % (subject + b',{"digest":{"b":"2"}}', b"urn:x") + b'"predicate":{}}',
        "a subject without digest": empty % (b'{"digest":{}}', b"urn:x") + b'"predicate":{}}',
        "a digest that is a number": empty % (b'{"digest":{"a":1}}', b"urn:x") + b'"predicate":{}}',
        "a predicate that is a list": foreign % b"[]",
        "a foreign predicate without issuer": foreign % b'{"x":[1,2]}',
        "a foreign issuer": foreign % (b'{"issuer":"urn:y","source":"s","number":1}'),
        "a foreign half header": foreign % b'{"issuer":"urn:y","source":"s","number":"1"}',
        "deep": statement(1, '{"a":' * 40 + "{}" + "}" * 40),
        "too deep": statement(1, '{"a":{}}').replace(b'{"a":{}}', b'{"a":' * 70 + b"{}" + b"}" * 70),
        "63 levels": statement(1, '{"a":' * 61 + "{}" + "}" * 61),
        "64 levels": statement(1, '{"a":{}}').replace(b'{"a":{}}', b'{"a":' * 62 + b"{}" + b"}" * 62),
        "65 levels": statement(1, '{"a":{}}').replace(b'{"a":{}}', b'{"a":' * 63 + b"{}" + b"}" * 63),
        "an empty predicate type": empty % (subject, b"") + b'"predicate":{}}',
        "constructor as predicate type": empty % (subject, b"constructor") + b'"predicate":{}}',
        "not JSON": b"hello",
        "nothing": b"",
    }  # fmt: skip
    for name, text in forms.items():
        log = SmallLog()
        yield _case(f"statement, {name}", log.receipt(log.append(_sealed(text, OWNER))))
    yield from _envelope_attacks(payload)


def _sealed(payload: bytes, *signers: Actor, payload_type: str = STATEMENT_PAYLOAD_TYPE) -> bytes:
    """Sign any payload, also one that no parser takes."""
    lines = sorted((s.keyid, s.signature(payload_type, payload).sig) for s in signers)
    texts = ['{"keyid":"%s","sig":"%s"}' % (k, encode_base64(sig)) for k, sig in lines]
    form = '{"payload":"%s","payloadType":"%s","signatures":[%s]}'
    return (form % (encode_base64(payload), payload_type, ",".join(texts))).encode()


def _envelope_attacks(payload: bytes) -> Iterator[Case]:
    entry = entry_of(payload, OWNER)
    new = Actor("new")
    two = _key_log((key(new, "producer", 2), (OWNER,)))
    pair = entry_of(payload, OWNER, new)
    head, _, tail = pair.partition(b"[")
    first, _, second = tail.removesuffix(b"]}").partition(b"},")
    swapped = head + b"[" + second + b"," + first + b"}]}"
    forms = {
        "white space": entry.replace(b",", b", "),
        "another order": b'{"payloadType"' + entry.partition(b'"payloadType"')[2][:-1]
        + b"," + entry.partition(b'"payloadType"')[0][1:-1] + b"}",
        "a field more": entry[:-1] + b',"x":1}',
        "an escape": entry.replace(b"in-toto", b"in\\u002dtoto"),
        "no padding": entry.replace(b"=", b""),
        "another payload type": _sealed(payload, OWNER, payload_type="text/plain"),
        "a batch type": _sealed(payload, OWNER, payload_type=BATCH_PAYLOAD_TYPE),
        "a false signature": entry.replace(b'"sig":"', b'"sig":"AA', 1).replace(b'=="}]', b'"}]'),
        "a short signature": entry.partition(b'"sig"')[0] + b'"sig":"AAAA"}]}',
        "a zero signature": entry.partition(b'"sig"')[0] + b'"sig":"%s"}]}' % (b"A" * 86 + b"=="),
        "two signatures": pair,
        "two in another order": swapped,
        "one twice": head + b"[" + first + b"}," + first + b"}]}",
        "of two organisations": entry_of(payload, OWNER, PARTNER),
        "by an unknown key": entry_of(payload, new, ROTATED),
        "by a recovery key": entry_of(payload, RECOVERY),
        "unsigned": member_entry(payload),
        "COSE": b"\xd2abc",
        "a word": b"hello",
        "not UTF-8": entry.replace(b"payload", b"pay\xff", 1),
        "16 signatures": _sealed(payload, *[Actor(f"s{n}") for n in range(16)]),
        "17 signatures": _sealed(payload, *[Actor(f"s{n}") for n in range(17)]),
    }  # fmt: skip
    for name, data in forms.items():
        log = _key_log((key(new, "producer", 2), (OWNER,)), (key(PARTNER, "producer", 3), (OWNER,)))
        yield _case(f"envelope, {name}", log.receipt(log.append(data)))
    assert two.entries


def _batch_attacks() -> Iterator[Case]:
    members = [statement(n) for n in range(5)]
    changes: dict[str, dict[str, Any]] = {
        "another origin": {"origin": "elsewhere"},
        "another root": {"root": bytes(32)},
    }
    for name, fields in changes.items():
        log = SmallLog()
        at = log.add_batch(OWNER, members, **fields)[2]
        yield _case(f"batch, {name}", log.receipt(at))
        yield _case(f"batch itself, {name}", log.receipt(5 + 1))
    log = SmallLog()
    indices = log.add_batch(OWNER, members)
    receipt = log.receipt(indices[1])
    assert receipt.batch is not None
    away = log.append(log.entries[indices[-1] + 1])
    for name, batch in {
        "elsewhere": msgspec.structs.replace(receipt.batch, signature=log.prove(away)),
        "of another": msgspec.structs.replace(receipt.batch, signature=log.prove(0)),
        "with another path": msgspec.structs.replace(receipt.batch, path=receipt.batch.path[::-1]),
        "with a short path": msgspec.structs.replace(receipt.batch, path=receipt.batch.path[1:]),
    }.items():
        yield _case(f"batch {name}", log.receipt(indices[1], batch=batch))
    good = json.loads(_payload_of(batch_entry(OWNER, members)))
    for where, changed in _changes(good):
        for encode in (_compact, json.dumps):
            log = SmallLog()
            for member in members:
                log.append(member_entry(member))
            text = encode(changed).encode()
            log.append(_sealed(text, OWNER, payload_type=BATCH_PAYLOAD_TYPE))
            yield _case(f"batch text, {where}, {encode.__name__}", log.receipt(6))
    yield from _batch_signers(members)


def _batch_signers(members: list[bytes]) -> Iterator[Case]:
    new = Actor("new")
    for start in (2, 5, 9):  # the members stand at 3 to 7, their signature at 8
        log = _key_log((key(new, "producer", 2, from_index=start), (OWNER,)))
        at = log.add_batch(new, members)[0]
        yield _case(f"batch by a key from {start}", log.receipt(at))
    for signers in ((RECOVERY,), (new,), (), (OWNER, new)):
        log = _key_log()
        for member in members:
            log.append(member_entry(member))
        text = _payload_of(batch_entry(OWNER, members))
        log.append(_sealed(text, *signers, payload_type=BATCH_PAYLOAD_TYPE))
        yield _case(f"batch by {[s.keyid[:4] for s in signers]}", log.receipt(7))


def _compact(document: Any) -> str:
    return json.dumps(document, separators=(",", ":"))


def _payload_of(entry: bytes) -> bytes:
    from counterfoil.formats import envelope

    return envelope.parse(entry).payload


def _receipt_attacks() -> Iterator[Case]:
    whole = told()
    log, block = story()["block"]
    batch = whole["first member"].batch
    row = whole["block"].row
    assert row is not None
    both = [
        ("batch with a signed record", "record", {"batch": batch}),
        ("no batch", "first member", {"batch": None}),
        ("row with a record", "record", {"row": row}),
        ("row with a batch signature", "batch", {"row": row}),
        ("content with a record", "record", {"content": "{}"}),
        ("content with a block", "block", {"content": "{}"}),
        ("content with a block and no row", "block", {"content": "{}", "row": None}),
        ("content with a foreign statement", "foreign", {"content": "{}"}),
        ("content with a batch signature", "batch", {"content": ""}),
        ("other content", "large", {"content": '{"big":"no!"}'}),
        ("longer content", "large", {"content": '{"big":"yes"} '}),
        ("a batch with itself", "batch", {"batch": batch}),
        ("no keys' end", "rotation", {"keys": whole["rotation"].keys[:2]}),
        ("keys out of order", "record", {"keys": whole["record"].keys[::-1]}),
        ("keys twice", "record", {"keys": whole["record"].keys[:1] * 2}),
        ("no genesis", "record", {"keys": whole["record"].keys[1:]}),
        ("a record as key", "record", {"keys": (whole["record"].record,)}),
        ("a batch as key", "record", {"keys": (whole["batch"].record,)}),
    ]
    for name, base, fields in both:
        yield _case(name, msgspec.structs.replace(whole[base], **fields))
    for number, (salt, content) in enumerate(ROWS):
        changed = log.receipt(block, row=number).row
        assert changed is not None
        for where, other in {
            "as it is": changed,
            "number": msgspec.structs.replace(changed, row=(number + 1) % 5),
            "salt": msgspec.structs.replace(changed, salt=salt[::-1] + b""),
            "other salt": msgspec.structs.replace(changed, salt=bytes(16)),
            "content": msgspec.structs.replace(changed, content=content.decode() + " "),
            "not JSON": msgspec.structs.replace(changed, content="["),
            "no object": msgspec.structs.replace(changed, content="[]"),
            "number beyond": msgspec.structs.replace(changed, row=5),
        }.items():
            yield _case(f"row {number}, {where}", log.receipt(block, row=None, **{}) if False else
                        msgspec.structs.replace(log.receipt(block), row=other))
    for size, data in (("its size", b"x" * 40), ("no object", b"[1]"), ("empty", b"")):
        other_log = SmallLog()
        at = other_log.append(entry_of(referring(1, data), OWNER))
        yield _case(f"content, {size}", other_log.receipt(at, content=data.decode()))


def predicates() -> Iterator[Case]:
    """Statements of every predicate of the core, with every field changed."""
    for kind, fields in SAMPLES.items():
        whole = kind(**(HEADER | fields))
        document = json.loads(format_predicate(whole))
        uri = uri_of(whole)
        yield _predicate_case(f"{kind.__name__}, whole", uri, format_predicate(whole))
        for where, changed in _changes(document):
            yield _predicate_case(f"{kind.__name__}, {where}", uri, _compact(changed).encode())
        for field, value in _limits(document):
            changed = _compact(document | {field: value}).encode()
            yield _predicate_case(f"{kind.__name__}, {field} = {value!r:.40}", uri, changed)


def _limits(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field, value in document.items():
        if isinstance(value, str):
            for length in (255, 256, 512, 513, 1000, 1001, 4096, 4097, 8192, 8193, 16384, 16385):
                yield field, "a" * length
            for text in ("", "a b", "a\x7f", "é" * 255, "\U0001f600" * 255, "urn:é", "A:!", "1:x"):
                yield field, text
        if isinstance(value, int):
            yield from ((field, number) for number in (0, -0.0, 2**53 - 1, 1024, 1048576, 1048577))
        if isinstance(value, list):
            yield from ((field, value[:1] * count) for count in (1, 16, 17, 64, 65, 256, 257))
    for field in ("at_ms", "audience", "nonce", "expect", "why", "checkpoint", "content_ref"):
        yield field, None
    for expect in ({}, {"a": [1]}, {"a": [1, 2, 3]}, {"": [1, 2]}, {"a": [1.5, 2]}, {"a\n": [1, 2]},
                   {"a": [True, 2]}, {"a": [None, ""]}, {str(n): [n, n] for n in range(65)}):  # fmt: skip
        yield "expect", expect


def _predicate_case(name: str, uri: str, predicate: bytes) -> Case:
    digest = "0f" * 32
    if b'"content":{"a": 1.5}' in predicate or b'"content":{"a":1.5}' in predicate:
        content = b'{"a": 1.5}' if b'{"a": 1.5}' in predicate else b'{"a":1.5}'
        digest = json.loads(payload_of_content(content))["subject"][0]["digest"]["sha256"]
    text = (
        b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"%s"},'
        b'"name":"x"}],"predicateType":"%s","predicate":%s}'
    ) % (digest.encode(), uri.encode(), predicate)
    log = SmallLog()
    return _case(name, log.receipt(log.append(_sealed(text, OWNER))))


def payload_of_content(content: bytes) -> bytes:
    """Make a record's payload, for the digest of its content."""
    return statement(1, content.decode())


def notes() -> Iterator[Case]:
    """Checkpoints whose text or signatures are changed, under a policy that names them."""
    log, index = story()["record"]
    good = log.receipt(index, *WITNESSES[:2])
    text = good.checkpoint
    body, _, lines = text.partition("\n\n")
    listed = lines.splitlines(keepends=True)
    forms = {
        "no blank line": text.replace("\n\n", "\n"),
        "two blank lines": text.replace("\n\n", "\n\n\n"),
        "no signature": body + "\n\n",
        "no end": text[:-1],
        "a carriage return": text.replace("\n", "\r\n"),
        "a tab": text.replace("/", "\t", 1),
        "an extension": text.replace("\n\n", "\nmore\n\n"),
        "a leading zero": text.replace("\n20\n", "\n020\n"),
        "a plus": text.replace("\n20\n", "\n+20\n"),
        "Arabic digits": text.replace("\n20\n", "\n\u0662\u0660\n"),
        "size 0": text.replace("\n20\n", "\n0\n"),
        "size 2^63": text.replace("\n20\n", "\n9223372036854775808\n"),
        "size 2^63-1": text.replace("\n20\n", "\n9223372036854775807\n"),
        "a short root": body.rpartition("\n")[0] + "\nAAAA\n\n" + lines,
        "a loose root": text.replace("=\n\n", "\n\n"),
        "another origin": text.replace(ORIGIN, "log.example/other"),
        "no origin": "\n" + text.partition("\n")[2],
        "a long origin": "a" * 256 + "\n" + text.partition("\n")[2],
        "the log last": body + "\n\n" + "".join(listed[::-1]),
        "the log twice": body + "\n\n" + listed[0] + lines,
        "the log missing": body + "\n\n" + "".join(listed[1:]),
        "witnesses only": body + "\n\n" + listed[1],
        "a witness twice": body + "\n\n" + lines + listed[1],
        "64 lines": body + "\n\n" + listed[0] + listed[1] * 63,
        "65 lines": body + "\n\n" + listed[0] + listed[1] * 64,
        "a hyphen": text.replace("\u2014 ", "- ", 1),
        "two spaces": text.replace("\u2014 ", "\u2014  ", 1),
        "no name": text.replace(f"\u2014 {ORIGIN} ", "\u2014  ", 1),
        "a plus in a name": text.replace("\u2014 w1", "\u2014 w+1", 1),
        "a no-break space in a name": text.replace("\u2014 w1", "\u2014 w\u00a01", 1),
        "loose bits": text.replace("=\n", "\n", 3),
        "four bytes": body + "\n\n" + listed[0] + "\u2014 x AAAAAA==\n",
        "five bytes": body + "\n\n" + listed[0] + "\u2014 x AAAAAAA=\n",
        "unknown lines": text + "\u2014 x AAAAAAA=\n",
        "a byte-order mark": "\ufeff" + text,
        "empty": "",
        "a newline": "\n\n",
    }
    for name, changed in forms.items():
        for number, policy in enumerate((log_policy(), witness_policy())):
            receipt = msgspec.structs.replace(good, checkpoint=changed)
            yield _case(f"note, {name}, policy {number}", receipt, policy)
    yield from _signers()


def _signers() -> Iterator[Case]:
    log, index = story()["record"]
    stranger = witness(9)
    impostor = secret(WITNESSES[0].name, WITNESSES[0].type)
    for count in range(4):
        for least in (1, 2, 3):
            receipt = log.receipt(index, *WITNESSES[:count], stranger)
            yield _case(f"{count} cosigners, {least} asked", receipt, witness_policy(least), NOW)
    for seconds in (0, NOW + 300, NOW + 301, 2**62):
        note_text = log.checkpoint(*WITNESSES, time_s=seconds)
        receipt = log.receipt(index, checkpoint=note_text)
        for now in (None, NOW, 0):
            yield _case(f"at {seconds}, now {now}", receipt, witness_policy(), now)
    body = log.checkpoint().partition("\n\n")[0].encode() + b"\n"
    lines = signed(LOG, impostor, body=body).signatures
    assert lines


def policies() -> Iterator[Case]:
    """Policies of every form, right and wrong, for a receipt that holds."""
    log, index = story()["record"]
    receipt = log.receipt(index, *WITNESSES)
    lines = witness_policy().splitlines(keepends=True)
    [line, w1, w2, w3, group, quorum] = lines
    vkey = line.split()[1]
    w_key = w1.split()[2]
    forms = {
        "as it is": "".join(lines),
        "comments": "# a\n\n  \t# b\n" + "".join(lines),
        "tabs": "".join(lines).replace(" ", "\t \t"),
        "urls": line.strip() + " https://x\n" + w1.strip() + " https://y\n" + "quorum w1\n",
        "three words behind log": line.strip() + " a b\nquorum none\n",
        "no end": "".join(lines)[:-1],
        "a carriage return": "".join(lines).replace("\n", "\r\n"),
        "empty": "",
        "a newline": "\n",
        "no quorum": line,
        "two quorums": line + "quorum none\nquorum none\n",
        "an unknown quorum": line + "quorum x\n",
        "quorum of two words": line + "quorum a b\n",
        "an unknown word": "logs x\n" + "".join(lines),
        "constructor": "constructor x\n" + "".join(lines),
        "no log": w1 + "quorum none\n",
        "another log": line.replace(ORIGIN, "log.example/x") + "quorum none\n",
        "the witness as log": f"log {w_key}\n" + line + "quorum none\n",
        "the log as witness": line + f"witness a {vkey}\nquorum none\n",
        "log twice": line + line + "quorum none\n",
        "witness twice": line + w1 + w1.replace("w1 ", "w4 ", 1) + "quorum none\n",
        "one name twice": line + w1 + w2.replace("w2 ", "w1 ", 1) + "quorum none\n",
        "none as a name": line + w1.replace("w1 ", "none ", 1) + "quorum none\n",
        "all": line + w1 + w2 + w3 + "group g all w1 w2 w3\nquorum g\n",
        "any": line + w1 + w2 + w3 + "group g any w1 w2 w3\nquorum g\n",
        "one": line + w1 + "quorum w1\n",
        "nested": line + w1 + w2 + w3 + "group a any w1 w2\ngroup b all a w3\nquorum b\n",
        "a group of groups that fails": line + w1 + "group a any w1\n" + "quorum a\n",
        "0 of 3": line + w1 + w2 + w3 + "group g 0 w1 w2 w3\nquorum g\n",
        "4 of 3": line + w1 + w2 + w3 + "group g 4 w1 w2 w3\nquorum g\n",
        "01 of 3": line + w1 + w2 + w3 + "group g 01 w1 w2 w3\nquorum g\n",
        "constructor of 3": line + w1 + w2 + w3 + "group g constructor w1 w2 w3\nquorum g\n",
        "9e99 of 3": line + w1 + w2 + w3 + "group g 99999999999999999999 w1 w2 w3\nquorum g\n",
        "a member twice": line + w1 + "group g 1 w1 w1\nquorum g\n",
        "a member of two": line + w1 + "group g 1 w1\ngroup h 1 w1\nquorum g\n",
        "an unknown member": line + w1 + "group g 1 w9\nquorum g\n",
        "itself": line + w1 + "group g 1 g w1\nquorum g\n",
        "no members": line + w1 + "group g 1\nquorum g\n",
        "none as a member": line + "group g 1 none\nquorum g\n",
        "a group named as a witness": line + w1 + "group w1 1 w1\nquorum w1\n",
        "a broken key": line.replace("+", "-", 1) + "quorum none\n",
        "another id": line.replace("+", "+0", 1).replace("0+", "+", 1) + "quorum none\n",
        "another name": "log x" + vkey[len(ORIGIN) :] + "\nquorum none\n",
        "capital id": f"log {vkey[:20].upper()}{vkey[20:]}\nquorum none\n",
        "a key cut short": f"log {vkey[:-4]}\nquorum none\n",
        "an empty key": "log x+00000000+\nquorum none\n",
        "key type 2": "log x+00000000+AgAA\nquorum none\n",
        "no name": f"log {vkey[len(ORIGIN):]}\nquorum none\n",
        "a no-break space in a name": f"log a\u00a0{vkey}\nquorum none\n",
        "an emoji": line + w1.replace("w1 ", "\U0001f600 ", 1) + "quorum \U0001f600\n",
        "a delete character": line + "quorum \x7f\n",
        "a witness key as log": f"log {w_key}\nquorum none\n",
        "the quorum first": "quorum none\n" + line,
        "a quorum before its group": line + w1 + "quorum g\ngroup g 1 w1\n",
        "group and quorum": group + quorum,
    }
    for name, text in forms.items():
        yield _case(f"policy, {name}", receipt, text, NOW)
    yield _case("policy, empty text is no policy", receipt, "\n", NOW)
    assert LOG_PQ


def noise(count: int, seed: int = 7) -> Iterator[Case]:
    """Receipts with a few random characters changed."""
    chosen = random.Random(seed)
    texts = [receipts.format(receipt).decode() for receipt in told().values()]
    for number in range(count):
        text = chosen.choice(texts)
        for _ in range(chosen.choice((1, 1, 1, 2, 3))):
            at = chosen.randrange(len(text))
            new = chosen.choice(['"', "\\", "0", "A", "=", "}", "{", ",", ":", " ", "\n", "é", "", "/"])
            text = text[:at] + new + text[at + chosen.choice((0, 1, 1, 1, 5)) :]
        yield Case(f"noise {number}", text, witness_policy())
