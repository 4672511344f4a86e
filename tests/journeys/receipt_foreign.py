"""Receipts of statements whose predicates the core does not know: right and wrong ones.

They are made here with their signatures; browser and Python must answer alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.journeys.receipt_builder import OWNER, SmallLog, sealed
from tests.journeys.receipt_corpus import Case, case
from tests.statements import ORG, ORIGIN

__all__ = ["foreign_statements"]


def _foreign(subjects: bytes, kind: bytes = b"urn:x", predicate: bytes = b"{}") -> bytes:
    form = b'{"_type":"https://in-toto.io/Statement/v1","subject":[%s],"predicateType":"%s",'
    return form % (subjects, kind) + b'"predicate":%s}' % predicate


def foreign_statements() -> Iterator[Case]:
    """Statements of unknown kinds: of wrong form, for another log, with half a header."""
    subject = b'{"name":"x","digest":{"a":"1"}}'
    forms = {
        "no subject": _foreign(b""),
        "two subjects of one name": _foreign(subject + b"," + subject),
        "two subjects": _foreign(subject + b',{"digest":{"b":"2"}}'),
        "a subject without digest": _foreign(b'{"digest":{}}'),
        "a digest that is a number": _foreign(b'{"digest":{"a":1}}'),
        "an empty predicate type": _foreign(subject, b""),
        "constructor as predicate type": _foreign(subject, b"constructor"),
        "a predicate that is a list": _foreign(subject, predicate=b"[]"),
        "without a header": _foreign(subject, predicate=b'{"x":[1,2]}'),
        "a foreign issuer": _foreign(
            subject, predicate=b'{"issuer":"urn:y","source":"s","number":1}'
        ),
        "half a header": _foreign(
            subject, predicate=b'{"issuer":"urn:y","source":"s","number":"1"}'
        ),
    }
    for audience in (f'"{ORIGIN}"', '"elsewhere"', '""', "null", "5", '["elsewhere"]'):
        said = b'"audience":%s' % audience.encode()
        header = b'{"issuer":"%s","source":"s","number":1,%s}' % (ORG.encode(), said)
        forms[f"foreign, {said!r}"] = _foreign(subject, predicate=header)
        forms[f"foreign without a header, {said!r}"] = _foreign(subject, predicate=b"{%s}" % said)
    for name, text in forms.items():
        log = SmallLog()
        yield case(f"foreign statement, {name}", log.receipt(log.append(sealed(text, OWNER))))
