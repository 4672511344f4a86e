"""Valid samples of each format, from which the fuzzer starts."""

from __future__ import annotations

import json

from counterfoil.formats import (
    batch,
    block,
    bundle,
    card,
    cbor,
    cose_key,
    cose_receipt,
    cosignature,
    evidence,
    note,
    proposal,
    receipt,
    tile,
    tlog_proof,
    vkey,
    witness_request,
)
from counterfoil.formats.batch import Batch
from counterfoil.formats.cose_receipt import CoseReceipt, protected_header
from counterfoil.formats.cosignature import TimestampedSignature
from counterfoil.formats.predicates import CORE, format_predicate
from counterfoil.formats.tlog_proof import TlogProof
from counterfoil.formats.vkey import KeyType
from counterfoil.formats.witness_request import AddCheckpoint
from counterfoil.network.seat import propose_founding
from counterfoil.proofs.equivocation import make
from counterfoil.proofs.merkle import inclusion_path, leaf_hash, reader_of, root_of
from counterfoil.proofs.signing import NoteSigner, public_of
from tests import c2sp
from tests.cose_made import Issuer
from tests.logs_on_disk import entries_of, other_entries, sign_tree
from tests.messages_made import pacs008, transfer
from tests.payments_made import rule_file
from tests.predicate_samples import HEADER, SAMPLES
from tests.statements import Actor, batch_entry, entry_of, member_entry, payload_of, record
from tests.unit.network.houses import card_of
from tests.unit.proofs.receipt_world import World

__all__ = ["SEEDS", "TOKENS"]

_PAYLOAD = payload_of(record())
_NOTE = note.format(c2sp.signed(c2sp.LOG, c2sp.witness(1)))
_JSON = [
    b'{"a":1,"b":[1,2.5,{"c":"x\\u0041"}],"e":null,"f":true,"g":"\xc3\xa9"}',
    b'{"a":{"a":1},"b":"a:b","c":"{[\\"\\\\"}',
]
_ACTOR = Actor("producer")


def _receipts() -> list[bytes]:
    world = World.begun()
    world.record()
    world.batch(world.members([b"{}", b'{"a":1}']))
    block_at = world.block([b"{}", b'{"a":1}'])
    world.large(b'{"a":1}')
    found = [world.receipt(index) for index in range(len(world.entries))]
    return [receipt.format(item) for item in [*found, world.receipt(block_at, row=1)]]


def _evidence() -> list[bytes]:
    one, two, longer = entries_of(5), other_entries(5, 2), other_entries(9, 2)
    first, second, third = map(sign_tree, (one, two, longer))
    key = public_of(c2sp.LOG)
    nodes = [reader_of([leaf_hash(entry) for entry in entries]) for entries in (one, longer)]
    made = [make(key, first, second), make(key, first, third, *nodes)]
    return [evidence.format(item) for item in [*made, make(key, first, third, None, nodes[1])]]


def _cose_receipt() -> bytes:
    leaves = [leaf_hash(b"%d" % number) for number in range(5)]
    signer, origin = NoteSigner(c2sp.LOG), c2sp.LOG.name
    protected = protected_header(origin, "what", 5, signer.public.public)
    signature = signer.sign_root(protected, root_of(leaves))
    path = tuple(inclusion_path(2, 5, reader_of(leaves)))
    made = CoseReceipt(protected, origin, "what", 5, 5, 2, path, signature, _NOTE, b"2")
    return cose_receipt.format(made)


_IN_COSE = [
    Issuer().statement(),
    Issuer(algorithm="EdDSA").statement(bytes(32), _3=None, _258=-16, _259="a/b", _2=[4]),
]
_COSE_RECEIPT = _cose_receipt()
_RECEIPTS = _receipts()
_EVIDENCE = _evidence()
_POLICY = World.begun().policy_text()
_PREDICATES = [
    bytes([list(CORE.values()).index(kind)]) + format_predicate(kind(**HEADER, **fields))
    for kind, fields in SAMPLES.items()
]

