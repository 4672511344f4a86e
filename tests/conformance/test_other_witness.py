"""Another implementation of C2SP tlog-witness understands ours, and we understand it.

aics-tlog and aics-witness are written by others, straight from the specifications. `./dev test`
puts them beside the environment.
"""

from __future__ import annotations

import importlib
import importlib.util
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from counterfoil.errors import InputError, NotFound, Refused, VerificationError
from counterfoil.formats import checkpoint as checkpoints
from counterfoil.formats import note as notes
from counterfoil.formats import witness_request
from counterfoil.formats.vkey import KeyType, format_vkey, parse_vkey
from counterfoil.ops.serving import serving
from counterfoil.ports import SystemClock
from counterfoil.ports.witness import StaleSize
from counterfoil.proofs.signing import note_signature, public_of
from counterfoil.proofs.trust import open_note
from counterfoil.witness import WitnessMemory
from counterfoil.witness.app import WitnessApp
from counterfoil.witness.client import RemoteWitness
from counterfoil.witness.collect import collect
from counterfoil.witness.quorum import majority_policy
from tests.c2sp import secret
from tests.c2sp import witness as witness_key
from tests.conformance.test_tlog_witness import Place, body, malformed
from tests.doc_blocks import ROOT
from tests.shared_data import require
from tests.witnessing import SigningLog, new_witness, open_witness

LOG = SigningLog()
NAME = "other.example/w1"
PEERS = str(ROOT / ".dev" / "peers")


def theirs(module: str) -> Any:
    """Import a module of theirs, from where `./dev test` unpacked it."""
    if PEERS not in sys.path:
        sys.path.append(PEERS)
    found = importlib.util.find_spec("aics_witness") is not None
    require(found, "aics-witness is not in .dev/peers, where ./dev test puts it")
    return importlib.import_module(module)


