"""A checkpoint is believed exactly when the reader's policy says so."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.errors import InputError, VerificationError
from counterfoil.formats import checkpoint, note
from counterfoil.formats.checkpoint import Checkpoint
from counterfoil.formats.note import Note, NoteSignature
from counterfoil.formats.policy import Group, Log, Policy, Witness
from counterfoil.formats.vkey import KeyType, SigningKey
from counterfoil.proofs.signing import note_signature, public_of, signing_key
from counterfoil.proofs.trust import CLOCK_SKEW_S, evaluate, open_note
from tests.c2sp import (
    BODY,
    LOG,
    ORIGIN,
    colliding_keys,
    mutated,
    notes,
    refuses,
    secret,
    signed,
    witness,
)

TIME = 1_700_000_000
PQ = KeyType.COSIGNATURE_MLDSA44
W = [witness(0), witness(1), witness(2, PQ)]


def policy_of(*groups: Group, quorum: str, logs: tuple[SigningKey, ...] = (LOG,)) -> Policy:
    """Make a policy of `logs` and the three witnesses W0, W1 (Ed25519) and W2 (ML-DSA-44)."""
    return Policy(
        tuple(Log(public_of(log)) for log in logs),
        tuple(Witness(f"W{number}", public_of(key)) for number, key in enumerate(W)),
        groups,
        quorum,
    )


TWO = policy_of(Group("G", 2, ("W0", "W1", "W2")), quorum="G")
NONE = policy_of(quorum="none")


def bytes_of(*keys: SigningKey, body: bytes = BODY, time_s: int = TIME) -> bytes:
    """Sign and write a checkpoint."""
    return note.format(signed(*keys, body=body, time_s=time_s))


def spoilt(line: NoteSignature) -> NoteSignature:
    """Change the last bit of a signature."""
    last = line.signature[-1] ^ 1
    return NoteSignature(line.name, line.key_id, line.signature[:-1] + bytes([last]))


def test_open_note() -> None:
    """Signatures by known keys are returned in the order of their lines, with their times."""
    value = signed(LOG, *W, time_s=7)
    keys = [public_of(key) for key in (W[2], LOG, W[1])]
    opened = open_note(value, keys)
    assert [(item.key, item.time_s) for item in opened] == [
        (public_of(LOG), None),
        (public_of(W[1]), 7),
        (public_of(W[2]), 7),
    ]
    assert open_note(note.format(value), keys) == opened


def test_unknown_keys_are_ignored() -> None:
    """A line that shares only its name, or only its id, with a known key is not that key's."""
    good = signed(LOG).signatures[0]
    strangers = (
        NoteSignature("stranger.example", bytes(4), b"?"),
        NoteSignature(good.name, bytes(4), b"?"),
        NoteSignature("stranger.example", good.key_id, b"?"),
    )
    value = Note(BODY, (*strangers, good))
    assert [item.key for item in open_note(value, [public_of(LOG)])] == [public_of(LOG)]
    for keys in ([], [public_of(W[0])]):
        with refuses("trust.no-known-signature", VerificationError):
            open_note(value, keys)
    with refuses("trust.no-known-signature", VerificationError):
        open_note(Note(BODY, strangers), [public_of(LOG)])


@pytest.mark.parametrize("bad", [LOG, *W], ids=["log", "w0", "w1", "w2"])
def test_a_bad_signature_by_a_known_key_rejects_the_note(bad: SigningKey) -> None:
    """However many good ones stand beside it, and in whatever order."""
    keys = [public_of(key) for key in (LOG, *W)]
    lines = signed(LOG, *W).signatures
    name_of_bad = public_of(bad).name
    for order in (lines, lines[::-1]):
        value = Note(BODY, tuple(spoilt(s) if s.name == name_of_bad else s for s in order))
        with refuses("signature.invalid", VerificationError, saying=bad.key_id.hex()):
            open_note(value, keys)
    doubled = Note(BODY, (*lines, *(spoilt(s) for s in lines if s.name == name_of_bad)))
    with refuses("signature.invalid", VerificationError):
        open_note(doubled, keys)


