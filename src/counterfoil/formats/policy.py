"""Read and write trust policies: which logs and witnesses a reader believes, and how many.

A policy is the reader's own file, never part of a receipt: whoever wrote the receipt could
otherwise choose who vouches for it. This module refuses to fetch, to verify and to guess: an
unknown word, a second use of a name or key, or a last line without its newline (a file cut short
could demand less than was meant) is an error that names its line.

Names and URLs are octets, not text (C2SP tlog-policy, "Character set"). They are kept here as str
decoded from UTF-8 with `surrogateescape`, which keeps different octets different.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from counterfoil.errors import InputError
from counterfoil.formats.ascii import parse_decimal
from counterfoil.formats.vkey import KeyType, VerifierKey, format_vkey, parse_vkey

__all__ = ["NONE", "POLICY_MAX_BYTES", "Group", "Log", "Policy", "Witness", "format", "parse"]

NONE: Final = "none"
"""The quorum that asks for no witness."""

POLICY_MAX_BYTES: Final = 1_048_576
"""Largest policy file, bytes."""

_LOG_TYPES: Final = (KeyType.ED25519, KeyType.COSIGNATURE_MLDSA44)
_WITNESS_TYPES: Final = (KeyType.COSIGNATURE_ED25519, KeyType.COSIGNATURE_MLDSA44)
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_TOKEN_FORBIDDEN: Final = re.compile(rb"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Log:
    """A log that the reader believes. The key's name is the log's origin."""

    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness that the reader believes. Its name has no meaning outside the policy."""

    name: str
    key: VerifierKey
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Members (witnesses or earlier groups) of which at least `threshold` must have witnessed."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom a reader believes: a checkpoint needs one of the logs and the quorum of witnesses.

    logs and witnesses: no key twice, in any role. groups: in an order in which each names only
    witnesses and groups before it; each name is a member once. quorum: the name of a witness or
    group, or `none`.
    Raises InputError with a code policy.*.
    """

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def __post_init__(self) -> None:
        scope = _Scope()
        for log in self.logs:
            scope.add_log(log)
        for witness in self.witnesses:
            scope.add_witness(witness)
        for group in self.groups:
            scope.add_group(group)
        scope.set_quorum(self.quorum)


def parse(data: bytes) -> Policy:
    """Read a policy file.

    Raises InputError with a code policy.* or key.*, whose message names the line; nothing else.
    Source: C2SP tlog-policy, "Policy file syntax and structure".
    """
    _check_octets(data)
    scope = _Scope()
    for number, line in enumerate(data[:-1].split(b"\n"), 1):
        words = line.split()
        if not words or words[0].startswith(b"#"):
            continue
        try:
            _parse_line(scope, [_to_text(word) for word in words])
        except InputError as err:
            raise err.renewed(f"line {number}: {err.message}") from err
    if scope.quorum is None:
        raise _bad(
            "policy.quorum", "exactly one quorum line", "none", "Add `quorum none` or a name."
        )
    return Policy(tuple(scope.logs), tuple(scope.witnesses), tuple(scope.groups), scope.quorum)


def format(policy: Policy) -> bytes:
    """Write a policy file without comments: logs, witnesses, groups, quorum.

    `parse` gives the same policy back.
    """
    lines = [_line("log", format_vkey(log.key), log.url) for log in policy.logs]
    lines += [_line("witness", w.name, format_vkey(w.key), w.url) for w in policy.witnesses]
    lines += [_line("group", g.name, str(g.threshold), *g.members) for g in policy.groups]
    lines.append(_line("quorum", policy.quorum))
    return "".join(lines).encode("utf-8", "surrogateescape")


@dataclass(slots=True)
class _Scope:
    """What the lines so far define; each method checks one line against them."""

    logs: list[Log] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    names: set[str] = field(default_factory=lambda: {NONE})
    members: set[str] = field(default_factory=set)
    publics: set[bytes] = field(default_factory=set)
    key_ids: set[tuple[str, bytes]] = field(default_factory=set)

    def add_log(self, log: Log) -> None:
        self._add_key(log.key, _LOG_TYPES, "log")
        _check_url(log.url)
        self.logs.append(log)

    def add_witness(self, witness: Witness) -> None:
        self._add_name(witness.name)
        self._add_key(witness.key, _WITNESS_TYPES, "witness")
        _check_url(witness.url)
        self.witnesses.append(witness)

    def add_group(self, group: Group) -> None:
        for member in group.members:
            self._check_defined(member)
            if member in self.members:
                hint = "List it once, so that it counts in one way only."
                raise _bad("policy.member", "each name as a member once", _quote(member), hint)
            self.members.add(member)
        self._add_name(group.name)
        if not 1 <= group.threshold <= len(group.members):
            count = len(group.members)
            hint = "Write `all`, `any`, or a number up to the number of members."
            raise _bad("policy.threshold", f"1 to {count} of {count}", str(group.threshold), hint)
        self.groups.append(group)

    def set_quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise _bad(
                "policy.quorum", "exactly one quorum line", "a second", "Remove one of them."
            )
        if name != NONE:
            self._check_defined(name)
        self.quorum = name

    def _add_name(self, name: str) -> None:
        _check_token(name)
        if name in self.names:
            hint = "Witnesses and groups share their names, and `none` is taken."
            raise _bad("policy.duplicate-name", "a new name", _quote(name), hint)
        self.names.add(name)

    def _check_defined(self, name: str) -> None:
        if name not in self.names or name == NONE:
            hint = "Define witnesses and groups on lines before those that use them."
            raise _bad(
                "policy.unknown-name", "a witness or group defined above", _quote(name), hint
            )

    def _add_key(self, key: VerifierKey, types: tuple[KeyType, ...], role: str) -> None:
        if key.type not in types:
            wanted = " or ".join(str(int(t)) for t in types)
            hint = "Types: 1 Ed25519, 4 Ed25519 cosignature, 6 ML-DSA-44 cosignature."
            raise _bad(
                "policy.key-type", f"a {role} key of type {wanted}", str(int(key.type)), hint
            )
        # One key in two roles would let a log vouch for itself as its own witness.
        if key.public in self.publics:
            hint = "One key, one purpose: list each key once, as a log or as a witness."
            raise _bad("policy.duplicate-key", "each public key once", key.key_id.hex(), hint)
        # Two keys of one name and id could not be told apart on a signature line.
        if (key.name, key.key_id) in self.key_ids:
            hint = "This does not happen by accident: ask both owners for their keys."
            raise _bad("policy.ambiguous-key", "different key ids", key.key_id.hex(), hint)
        self.publics.add(key.public)
        self.key_ids.add((key.name, key.key_id))


def _parse_line(scope: _Scope, words: list[str]) -> None:
    parser = _PARSERS.get(words[0])
    if parser is None:
        hint = "A comment starts with # on a line of its own."
        raise _bad("policy.word", "log, witness, group or quorum", _quote(words[0]), hint)
    parser(scope, words)


def _parse_log(scope: _Scope, words: list[str]) -> None:
    _check_count(words, 2, 3, "log <vkey> [<url>]")
    scope.add_log(Log(parse_vkey(words[1]), words[2] if len(words) == 3 else None))


def _parse_witness(scope: _Scope, words: list[str]) -> None:
    _check_count(words, 3, 4, "witness <name> <vkey> [<url>]")
    url = words[3] if len(words) == 4 else None
    scope.add_witness(Witness(words[1], parse_vkey(words[2]), url))


def _parse_group(scope: _Scope, words: list[str]) -> None:
    _check_count(words, 4, len(words), "group <name> all|any|<k> <name>...")
    members = tuple(words[3:])
    threshold = {"all": len(members), "any": 1}.get(words[2])
    if threshold is None:
        try:
            threshold = parse_decimal(words[2])
        except InputError as err:
            hint = "Write `all`, `any`, or a number up to the number of members."
            raise _bad("policy.threshold", "all, any or a number", _quote(words[2]), hint) from err
    scope.add_group(Group(words[1], threshold, members))


def _parse_quorum(scope: _Scope, words: list[str]) -> None:
    _check_count(words, 2, 2, "quorum <name>")
    scope.set_quorum(words[1])


_PARSERS: Final[dict[str, Callable[[_Scope, list[str]], None]]] = {
    "log": _parse_log,
    "witness": _parse_witness,
    "group": _parse_group,
    "quorum": _parse_quorum,
}


def _check_octets(data: bytes) -> None:
    if len(data) > POLICY_MAX_BYTES:
        expected = f"a file of at most {POLICY_MAX_BYTES} bytes"
        raise _bad(
            "policy.too-long", expected, f"{len(data)}", "Check that this is the right file."
        )
    if match := _FORBIDDEN.search(data):
        number = data.count(b"\n", 0, match.start()) + 1
        came = f"0x{data[match.start()]:02x} on line {number}"
        hint = "Lines end in a single newline (0x0a), without carriage returns."
        raise _bad("policy.octet", "no control characters but tab and newline", came, hint)
    if not data.endswith(b"\n"):
        hint = "End the last line with a newline, and check that the file is whole."
        raise _bad("policy.line-end", "a newline after every line", "a last line without one", hint)


def _check_count(words: list[str], least: int, most: int, form: str) -> None:
    if not least <= len(words) <= most:
        hint = "A comment needs a line of its own."
        raise _bad("policy.line", f"`{form}`", f"{len(words)} words", hint)


def _check_url(url: str | None) -> None:
    if url is not None:
        _check_token(url)


def _check_token(token: str) -> None:
    """Refuse what would not be one word of a line, or not come back the same."""
    try:
        raw = token.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = b""
    if not raw or _TOKEN_FORBIDDEN.search(raw) or _to_text(raw) != token:
        hint = "Leave out spaces, tabs and line breaks."
        raise _bad("policy.token", "a name or URL of printable octets", ascii(token), hint)


def _to_text(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")


def _quote(word: str) -> str:
    """Show a word of a policy on one line, whatever octets it holds."""
    return ascii(word[:80])


def _line(*words: str | None) -> str:
    return " ".join(word for word in words if word is not None) + "\n"


def _bad(code: str, expected: str, came: str, hint: str) -> InputError:
    return InputError(code, f"expected {expected}, got {came}", hint=hint)