SEEDS: dict[str, list[bytes]] = {
    "json": _JSON,
    "normalise": _JSON,
    "envelope": [entry_of(_PAYLOAD, _ACTOR), member_entry(_PAYLOAD)],
    "statement": [_PAYLOAD, json.dumps(json.loads(_PAYLOAD), indent=1).encode()],
    "batch": [batch.format(Batch(5, 3, "0f" * 16, "log.example", "0f" * 32))],
    "entry": [entry_of(_PAYLOAD, _ACTOR), batch_entry(_ACTOR, [_PAYLOAD]), *_IN_COSE],
    "rows": [block.format_rows([(bytes(16), b"{}"), (bytes(16), b'{"a":1}')])],
    "receipt": _RECEIPTS,
    "predicate": _PREDICATES,
    "verify": [_POLICY + b"\0" + data for data in _RECEIPTS],
    "note": [_NOTE],
    "signatures": [note.format_signatures(c2sp.signed(c2sp.LOG).signatures)],
    "checkpoint": [c2sp.BODY],
    "cosignature": [cosignature.format(TimestampedSignature(5, bytes(64)))],
    "cbor": [cbor.format({1: [-1, b"a", "b", 1.5, None], "x": cbor.Tagged(9, {})})],
    "cose": [*_IN_COSE, _COSE_RECEIPT],
    "cose-receipt": [_COSE_RECEIPT],
    "cose-key": [
        cbor.format(cose_key.cose_key(one.public, b"k"))
        for one in (Issuer(), Issuer(algorithm="EdDSA"))
    ],
    "tlog-proof": [tlog_proof.format(TlogProof(3, (bytes(32),) * 2, _NOTE, b"extra"))],
    "witness-request": [
        witness_request.format(AddCheckpoint(0, (), _NOTE)),
        witness_request.format(AddCheckpoint(3, (bytes(32),) * 2, _NOTE)),
    ],
    "policy": [
        _POLICY,
        b"log %s\nwitness a %s\ngroup g any a\nquorum g\n"
        % tuple(vkey.format_vkey(public_of(key)).encode() for key in (c2sp.LOG, c2sp.witness(1))),
    ],
    "vkey": [
        vkey.format_vkey(public_of(c2sp.LOG)).encode(),
        vkey.format_skey(c2sp.LOG).encode(),
        vkey.format_skey(c2sp.witness(1, KeyType.COSIGNATURE_MLDSA44)).encode(),
    ],
    "evidence": _EVIDENCE,
    "convict": _EVIDENCE,
    "card": [card.format(card_of(1))],
    "proposal": [proposal.format(propose_founding([card_of(1), card_of(2)]))],
    "bundle": [bundle.format([b"one", b"", b"three"])],
    "tile-path": [
        tile.tile_path(1, 1234067).encode(),
        tile.tile_path(0, 7, 9).encode(),
        tile.entries_path(256, 3).encode(),
    ],
    "message": [pacs008(), pacs008([transfer("E1", ids="<TxId>T1</TxId>"), transfer("E2")])],
    "rules": [rule_file(), rule_file(more='window.w = { of = "debtor.account", over = "1h" }')],
}
"""Check -> samples."""

TOKENS = [
    b'"', b"\\u0061", b"\\ud800", b"\\u003a", b"{}", b"[[[[[[[[", b"]]]]]]]]", b"null", b"true",
    b"NaN", b"1e400", b"1e-400", b"9007199254740992", b"-0", b"0.0", b"\xef\xbb\xbf", b"\xff",
    b"\xed\xa0\x80", b"\x00", b"==", b"\r\n", b"\n\n", b"\xe2\x80\x94 ", b"00", b"x001/", b".p/",
    b'"_type"', b'"subject"', b'"predicate"', b'"payload"', b'"payloadType"', b'"signatures"',
    b'"keyid"', b'"sig"', b'"type"', b'"index"', b'"path"', b'"batch"', b'"content"', b'"row"',
    b'"fork"', b'"prefix"', b'"vkey"', b'"first_path"',
    b"application/vnd.in-toto+json", b"quorum none\n", b"group g any ", b"index ", b"extra ",
    b"old ", b"\xd2\x84", b"\xa1\x01\x26", b"\xf6", b"\x58\x40", b"\x19\x01\x8b", b"\x81\x82",
]  # fmt: skip
"""Pieces that the fuzzer may put in: what a blind change of bytes seldom makes."""
