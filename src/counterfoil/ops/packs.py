"""Hand evidence over: statements and their receipts in one file, and check what was handed over."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from counterfoil.errors import CounterfoilError, InputError, VerificationError
from counterfoil.formats import policy as policies
from counterfoil.formats.receipt_html import is_html
from counterfoil.ledger import Ledger
from counterfoil.ledger.lineage.pack import PACK_MAX_BYTES, STATEMENTS_MAX, pack_zip
from counterfoil.ledger.lineage.pack_check import CheckedPack, Problem, check_files
from counterfoil.ledger.lineage.pack_page import pack_page, require_page_fits
from counterfoil.ledger.lineage.pack_zip import read_html, read_zip
from counterfoil.ops.endings import form_by_ending
from counterfoil.ops.files import POLICY_MAX_BYTES, read_file, shown, write_file
from counterfoil.ops.kinds import told_apart
from counterfoil.ops.place import LedgerFolder
from counterfoil.ops.receipts import open_published
from counterfoil.ops.records import find_entry
from counterfoil.ports import STANDARD_STREAM, Document, Param, Progress, no_progress
from counterfoil.provenance.lineage import Trace

__all__ = ["Checked", "Packed", "check", "pack"]

_ENDINGS: Final = {".zip": "zip", ".html": "html", ".htm": "html"}
_PAGE_MAX_BYTES = 2 * PACK_MAX_BYTES


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written. complete: no bound cut the trace."""

    file: str
    bytes: int
    statements: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check. own_policy: the pack's policy is yours, byte for byte."""

    file: str
    found: CheckedPack
    own_policy: bool
    problems: tuple[Problem, ...]

    @property
    def exit_status(self) -> int:
        """Of the command line: 1 when something fails, so that scripts stop."""
        return VerificationError.exit_status if self.problems else 0

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "file": self.file,
            "holds": not self.problems,
            "origin": self.found.origin,
            "about": self.found.about,
            "statements": self.found.statements,
            "grades": list(self.found.grades),
            "complete": self.found.complete,
            "own_policy": self.own_policy,
            "problems": [
                {"file": one.file, "code": one.code, "message": one.message}
                for one in self.problems
            ],
        }


def pack(
    entry: Annotated[
        str | None, Param("A model, decision or other statement; else a period.", "INDEX|LEAF")
    ] = None,
    *,
    out: Annotated[
        Path, Param("File to write, or - for standard output.", "FILE", short="o", holds="output")
    ],
    ledger: LedgerFolder = None,
    html: Annotated[
        bool, Param("One page instead of a zip; it carries the pack. So it is for .html.")
    ] = False,
    from_: Annotated[
        str | None, Param("First entry or day of a period, by the signers' clocks.", "WHEN")
    ] = None,
    until: Annotated[str | None, Param("Last entry or day of it, which is in it.", "WHEN")] = None,
    depth: Annotated[int, Param("Most steps each way, 1 to 64.", "N")] = 12,
    width: Annotated[int, Param("Most statements followed from one, 1 to 999.", "N")] = 20,
    progress: Progress = no_progress,
) -> Packed | Document:
    """Pack statements with their receipts, for somebody who has nothing else.

    Raises InputError with code pack.subject, pack.large, pack.page-large, lineage.bound,
    lineage.period or file.ending, NotFound with code lineage.nothing, and as `find_entry` and
    `write_file`.
    """
    if (entry is None) == (from_ is None and until is None):
        raise InputError(
            "pack.subject",
            "expected a statement, or a period, found " + ("neither" if entry is None else "both"),
            hint="Name an entry, or give --from, --until or both.",
        )
    form = form_by_ending(out, "html" if html else None, _ENDINGS, "zip")
    with open_published(ledger) as opened:
        if entry is None:
            trace, about = opened.lineage.period(from_, until), {"from": from_, "until": until}
        else:
            trace, about = _traced(opened, entry, depth, width, progress)
        if form == "html":  # told before receipts are made
            require_page_fits(sum(1 for _ in trace.recorded()))
        made = opened.lineage.pack(
            trace, about, progress=lambda done, total: progress(done, total, "receipts made")
        )
    data = pack_zip(made)
    if form == "html":
        data = pack_page(made.files, made.receipts, trace.origin, data)
    if out == STANDARD_STREAM:
        return Document([data], "text/html" if form == "html" else "application/zip")
    write_file(out, data)
    return Packed(shown(out), len(data), len(made.receipts), trace.complete)


def check(
    file: Annotated[
        Path, Param("The pack: a zip, or a page that carries one.", "PACK", holds="file")
    ],
    *,
    policy: Annotated[
        Path,
        Param(
            "Whom you trust: a C2SP tlog-policy that you did not get here.", "FILE", holds="file"
        ),
    ],
    progress: Progress = no_progress,
) -> Checked:
    """Check an evidence pack offline, and name what fails.

    What fails is reported, not raised. Raises InputError with code pack.malformed or pack.hostile
    for what is no pack, for a malformed policy, and as `read_file`.
    """
    trusted_text = read_file(policy, POLICY_MAX_BYTES)
    trusted = policies.parse(trusted_text)
    data = read_file(file, _PAGE_MAX_BYTES)
    page = is_html(data)
    with told_apart(data, "an evidence pack"):
        packed = read_html(data) if page else data
        files = read_zip(packed)
    found = check_files(
        files,
        trusted,
        now_s=int(time.time()),
        progress=lambda done, total: progress(done, total, "receipts checked"),
    )
    problems = found.problems
    if page:
        problems += _page_problems(data, packed, files, found)
    own = files.get("policy.txt") == trusted_text
    return Checked(shown(file), found, own, problems)


def _traced(
    opened: Ledger, entry: str, depth: int, width: int, progress: Progress
) -> tuple[Trace, dict[str, Any]]:
    index = find_entry(opened, entry)
    trace = opened.lineage.trace(
        index,
        depth=depth,
        width=width,
        limit=STATEMENTS_MAX,
        progress=lambda done, known: progress(done, known, "statements followed"),
    )
    kind = trace.nodes[trace.start].kind
    return trace, {"index": index, "kind": kind, "depth": depth, "width": width}


def _page_problems(
    data: bytes, packed: bytes, files: Mapping[str, bytes], found: CheckedPack
) -> tuple[Problem, ...]:
    """Tell whether a page shows what the pack in it holds, and nothing else."""
    try:
        expected = pack_page(files, found.receipts, found.origin, packed)
    except (CounterfoilError, KeyError) as err:
        why = err.message if isinstance(err, CounterfoilError) else f"{err} is missing"
        return (Problem("the page", "pack.page", f"expected to make it from its pack: {why}"),)
    if expected == data:
        return ()
    message = "expected what this version makes of the pack in it, found another page"
    return (Problem("the page", "pack.page", message),)
