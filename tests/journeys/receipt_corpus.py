"""Receipts that hold and receipts that do not, to ask two verifiers the same questions.

Most are wrong in one point only. `receipt_attacks` and `receipt_policies` make the rest.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from counterfoil.formats import receipt as receipts
from counterfoil.formats.predicates import Header, Record, format_predicate, uri_of
from counterfoil.formats.receipt import Receipt
from counterfoil.formats.statement import sha256_subject
from tests.journeys.receipt_builder import (
    OWNER,
    WITNESSES,
    SmallLog,
    log_policy,
    sealed,
    story,
    witness_policy,
)
from tests.predicate_samples import HEADER, SAMPLES

__all__ = ["NOW", "Case", "case", "changes", "flips", "noise", "predicates", "told", "valid"]

NOW = 1_700_000_200


@dataclass(frozen=True, slots=True)
class Case:
    """Asks whether the receipt holds under the policy at `now` (POSIX seconds, or None)."""

    name: str
    receipt: str
    policy: str
    now: int | None = None


def case(name: str, receipt: Receipt, policy: str | None = None, now: int | None = None) -> Case:
    """Ask about a receipt; without a policy, about the log's signature alone."""
    text = receipts.format(receipt).decode()
    return Case(name, text, log_policy() if policy is None else policy, now)


def told() -> dict[str, Receipt]:
    """Make the receipt of every entry of the story, cosigned by two witnesses."""
    fields: dict[str, Any] = {"block": {"row": 2}, "large": {"content": '{"big":"yes"}'}}
    made = {
        name: log.receipt(index, *WITNESSES[:2], **fields.get(name, {}))
        for name, (log, index) in story().items()
    }
    log, index = story()["large"]
    return made | {"large, not disclosed": log.receipt(index, *WITNESSES[:2])}


def valid() -> Iterator[Case]:
    """Receipts that hold, under policies that they meet; and of logs of many sizes."""
    for name, receipt in told().items():
        for number, policy in enumerate([log_policy(), witness_policy(1), witness_policy(2)]):
            yield case(f"{name}, policy {number}", receipt, policy, NOW)
    for size in (1, 2, 3, 4, 5, 7, 8, 9, 31, 33):
        log = SmallLog()
        while len(log.entries) < size:
            log.append(b"{%d" % len(log.entries))
        yield case(f"size {size}", log.receipt(0))


def changes(document: Any) -> Iterator[tuple[str, Any]]:
    """Give a JSON value with one thing changed, left out, added or put elsewhere, for each."""
    if isinstance(document, dict):
        yield "a new field", document | {"x": 1}
        for field, value in document.items():
            yield f"no {field}", {k: v for k, v in document.items() if k != field}
            yield f"null {field}", document | {field: None}
            for where, changed in changes(value):
                yield f"{field}.{where}", document | {field: changed}
    elif isinstance(document, list):
        yield "empty", []
        yield "one more", [*document, *document[-1:]]
        yield "one less", document[:-1]
        yield "reversed", document[::-1]
        for number, value in enumerate(document):
            for where, changed in changes(value):
                yield f"{number}.{where}", [*document[:number], changed, *document[number + 1 :]]
    elif isinstance(document, int):
        for changed in (document + 1, document - 1, -1, 0, 1.5, str(document), True, 2**53):
            yield f"= {changed!r}", changed
    elif isinstance(document, str):
        yield "cut", document[:-1]
        yield "empty", ""
        yield "a number", 5
        for at in {0, len(document) // 2, max(len(document) - 2, 0), len(document) - 1}:
            letter = "B" if document[at] != "B" else "C"
            yield f"[{at}] = {letter}", document[:at] + letter + document[at + 1 :]


def flips(names: tuple[str, ...] = ("last member", "block", "large", "rotation")) -> Iterator[Case]:
    """Receipts with one value of their JSON changed."""
    for name in names:
        document = json.loads(receipts.format(told()[name]))
        for where, changed in changes(document):
            yield Case(f"{name}: {where}", json.dumps(changed), witness_policy())


def noise(count: int, seed: int = 7) -> Iterator[Case]:
    """Receipts with a few random characters changed."""
    chosen = random.Random(seed)
    texts = [receipts.format(receipt).decode() for receipt in told().values()]
    for number in range(count):
        text = chosen.choice(texts)
        for _ in range(chosen.choice((1, 1, 1, 2, 3))):
            at = chosen.randrange(len(text))
            new = chosen.choice(['"', "\\", "0", "A", "=", "}", "{", ",", ":", " ", "\n", "é", ""])
            text = text[:at] + new + text[at + chosen.choice((0, 1, 1, 1, 5)) :]
        yield Case(f"noise {number}", text, witness_policy())


def predicates() -> Iterator[Case]:
    """Statements of every predicate of the core, with every field changed."""
    for kind, fields in SAMPLES.items():
        # One kind has all fields of the header, which is the same for all.
        header = (
            HEADER if kind is Record else {k: HEADER[k] for k in ("issuer", "source", "number")}
        )
        whole = kind(**(header | fields))
        ask = _asker(whole)
        yield ask("whole", format_predicate(whole))
        document = json.loads(format_predicate(whole))
        for where, changed in [*changes(document), *_limits(document)]:
            yield ask(where, json.dumps(changed, separators=(",", ":")).encode())


def _asker(whole: Header) -> Callable[[str, bytes], Case]:
    content = bytes(SAMPLES[Record]["content"]) if isinstance(whole, Record) else b""

    def ask(name: str, predicate: bytes) -> Case:
        written = content if content in predicate else content.replace(b" ", b"")
        digest = sha256_subject("x", written).digest["sha256"] if content else "0f" * 32
        text = (
            b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"%s"}}],'
            b'"predicateType":"%s","predicate":%s}'
        ) % (digest.encode(), uri_of(whole).encode(), predicate)
        log = SmallLog()
        receipt = log.receipt(log.append(sealed(text, OWNER)))
        return case(f"{type(whole).__name__}, {name}", receipt)

    return ask


def _limits(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give the document with fields at and beyond their limits."""
    for field, value in document.items():
        others: list[Any] = []
        if isinstance(value, str):
            lengths = (255, 256, 512, 513, 1000, 1001, 4096, 4097, 8192, 8193, 16384, 16385)
            others += ["a" * length for length in lengths]
            others += ["a b", "a\x7f", "é" * 255, "\U0001f600" * 255, "urn:é", "A:!", "1:x"]
        elif isinstance(value, int):
            others += [-0.0, 2**53 - 1, 1024, 1048576, 1048577]
        elif isinstance(value, list):
            others += [value[:1] * count for count in (1, 16, 17, 64, 65, 256, 257)]
        for other in others:
            yield f"{field} = {other!r:.40}", document | {field: other}
    for field in ("at_ms", "audience", "expect", "why", "checkpoint", "content_ref", "at_ms?"):
        yield f"{field} = null", document | {field: None}
    for expect in (
        {}, {"a": [1]}, {"a": [1, 2, 3]}, {"": [1, 2]}, {"a": [1.5, 2]}, {"a\n": [1, 2]},
        {"a": [True, 2]}, {"a": [None, ""]}, {str(n): [n, n] for n in range(65)},
    ):  # fmt: skip
        yield f"expect = {expect!r:.40}", document | {"expect": expect}
