"""Ask a node for blocks, receipts and code: in batches, at a bounded rate, again when it is busy.

A batch that a node finds too large is halved, and stays small. A busy or silent node is asked
again, each time after twice the pause, and then given up. This module refuses to believe that
answers belong together: `rows` checks that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from counterfoil.chain.batches import Call, ask_many
from counterfoil.chain.quantities import quantity
from counterfoil.chain.refusals import is_busy, is_missing_method, refusal
from counterfoil.chain.transport import RpcError, Transport
from counterfoil.errors import CounterfoilError, InputError, Unavailable

__all__ = ["BATCH_MAX", "Fetcher"]

BATCH_MAX: Final = 100
"""Most calls in one batch; many nodes take no more."""

_TRIES: Final = 7
_PAUSE_S: Final = 0.25
_PAUSE_MAX_S: Final = 20.0


class Fetcher:
    """Asks the node behind a transport.

    batch: calls at once, 1 to 100. per_second: most calls in a second; None for no limit. sleep,
    clock: for tests; seconds. asked: how many calls were made.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        batch: int = 40,
        per_second: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 1 <= batch <= BATCH_MAX or (per_second is not None and not per_second > 0):
            raise InputError(
                "insight.rate",
                f"expected 1 to {BATCH_MAX} calls in a batch and a rate above 0, found {batch} "
                f"and {per_second}",
            )
        self._transport = transport
        self.batch = batch
        self._per_second = per_second
        self._sleep, self._clock = sleep, clock
        self._free_at = clock()
        self._whole_receipts = True
        self.asked = 0

    def blocks(self, numbers: Sequence[int], *, whole: bool = True) -> list[Any]:
        """Read blocks, None for one that is not there; whole: with their transactions.

        Raises what `chain.refusals.refusal` makes, and Unavailable with code chain.unreachable.
        """
        return self._results([("eth_getBlockByNumber", [quantity(n), whole]) for n in numbers])

    def receipts(self, blocks: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Read the receipts of blocks: for each a list, or None where the node has none yet."""
        if self._whole_receipts:
            calls: list[Call] = [("eth_getBlockReceipts", [block["number"]]) for block in blocks]
            found = self._all(calls)
            if not any(isinstance(one, RpcError) and is_missing_method(one) for one in found):
                return [self._given(one) for one in found]
            self._whole_receipts = False
        listed = [[_hash_of(one) for one in block["transactions"]] for block in blocks]
        flat = self._results(
            [("eth_getTransactionReceipt", [name]) for names in listed for name in names]
        )
        made, at = [], 0
        for names in listed:
            made.append(flat[at : at + len(names)])
            at += len(names)
        return made

    def codes(self, addresses: Sequence[str]) -> dict[str, str]:
        """Read the code of contracts as it is now: address -> code in hexadecimal."""
        found = self._results([("eth_getCode", [one, "latest"]) for one in addresses])
        return {one: str(code) for one, code in zip(addresses, found, strict=True)}

    def pause(self, seconds: float) -> None:
        """Wait, where the node needs time to agree with itself."""
        self._sleep(seconds)

    def _results(self, calls: Sequence[Call]) -> list[Any]:
        return [self._given(one) for one in self._all(calls)]

    def _given(self, one: object) -> Any:
        if isinstance(one, RpcError):
            raise refusal(one, self._transport.shown) from one
        return one

    def _all(self, calls: Sequence[Call]) -> list[object]:
        """Ask everything in batches; a call's own refusal stands in its place."""
        found: list[object] = []
        tries, pause = 0, _PAUSE_S
        while len(found) < len(calls):
            part = calls[len(found) : len(found) + self.batch]
            self._wait(len(part))
            try:
                answers = ask_many(self._transport, part)
            except (RpcError, Unavailable) as err:
                tries += len(part) == 1  # a smaller batch is another question
                refused = isinstance(err, RpcError) and len(part) == 1 and not is_busy(err)
                if tries >= _TRIES or refused:
                    raise self._ours(err) from err
                self.batch = max(1, len(part) // 2)
            else:
                good = _until_busy(answers)
                found += answers[:good]
                if good == len(part):
                    tries, pause = 0, _PAUSE_S
                    continue
                tries = 1 if good else tries + 1
                if tries >= _TRIES:
                    self._given(answers[good])
            self._sleep(pause)
            pause = min(2 * pause, _PAUSE_MAX_S)
        return found

    def _ours(self, err: RpcError | Unavailable) -> CounterfoilError:
        return refusal(err, self._transport.shown) if isinstance(err, RpcError) else err

    def _wait(self, calls: int) -> None:
        """Wait until that many more calls keep the rate."""
        self.asked += calls
        if self._per_second is None:
            return
        now = self._clock()
        if self._free_at > now:
            self._sleep(self._free_at - now)
        self._free_at = max(now, self._free_at) + calls / self._per_second


def _until_busy(answers: Sequence[object]) -> int:
    """Count the answers before the first one that says to come again."""
    for at, one in enumerate(answers):
        if isinstance(one, RpcError) and is_busy(one):
            return at
    return len(answers)


def _hash_of(transaction: Any) -> Any:
    return transaction["hash"] if isinstance(transaction, dict) else transaction
