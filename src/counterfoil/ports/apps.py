"""What an app is: a sector on the core, the same small set of files each time.

Registered through the entry point group `counterfoil.apps` under the app's name, as an `App`. It
names all that it brings as `module:name` and loads none of it, so that listing apps costs nothing.
`counterfoil.testing.assert_conforms` runs the same checks on each. This module refuses to import an
app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from counterfoil.ports.operation import Operation, Progress

__all__ = ["APP_LEDGER", "App", "AppDemo", "Attempt", "Example", "Learning", "Scene"]

APP_LEDGER: Final = "ledger"
"""Name of the ledger that a demo leaves in its folder."""


@dataclass(frozen=True, slots=True)
class App:
    """A sector on the core.

    name: lower-case letters, digits and hyphens; of its entry point, and the first word of its
    commands. summary: one line, an imperative sentence. demo: target of an `AppDemo`. learning:
    target of a function without arguments that gives a `Learning`. predicates: targets of its
    `PredicateType`s, each registered through `counterfoil.predicates`. operations: its commands,
    whose targets are its own; an app that is shipped with Counterfoil has them in the catalogue,
    and perhaps more groups of them than the one of its name.
    watchers: names at the entry point `counterfoil.watchers`. contracts: names of the contracts
    that its money or goods move by; attempts: then the target of a function that takes the demo's
    folder and yields `Attempt`s. explained: outcomes of which every decision carries its
    explanation; none named means all. personal: names of inputs and fields that are somebody's
    personal data, sealed wherever they are recorded. replay: target of a function that takes an
    open ledger and the index of a decision that no recorded model scored, computes it and its
    explanation again, and raises where another comes out. extra: of Counterfoil or of the app's
    package, which brings what it needs.
    """

    name: str
    summary: str
    demo: str
    learning: str
    predicates: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    groups: tuple[str, ...] = ()
    watchers: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    attempts: str = ""
    explained: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    replay: str = ""
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of an app's story, told when it is done.

    name: a word. says: what happened, in a sentence. facts: what it is made of, plain JSON.
    """

    name: str
    says: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class AppDemo(Protocol):
    """Plays an app's story."""

    def __call__(self, folder: Path, progress: Progress) -> Iterator[Scene]:
        """Play the story in an empty folder, and tell each step when it is done.

        It leaves its ledger, closed, in `folder / APP_LEDGER`. It needs no network and no input.
        """


@dataclass(frozen=True, slots=True)
class Example:
    """One event of a stream that a model learns from.

    inputs: what is known when it is scored. outcome: what is known only afterwards.
    """

    inputs: Mapping[str, Any]
    outcome: float


@dataclass(frozen=True, slots=True)
class Learning:
    """How an app's model meets a stream.

    examples: some 20 to 2,000, in the order of time. score: scores a stream in that order, as the
    app itself does, and may learn from it; gives one finite number an example.
    """

    examples: Sequence[Example]
    score: Callable[[Sequence[Example]], Iterable[float]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that a contract must refuse.

    what: in words, such as `another amount`. act: does it; raises what the contract's refusal
    became.
    """

    what: str
    act: Callable[[], object]