@pytest.mark.parametrize("key", [LOG, *W], ids=["log", "w0", "w1", "w2"])
def test_signatures_of_wrong_form(key: SigningKey) -> None:
    """A known key's line of the wrong length, or with a time beyond 2^63, is a bad signature."""
    good = note_signature(key, BODY, None if key is LOG else TIME)
    for raw in (b"x", good.signature + b"x", good.signature[1:], b"\xff" * 8 + good.signature[8:]):
        value = Note(BODY, (NoteSignature(good.name, good.key_id, raw),))
        with pytest.raises(VerificationError) as caught:
            open_note(value, [public_of(key)])
        assert caught.value.code in {"signature.invalid", "signature.length"}


def test_time_is_signed() -> None:
    """Changing the time of a cosignature spoils it, for both kinds."""
    for key in W:
        line = note_signature(key, BODY, TIME)
        later = (TIME + 1).to_bytes(8, "big") + line.signature[8:]
        with refuses("signature.invalid", VerificationError):
            open_note(Note(BODY, (NoteSignature(line.name, line.key_id, later),)), [public_of(key)])


def test_kinds_are_kept_apart() -> None:
    """The same Ed25519 seed under types 1 and 4 is two keys, and neither signs for the other."""
    plain, cosigner = (
        signing_key("k", key_type, bytes(32))
        for key_type in (KeyType.ED25519, KeyType.COSIGNATURE_ED25519)
    )
    assert public_of(plain).public == public_of(cosigner).public
    assert plain.key_id != cosigner.key_id
    line = note_signature(plain, BODY)
    forged = NoteSignature("k", cosigner.key_id, bytes(8) + line.signature)
    with refuses("signature.invalid", VerificationError):
        open_note(Note(BODY, (forged,)), [public_of(cosigner)])


def test_open_note_of_other_text() -> None:
    """Any text can carry type-1 signatures; an ML-DSA-44 cosignature is of a checkpoint only."""
    text = b"If you think cryptography is the answer\n"
    value = Note(text, (note_signature(LOG, text),))
    assert open_note(value, [public_of(LOG)])[0].key == public_of(LOG)
    line = note_signature(W[2], BODY, TIME)
    with refuses("signature.invalid", VerificationError):
        open_note(Note(text, (line,)), [public_of(W[2])])


def test_ambiguous_keys_are_refused() -> None:
    """Two keys of one name and id cannot be told apart; the same key twice is one key."""
    first, second = colliding_keys()
    with refuses("trust.ambiguous-key"):
        open_note(signed(LOG), [first, second])
    assert open_note(signed(LOG), [public_of(LOG)] * 2)


def test_believed() -> None:
    """The log's signature and two of three witnesses meet `2 of 3`, and it is said who and when."""
    trusted = evaluate(TWO, bytes_of(LOG, W[2], W[0]))
    assert trusted.checkpoint == checkpoint.parse(BODY)
    assert trusted.log == public_of(LOG)
    assert [(c.name, c.key, c.time_s) for c in trusted.cosigners] == [
        ("W0", public_of(W[0]), TIME),
        ("W2", public_of(W[2]), TIME),
    ]
    assert trusted.witnesses_total == 3
    assert trusted.quorum == "2 of 3 (W0, W1, W2)"


def test_quorum_none() -> None:
    """`none` asks for no witness; those that cosigned are reported all the same."""
    assert evaluate(NONE, bytes_of(LOG)).cosigners == ()
    trusted = evaluate(NONE, bytes_of(LOG, W[1]))
    assert [c.name for c in trusted.cosigners] == ["W1"]
    assert trusted.quorum == "no witness"


def test_quorum_of_one_witness() -> None:
    """The quorum may be one witness by name, and another does not stand in for it."""
    one = policy_of(quorum="W1")
    assert evaluate(one, bytes_of(LOG, W[1])).quorum == "W1"
    with refuses("trust.quorum", VerificationError, saying="1 of 3 witnesses: W0"):
        evaluate(one, bytes_of(LOG, W[0]))


