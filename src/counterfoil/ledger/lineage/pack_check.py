"""Check an evidence pack with nothing at hand but it and the reader's policy.

Each receipt is verified; then everything that the pack shows beside them is made anew from them
and compared, so that a pack whose manifest was rewritten with a lie in it fails as well. All that
fails is named. This module refuses to believe policy.txt and README.txt: they are the sender's
words, and only held to the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import msgspec

from counterfoil.errors import CounterfoilError, InputError, VerificationError
from counterfoil.formats import json_text
from counterfoil.formats import receipt as receipts
from counterfoil.formats.policy import Policy
from counterfoil.formats.receipt import Receipt
from counterfoil.ledger.lineage.found import recorded
from counterfoil.ledger.lineage.pack import FORMAT, MANIFEST, derived, receipt_name
from counterfoil.ledger.lineage.pack_graph import read_trace, untied
from counterfoil.ledger.view import view
from counterfoil.proofs.verify import Verified, verify_receipt
from counterfoil.provenance.lineage import Node, Trace

__all__ = ["CheckedPack", "Problem", "check_files"]

_WORDS: Final = frozenset({"README.txt", "policy.txt"})
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Problem:
    """What fails. file: of the pack. code: stable. message: what was expected and what came."""

    file: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckedPack:
    """What came of a check.

    origin, about: of the manifest. statements: receipts that verified. grades: in words, who
    vouches for them. complete: the sender says that no bound cut the trace. problems: empty where
    everything holds. trace: None where trace.json cannot be read. receipts: those that verified.
    """

    origin: str
    about: dict[str, Any]
    statements: int
    grades: tuple[str, ...]
    complete: bool
    problems: tuple[Problem, ...]
    trace: Trace | None
    receipts: tuple[Receipt, ...]


def check_files(
    files: Mapping[str, bytes],
    policy: Policy,
    *,
    now_s: int | None = None,
    progress: Progress | None = None,
) -> CheckedPack:
    """Check the files of a pack against the reader's policy.

    now_s: POSIX seconds, to refuse cosignatures from the future; None judges no time. progress:
    told (receipts done, receipts). Raises InputError with code pack.malformed where there is no
    manifest of this version; whatever else fails is reported.
    """
    return _Check(files, policy, now_s).made(progress)


class _Check:
    def __init__(self, files: Mapping[str, bytes], policy: Policy, now_s: int | None) -> None:
        self._files, self._policy, self._now_s = files, policy, now_s
        self._problems: dict[tuple[str, str], Problem] = {}
        self._manifest = _manifest(files)
        self._proven: dict[int, Verified] = {}
        self._receipts: dict[int, Receipt] = {}

    def made(self, progress: Progress | None) -> CheckedPack:
        self._listed()
        names = sorted(name for name in self._files if name.startswith("receipts/"))
        for done, name in enumerate(names, 1):
            self._receipt(name)
            if progress is not None:
                progress(done, len(names))
        self._one_history()
        trace = self._trace()
        if trace is not None:
            self._derived(trace)
        grades = dict.fromkeys(one.grade for one in self._proven.values())
        return CheckedPack(
            str(self._manifest["origin"]),
            dict(self._manifest["about"]),
            len(self._proven),
            tuple(grades),
            self._manifest["complete"] is True,
            tuple(self._problems.values()),
            trace,
            tuple(self._receipts[index] for index in sorted(self._receipts)),
        )

    def _fail(self, file: str, code: str, message: str) -> None:
        self._problems.setdefault((file, code), Problem(file, code, message))

    def _listed(self) -> None:
        """Hold every file to the manifest, both ways."""
        listed = self._manifest["files"]
        for name, said in listed.items():
            if name not in self._files:
                self._fail(name, "pack.missing", "expected a file that the manifest lists")
            else:
                found = sha256(self._files[name]).hexdigest()
                if found != said["sha256"]:
                    expected = f"{said['sha256'][:12]}…"
                    message = f"expected SHA-256 {expected}, found {found[:12]}…"
                    self._fail(name, "pack.changed", message)
        for name in self._files:
            if name != MANIFEST and name not in listed:
                self._fail(name, "pack.unlisted", "expected files of the manifest only")

    def _receipt(self, name: str) -> None:
        try:
            receipt = receipts.parse(self._files[name])
            verified = verify_receipt(receipt, self._policy, now_s=self._now_s)
        except (InputError, VerificationError) as err:
            self._fail(name, err.code, err.message)
            return
        origin = verified.trusted.checkpoint.origin
        if receipt_name(verified.index) != name:
            message = f"expected its entry to be that of its name, found entry {verified.index}"
            self._fail(name, "pack.other-entry", message)
        elif origin != self._manifest["origin"]:
            message = f"expected a receipt of {self._manifest['origin']}, found one of {origin}"
            self._fail(name, "pack.other-log", message)
        else:
            self._receipts[verified.index] = receipt
            self._proven[verified.index] = verified

    def _one_history(self) -> None:
        """Notice two checkpoints of one size with different roots, which no honest log signs."""
        roots: dict[int, bytes] = {}
        for index, verified in self._proven.items():
            checkpoint = verified.trusted.checkpoint
            if roots.setdefault(checkpoint.size, checkpoint.root) != checkpoint.root:
                message = f"expected one root at size {checkpoint.size}, found two: keep this pack"
                self._fail(receipt_name(index), "pack.two-histories", message)

    def _trace(self) -> Trace | None:
        """Read the graph; hold its statements to the receipts and its ties to the statements."""
        try:
            trace = read_trace(self._files.get("trace.json", b""))
        except InputError as err:
            self._fail("trace.json", err.code, err.message)
            return None
        if trace.origin != self._manifest["origin"] or trace.complete != self._manifest["complete"]:
            message = "expected the log, and whether it was cut, as the manifest says"
            self._fail("trace.json", "pack.trace", message)
        about = self._manifest["about"].get("index", trace.nodes[trace.start].index)
        if about != trace.nodes[trace.start].index:
            message = f"expected a trace of entry {about}, as the manifest says"
            self._fail("trace.json", "pack.trace", message)
        nodes = {node.id: self._node(node) for node in trace.nodes.values()}
        wanted = {node.index for node in nodes.values() if node.state == "recorded"}
        for index in self._receipts.keys() - wanted:
            message = "expected receipts of the trace's statements only"
            self._fail(receipt_name(index), "pack.stray", message)
        trace = replace(trace, nodes=nodes)
        payloads = {
            self._proven[index].leaf.hex(): receipt.record.entry
            for index, receipt in self._receipts.items()
        }
        for message in untied(trace, payloads):
            self._fail("trace.json", "pack.tie", message)
        return trace

    def _node(self, node: Node) -> Node:
        """Give a node as its receipt proves it."""
        if node.state != "recorded" or node.index is None:
            return node
        receipt = self._receipts.get(node.index)
        if receipt is None:
            name = receipt_name(node.index)
            if name not in self._files:
                self._fail(name, "pack.missing", "expected the receipt of a statement of the trace")
            return node
        entry = receipt.record.entry
        proven = recorded(view(node.index, entry), entry)
        proven = replace(proven, steps=node.steps, more=node.more)
        if proven.to_json() != node.to_json():
            message = f"expected entry {node.index} as its receipt proves it, found another"
            self._fail("trace.json", "pack.trace", message)
        return proven

    def _derived(self, trace: Trace) -> None:
        """Make anew what follows from receipts and trace, and compare."""
        made = [self._receipts[index] for index in sorted(self._receipts)]
        try:
            expected = derived(trace, made)
        except (CounterfoilError, ValueError, OverflowError, TypeError) as err:
            self._fail("trace.json", "pack.trace", f"expected a graph to export, but: {err}")
            return
        for name, data in expected.items():
            if name not in self._files:
                self._fail(name, "pack.missing", "expected what follows from the receipts")
            elif self._files[name] != data:
                message = "expected what follows from the receipts, found something else"
                self._fail(name, "pack.other-content", message)
        known = {*expected, "trace.json", MANIFEST, *_WORDS}
        for name in self._files:
            if name not in known and not name.startswith("receipts/"):
                message = "expected only what follows from the receipts"
                self._fail(name, "pack.stray", message)


def _manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        found = json_text.parse(files.get(MANIFEST, b""))
    except InputError as err:
        raise _malformed(err.message) from err
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _malformed(f"a {MANIFEST} of no such format, or none")
    try:
        read: dict[str, Any] = msgspec.to_builtins(msgspec.convert(found, _Manifest))
    except msgspec.ValidationError as err:
        raise _malformed(str(err)) from err
    return read


class _File(msgspec.Struct, forbid_unknown_fields=True):
    sha256: str
    bytes: int


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    origin: str
    about: dict[str, str | int | None]
    complete: bool
    files: dict[str, _File]


def _malformed(found: str) -> InputError:
    return InputError(
        "pack.malformed",
        f"expected a {MANIFEST} of the {FORMAT}, found {found}",
        hint="`counterfoil evidence pack ID --out pack.zip` makes one.",
    )
