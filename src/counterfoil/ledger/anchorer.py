"""Anchor a ledger in the background: when the pace says so, and when somebody asked for it.

One thread looks now and then at what is published; the chain is opened, and its libraries are
loaded, only once something is due. A chain that cannot be asked is asked again, ever later, and
then gets the newest checkpoint only, and those that were named. This module refuses to hold the
log up: whatever a chain does, records are taken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from counterfoil.errors import CounterfoilError, InputError, NotFound, Refused
from counterfoil.ledger.anchor_place import AnchorPlace
from counterfoil.ledger.anchor_setup import RecordStatement
from counterfoil.ledger.anchor_source import PublishedLog
from counterfoil.ledger.chain_access import answer_of
from counterfoil.ledger.config import Config
from counterfoil.ledger.layout import Layout
from counterfoil.ledger.results import AnchorState
from counterfoil.ports import Clock, Pace

if TYPE_CHECKING:
    from counterfoil.chain.anchor_book import AnchorBook

__all__ = ["Anchorer", "check_by"]

_LOOK_S: Final = 1.0
_POLL_S: Final = (0.05, 2.0)
_CLOSE_WITHIN_S: Final = 10.0


class Anchorer:
    """Anchors the ledger that this process owns.

    record: records a statement. wait_published: waits until so many entries are published. pace:
    when to anchor by itself; None: only when asked.
    """

    def __init__(
        self,
        layout: Layout,
        config: Config,
        record: RecordStatement,
        wait_published: Callable[[int], None],
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        self._layout, self._config, self._clock = layout, config, clock
        self._wait_published, self._pace = wait_published, pace
        self._source = PublishedLog(layout.folder)
        self._places = [
            AnchorPlace(layout, config, place, record, self._source, clock)
            for place in config.anchor_chains
        ]
        self._turn = threading.Lock()  # one step at a time, whoever asks
        self._opened: AnchorBook | None = None
        self._opening = threading.Lock()
        self._closing, self._wake = threading.Event(), threading.Event()
        self.begun = 0  # anchors, since this ledger was opened
        self.thread: threading.Thread | None = None
        if pace is not None and self._places:
            self.thread = threading.Thread(target=self._run, name="anchorer", daemon=True)
            self.thread.start()

    def require_chain(self) -> None:
        """Check that there is a chain to anchor on. Raises Refused with code anchor.no-chain."""
        if not self._places:
            raise Refused(
                "anchor.no-chain",
                "expected a chain to anchor on, found none in the ledger's settings",
                hint='Set anchor_chains = ["embedded"], or the address of an EVM node, in '
                "counterfoil.toml.",
            )

    def want(self, size: int, by_ms: int) -> None:
        """Have a checkpoint of at least `size` entries anchored by a time, Unix ms.

        The wish is durable when this returns, and holds on every chain. Raises Refused with code
        anchor.no-chain, Unavailable with code anchor.book.
        """
        from counterfoil.chain.anchor_state import Wish

        self.require_chain()
        self._book().wish(Wish(size, False, by_ms))
        self._wake.set()

    def anchor(self, timeout_s: float = 60.0, only: str | None = None) -> list[AnchorState]:
        """Anchor the published checkpoint on every chain, and wait until that is final.

        timeout_s: then it is told how far it is; it goes on in a process that stays. only: on this
        chain of the settings alone, and until it stands in a block. Raises Refused with code
        anchor.no-chain, and what every chain raised when none could be used.
        """
        from counterfoil.chain.anchor_state import Wish

        self.require_chain()
        places = [one for one in self._places if only is None or one.place == only]
        ended = ("final",) if only is None else ("mined", "final")
        errors = [self._try(place.open) for place in places]
        _raise_if_all(errors)
        self._wait_published(max((place.stated or 0) + 1 for place in places))
        size, _, note = self._source.published()
        if size == 0:  # pragma: no cover - a ledger begins with its keys
            raise NotFound("anchor.empty", "expected entries to anchor, found none")
        self._book().wish(Wish(size, True, None, note))
        self.begun += len(places)
        until, pause_s = time.monotonic() + timeout_s, _POLL_S[0]
        while True:
            errors = [self._try(place.advance) for place in places]
            states = [place.state(size) for place in places]
            if all(s.phase in ended or s.trouble for s in states) or self._closing.is_set():
                _raise_if_all(errors)
                return states
            if time.monotonic() >= until:
                return states
            self._closing.wait(pause_s)
            pause_s = min(pause_s * 2, _POLL_S[1])

    def ask_chain(self, method: str, params: Sequence[object]) -> Mapping[str, Any]:
        """Ask the ledger's own chain, which this process owns; see `chain_access.answer_of`.

        Raises Refused with code anchor.no-chain, and as `AnchorPlace.open`.
        """
        place = next((one for one in self._places if one.embedded), None)
        if place is None:
            raise Refused(
                "anchor.no-chain",
                "expected the ledger's own chain in its settings, found none",
                hint='Set anchor_chains = ["embedded"] in counterfoil.toml.',
            )
        with self._turn:
            place.use(self._book())
            chain = place.own_chain()
        return answer_of(chain.transport, method, params)

    def close(self) -> None:
        """Stop after the step that is under way; what waits is done by who opens it next."""
        self._closing.set()
        self._wake.set()
        if self.thread is not None:
            self.thread.join(_CLOSE_WITHIN_S)
            if self.thread.is_alive():
                return  # it waits for a node, and ends with the process
        with self._turn:
            for place in self._places:
                place.close()
            if self._opened is not None:
                self._opened.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            waiting = False
            for place in self._places:
                try:
                    waiting |= self._tick(place)
                except CounterfoilError:
                    continue  # written down, for `anchor status`
                except Exception as err:  # a bug must not end anchoring unheard
                    place.note_unexpected(err)
            self._wake.wait(_POLL_S[1] / 4 if waiting else _LOOK_S)
            self._wake.clear()

    def _tick(self, place: AnchorPlace) -> bool:
        """Do what is due on one chain; tell whether something is under way."""
        pace = self._pace
        if pace is None or place.resting():
            return False
        with self._turn:
            if self._closing.is_set():
                return False
            book = self._book() if self._layout.anchor_book.exists() else None
            waiting = place.waiting(book)
            choice = pace.choose(waiting)
            if not choice.due and not place.has_open(book):
                return False
            place.use(self._book())
            under_way = place.try_advance(choice)
            self.begun += choice.due
            return under_way

    def _try(self, work: Callable[[], object]) -> CounterfoilError | None:
        with self._turn:
            for place in self._places:
                place.use(self._book())
            try:
                work()
            except CounterfoilError as err:
                return err
        return None

    def _book(self) -> AnchorBook:
        from counterfoil.chain.anchor_book import AnchorBook

        with self._opening:
            if self._opened is None:
                self._opened = AnchorBook(self._layout.anchor_book, create=True)
            return self._opened


def _raise_if_all(errors: Sequence[CounterfoilError | None]) -> None:
    found = [err for err in errors if err is not None]
    if found and len(found) == len(errors):
        raise found[0]


def check_by(by_ms: object, now_ms: int) -> None:
    """Check a time by which something shall be anchored. Raises InputError, code anchor.by."""
    if not isinstance(by_ms, int) or by_ms <= now_ms:
        raise InputError(
            "anchor.by",
            f"expected a time to come, Unix ms after {now_ms}, found {str(by_ms)[:40]}",
            hint="For an hour from now: int(time.time() * 1000) + 3_600_000.",
        )
