"""Record decisions, find them, say what was done because of them, and put a person's in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, cast

from counterfoil.errors import InputError, NotFound
from counterfoil.formats import json_text
from counterfoil.ledger import Recorded
from counterfoil.ledger.decisions import DecisionPage, FoundDecision
from counterfoil.ops.files import read_input, refuse_json
from counterfoil.ops.place import LedgerFolder, open_for_reading, open_for_writing
from counterfoil.ops.records import Entry, find_entry
from counterfoil.ports import Channel, Param
from counterfoil.provenance.decisions import INPUTS_MAX_BYTES

__all__ = [
    "Accountable",
    "Decided",
    "Role",
    "act",
    "add",
    "get",
    "listing",
    "override",
    "parse_time",
]

Accountable = Annotated[str | None, Param("The human who answers for it.", "NAME")]
"""The parameter that names who answers."""

Role = Annotated[str | None, Param("Their role.", "ROLE")]
"""The parameter that says in which role."""

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGO: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_INPUTS_TEXT_MAX: Final = 4 * INPUTS_MAX_BYTES  # so that what is too large is told as such


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that is durable. score: None where none was given or computed."""

    index: int
    leaf: str
    outcome: str
    score: float | None

    def to_json(self) -> dict[str, Any]:
        """Turn it into what the command line and the API print."""
        return {
            "index": self.index,
            "leaf": self.leaf,
            "outcome": self.outcome,
            "score": self.score,
        }


def add(
    inputs: Annotated[
        str,
        Param("The inputs: a JSON object, a file that holds one, or -.", "INPUTS", holds="object"),
    ],
    *,
    model: Annotated[str, Param("Index, leaf, digest or name[:version] of the model.", "MODEL")],
    outcome: Annotated[str | None, Param("What was decided; else by the threshold.")] = None,
    score: Annotated[
        str | None, Param("The model's answer; else the recorded model is asked.", "NUMBER")
    ] = None,
    threshold: Annotated[str | None, Param("What the score is compared with.", "NUMBER")] = None,
    person: Annotated[
        str | None, Param("Whose data the inputs are; they are sealed then.", "ID")
    ] = None,
    accountable: Accountable = None,
    role: Role = None,
    purpose: Annotated[str | None, Param("What the decision is for.")] = None,
    explain: Annotated[bool, Param("Record the model's explanation, too.")] = False,
    note: Annotated[str, Param("Text for people.")] = "",
    ledger: LedgerFolder = None,
    channel: Channel,
) -> Decided:
    """Record a decision and wait until it is durable.

    Raises as `Decisions.decision`, and InputError with code decision.number.
    """
    given = _read_inputs(inputs, channel)
    who = None if accountable is None else ([accountable, role] if role else accountable)
    with open_for_writing(ledger) as opened:
        with opened.decision(
            _model(model),
            given,
            person=person,
            accountable=who,
            purpose=purpose,
            explain="always" if explain else "never",
            threshold=None if threshold is None else _number("threshold", threshold),
            note=note,
            wait=True,
        ) as made:
            if score is not None:
                made.score = _number("score", score)
            elif explain or outcome is None:
                _ = made.score
            if outcome is not None:
                made.outcome = outcome
        index = cast("Any", made.recorded).result()
        said = opened.get(index)
    text = said.content.get("score")
    return Decided(index, said.leaf, said.content["outcome"], None if text is None else float(text))


def get(entry: Entry, *, ledger: LedgerFolder = None) -> FoundDecision:
    """Show a decision, what was done because of it, and what replaced it.

    Raises InputError with code entry.reference or decision.kind, NotFound.
    """
    with open_for_reading(ledger) as opened:
        return opened.decisions.get(find_entry(opened, entry))


def listing(
    terms: Annotated[
        tuple[str, ...], Param("Further conditions, as of `record search`.", "TERM")
    ] = (),
    *,
    model: Annotated[str | None, Param("Only of this model.", "MODEL")] = None,
    outcome: Annotated[str | None, Param("Only with this outcome.")] = None,
    since: Annotated[
        str | None, Param("Only from this time on: 2026-11-29, with THH:MM, or 24h ago.", "TIME")
    ] = None,
    until: Annotated[
        str | None, Param("Only until this time, or the end of this day.", "TIME")
    ] = None,
    limit: Annotated[int, Param("Most decisions on a page, 1 to 1000.", "N", short="n")] = 50,
    after: Annotated[int | None, Param("Go on after this page's `next`.", "INDEX")] = None,
    ledger: LedgerFolder = None,
) -> DecisionPage:
    """List decisions, newest first, and count all of them by outcome.

    Raises InputError with code decision.time or search.query, NotFound for an unknown model.
    """
    now = datetime.now(UTC)
    since_ms = None if since is None else parse_time(since, now)
    until_ms = None if until is None else parse_time(until, now) + _rest(until)
    with open_for_reading(ledger) as opened:
        return opened.decisions.ls(
            model=None if model is None else _model(model),
            outcome=outcome,
            since_ms=since_ms,
            until_ms=until_ms,
            query=" ".join(terms),
            limit=limit,
            after=after,
        )