GROUPS: list[tuple[tuple[Group, ...], Callable[[set[int]], bool]]] = [
    ((Group("G", 1, ("W0", "W1", "W2")),), lambda s: len(s) >= 1),
    ((Group("G", 3, ("W0", "W1", "W2")),), lambda s: len(s) == 3),
    ((Group("A", 2, ("W0", "W1")), Group("G", 1, ("A", "W2"))), lambda s: {0, 1} <= s or 2 in s),
    (
        (Group("A", 1, ("W0", "W1")), Group("G", 2, ("A", "W2"))),
        lambda s: bool({0, 1} & s) and 2 in s,
    ),
]


@pytest.mark.parametrize(("groups", "rule"), GROUPS, ids=map(str, range(len(GROUPS))))
def test_quorum_rules(groups: tuple[Group, ...], rule: Callable[[set[int]], bool]) -> None:
    """For every subset of witnesses, a nested quorum is met exactly when its rule says so."""
    trust = policy_of(*groups, quorum="G")
    for count in range(4):
        for subset in combinations(range(3), count):
            data = bytes_of(LOG, *(W[number] for number in subset))
            if rule(set(subset)):
                assert len(evaluate(trust, data).cosigners) == count
            else:
                with refuses("trust.quorum", VerificationError):
                    evaluate(trust, data)


def test_deep_policy() -> None:
    """A chain of ten thousand groups is decided without recursion."""
    count = 10_000
    chain = (Group("G0", 1, ("W0",)), *(Group(f"G{n}", 1, (f"G{n - 1}",)) for n in range(1, count)))
    trust = policy_of(*chain, quorum=f"G{count - 1}")
    assert evaluate(trust, bytes_of(LOG, W[0])).quorum == f"1 of 1 (G{count - 2})"
    with refuses("trust.quorum", VerificationError):
        evaluate(trust, bytes_of(LOG))


def test_unknown_log() -> None:
    """A checkpoint of another origin is refused, whoever signed it."""
    body = checkpoint.format(Checkpoint("other.example", 5, bytes(32)))
    with refuses("trust.unknown-log", VerificationError, saying=ORIGIN):
        evaluate(NONE, bytes_of(LOG, *W, body=body))
    with refuses("trust.unknown-log", VerificationError, saying="none"):
        evaluate(policy_of(quorum="none", logs=()), bytes_of(LOG))


def test_origin_must_be_the_key_name() -> None:
    """One log of the policy cannot speak for another."""
    second = secret("second.example")
    both = policy_of(quorum="none", logs=(LOG, second))
    with refuses("trust.log-signature", VerificationError, saying="second.example"):
        evaluate(both, bytes_of(second))
    assert evaluate(both, bytes_of(second, LOG)).log == public_of(LOG)


def test_witnesses_do_not_replace_the_log() -> None:
    """All witnesses together are not the log, not even one that calls itself by its origin."""
    impostor = secret(ORIGIN, KeyType.COSIGNATURE_ED25519)
    trust = Policy((Log(public_of(LOG)),), (Witness("I", public_of(impostor)),), (), "I")
    with refuses("trust.log-signature", VerificationError):
        evaluate(trust, bytes_of(impostor))
    with refuses("trust.log-signature", VerificationError):
        evaluate(TWO, bytes_of(*W))
    assert evaluate(trust, bytes_of(impostor, LOG)).cosigners[0].name == "I"


def test_nobody_known() -> None:
    """A note without any known signature is refused, even where no quorum is asked for."""
    with refuses("trust.no-known-signature", VerificationError, saying="stranger"):
        evaluate(NONE, bytes_of(secret("stranger.example")))


