"""Keys, parties and mandates say exactly what they change, and nothing that contradicts itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from counterfoil.formats.predicates import Evidence, Key, Mandate, Party, Policy
from tests.predicate_samples import HEADER, SAMPLES

KEY = HEADER | SAMPLES[Key]
REVOKE = {
    key: value for key, value in KEY.items() if key not in ("public", "until_index", "replaces")
}


def make(kind: type[Any], *changes: dict[str, Any]) -> Any:
    """Read a predicate made of the fields given."""
    fields: dict[str, Any] = {}
    for change in changes:
        fields |= change
    return msgspec.json.decode(msgspec.json.encode(fields), type=kind)


@pytest.mark.parametrize(
    "change",
    [
        {"action": "add", "public": None}, {"action": "revoke"}, {"action": "end"},
        {"role": "owner"}, {"keyid": "0f"}, {"public": ""}, {"public": "A A="},
        {"public": "AA==="}, {"public": "_-8="}, {"from_index": -1}, {"until_index": 2**53},
        {"replaces": "x"}, {"why": "a" * 1001}, {"organisation": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_keys_are_refused(change: dict[str, Any]) -> None:
    """An added key has its public key, a revocation has none; each field has its range."""
    assert make(Key, KEY).role == "producer"
    with pytest.raises(msgspec.ValidationError):
        make(Key, KEY, change)


@pytest.mark.parametrize(
    "change", [{"until_index": 9}, {"replaces": "0f" * 32}, {"public": "AA=="}], ids=str
)
def test_revocations_say_nothing_of_a_new_key(change: dict[str, Any]) -> None:
    """A revocation names no public key, no end and no predecessor."""
    assert make(Key, REVOKE, {"action": "revoke"}).from_index == 3
    with pytest.raises(msgspec.ValidationError):
        make(Key, REVOKE, {"action": "revoke"}, change)


@pytest.mark.parametrize(
    "change",
    [{"from_ms": 2}, {"from_ms": 3}, {"scope": []}, {"scope": ["a"] * 65}, {"until_ms": -1},
     {"principal": "x"}, {"delegate": ""}],
    ids=str,
)  # fmt: skip
def test_mandates_are_refused(change: dict[str, Any]) -> None:
    """A mandate ends after it begins and has a scope of 1 to 64 names."""
    base = HEADER | SAMPLES[Mandate]
    assert make(Mandate, base).until_ms == 2
    with pytest.raises(msgspec.ValidationError):
        make(Mandate, base, change)


BINDING = {"purpose": "a", "algorithm": "ed25519", "public": "AA==", "proof": "AA=="}


@pytest.mark.parametrize(
    "keys",
    [[], [BINDING] * 17, [BINDING | {"algorithm": "rsa"}], [BINDING | {"proof": ""}],
     [BINDING | {"x": 1}], [BINDING | {"public": "A" * 8196}]],
    ids=range(6),
)  # fmt: skip
def test_parties_are_refused(keys: list[Any]) -> None:
    """A party has 1 to 16 keys of known algorithms."""
    base = HEADER | {"party": "urn:p"}
    assert len(make(Party, base, {"keys": [BINDING] * 16}).keys) == 16
    with pytest.raises(msgspec.ValidationError):
        make(Party, base, {"keys": keys})


def test_evidence_and_policy_have_ranges() -> None:
    """Evidence is of a known kind and not empty; a policy has a text and at most 256 members."""
    assert make(Evidence, {"kind": "oidc", "value": "x"}).sha256 is None
    for change in ({"kind": "passport"}, {"value": ""}, {"value": "a" * 16385}, {"sha256": "0"}):
        with pytest.raises(msgspec.ValidationError):
            make(Evidence, {"kind": "oidc", "value": "x"}, change)
    base = HEADER | SAMPLES[Policy]
    changes: list[dict[str, Any]] = [
        {"policy": ""},
        {"policy": "a" * 32769},
        {"members": ["a:b"] * 257},
    ]
    for change in changes:
        with pytest.raises(msgspec.ValidationError):
            make(Policy, base, change)
