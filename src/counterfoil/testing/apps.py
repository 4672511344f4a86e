"""The promises of an app, as checks that every app must pass.

Call `assert_conforms(app)` in a test. It looks at what the app declares, plays its demo in an empty
folder with a state folder of its own, and then looks at the ledger that the demo left, never at
what the demo says. This module refuses to import a test framework, and to import an app.
"""

from __future__ import annotations

import inspect
import math
import os
import re
import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from counterfoil.contracts import load_artifact
from counterfoil.errors import CounterfoilError, InputError, Refused, VerificationError
from counterfoil.formats.predicates import schema_of
from counterfoil.ledger.predicate_types import registered
from counterfoil.ledger.state import STATE_ENVIRONMENT
from counterfoil.ports import (
    APP_LEDGER,
    App,
    Attempt,
    Example,
    Learning,
    Operation,
    PredicateType,
    load_target,
    no_progress,
)
from counterfoil.testing.app_ledger import Looked, look
from counterfoil.testing.checks import check

__all__ = [
    "Conformed",
    "assert_conforms",
    "check_commands",
    "check_contracts",
    "check_declared",
    "check_learning",
    "check_predicates",
]

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,47}")
_SHELL_OPTIONS: Final = ("--json", "--text")  # of the shell, not of a command
_ATTEMPTS_MIN: Final = 3
_CUTS: Final = (0.35, 0.6, 0.85)


@dataclass(frozen=True, slots=True)
class Conformed:
    """What was looked at. scenes: of the demo. attempts: that its contracts refused."""

    commands: int
    scenes: int
    looked: Looked
    examples: int
    attempts: int


def assert_conforms(app: App) -> Conformed:
    """Check an app against the promises of `ports.App`.

    Raises AssertionError that says which one is not kept. It is registered under its name; its
    commands have examples that parse; its records have predicates with docstrings; its demo runs in
    an empty folder; what that leaves is a sound ledger whose decisions are explained, answered for
    where people decide, and give the same result when they are computed again, whose receipts
    verify offline and whose changed receipts do not, and where personal data is sealed; its model
    scores before it learns; its contracts refuse without proof.
    """
    check_declared(app)
    commands = check_commands(app)
    kinds = check_predicates(app)
    examples = check_learning(load_target(app.learning)())
    with _empty_state() as state:
        folder = state / "demo"
        folder.mkdir()
        scenes = 0
        for scene in load_target(app.demo)(folder, no_progress):
            check(
                f"scene {scenes} has a name and says something",
                True,
                bool(scene.name and scene.says),
            )
            scenes += 1
        check("the demo tells something", True, scenes > 0)
        check("the demo leaves its ledger", True, (folder / APP_LEDGER).is_dir())
        looked = look(app, folder / APP_LEDGER, kinds)
        attempts = check_contracts(app, folder, looked)
    return Conformed(commands, scenes, looked, examples, attempts)


def check_declared(app: App) -> None:
    """Check what an app says of itself, and that it is registered."""
    check("the name is fit", True, _NAME.fullmatch(app.name) is not None)
    check("the summary is a sentence", True, app.summary[:1].isupper() and app.summary[-1:] == ".")
    found = [one for one in entry_points(group="counterfoil.apps") if one.name == app.name]
    check("registered under counterfoil.apps by its name", True, bool(found))
    check("what is registered is this app", app, found[0].load())
    for what, target in (("demo", app.demo), ("learning", app.learning)):
        check(f"{what} is a target", True, callable(load_target(target)))


def check_commands(app: App) -> int:
    """Check each command's words, summary and examples, as the shells see them; count them.

    The shells stand above this floor: they are asked for by name, as whoever runs this has them.
    """
    fields_of = load_target("counterfoil.ops.signature:fields_of")
    bind = load_target("counterfoil.cli.arguments:bind")
    find = load_target("counterfoil.ops.registry:find")
    group_of = load_target("counterfoil.ops.registry:group_of")
    operations: list[Operation] = []
    for word in (app.name, *app.groups):
        group = group_of(word)
        operations += group[1] if group is not None else ()
    check("its commands are found", True, bool(operations) or not app.operations)
    for operation in operations:
        name = operation.name
        check(f"`{name}` is called by its words", operation, find(operation.words))
        function = load_target(operation.target)
        said = inspect.getdoc(function) or ""
        check(
            f"`{name}` begins with its summary", operation.summary, said[: len(operation.summary)]
        )
        fields = fields_of(function)
        for field in fields:
            check(f"help of {field.name} is a sentence", True, field.help[-1:] == ".")
        check(f"`{name}` has an example", True, bool(operation.examples))
        for example in operation.examples:
            program, *words = shlex.split(example.partition(" < ")[0])
            words = [word for word in words if word not in _SHELL_OPTIONS]
            begins = (program, *words[: len(operation.words)])
            check(f"an example of `{name}`", ("counterfoil", *operation.words), begins)
            try:
                bind(operation, fields, words[len(operation.words) :])
            except CounterfoilError as err:
                raise AssertionError(f"expected `{example}` to parse, came: {err}") from err
    return len(operations)