@contextmanager
def their_witness(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve their witness, which follows our log; give its URL and verifier key."""
    service, store = theirs("aics_witness.service"), theirs("aics_witness.store")
    config = theirs("aics_witness.config")
    vkeys = tuple(config.parse_log_vkey(format_vkey(key)) for key in LOG.verifiers)
    followed = config.LogConfig(origin=LOG.origin, vkeys=vkeys)
    kept = store.WitnessStore(folder / "theirs.db", create=True)
    witness = service.Witness(NAME, Ed25519PrivateKey.generate(), kept, [followed])
    server = service.make_server(witness)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.url, witness.vkey_text
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        kept.close()


def test_our_client_and_their_witness(tmp_path: Path) -> None:
    """Their witness cosigns our checkpoints, refuses what ours refuses, and shows the latest."""
    with their_witness(tmp_path) as (url, vkey):
        remote = RemoteWitness("theirs", parse_vkey(vkey), url, 30.0)
        assert remote.latest(LOG.origin) is None
        for old, new in [(0, 1), (1, 7), (7, 7), (7, 33)]:
            assert len(remote.add_checkpoint(LOG.request(old, new))) == 1
        with pytest.raises(StaleSize) as stale:
            remote.add_checkpoint(LOG.request(7, 40))
        assert stale.value.size == 33
        with pytest.raises(VerificationError, match="answered 422"):
            remote.add_checkpoint(LOG.forked(20).request(33, 40))
        with pytest.raises(VerificationError, match="answered 422"):
            remote.add_checkpoint(LOG.forked(20).request(33, 33))
        with pytest.raises(InputError, match="answered 400"):
            remote.add_checkpoint(LOG.request(40, 33, proof=[]))
        with pytest.raises(NotFound, match="answered 404"):
            remote.add_checkpoint(SigningLog(secret("none.example")).request(0, 1))
        with pytest.raises(Refused, match="answered 403"):
            forged = LOG.note(40).replace(b"\n40\n", b"\n41\n")
            remote.add_checkpoint(LOG.request(33, 41, note=forged))
        latest = remote.latest(LOG.origin)
        assert latest is not None
        keys = [*LOG.verifiers, parse_vkey(vkey)]
        assert [item.key for item in open_note(latest, keys)] == keys
        remote.close()


def test_their_client_and_our_witness(tmp_path: Path) -> None:
    """Their client gets our cosignatures, also from a wrong size; their verifier accepts them."""
    feeder, tlog = theirs("aics_witness.feeder"), theirs("aics_tlog")
    ours = new_witness(tmp_path, clock=SystemClock())
    vkey = format_vkey(ours.key)
    with serving(WitnessApp(ours)) as url, feeder.WitnessClient(url, vkey) as client:
        for size in (0, 1, 7, 7, 33):
            lines = client.submit(LOG.note(size), LOG.prove)
        client.known_sizes.clear()
        lines = client.submit(LOG.note(40), LOG.prove)
        cosigned = feeder.merge_cosignatures(LOG.note(40), lines)
        with pytest.raises(feeder.WitnessAhead):
            client.submit(LOG.note(20), LOG.prove)
        with pytest.raises(feeder.WitnessRejected):
            client.submit(LOG.forked(3).note(44), LOG.forked(3).prove)
    found = tlog.verify_checkpoint(
        tlog.parse_note(cosigned),
        tlog.parse_vkey(format_vkey(LOG.verifiers[0])),
        [tlog.parse_vkey(vkey)],
        quorum=1,
        expected_origin=LOG.origin,
        max_future_seconds=60,
        max_age_seconds=3600,
    )
    assert (found.ok, found.size, found.witnesses) == (True, 40, [ours.name]), found.error
    assert ours.latest(LOG.origin) == cosigned


def test_both_in_one_quorum(tmp_path: Path) -> None:
    """A log shows its checkpoints to one of ours and one of theirs, and has its quorum of two."""
    from counterfoil.formats.policy import Log, Witness

    ours = new_witness(tmp_path, clock=SystemClock())
    with serving(WitnessApp(ours)) as url, their_witness(tmp_path) as (other, vkey):
        key = parse_vkey(vkey)
        asked = [RemoteWitness("a", ours.key, url, 30.0), RemoteWitness("b", key, other, 30.0)]
        witnesses = [Witness("a", ours.key), Witness("b", key)]
        policy = majority_policy([Log(k) for k in LOG.verifiers], witnesses)
        sizes: dict[str, int] = {}
        for size in (3, 9):
            found = collect(asked, policy, LOG.note(size), LOG.prove, sizes, 60.0)
            assert (found.cosigned, found.quorum) == (("a", "b"), None), found.failures
        for one in asked:
            one.close()


def test_post_quantum_beside(tmp_path: Path) -> None:
    """Cosignatures of a type that they do not know are ignored, and ours beside them counted."""
    tlog = theirs("aics_tlog")
    keys = [witness_key(1, KeyType.COSIGNATURE_MLDSA44), witness_key(1)]
    memory = WitnessMemory(tmp_path / "w.db", create=True)
    lines = open_witness(memory, keys=keys).add_checkpoint(LOG.request(0, 3))
    memory.close()
    signed = notes.format(notes.parse(LOG.note(3)).with_signatures(lines))
    found = tlog.verify_checkpoint(
        tlog.parse_note(signed),
        tlog.parse_vkey(format_vkey(LOG.verifiers[0])),
        [tlog.parse_vkey(format_vkey(public_of(witness_key(1))))],
        quorum=1,
    )
    assert found.ok, found.error


def bodies() -> Iterator[bytes]:
    """Make requests, right and wrong in every way, in an order in which some are accepted."""
    yield from malformed()
    text = checkpoints.format(LOG.checkpoint(3))
    good = note_signature(LOG.keys[0], text)
    strange = note_signature(secret("stranger.example"), text)
    bad = notes.NoteSignature(good.name, good.key_id, bytes(64))
    for signatures in [(strange,), (bad,), (good, bad), (bad, good), (strange, good)]:
        yield body(0, [], notes.format(notes.Note(text, signatures)))
    empty = checkpoints.format(LOG.checkpoint(0)).replace(b"47DEQpj8", b"47DEQpj9")
    yield body(0, [], LOG.sign(empty))
    yield body(3, [], LOG.sign(empty))
    choice, size, fork = random.Random(5), 3, LOG.forked(2)
    for _ in range(60):
        new = size + choice.randint(0, 4)
        log = choice.choice([LOG, LOG, LOG, fork])
        old = choice.choice([size, size, size, 0, max(size - 1, 0), new, new + 1])
        proof = log.prove(old, new) if old <= new else []
        if choice.random() < 0.2:
            proof = choice.choice([proof[:-1], [*proof, bytes(32)], proof[::-1], []])
        yield body(old, proof, log.note(new))
        if log is LOG and old == size and list(proof) == LOG.prove(old, new):
            size = new


def test_same_statuses(tmp_path: Path) -> None:
    """A hundred requests, right and wrong, get the same status and size from both witnesses."""
    ours = new_witness(tmp_path, clock=SystemClock())
    seen: set[int] = set()
    with serving(WitnessApp(ours)) as url, their_witness(tmp_path) as (other, _):
        places = [Place(url, ""), Place(other, "")]
        for number, data in enumerate(bodies()):
            mine, other_s = (place.post(data) for place in places)
            assert mine[0] == other_s[0], (number, data, mine, other_s)
            seen.add(mine[0])
            if mine[0] == 409:
                assert mine[1:] == other_s[1:]
        for place in places:
            place.connection.close()
    assert seen == {200, 400, 403, 409, 422}


def test_same_requests() -> None:
    """A request is written by both as the same bytes, and read by both alike."""
    protocol = theirs("aics_witness.protocol")
    for old, new in [(0, 0), (0, 9), (3, 9), (7, 33)]:
        request = LOG.request(old, new)
        data = witness_request.format(request)
        assert data == protocol.format_add_checkpoint_request(
            request.old_size, request.proof, request.checkpoint
        )
        read = protocol.parse_add_checkpoint_request(data)
        assert (read.old_size, read.proof) == (request.old_size, request.proof)
        assert read.checkpoint == request.checkpoint
