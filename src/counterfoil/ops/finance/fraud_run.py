"""Decide a stream of payments from a file, a pipe or over HTTP, each on record before its answer.

This module refuses to answer a payment whose decision is not durable.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator, MutableMapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from counterfoil.errors import CounterfoilError, InputError
from counterfoil.ops.finance.fraud import ModelFolder
from counterfoil.ops.place import LedgerFolder, find_ledger, open_anchoring
from counterfoil.ops.serving import App, listen_on, serving, until_signal
from counterfoil.ports import STANDARD_STREAM, Channel, Param, Progress, no_progress

if TYPE_CHECKING:
    from counterfoil.apps.finance.fraud.kept import Kept
    from counterfoil.apps.finance.fraud.live import Answer, Live

__all__ = ["DecidedPayment", "Stopped", "run"]

_AHEAD: Final = 256  # payments of a file that are under way
_BODY_MAX: Final = 1 << 20
_ROWS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class DecidedPayment:
    """A payment's decision, durable.

    id: of the payment. score: probability of fraud. threshold: it was compared with. outcome: pay
    or hold. index: of the decision in the log. reasons: features that say most, in log-odds, where
    it is held. again: it was decided before. error: why a row is no payment; it is not decided.
    """

    id: str
    score: float | None
    threshold: float | None
    outcome: str
    index: int | None
    reasons: dict[str, float] = field(default_factory=dict)
    again: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """How a stream ended. recovered: decisions that a crash had cut off, recorded now."""

    event: Literal["serving", "ended"]
    decided: int
    held: int
    recovered: int
    url: str = ""
    seconds: float = 0.0


def run(
    data: Annotated[
        Path | None,
        Param("Payments in order: a file, or - for NDJSON from a pipe.", "DATA", holds="file"),
    ] = None,
    *,
    model: ModelFolder,
    ledger: LedgerFolder = None,
    listen: Annotated[
        str | None,
        Param("Take payments over HTTP instead: POST /payments.", "HOST:PORT", holds="machine"),
    ] = None,
    state: Annotated[
        Path | None,
        Param("Folder of the stream's state; else finance/ in the ledger.", "DIR", holds="machine"),
    ] = None,
    seal: Annotated[bool, Param("Record features openly, not sealed for the card.")] = True,
    accountable: Annotated[str | None, Param("The human who answers for it.", "NAME")] = None,
    progress: Progress = no_progress,
    channel: Channel,
) -> Iterator[DecidedPayment | Stopped]:
    """Score, decide and record each payment of a stream, then answer it.

    Run again after it ended or was killed, it goes on: what was answered is on record, and a
    payment that comes again gets its first answer. Raises InputError with code fraud.stream,
    Refused with code fraud.other-model or check.*, FatalLogError with code fraud.state, and as
    `score`.
    """
    from counterfoil.apps.finance.fraud.kept import load_kept
    from counterfoil.apps.finance.fraud.live import Live
    from counterfoil.apps.finance.fraud.pauses import few_pauses
    from counterfoil.apps.finance.fraud.recording import record_model

    if (data is None) == (listen is None):
        raise InputError(
            "fraud.stream",
            "expected a file, - for a pipe, or --listen, one of them",
            hint="For example counterfoil finance run payments.csv --model MODEL.",
        )
    kept = load_kept(model)
    folder = find_ledger(ledger)
    place = state if state is not None else folder / "finance" / kept.digest[:16]
    began = time.monotonic()
    with open_anchoring(folder) as opened:
        recorded = record_model(opened, kept, accountable=accountable)
        with Live(opened, kept, recorded.index, place, sealed=seal) as live, few_pauses():
            tally = _Tally()
            if listen is not None:
                yield from _serve(live, kept, listen, tally)
            else:
                for answer in _answers(live, kept, data or STANDARD_STREAM, channel):
                    tally.count(answer)
                    progress(tally.decided, None, "payments decided")
                    yield answer
        seconds = round(time.monotonic() - began, 3)
        yield Stopped("ended", tally.decided, tally.held, live.recovered, seconds=seconds)


@dataclass(slots=True)
class _Tally:
    decided: int = 0
    held: int = 0

    def count(self, answer: DecidedPayment) -> None:
        if not answer.error:
            self.decided += 1
            self.held += answer.outcome == "hold"


def _answers(live: Live, kept: Kept, data: Path, channel: Channel) -> Iterator[DecidedPayment]:
    """Decide the rows of a file or pipe; those of a pipe are answered as they come."""
    waiting: deque[Future[DecidedPayment]] = deque()
    piped = data == STANDARD_STREAM
    rows = _lines(channel) if piped else _file_rows(data)
    for number, row in enumerate(rows):
        waiting.append(_submit(live, kept, row, number))
        while waiting and (waiting[0].done() or len(waiting) >= (1 if piped else _AHEAD)):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _file_rows(path: Path) -> Iterator[dict[str, Any]]:
    from counterfoil.apps.finance.fraud.reading import read_rows

    yield from read_rows(path)


def _lines(channel: Channel) -> Iterator[dict[str, Any]]:
    for line in iter(channel.source.readline, b""):
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.MsgspecError as err:
            yield {"error": f"expected a JSON object on each line, but: {err}"}


def _submit(live: Live, kept: Kept, row: dict[str, Any], number: int) -> Future[DecidedPayment]:
    """Take a row: a payment, or the label of an earlier one as {"label_of": ID, "label": 0|1}."""
    from counterfoil.apps.finance.fraud.reading import label_of, name_by_content, payment_of

    answer: Future[DecidedPayment] = Future()
    if "label_of" in row:
        told = label_of(row)
        if told is None:
            answer.set_result(_refused("expected label 0 or 1 with label_of, found another"))
            return answer
        live.tell(*told).add_done_callback(lambda done: _pass_label(done, answer, told[0]))
        return answer
    try:
        if set(row) == {"error"}:
            raise InputError("fraud.row", str(row["error"]))
        payment = payment_of(
            row,
            kept.manifest.columns,
            number,
            kept.manifest.unit,
            unnamed=name_by_content(row),
        )
    except InputError as err:
        answer.set_result(_refused(err.message))
        return answer
    live.decide(payment).add_done_callback(lambda done: _pass(done, answer))
    return answer


def _pass(done: Future[Answer], answer: Future[DecidedPayment]) -> None:
    error = done.exception()
    if error is not None:
        answer.set_exception(error)
        return
    found = done.result()
    answer.set_result(
        DecidedPayment(
            found.id,
            found.score,
            found.threshold,
            found.outcome,
            found.index,
            found.reasons,
            found.again,
        )
    )


def _pass_label(done: Future[bool], answer: Future[DecidedPayment], name: str) -> None:
    error = done.exception()
    if error is not None:
        answer.set_exception(error)
        return
    outcome = "label learned" if done.result() else "label of no open payment"
    answer.set_result(DecidedPayment(name, None, None, outcome, None))


def _refused(why: str) -> DecidedPayment:
    return DecidedPayment("", None, None, "", None, error=why)


# Over HTTP ---------------------------------------------------------------------------------------


def _serve(live: Live, kept: Kept, listen: str, tally: _Tally) -> Iterator[Stopped]:
    listener = listen_on(listen)
    with until_signal() as wait, serving(_app(live, kept, tally), listener) as url:
        yield Stopped("serving", 0, 0, live.recovered, url=url)
        wait()


def _app(live: Live, kept: Kept, tally: _Tally) -> App:
    async def answer(
        scope: MutableMapping[str, Any],
        receive: Any,
        send: Any,
    ) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] != "/payments" or scope["method"] != "POST":
            problem = {"title": "expected POST /payments", "status": 404}
            await _send(send, 404, msgspec.json.encode(problem), "application/problem+json")
            return
        try:
            status, body, kind = await _decide(live, kept, tally, await _body(receive))
        except CounterfoilError as err:
            status = err.http_status
            problem = {"title": err.message, "status": status, "code": err.code, "hint": err.hint}
            body, kind = msgspec.json.encode(problem), "application/problem+json"
        await _send(send, status, body, kind)

    return answer


async def _decide(live: Live, kept: Kept, tally: _Tally, body: bytes) -> tuple[int, bytes, str]:
    lines = [line for line in body.split(b"\n") if line.strip()]
    if not 0 < len(lines) <= _ROWS_MAX:
        raise InputError(
            "fraud.body", f"expected 1 to {_ROWS_MAX} JSON objects, one a line, found {len(lines)}"
        )
    try:
        rows = [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]
    except msgspec.MsgspecError as err:
        raise InputError("fraud.body", f"expected a JSON object on each line, but: {err}") from err
    taken = [_submit(live, kept, row, 0) for row in rows]
    found = [await asyncio.wrap_future(one) for one in taken]
    for one in found:
        tally.count(one)
    written = b"".join(msgspec.json.encode(asdict(one)) + b"\n" for one in found)
    bad = len(found) == 1 and bool(found[0].error)
    kind = "application/json" if len(found) == 1 else "application/x-ndjson"
    return (422 if bad else 200), written, kind


async def _body(receive: Any) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > _BODY_MAX:
            raise InputError("fraud.body", f"expected at most {_BODY_MAX:,} bytes, found more")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Any, status: int, body: bytes, kind: str) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