def test_log_keys_of_several_kinds() -> None:
    """A log may sign with ML-DSA-44 at time 0; of several keys of a log one is enough."""
    quantum = secret(ORIGIN, PQ)
    trust = policy_of(Group("G", 2, ("W0", "W1", "W2")), quorum="G", logs=(LOG, quantum))
    for log in (LOG, quantum):
        value = signed(W[0], W[2]).with_signatures(signed(log, time_s=0).signatures)
        assert evaluate(trust, note.format(value)).log == public_of(log)
    for bad in (LOG, quantum):
        good = quantum if bad is LOG else LOG
        value = signed(good, W[0], W[1]).with_signatures([spoilt(signed(bad).signatures[0])])
        with refuses("signature.invalid", VerificationError):
            evaluate(trust, note.format(value))


def test_a_witness_counts_once_with_its_latest_time() -> None:
    """A witness that cosigned three times is one witness of the quorum."""
    lines = [note_signature(key, BODY, time) for key in (W[0], W[2]) for time in (5, 9, 7)]
    value = Note(BODY, (*signed(LOG).signatures, *lines[:3]))
    with refuses("trust.quorum", VerificationError, saying="1 of 3"):
        evaluate(TWO, note.format(value))
    value = Note(BODY, (*signed(LOG).signatures, *lines))
    assert [c.time_s for c in evaluate(TWO, note.format(value)).cosigners] == [9, 9]


def test_times() -> None:
    """Without a clock all times count; with one, only those at most five minutes ahead."""
    for time_s in (0, TIME, 2**63 - 1):
        trusted = evaluate(TWO, bytes_of(LOG, W[0], W[2], time_s=time_s))
        assert {c.time_s for c in trusted.cosigners} == {time_s}
    data = bytes_of(LOG, W[0], W[2], time_s=TIME)
    for now_s in (TIME - CLOCK_SKEW_S, TIME, TIME + 10**9):
        assert len(evaluate(TWO, data, now_s=now_s).cosigners) == 2
    with refuses("trust.quorum", VerificationError, saying="the clocks of W0, W2 are ahead"):
        evaluate(TWO, data, now_s=TIME - CLOCK_SKEW_S - 1)
    assert evaluate(NONE, data, now_s=0).cosigners == ()
    early = signed(LOG, W[0], W[1], time_s=TIME).with_signatures(
        [note_signature(W[2], BODY, TIME + 10**6)]
    )
    assert [c.name for c in evaluate(TWO, note.format(early), now_s=TIME).cosigners] == ["W0", "W1"]


def test_printable_names() -> None:
    """Names of a policy that are not UTF-8 are reported so that they can be written."""
    trust = Policy((Log(public_of(LOG)),), (Witness("\udcffé", public_of(W[0])),), (), "\udcffé")
    trusted = evaluate(trust, bytes_of(LOG, W[0]))
    assert trusted.cosigners[0].name == trusted.quorum == "\\xffé"
    with refuses("trust.quorum", VerificationError):
        evaluate(trust, bytes_of(LOG))


def test_long_lists_are_cut_in_messages() -> None:
    """A note by sixty-four strangers does not make a page of error."""
    strangers = [NoteSignature(f"s{n}", bytes(4), b"?") for n in range(64)]
    with refuses("trust.no-known-signature", VerificationError, saying="s7 and 56 more"):
        open_note(Note(BODY, tuple(strangers)), [public_of(LOG)])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "note.no-signatures"),
        (note.format(Note(b"text\n", signed(LOG).signatures)), "checkpoint.lines"),
        (note.format(Note(BODY + b"extension\n", signed(LOG).signatures)), "checkpoint.extension"),
    ],
    ids=["empty", "text", "extension"],
)
def test_not_a_checkpoint(data: bytes, code: str) -> None:
    """What is not a signed checkpoint is an error of the input, before any trust is asked."""
    with refuses(code):
        evaluate(NONE, data)


@given(mutated(st.just(bytes_of(LOG, W[0], W[1])) | notes.map(note.format)))
def test_only_whole_checkpoints_are_believed(data: bytes) -> None:
    """Whatever is done to the bytes: refused, or the very statement that the log signed."""
    try:
        trusted = evaluate(NONE, data)
    except (InputError, VerificationError):
        return
    assert checkpoint.format(trusted.checkpoint) == BODY