def check_predicates(app: App) -> dict[str, PredicateType]:
    """Check that each kind of record is registered, documented and has a schema; by URI."""
    kinds = {}
    for target in app.predicates:
        kind = load_target(target)
        check(f"{target} is a PredicateType", True, isinstance(kind, PredicateType))
        check(f"{kind.uri} is registered", kind.predicate, registered().get(kind.uri))
        lines = (kind.predicate.__doc__ or "").splitlines()
        own = bool(lines) and kind.predicate.__doc__ != kind.predicate.__base__.__doc__
        check(f"{kind.uri} says what it is", True, own and lines[0][-1:] in ".:,")
        check(f"{kind.uri} has a schema", kind.uri, schema_of(kind.uri, kind.predicate)["$id"])
        kinds[kind.uri] = kind
    return kinds


def check_learning(given: Learning) -> int:
    """Check that no score knows its own outcome or a later one, and that outcomes teach at all.

    Gives the number of examples.
    """
    examples = list(given.examples)
    check("20 examples or more", True, len(examples) >= 20)
    scores = _scores(given, examples)
    moved = False
    for share in _CUTS:
        cut = int(len(examples) * share)
        changed = _scores(given, _with_other_outcomes(examples, cut))
        check(
            f"scores up to example {cut} do not know outcomes from there on",
            scores[: cut + 1],
            changed[: cut + 1],
        )
        moved = moved or changed[cut + 1 :] != scores[cut + 1 :]
        fewer = _scores(given, examples[:cut])
        check(f"scores of {cut} examples do not know what comes after", scores[:cut], fewer)
    check("other outcomes lead to other scores later: it learns", True, moved)
    return len(examples)


def _scores(given: Learning, examples: Sequence[Example]) -> list[float]:
    found = [float(score) for score in given.score(examples)]
    check("one score an example", len(examples), len(found))
    check("finite scores", True, all(map(math.isfinite, found)))
    return found


def _with_other_outcomes(examples: Sequence[Example], cut: int) -> list[Example]:
    """Give the examples from a place on outcomes that are as unlike theirs as can be."""
    outcomes = [one.outcome for one in examples]
    low, high = min(outcomes), max(outcomes)
    check("outcomes differ", True, low < high)
    tail = [replace(one, outcome=low + high - one.outcome) for one in examples[cut:]]
    return [*examples[:cut], *tail]


def check_contracts(app: App, folder: Path, looked: Looked) -> int:
    """Check that nothing moves without proof, and that something did with it.

    folder: the demo's, whose ledger was looked at. Gives the number of attempts that were refused.
    """
    if not app.contracts:
        check("no attempts where there is no contract", "", app.attempts)
        return 0
    for name in app.contracts:
        check(f"the contract {name} is built", True, len(load_artifact(name).runtime) > 0)
    check("the demo's contract acted on a proven decision", True, looked.actions > 0)
    attempts: list[Attempt] = list(load_target(app.attempts)(folder))
    check(f"{_ATTEMPTS_MIN} attempts or more", True, len(attempts) >= _ATTEMPTS_MIN)
    codes = set()
    for attempt in attempts:
        try:
            came = attempt.act()
        except (Refused, VerificationError, InputError) as err:
            codes.add(err.code)
            continue
        raise AssertionError(f"expected {attempt.what} to be refused, came {came!r}")
    check("refusals tell reasons apart", True, len(codes) > 1)
    return len(attempts)


@contextmanager
def _empty_state() -> Iterator[Path]:
    """Work in an empty folder, with a state folder of its own: the user's stays as it is."""
    before = os.environ.get(STATE_ENVIRONMENT)
    with tempfile.TemporaryDirectory(prefix="counterfoil-app-") as folder:
        os.environ[STATE_ENVIRONMENT] = str(Path(folder) / "state")
        try:
            yield Path(folder)
        finally:
            if before is None:
                os.environ.pop(STATE_ENVIRONMENT, None)
            else:
                os.environ[STATE_ENVIRONMENT] = before