def act(
    entry: Entry,
    action: Annotated[str, Param("What was done, such as freeze.", "ACTION")],
    *,
    target: Annotated[str | None, Param("To what.")] = None,
    result: Annotated[str | None, Param("How it ended.")] = None,
    evidence: Annotated[
        tuple[str, ...], Param("What shows it, such as tx=0xab.", "NAME=VALUE")
    ] = (),
    note: Annotated[str, Param("Text for people.")] = "",
    ledger: LedgerFolder = None,
) -> Recorded:
    """Record what was done because of a decision.

    Raises InputError with code decision.kind or decision.evidence.
    """
    shown = dict(map(_pair, evidence))
    with open_for_writing(ledger) as opened:
        return opened.decisions.act(
            find_entry(opened, entry),
            action,
            target=target,
            result=result,
            evidence=shown,
            note=note,
        )


def override(
    entry: Entry,
    outcome: Annotated[str, Param("What the person decides.", "OUTCOME")],
    *,
    why: Annotated[str, Param("Why, for whoever audits it.")],
    accountable: Annotated[str, Param("The person who decides.", "NAME")],
    role: Role = None,
    correct: Annotated[bool, Param("The earlier one was wrong from the start.")] = False,
    ledger: LedgerFolder = None,
) -> Recorded:
    """Record a person's decision in place of an earlier one.

    Raises InputError with code decision.why, decision.kind or decision.accountable.
    """
    with open_for_writing(ledger) as opened:
        return opened.decisions.override(
            find_entry(opened, entry),
            outcome,
            why=why,
            accountable=[accountable, role] if role else accountable,
            correct=correct,
        )


def parse_time(text: str, now: datetime) -> int:
    """Read a time as Unix ms: a date, a date and time (UTC where no zone is given), or `24h` ago.

    Raises InputError with code decision.time.

    >>> parse_time("2026-01-01T00:00:01", datetime(2026, 1, 2, tzinfo=UTC)) % 10_000
    1000
    """
    try:
        if ago := _AGO.fullmatch(text):
            found = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        else:
            found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as err:
        raise InputError(
            "decision.time",
            f"expected a time, found {text[:80]!a}",
            hint="For example 2026-11-29, 2026-11-29T07:30, or 24h for a day ago.",
        ) from err
    zoned = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return max(0, round(zoned.timestamp() * 1000))


def _rest(text: str) -> int:
    """Tell how much of what a time names is after it, ms: a day for a date."""
    return 24 * 3_600_000 if _DATE.fullmatch(text) else 1


def _model(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text


def _number(what: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as err:
        raise InputError(
            "decision.number",
            f"expected a number as {what}, found {text[:80]!a}",
            hint="For example 0.87.",
        ) from err


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if name and equals:
        return name, value
    raise InputError(
        "decision.evidence",
        f"expected NAME=VALUE, found {text[:80]!a}",
        hint="For example --evidence tx=0xab.",
    )


def _read_inputs(text: str, channel: Channel) -> Mapping[str, Any]:
    data = text.encode("utf-8", "surrogateescape")
    if text.lstrip()[:1] != "{":
        try:
            data = read_input(Path(text), channel, _INPUTS_TEXT_MAX)
        except NotFound as err:
            refuse_json(text)
            raise NotFound(
                "decision.inputs-file",
                f"expected inputs as a JSON object, or a file that holds one, found no file "
                f"{text[:80]!a}",
                hint='Give an object such as {"age": 39}, a file, or - for a pipe.',
            ) from err
    found: Any = json_text.parse(data)
    if isinstance(found, Mapping):
        return found
    raise InputError(
        "decision.inputs",
        f"expected a JSON object of inputs, found {type(found).__name__}",
        hint='For example {"age": 39}.',
    )
